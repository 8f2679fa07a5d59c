"""What `digitus train` learns: digits, or from made pages, to find them and to look closer.

Inside: the data of either, what it begins with, its run, and what is said of a page network at the
end. Not inside: the command, and what is said of a recognizer (`train`).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from digitus.cli.common import any_model, digits_of, output, percent, print_json
from digitus.cli.terminal import complain

FAR_WORSE = 10  # times the loss of finding all digits alike

if TYPE_CHECKING:
    from digitus.datasets.digits import Digits
    from digitus.detection.source import Event as PageEvent
    from digitus.detection.source import TrainedPages, Writers
    from digitus.recipe import Recipe
    from digitus.training.device import Device
    from digitus.training.loop import Event as DigitEvent
    from digitus.training.run_folder import Run
    from digitus.training.session import State
    from digitus.types import Params

    Event: TypeAlias = DigitEvent | PageEvent
    Bring: TypeAlias = Callable[[str], Digits | Writers]

PAGES_SHOWN = 8  # in the report of a page network


@dataclass(frozen=True)
class Beginning:
    """A network that training begins with: what it was called, its file's fingerprint."""

    name: str
    sha256: str
    recipe: Recipe
    params: Params


def beginning(name: str) -> Beginning:
    """A model by its file or its run's folder, or one that ships. Raises `ModelError`."""
    import hashlib

    from digitus.detection.closeup import DEFAULT as CLOSEUP
    from digitus.detection.model import DEFAULT as PAGE
    from digitus.recognizer import DEFAULT, WEIGHTS

    path = Path(name)
    if name in (DEFAULT, PAGE, CLOSEUP):
        path = WEIGHTS / f"{name}.safetensors"
    elif path.is_dir():
        path /= "model.safetensors"
    network = any_model(path)
    return Beginning(
        name, hashlib.sha256(path.read_bytes()).hexdigest(), network.recipe, network.params
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
        start_from(state, before.params, about)
    return state


def found(
    data: str, *, data_dir: Path | None, prepare: str = "none", transposed: bool = False
) -> Digits | Writers:
    """Digits by their name or path, or who writes pages."""
    from digitus.recipe import MADE

    if data in MADE:
        from digitus.detection.source import writers

        return writers(data_dir)
    return digits_of(data, "train", data_dir, prepare=prepare, transposed=transposed)


def suited_to(recipe: Recipe, learnt: Digits | Writers, given: Sequence[str]) -> Recipe:
    """The recipe with what a small set or one of few digits asks for, but for what is given."""
    from digitus.datasets.digits import Digits
    from digitus.training.suited import suited

    if not isinstance(learnt, Digits):
        return recipe
    return suited(recipe, learnt, {setting.partition("=")[0].strip() for setting in given})


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


def diverged(recipe: Recipe, loss: float, development: Digits) -> bool:
    """Whether a network is far worse than one that finds all ten digits alike: it learnt nothing.

    Says so where it is worse at all.
    """
    import numpy as np

    from digitus.nn import one_hot

    alike = np.full((len(development), 10), 0.1, np.float32)
    guessing = float(recipe.loss(alike, one_hot(development.labels))[0])
    if loss <= guessing:
        return False
    complain(
        f"the loss on the images held back is {loss:.3g}, above the {guessing:.2f} of finding all "
        "digits alike; try a smaller learning rate (--set schedule.rate=...), or more images"
    )
    return loss > FAR_WORSE * guessing


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


def tell(run: Run, trained: TrainedPages, by: Writers, json: bool) -> None:
    """Writes the report; says what was made, and how well it does on what was held back."""
    from digitus.detection.source import pages_held_back
    from digitus.detection.tasks import task_of
    from digitus.recipe import PAGES
    from digitus.report.finding import write_page_report

    shown = pages_held_back(by, PAGES_SHOWN) if trained.recipe.data == PAGES else []
    write_page_report(run.report, trained, shown)
    epochs: list[dict[str, Any]] = trained.history["epochs"]
    held_back, share = trained.history["development"], epochs[-1]["development_accuracy"]
    if json:
        print_json(
            {
                "recipe": trained.recipe.name,
                "model": str(run.model),
                "report": str(run.report),
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
    console.print(f"model   {run.model}\nreport  {run.report}")
