"""A search: Ray Tune draws settings from ranges, and each draw is a run of a sweep.

A range is KEY=LOW..HIGH, of whole numbers where both are whole, without a point or an exponent. One
that spans a factor of ten is drawn by its logarithm. Draws follow from the seed alone and are
rounded to three digits, so that the same search, begun again, finds the folders of its runs.

Inside: ranges, and Tune. Not inside: what a run does (`runs`), the cluster (`bulk.on_ray`).
"""

from __future__ import annotations

import importlib
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Protocol

import numpy as np

from digitus.bulk.on_ray import LOCAL, connect
from digitus.errors import DataError, RecipeError
from digitus.files import one_line
from digitus.sweep.runs import Planned, carry_out, share_of

__all__ = ["LOCAL", "Place", "Range", "ranges", "search"]
TRIES = 20  # draws for each that is wanted: of a narrow range many are equal
LOGARITHMIC_FACTOR = 10  # a range whose ends are such a factor apart is drawn by its logarithm
NUMBER = r"-?[0-9]+(?:\.[0-9]*)?(?:e-?[0-9]+)?"
FORM = re.compile(rf"\s*(?P<key>[^=\s]+)\s*=\s*(?P<low>{NUMBER})\.\.(?P<high>{NUMBER})\s*")


class Domain(Protocol):
    """Where Tune draws numbers from."""

    def sample(self, *, random_state: np.random.Generator) -> float:
        """One of them."""


@dataclass(frozen=True)
class Range:
    """What may be drawn for a setting."""

    key: str
    low: float
    high: float
    whole: bool

    @property
    def by_logarithm(self) -> bool:
        """Whether each factor is as likely as another."""
        return self.low > 0 and self.high >= LOGARITHMIC_FACTOR * self.low

    def space(self, tune: ModuleType) -> Domain:
        """As Tune has it; its whole numbers end before the upper end."""
        if self.whole:
            draw = tune.lograndint if self.by_logarithm else tune.randint
            return draw(int(self.low), int(self.high) + 1)
        draw = tune.loguniform if self.by_logarithm else tune.uniform
        return draw(self.low, self.high)

    def setting(self, drawn: float) -> str:
        """A draw as `--set` takes it."""
        return f"{self.key}={int(drawn)}" if self.whole else f"{self.key}={float(f'{drawn:.3g}')}"


def ranges(told: Sequence[str]) -> list[Range]:
    """What `--search` names. Raises `RecipeError`."""
    found = []
    for text in told:
        match = FORM.fullmatch(text)
        low, high = (float(match[end]) for end in ("low", "high")) if match else (0.0, 0.0)
        if match is None or not 0 < high - low < math.inf:
            raise RecipeError(f"{text!r} is no range; one is schedule.rate=0.001..0.1")
        whole = match["low"].lstrip("-").isdecimal() and match["high"].lstrip("-").isdecimal()
        found.append(Range(match["key"], low, high, whole))
    if len({one.key for one in found}) < len(found):
        raise RecipeError("a setting is searched in one range")
    return found


@dataclass(frozen=True)
class Place:
    """Where a search is carried out: the sweep's folder, a cluster, the cores of a local one."""

    folder: Path
    cluster: str
    cores: int


def search(
    spaces: Sequence[Range],
    trials: int,
    run_of: Callable[[tuple[str, ...]], Planned],
    seed: int,
    place: Place,
) -> Iterator[tuple[Planned, str]]:
    """Draws settings and trains a run with each, a core for each; yields all of them at the end.

    Raises `DataError` where there is no Ray, or no such cluster.
    """
    connect(place.cluster, place.cores)
    try:
        tune = importlib.import_module("ray.tune")
    except ImportError as error:
        raise DataError(f"for a search, pip install 'digitus[ray]' ({error})") from None

    def train(drawn: Mapping[str, Iterable[str]]) -> dict[str, float]:
        run = run_of(tuple(drawn["settings"]))
        if wrong := carry_out(run):
            raise RuntimeError(wrong)
        assert run.result is not None
        return {"right": share_of(run.result)}

    tuner = tune.Tuner(
        tune.with_resources(train, {"cpu": 1}),
        param_space={"settings": tune.grid_search(_draws(spaces, trials, seed, tune))},
        tune_config=tune.TuneConfig(metric="right", mode="max"),
        run_config=tune.RunConfig(storage_path=str(place.folder / "tune"), verbose=0),
    )
    for result in tuner.fit():
        told = str(result.error).strip().splitlines()[-1] if result.error else ""
        yield run_of(tuple(result.config["settings"])), one_line(told)


def _draws(
    spaces: Sequence[Range], trials: int, seed: int, tune: ModuleType
) -> list[tuple[str, ...]]:
    """`trials` different draws of all settings, or fewer where the ranges offer fewer."""
    rng, found = np.random.default_rng(seed), dict[tuple[str, ...], None]()
    domains = [space.space(tune) for space in spaces]
    for _ in range(TRIES * trials):
        drawn = (domain.sample(random_state=rng) for domain in domains)
        found[tuple(map(Range.setting, spaces, drawn))] = None
        if len(found) == trials:
            break
    return [*found]
