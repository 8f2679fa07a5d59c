"""Texts from strangers: recipes, settings, and what a server kept of its training runs.

Not inside: files with arrays in them (`files`), what is sent to a server (`routes`).
"""

from __future__ import annotations

import asyncio
import math
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import msgspec

from digitus.detection.tasks import TASKS
from digitus.recipe import load_recipe, planned, shipped
from digitus.serve.live.digits_cache import DigitsCache
from digitus.serve.live.lesson import lesson_from
from digitus.serve.live.places import Places
from digitus.serve.live.run import LiveRun
from digitus.serve.live.run_state import SavedSettings
from digitus.serve.live.runs import LiveRuns
from digitus.serve.live.shares import Shares
from digitus.training.session import initial_state
from fuzzing.files import at, folder, strokes_of_the_run
from fuzzing.target import Target

RUN = "0123abcd"
SETTINGS = (
    b"schedule.rate=0.1",
    b"optimizer={kind='Adam'}",
    b"data=strokes",
    b"network=[{kind='Flatten'},{kind='Dense',units=10}]",
)


def begun(path: Path) -> object:
    """A recipe as `digitus train` takes it, up to the network's first parameters."""
    recipe = load_recipe(path)
    if recipe.data in TASKS:
        return TASKS[recipe.data].plan(recipe.network)
    shapes = planned(recipe.network, (28, 28))
    # Drawing the parameters of a large network takes long, which is no fault.
    if sum(map(math.prod, shapes.values())) > 10**5:
        return shapes
    return initial_state(recipe, strokes_of_the_run().images)


def set_on_the_way(data: bytes) -> object:
    """`--set KEY=VALUE`, one a line."""
    return load_recipe("quick", data.decode("utf-8", "surrogateescape").splitlines())


class LeftAlone(LiveRuns):
    """Runs that are loaded but not resumed."""

    def _go_on(self, run: LiveRun) -> None:
        del run


def taken_up(changed: str) -> Callable[[Path], object]:
    """Reads a server's folder with one run, one of whose files is changed."""

    def read(path: Path) -> object:
        for name, content in run_files().items():
            if name != changed:
                (path.parent / name).write_bytes(content)
        return asyncio.run(told_of_runs(path.parent.parent))

    return read


async def told_of_runs(folder: Path) -> list[bytes]:
    """What the web page is told of a server's runs."""
    runs = LeftAlone(folder, int)
    runs.open()
    return [msgspec.json.encode(told) for run in runs for told in (run.summary(), run.state())]


@cache
def run_files() -> dict[str, bytes]:
    """What is kept of a run, by the names of the files."""
    settings = SavedSettings(lesson_from({"epochs": 1}), "finished", False, 0.0, begun=1.0)
    place = folder() / "first" / RUN
    place.mkdir(parents=True)

    async def save() -> None:
        LiveRun(place, settings, DigitsCache(), Places(1, Shares(int))).save()

    asyncio.run(save())
    kept = {path.name: path.read_bytes() for path in place.iterdir()}
    shutil.rmtree(place.parent)
    return kept


TARGETS: dict[str, Target] = {
    "recipe": Target(at("fuzzed.toml", begun), lambda: map(str.encode, shipped().values())),
    "settings": Target(set_on_the_way, lambda: SETTINGS),
    **{
        f"run-{name}": Target(
            at(f"runs-{name}/{RUN}/{name}.json", taken_up(f"{name}.json")),
            lambda name=name: [run_files()[f"{name}.json"]],
        )
        for name in ("settings", "shown")
    },
}
