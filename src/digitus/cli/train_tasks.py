"""What `digitus train` teaches: to recognize digits, or to find them and look closer at them.

Inside: the data of each task, what a run begins with, and the run, kept in its folder. Not inside:
the command (`train`), and what is said at the end (`train_told`).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from digitus.cli.common import any_model

if TYPE_CHECKING:
    from digitus.datasets.digits import Digits
    from digitus.detection.source import Event as PageEvent
    from digitus.detection.source import Writers
    from digitus.recipe import Recipe
    from digitus.training.device import Device
    from digitus.training.loop import Event as DigitEvent
    from digitus.training.profile import Profile
    from digitus.training.run_folder import Run
    from digitus.training.session import State
    from digitus.types import Params

    Event: TypeAlias = DigitEvent | PageEvent
    Bring: TypeAlias = Callable[[str, str], Digits | Writers]


@dataclass(frozen=True)
class Beginning:
    """A network that training begins with: what it was called, its file's fingerprint."""

    name: str
    sha256: str
    recipe: Recipe
    params: Params
    learnt_from: dict[str, str]  # as `training.unseen.told`


def beginning(name: str) -> Beginning:
    """A model by its file or its run's folder, or one that ships. Raises `ModelError`."""
    import hashlib

    from digitus.detection.closeup import DEFAULT as CLOSEUP
    from digitus.detection.model import DEFAULT as PAGE
    from digitus.recognizer import DEFAULT, WEIGHTS
    from digitus.training.unseen import told

    path = Path(name)
    if name in (DEFAULT, PAGE, CLOSEUP):
        path = WEIGHTS / f"{name}.safetensors"
    elif path.is_dir():
        path /= "model.safetensors"
    network = any_model(path)
    return Beginning(
        name,
        hashlib.sha256(path.read_bytes()).hexdigest(),
        network.recipe,
        network.params,
        told(network.recipe, network.history),
    )


def recipe_of(recipe: str | None, given: list[str], before: Beginning | None) -> Recipe:
    """The recipe that is asked for, or that of the network to begin with, with what is set."""
    from digitus.recipe import changed, load_recipe

    if before and not recipe:
        return changed(before.recipe, given)
    return load_recipe(recipe or "quick", given)


def begun(recipe: Recipe, learnt: Digits | Writers, before: Beginning | None) -> State:
    """The state before the first step, with the parameters of another network if there is one.

    Raises `TrainingError` where they do not fit.
    """
    from digitus.training.start_from import start_from

    state = start_of(learnt)(recipe, learnt)
    if before:
        about = {"model": before.name, "recipe": before.recipe.name, "sha256": before.sha256}
        start_from(state, before.params, {**about, **before.learnt_from})
    return state


def found(
    data: str,
    classes: str,
    *,
    data_dir: Path | None,
    prepare: str = "none",
    transposed: bool = False,
) -> Digits | Writers:
    """Digits by their name or path; for a recipe on made pages, those who write them."""
    from digitus.datasets.named import digits_of
    from digitus.recipe import MADE

    if data in MADE:
        from digitus.detection.source import writers

        return writers(data_dir)
    return digits_of(
        data, "train", data_dir, prepare=prepare, transposed=transposed, classes=classes
    )


def suited_to(recipe: Recipe, learnt: Digits | Writers, given: Sequence[str]) -> Recipe:
    """The recipe, adapted to a set that is small or lacks digits, except where it was `given`."""
    from digitus.datasets.digits import Digits
    from digitus.training.suited import suited

    if not isinstance(learnt, Digits):
        return recipe
    return suited(recipe, learnt, {setting.partition("=")[0].strip() for setting in given})


def doubts_of(learnt: Digits | Writers) -> str | None:
    """A sentence on digits of a person's own that are perhaps not as they should be, or None."""
    from digitus.datasets.digits import Digits
    from digitus.evaluation import OPTIONS
    from digitus.training.suited import unlike

    return unlike(learnt, OPTIONS) if isinstance(learnt, Digits) else None


def recorded(
    run: Run,
    recipe: Recipe,
    learnt: Digits | Writers,
    state: State | None,
    threads: int,
    device: Device,
    profile: Profile | None,
    seconds: float,
) -> Generator[DigitEvent | PageEvent, None, None]:
    """Training that keeps everything in the run's folder on the way; of workers, the first does."""
    from digitus.datasets.digits import Digits
    from digitus.detection import source
    from digitus.training import loop, run_folder
    from digitus.training.distributed import leads

    how: dict[str, Any] = {"threads": threads, "device": device, "profile": profile}
    if not leads():
        train: Any = loop.train if isinstance(learnt, Digits) else source.train
        return (event for event in train(recipe, learnt, state=state, **how))
    if isinstance(learnt, Digits):
        return run_folder.record(run, recipe, learnt, state=state, seconds=seconds, **how)
    return _record_pages(run, recipe, learnt, state=state, seconds=seconds, **how)


def start_of(learnt: Digits | Writers) -> Callable[[Recipe, Any], State]:
    """The function that begins a run on such data."""
    from digitus.datasets.digits import Digits
    from digitus.detection import source
    from digitus.training import loop

    return loop.begin if isinstance(learnt, Digits) else source.begin


def _record_pages(
    run: Run,
    recipe: Recipe,
    by: Writers,
    *,
    state: State | None = None,
    threads: int,
    device: Device,
    profile: Profile | None,
    seconds: float,
) -> Generator[PageEvent, None, None]:
    """As `training.run_folder.record` does for digits."""
    from digitus.detection.source import begin, train
    from digitus.training.run_folder import kept

    state = state or begin(recipe, by)
    events = train(recipe, by, state=state, threads=threads, device=device, profile=profile)
    yield from kept(run, recipe, by, state, events, seconds=seconds)
