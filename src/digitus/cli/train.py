"""`digitus train`: a recipe in, a folder with model, log and report out."""

from __future__ import annotations

import shlex
import signal
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digitus.cli.common import (
    PATH,
    cores,
    data_dir_option,
    digit_table,
    digits_of,
    json_option,
    output,
    percent,
    print_json,
    progress,
    score_lines,
    threads_option,
)

if TYPE_CHECKING:
    from rich.console import Console

    from digitus.datasets.digits import Digits
    from digitus.recipe import Recipe
    from digitus.recognizer import Recognizer
    from digitus.training.loop import Event, State
    from digitus.training.run_folder import Run

LINES = 20  # epochs that are told one by one; of more, every second, third ...


@click.command
@click.argument("recipe", required=False)
@click.option("--data", help="Data set by name, or a path: folder, .csv, .npz.")
@data_dir_option
@click.option("--epochs", type=click.IntRange(min=1), help="How often to see every image.")
@click.option("--seed", type=click.IntRange(min=0), help="Decides all randomness.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Any setting of the recipe: --set schedule.rate=0.1",
)
@click.option("--out", type=PATH, help="Folder for the run.  [default: a new one in runs/]")
@click.option("--resume", is_flag=True, help="Go on with an interrupted run, as if never stopped.")
@click.option(
    "--checkpoint-seconds",
    type=click.FloatRange(min=0),
    default=10.0,
    show_default=True,
    help="Time between checkpoints; 0: after every step.",
)
@threads_option
@click.option(
    "--array-library",
    type=click.Choice(["numpy", "torch"]),
    default="numpy",
    show_default=True,
    help="Whose arrays compute; the layers are the same.",
)
@click.option(
    "--device",
    type=click.Choice(["cpu", "cuda"]),
    default="cpu",
    show_default=True,
    help="Where PyTorch's arrays live.",
)
@click.option(
    "--precision",
    type=click.Choice(["float32", "bfloat16"]),
    default="float32",
    show_default=True,
    help="Bits in which PyTorch runs the network; parameters stay float32.",
)
@json_option
def train(
    recipe: str | None,
    data: str | None,
    data_dir: Path | None,
    epochs: int | None,
    seed: int | None,
    settings: tuple[str, ...],
    out: Path | None,
    resume: bool,
    checkpoint_seconds: float,
    threads: int,
    array_library: str,
    device: str,
    precision: str,
    json: bool,
) -> None:
    """Train a network; write the model, a log and a report to a folder.

    RECIPE is a shipped one (see: digitus models) or a TOML file; without it, quick. Ctrl-C stops
    after the step that is going on and keeps a checkpoint.
    """
    from digitus.errors import DigitusError, TrainingError
    from digitus.recipe import load_recipe
    from digitus.training.device import Device
    from digitus.training.run_folder import Run, new_run, record, unfinished_run

    console = progress()
    given = list(settings)
    if epochs is not None:
        given.append(f"epochs={epochs}")
    if seed is not None:
        given.append(f"seed={seed}")
    chosen = load_recipe(recipe or "quick", given)
    state = None
    if resume:
        run = Run(out) if out else unfinished_run(chosen.name)
        asked = chosen if given else None
        chosen, digits, state = _resumed(run, asked, data, data_dir)
        if recipe and chosen.name != (name := load_recipe(recipe).name):
            raise TrainingError(f"{run.folder} is a run of {chosen.name}, not of {name}")
        console.print(f"resuming {run.folder} after {state.step:,} steps")
    else:
        if out and Run(out).used:
            raise TrainingError(f"{out} holds a run already; choose another --out, or --resume")
        chosen, digits = _digits(chosen, data, data_dir, console)
        run = Run(out) if out else new_run(chosen.name)
    where = Device(array_library, device, precision)
    events = record(
        run,
        chosen,
        digits,
        state=state,
        threads=cores(threads),
        device=where,
        seconds=checkpoint_seconds,
    )
    try:
        recognizer = _train(events, chosen, console)
    except DigitusError:
        with suppress(OSError):  # a run that could not even begin leaves no empty folder
            run.folder.rmdir()
        raise
    if recognizer is None:
        again = ["digitus", "train", recipe or "quick", "--out", str(run.folder), "--resume"]
        again += ["--data-dir", str(data_dir)] if data_dir else []
        console.print(f"stopped; go on with: {shlex.join(again)}")
        sys.exit(130)
    _tell(run, recognizer, digits, json)


