"""What the commands share: options, where models come from, tables, progress."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from digitus.detection.closeup import CloseUpNetwork
    from digitus.detection.model import PageNetwork
    from digitus.export.onnx_run import OnnxModel
    from digitus.metrics import ScoreRecord
    from digitus.recognizer import Recognizer

T = TypeVar("T")
MANY_PICTURES = 20  # for fewer, a bar would only flash
# Reading finds out whether it can be read, and reports it like any other failure.
PATH = click.Path(path_type=Path, readable=False)


class Number(click.FloatRange):
    """A number within limits. "nan" passes click's own, since no comparison with it holds."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """What was typed as a number; fails where it is none."""
        number: float = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value!r} is not a number.", param, ctx)
        return number


CONFIDENCE = Number(0, 1)
json_option = click.option(
    "--json", is_flag=True, help="Print one JSON object on standard output, nothing else."
)
data_dir_option = click.option(
    "--data-dir",
    type=PATH,
    help="Folder with data files; looked at before $DIGITUS_DATA and the cache.",
)
prepare_option = click.option(
    "--prepare",
    type=click.Choice(["auto", "none"]),
    default="none",
    show_default=True,
    help="auto: pictures of any size, polarity and position are made like MNIST's.",
)
transposed_option = click.option(
    "--transposed", is_flag=True, help="Images are stored by columns, as in EMNIST's CSV files."
)
threads_option = click.option(
    "--threads",
    type=click.IntRange(min=0),
    default=0,
    help="Processor cores to use; beside other work, the idle ones.  [default: all there are]",
)


def _use_device(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    """Chooses before anything is loaded. Raises `DigitusError`."""
    if value is not None:
        from digitus.nn import torch_device as device

        device.use(value)


device_option = click.option(
    "--device",
    type=click.Choice(["cpu", "cuda"]),
    expose_value=False,
    callback=_use_device,
    help="Where networks compute: cuda is a GPU, by PyTorch.  [default: cpu]",
)


def output() -> Console:
    """Where answers for people go: standard output."""
    from digitus.cli.console import PrintableConsole

    return PrintableConsole()


def progress() -> Console:
    """Where people are told what is going on: standard error, so that answers can be piped."""
    from digitus.cli.console import PrintableConsole
    from digitus.cli.verbosity import QUIET

    ctx = click.get_current_context(silent=True)
    return PrintableConsole(stderr=True, quiet=bool(ctx and ctx.meta.get(QUIET)))


def with_progress(answers: Iterator[T], total: int) -> Iterator[T]:
    """The answers to so many pictures, with a bar where a person waits for many."""
    if total < MANY_PICTURES or not (console := progress()).is_terminal:
        yield from answers
        return
    from rich.progress import Progress

    with Progress(console=console, transient=True, redirect_stdout=sys.stdout.isatty()) as bar:
        yield from bar.track(answers, total=total, description="reading")


def print_json(record: Mapping[str, object]) -> None:
    """The whole answer for programs."""
    json.dump(record, sys.stdout)  # in ASCII, which every terminal and every path survives
    sys.stdout.write("\n")


def recognizer_of(model: str | None) -> tuple[Recognizer, str]:
    """A model by its path or the folder of its run, or the shipped one; with its name."""
    from digitus.recognizer import DEFAULT, file_of, load

    path = file_of(model)
    return load(path), DEFAULT if model in (None, DEFAULT) else str(path)


def member_of(model: str | None) -> tuple[Recognizer | OnnxModel, str]:
    """As `recognizer_of`, or an exported ONNX file, to compare it or as one of a committee."""
    if model and Path(model).suffix == ".onnx":
        from digitus.export.onnx_run import load_onnx

        return load_onnx(Path(model)), model
    return recognizer_of(model)


def pattern_of(digits: int | None, pattern: str | None) -> str | None:
    """The form of the number, from whichever option gave it."""
    if digits is not None and pattern is not None:
        raise click.UsageError("--digits and --pattern both tell the form of the number; give one")
    if pattern is not None and "#" not in pattern:
        raise click.UsageError("--pattern needs a # for each digit, as in ####-##")
    return pattern if digits is None else "#" * digits


def any_model(path: Path) -> Recognizer | PageNetwork | CloseUpNetwork:
    """A file with any kind of network. Raises `ModelError`."""
    from digitus.detection import closeup, model
    from digitus.errors import ModelError
    from digitus.recognizer import load

    first: ModelError | None = None
    for loaded in (load, model.load, closeup.load):
        try:
            return loaded(path)
        except ModelError as error:
            first = first or error
    assert first
    raise first


def percent(share: float | None, places: int = 2) -> str:
    """0.98765 as "98.77 %"."""
    return "–" if share is None else f"{100 * share:.{places}f} %"


def digit_table(record: ScoreRecord) -> Table:
    """The table by digit that the papers print."""
    from rich import box
    from rich.table import Table

    from digitus.metrics import sign

    table = Table(box=box.SIMPLE_HEAD, show_footer=True)
    wrong = sum(row["wrong"] for row in record["by_digit"])
    n, accuracy = record["n"], record["accuracy"]
    footers = ["all", f"{n:,}", f"{wrong:,}", percent(1 - accuracy), percent(accuracy)]
    for name, footer in zip(
        ("class" if "classes" in record else "digit", "count", "wrong", "% wrong", "% correct"),
        footers,
        strict=True,
    ):
        table.add_column(name, footer, justify="right")
    for row in record["by_digit"]:
        share = row["accuracy"]
        table.add_row(
            sign(record, row["digit"]),
            f"{row['count']:,}",
            f"{row['wrong']:,}",
            percent(None if share is None else 1 - share),
            percent(share),
        )
    return table


def score_lines(record: ScoreRecord) -> list[str]:
    """The rest of a score, in words."""
    from digitus.metrics import sign

    low, high = record["interval95"]
    right = record["n"] - sum(row["wrong"] for row in record["by_digit"])
    lines = [
        f"{right:,} of {record['n']:,} right: {percent(record['accuracy'])} "
        f"(95 % interval {100 * low:.2f} to {percent(high)})"
    ]
    if record["frequent_confusions"]:
        pairs = (
            f"{sign(record, c['digit'])} read as {sign(record, c['read_as'])}: {c['times']} "
            f"time{'s' * (c['times'] > 1)}"
            for c in record["frequent_confusions"][:5]
        )
        lines.append("most frequent: " + ", ".join(pairs))
    lines.append(
        f"calibration error (ECE) {record['ece']:.4f}; refused below a confidence of "
        f"{record['threshold']:.2f}: {percent(record['refused'])}, "
        f"of the rest {percent(record['accuracy_accepted'])} right"
    )
    return lines
