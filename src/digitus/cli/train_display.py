"""What `digitus train` shows while it trains, and how Ctrl-C stops it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from digitus.cli.common import percent
from digitus.files import one_line
from digitus.recipe import Recipe
from digitus.training.events import EpochEnded, Finished, Model, Started, Stepped

MOST_LINES = 20  # for epochs: where a run has more, every second, third ... has a line


@contextmanager
def interruptions() -> Iterator[list[int]]:
    """A list that is no longer empty once Ctrl-C was pressed; pressed again, it ends at once."""
    pressed: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        if pressed:
            raise KeyboardInterrupt
        pressed.append(number)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)


class Display:
    """Shows events: a bar for the whole run, a line for each epoch."""

    def __init__(self, console: Console, recipe: Recipe) -> None:
        self.console, self.recipe = console, recipe
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[score]}"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self.every = -(-recipe.epochs // MOST_LINES)

    def __enter__(self) -> Display:
        self.progress.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.progress.stop()

    def show(self, event: Started | Stepped | EpochEnded | Finished[Model]) -> None:
        """Tells about one event."""
        if isinstance(event, Started):
            steps = self.recipe.epochs * event.batches
            self.console.print(
                f"{self.recipe.name}: {one_line(self.recipe.about) or 'your own recipe'}"
            )
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