def _digits(
    recipe: Recipe, data: str | None, data_dir: Path | None, console: Console
) -> tuple[Recipe, Digits]:
    """What to train on: as asked, else the recipe's own. The recipe then says which.

    Strokes stand in for a set that cannot be downloaded; a wrong name or a damaged file are errors.
    """
    from digitus.datasets.sources import STROKES
    from digitus.errors import DownloadError
    from digitus.recipe import with_settings

    wanted = data or recipe.data
    try:
        return with_settings(recipe, data=wanted), digits_of(wanted, "train", data_dir)
    except DownloadError as error:
        if data is not None:
            raise
        console.print(f"{recipe.data} cannot be had, so this trains on {STROKES} instead ({error})")
    return with_settings(recipe, data=STROKES), digits_of(STROKES, "train", data_dir)


def _resumed(
    run: Run, asked: Recipe | None, data: str | None, data_dir: Path | None
) -> tuple[Recipe, Digits, State]:
    """An interrupted run's recipe, digits and state; it must be what was asked for."""
    from digitus.errors import TrainingError
    from digitus.recipe import with_settings
    from digitus.training.run_folder import load_checkpoint, resume

    if not run.checkpoint.exists():
        raise TrainingError(f"{run.folder} holds no interrupted run; start one without --resume")
    recipe, _, _ = load_checkpoint(run.checkpoint)
    if asked is not None and with_settings(asked, data=recipe.data) != recipe:
        raise TrainingError(
            f"{run.folder} was begun with other settings; resume it without --set, --epochs, --seed"
        )
    digits = digits_of(data or recipe.data, "train", data_dir)
    recipe, state = resume(run, digits)
    return recipe, digits, state


def _train(
    events: Generator[Event, None, None], recipe: Recipe, console: Console
) -> Recognizer | None:
    """Trains with a progress bar; None where it was interrupted."""
    from digitus.training.loop import Finished

    with _interruptions() as interrupted, _Display(console, recipe) as display:
        for event in events:
            display.show(event)
            if isinstance(event, Finished):
                return event.recognizer
            if interrupted:
                events.close()  # keeps a checkpoint
                break
    return None


@contextmanager
def _interruptions() -> Iterator[list[int]]:
    """A list that is no longer empty once Ctrl-C was pressed; pressed again, it ends at once."""
    pressed: list[int] = []

    def note(number: int, frame: Any) -> None:
        if pressed:
            raise KeyboardInterrupt
        pressed.append(number)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)


class _Display:
    """Shows events: a bar for the whole run, a line for each epoch."""

    def __init__(self, console: Console, recipe: Recipe) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self.console, self.recipe = console, recipe
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[score]}"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self.every = -(-recipe.epochs // LINES)

    def __enter__(self) -> _Display:
        self.progress.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.progress.stop()

    def show(self, event: Event) -> None:
        """Tells about one event."""
        from digitus.training.loop import EpochEnded, Started, Stepped

        if isinstance(event, Started):
            steps = self.recipe.epochs * event.batches
            self.console.print(f"{self.recipe.name}: {self.recipe.about or 'your own recipe'}")
            self.console.print(
                f"{event.parameters:,} parameters; {event.examples:,} images to learn from, "
                f"{event.development:,} held back to choose by"
            )
            self.task = self.progress.add_task(
                "", total=steps, completed=event.resumed_at, score=""
            )
        elif isinstance(event, Stepped):
            self.progress.update(
                self.task,
                completed=event.step,
                description=f"epoch {event.epoch} of {self.recipe.epochs}",
                score=f"loss {event.loss:.4f}  accuracy {percent(event.accuracy)}  "
                f"{event.images_per_second:,.0f} images/s",
            )
        elif isinstance(event, EpochEnded) and (
            event.epoch % self.every == 0 or event.epoch == self.recipe.epochs
        ):
            self.console.print(
                f"epoch {event.epoch:>4}  loss {event.loss:.4f}  accuracy {percent(event.accuracy)}"
                f"  held back {percent(event.development_accuracy)}"
                f"  {event.images_per_second:,.0f} images/s"
            )


def _tell(run: Run, recognizer: Recognizer, digits: Digits, json: bool) -> None:
    """Scores the development split, writes the report, and says what was made."""
    from digitus.datasets.batches import split
    from digitus.evaluation import evaluate
    from digitus.report import write_report
    from digitus.training.loop import SPLIT_SEED

    recipe = recognizer.recipe
    _, development = split(digits, recipe.development, SPLIT_SEED)
    evaluation = evaluate(recognizer, development)
    score = evaluation.record()
    epochs = recognizer.history["epochs"]
    write_report(run.report, recognizer, evaluation, epochs)
    if json:
        print_json(
            {
                "recipe": recipe.name,
                "model": str(run.model),
                "report": str(run.report),
                "parameters": recognizer.parameter_count,
                "epochs": len(epochs),
                "seconds": sum(epoch["seconds"] for epoch in epochs),
                "development": score,
            }
        )
        return
    console = output()
    console.print(digit_table(score))
    console.print("On the images held back (the test set is for digitus evaluate):")
    for line in score_lines(score):
        console.print(line)
    console.print(f"model   {run.model}\nreport  {run.report}")
