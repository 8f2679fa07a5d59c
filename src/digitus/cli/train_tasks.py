"""What `digitus train` learns: digits, or from made pages, to find them and to look closer.

Inside: the data of either, its run, and what is said of a page network at the end. Not inside: the
command, and what is said of a recognizer (`train`).
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from digitus.cli.common import digits_of, output, percent, print_json

if TYPE_CHECKING:
    from digitus.datasets.digits import Digits
    from digitus.detection.source import Event as PageEvent
    from digitus.detection.source import TrainedPages, Writers
    from digitus.recipe import Recipe
    from digitus.training.device import Device
    from digitus.training.loop import Event as DigitEvent
    from digitus.training.run_folder import Run
    from digitus.training.session import State

    Event: TypeAlias = DigitEvent | PageEvent


def found(data: str, data_dir: Path | None) -> Digits | Writers:
    """Digits by their name or path, or who writes pages."""
    from digitus.recipe import MADE

    if data in MADE:
        from digitus.detection.source import writers

        return writers(data_dir)
    return digits_of(data, "train", data_dir)


def recorded(
    run: Run,
    recipe: Recipe,
    learnt: Digits | Writers,
    state: State | None,
    threads: int,
    device: Device,
    seconds: float,
) -> Generator[DigitEvent | PageEvent, None, None]:
    """Training that keeps everything in the run's folder on the way."""
    from digitus.datasets.digits import Digits
    from digitus.training import run_folder

    if isinstance(learnt, Digits):
        return run_folder.record(
            run, recipe, learnt, state=state, threads=threads, device=device, seconds=seconds
        )
    return _record_pages(
        run, recipe, learnt, state=state, threads=threads, device=device, seconds=seconds
    )


def start_of(learnt: Digits | Writers) -> Callable[[Recipe, Any], State]:
    """What begins a run with such data."""
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
    seconds: float,
) -> Generator[PageEvent, None, None]:
    """As `training.run_folder.record` does for digits."""
    from digitus.detection.source import begin, train
    from digitus.training.run_folder import kept

    state = state or begin(recipe, by)
    events = train(recipe, by, state=state, threads=threads, device=device)
    yield from kept(run, recipe, by, state, events, seconds=seconds)


def tell(run: Run, trained: TrainedPages, json: bool) -> None:
    """Says what was made, and how well it does on what was held back."""
    from digitus.detection.tasks import task_of

    epochs: list[dict[str, Any]] = trained.history["epochs"]
    held_back, share = trained.history["development"], epochs[-1]["development_accuracy"]
    if json:
        print_json(
            {
                "recipe": trained.recipe.name,
                "model": str(run.model),
                "parameters": sum(a.size for a in trained.params.values()),
                "epochs": len(epochs),
                "seconds": sum(epoch["seconds"] for epoch in epochs),
                "development": {"n": held_back, "found": share},
            }
        )
        return
    console = output()
    task = task_of(trained.recipe)
    console.print(f"Of {held_back:,} {task.examples} held back, {percent(share)} {task.right}.")
    console.print(f"model   {run.model}")
