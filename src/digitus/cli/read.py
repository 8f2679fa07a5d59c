"""`digitus read`: pictures in, the numbers written in them out."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digitus.cli.common import (
    CONFIDENCE,
    PATH,
    cores,
    print_json,
    progress,
    recognizer_of,
    threads_option,
)
from digitus.cli.terminal import complain, printable

if TYPE_CHECKING:
    from digitus.cli.read_one import Done
    from digitus.errors import DigitusError
    from digitus.reading.result import Reading

MANY_PICTURES = 20  # pictures: for fewer, a bar would only flash
COLUMNS = ("file", "page", "line", "digits", "confidence", "refused", "error")


@click.command
@click.argument("pictures", nargs=-1, required=True, type=PATH, metavar="PICTURE...")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "jsonl", "csv"]),
    default="text",
    show_default=True,
    help="jsonl: a JSON object for each picture, with boxes. csv: a row for each line of digits, "
    "one for a picture without.",
)
@click.option("--model", help="Model file, or the folder of a run.  [default: the one that comes]")
@click.option(
    "--min-confidence",
    type=CONFIDENCE,
    help="Refuse digits below this, shown as ?.  [default: the model's own threshold]",
)
@click.option(
    "--digits",
    type=click.IntRange(1, 100),
    help="The number has so many digits: ? stands for what is missing.",
)
@click.option("--pattern", help="The number's form: # for a digit, the rest as it stands.")
@click.option("--annotate", type=PATH, metavar="DIR", help="Draw what was read on the pictures.")
@click.option("--explain", type=PATH, metavar="DIR", help="A page for each picture: every step.")
@click.option("--review", type=PATH, metavar="FILE", help="A page to correct what is doubtful.")
@threads_option
def read(
    pictures: tuple[Path, ...],
    form: str,
    model: str | None,
    min_confidence: float | None,
    digits: int | None,
    pattern: str | None,
    annotate: Path | None,
    explain: Path | None,
    review: Path | None,
    threads: int,
) -> None:
    """Read the handwritten digits in pictures.

    PICTURE is a photo, scan, screenshot or drawing. A digit too doubtful to be told is a ?; what
    is no digit is left out. Pictures that cannot be read are told on standard error, the others
    are read, and the exit code is 1.
    """
    from digitus.cli.read_one import Done, ReadAndShow
    from digitus.reading.bulk import quietly, read_many
    from digitus.reading.options import ReadingOptions

    pattern = _pattern(digits, pattern)
    if annotate and annotate.resolve() in {p.parent.resolve() for p in pictures}:
        raise click.UsageError(f"--annotate would write over the pictures in {annotate}")
    recognizer, _ = recognizer_of(model)
    options = ReadingOptions(recognizer, pattern, min_confidence, keep_steps=explain is not None)
    show = None
    if annotate or explain or review:
        from digitus.report.show import Show, distinct

        show = Show(annotate, explain, review is not None, distinct(pictures))
    reader = ReadAndShow(options, show)
    write = {"text": _text, "jsonl": _jsonl, "csv": _csv}[form]
    write_error = {"text": _no_text, "jsonl": _jsonl_error, "csv": _csv_error}[form]
    if form == "csv":
        _row(COLUMNS)
    quietly()
    _mute_libraries()
    failed, doubts = 0, []
    answers = read_many(pictures, reader, cores(threads))
    for path, answer in _with_progress(answers, len(pictures)):
        if isinstance(answer, Done):
            doubts += answer.doubts
            write(path, answer.readings, len(pictures) > 1)
        else:
            failed += 1
            complain(answer)
            write_error(path, answer)
    sys.stdout.flush()
    if review:
        from digitus.files import write_text
        from digitus.report.review import review as review_page

        write_text(review, review_page(doubts))
    if failed:
        sys.exit(1)


def _pattern(digits: int | None, pattern: str | None) -> str | None:
    """The form of the number, told in either way."""
    if digits is not None and pattern is not None:
        raise click.UsageError("--digits and --pattern both tell the form of the number; give one")
    if pattern is not None and "#" not in pattern:
        raise click.UsageError("--pattern needs a # for each digit, as in ####-##")
    return pattern if digits is None else "#" * digits


def _mute_libraries() -> None:
    """Leaves standard error to us: libtiff prints a line for each damaged line of a picture."""
    try:
        ours = os.dup(sys.stderr.fileno())
    except (OSError, ValueError):  # no file: somebody listens already
        return
    sys.stderr = os.fdopen(ours, "w", buffering=1, errors="backslashreplace")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def _with_progress(
    answers: Iterator[tuple[Path, Done | DigitusError]], total: int
) -> Iterator[tuple[Path, Done | DigitusError]]:
    """The same, with a bar where a person waits for many."""
    if total < MANY_PICTURES or not (console := progress()).is_terminal:
        yield from answers
        return
    from rich.progress import Progress

    with Progress(console=console, transient=True, redirect_stdout=sys.stdout.isatty()) as bar:
        yield from bar.track(answers, total=total, description="reading")


def _text(path: Path, readings: Sequence[Reading], several: bool) -> None:
    """The lines; of several pictures, each with its file, as grep does."""
    for number, reading in enumerate(readings, 1):
        page = f", page {number}" if len(readings) > 1 else ""
        name = printable(f"{path}{page}: ") if several or page else ""
        for line in reading.lines or ([""] if name else []):
            print(f"{name}{line}")
        if not reading.lines:
            complain(f"{path}{page}: no digits found")


def _no_text(path: Path, error: DigitusError) -> None:
    """Nothing: what went wrong is told on standard error, and a line would look like digits."""


def _jsonl(path: Path, readings: Sequence[Reading], several: bool) -> None:
    del several
    for number, reading in enumerate(readings, 1):
        print_json(reading.to_json(str(path)) | ({"page": number} if len(readings) > 1 else {}))


def _jsonl_error(path: Path, error: DigitusError) -> None:
    """The object of a picture that could not be read, with the fields that all have."""
    print_json({"file": str(path), "lines": [], "digits": [], "error": str(error)})


def _csv(path: Path, readings: Sequence[Reading], several: bool) -> None:
    del several
    for page, reading in enumerate(readings, 1):
        if not reading.lines:
            _row((path, page, "", "", "", 0, ""))
        for number, line in enumerate(reading.lines):
            digits = [digit for digit in reading.digits if digit.line == number]
            least = min(digit.confidence for digit in digits)
            refused = sum(digit.value is None for digit in digits)
            _row((path, page, number + 1, line, f"{least:.4f}", refused, ""))


def _csv_error(path: Path, error: DigitusError) -> None:
    """The row of a picture that could not be read."""
    _row((path, "", "", "", "", "", error))


def _to_terminal() -> bool:
    return sys.stdout.isatty()


def _row(values: Iterable[object]) -> None:
    """A row of CSV; names of files are as they are, but for a terminal."""
    import csv

    if _to_terminal():
        values = map(printable, values)
    csv.writer(sys.stdout, lineterminator="\n").writerow(values)
