"""The runs of a sweep: which there are, where each lies, and one after the other or side by side.

Each is `digitus train` with a folder of its own. A run that was ended in the middle goes on from
its checkpoint; what `train` printed at the end is kept as the run's result, so it is trained once.

Inside: that. Not inside: who carries them out on other machines (`on_ray`).
"""

from __future__ import annotations

import itertools
import json
import math
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from digitus.errors import RecipeError
from digitus.files import UNREADABLE, one_line, open_file, write_text
from digitus.recipe import load_recipe
from digitus.recipe.settings import is_name
from digitus.training.run_folder import Run

RESULT = "result.json"
WITHOUT_A_WORD = "ended without a word"


class Result(TypedDict):
    """What is compared: part of the line that `digitus train --json` ends with."""

    development: dict[str, float]
    parameters: int
    seconds: float


@dataclass(frozen=True)
class Planned:
    """A run: its recipe with settings, its seed, its folder, and the command that trains it."""

    recipe: str
    label: str
    seed: int
    settings: tuple[str, ...]
    folder: Path
    arguments: tuple[str, ...]

    @property
    def result(self) -> Result | None:
        """What `digitus train --json` printed, if it has ended and its numbers can be compared."""
        try:
            with open_file(self.folder / RESULT) as file:
                found: Result = json.load(file)
            numbers = [share_of(found), float(found["seconds"]), int(found["parameters"])]
            return found if all(map(math.isfinite, numbers)) else None
        except (OSError, *UNREADABLE):
            return None


def share_of(result: Result) -> float:
    """The share of the development set that is read correctly, or found."""
    held_back = result["development"]
    return float(held_back["accuracy"] if "accuracy" in held_back else held_back["found"])


def planned(
    recipes: Sequence[str],
    seeds: Sequence[int],
    settings: Sequence[str],
    out: Path,
    more: Sequence[str] = (),
    drawn: Sequence[str] = (),
) -> list[Planned]:
    """All runs, by recipe, settings and seed; `drawn` settings name folders as tried ones do.

    Raises `RecipeError` for a recipe or setting that cannot be, and for two of the same name.
    """
    runs = []
    for recipe, tried in itertools.product(recipes, grid(settings)):
        chosen = (*tried, *drawn)
        name = load_recipe(recipe, list(chosen)).name
        varied = [*(one for one in tried if _is_varied(one, settings)), *drawn]
        label = " ".join([name, *varied])
        inside = out / name
        if varied:
            where = ",".join(varied).replace("/", "_")
            if not is_name(where):
                raise RecipeError(f"settings that are tried name folders; {where!r} is too long")
            inside /= where
        source = str(Path(recipe).absolute()) if os.path.exists(recipe) else recipe
        for seed in seeds:
            told = [f"--set={setting}" for setting in chosen]
            arguments = ("train", source, "--seed", str(seed), *told, *more, "--json")
            folder = inside / f"seed-{seed}"
            runs.append(Planned(recipe, label, seed, tuple(chosen), folder, arguments))
    if len({run.folder for run in runs}) < len(runs):
        raise RecipeError("two recipes have the same name; give one of them another")
    return runs


def grid(settings: Sequence[str]) -> list[tuple[str, ...]]:
    """Every choice of one setting for each key."""
    keys: dict[str, list[str]] = {}
    for setting in settings:
        keys.setdefault(setting.partition("=")[0].strip(), []).append(setting)
    return [*itertools.product(*keys.values())]


def _is_varied(setting: str, settings: Sequence[str]) -> bool:
    key = setting.partition("=")[0].strip()
    return sum(other.partition("=")[0].strip() == key for other in settings) > 1


def carry_out(run: Planned, threads: int = 1) -> str:
    """Trains a run to its end; returns what went wrong, if anything."""
    there = Run(run.folder)
    if run.result is not None:
        return ""
    how = ["--out", str(run.folder), "--threads", str(threads)]
    how += ["--resume"] if there.checkpoint.exists() else []
    if there.model.exists() and not there.checkpoint.exists():
        for file in (there.model, there.log, there.report):  # killed before it could tell
            file.unlink(missing_ok=True)
    command = [sys.executable, "-m", "digitus", *_resuming(run.arguments, "--resume" in how), *how]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        words = done.stderr.strip().splitlines()
        return one_line(words[-1]) if words else WITHOUT_A_WORD
    write_text(run.folder / RESULT, done.stdout)
    return "" if run.result else "told nothing that can be compared"


def _resuming(arguments: tuple[str, ...], resume: bool) -> list[str]:
    """The arguments less seed and settings for a run that goes on, whose checkpoint has them."""
    if not resume:
        return [*arguments]
    kept = [argument for argument in arguments if not argument.startswith("--set=")]
    seed = kept.index("--seed")
    return kept[:seed] + kept[seed + 2 :]


def here(runs: Iterable[Planned], processes: int) -> Iterator[tuple[Planned, str]]:
    """Trains runs on this machine, `processes` at a time, with a thread each."""
    waiting = [*runs]
    with ThreadPoolExecutor(processes) as pool:
        yield from zip(waiting, pool.map(carry_out, waiting), strict=True)
