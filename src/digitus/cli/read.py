"""`digitus read`: pictures in, the numbers written in them out."""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from digitus.cli.common import (
    CONFIDENCE,
    PATH,
    device_option,
    pattern_of,
    print_json,
    recognizer_of,
    threads_option,
    with_progress,
)
from digitus.cli.streams import mute_libraries
from digitus.cli.terminal import complain, printable
from digitus.threads import cores

if TYPE_CHECKING:
    from digitus.cli.read_one import Done
    from digitus.errors import DataError, DigitusError
    from digitus.reading.result import Reading
    from digitus.report.show import Show

log = logging.getLogger("digitus.reading")
COLUMNS = ("file", "page", "line", "digits", "confidence", "refused", "error")


def _grid(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> tuple[int, int] | Literal["found"] | None:
    """Rows and columns, from 9x9, or that they are to be found."""
    if value is None:
        return None
    if value == "found":
        return "found"
    from digitus.reading.options import MOST_CELLS

    sides = re.fullmatch(r"(\d{1,3})[x×](\d{1,3})", value.lower(), re.ASCII)
    rows, columns = (int(side) for side in sides.groups()) if sides else (0, 0)
    if not 1 <= min(rows, columns) <= max(rows, columns) <= MOST_CELLS:
        raise click.BadParameter(
            f"{value!r} is no grid; it is 9x9, up to {MOST_CELLS}x{MOST_CELLS}, or found",
            ctx,
            param,
        )
    return rows, columns


def _pictures(ctx: click.Context, param: click.Parameter, names: Sequence[str]) -> tuple[Path, ...]:
    """The paths of what was named."""
    from digitus.reading.pictures import picture_path

    return tuple(map(picture_path, names))


@click.command
@click.argument(
    "pictures",
    nargs=-1,
    required=True,
    type=click.Path(readable=False),
    callback=_pictures,
    metavar="PICTURE...",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "jsonl", "csv"]),
    default="text",
    show_default=True,
    help="jsonl: a JSON object for each picture, with boxes. csv: a row for each line of digits, "
    "one for a picture without.",
)
@click.option("--model", help="Model file, or the folder of a run.  [default: the one that ships]")
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
@click.option(
    "--grid",
    callback=_grid,
    metavar="ROWSxCOLUMNS|found",
    help="A grid of cells, 9x9 for a sudoku, or found by its rules: a row of it in each line, "
    ". for an empty cell.",
)
@click.option("--annotate", type=PATH, metavar="DIR", help="Draw what was read on the pictures.")
@click.option(
    "--explain", type=PATH, metavar="DIR", help="A web page for each picture: every step."
)
@click.option("--review", type=PATH, metavar="FILE", help="A web page to correct doubtful digits.")
@click.option("--recursive", is_flag=True, help="Of a folder, also the pictures in its folders.")
@device_option
@threads_option
def read(
    pictures: tuple[Path, ...],
    form: str,
    model: str | None,
    min_confidence: float | None,
    digits: int | None,
    pattern: str | None,
    grid: tuple[int, int] | Literal["found"] | None,
    annotate: Path | None,
    explain: Path | None,
    review: Path | None,
    recursive: bool,
    threads: int,
) -> None:
    """Read the handwritten digits in pictures.

    PICTURE is a photo, scan, screenshot or drawing, a folder of them, or - for standard input. A
    digit too doubtful to tell is a ?; what is no digit is left out. Pictures that cannot be read
    are named on standard error, the others are read, and the exit code is 1.
    """
    from digitus.cli.read_one import Done, ReadAndShow
    from digitus.reading.options import ReadingOptions
    from digitus.reading.pictures import STANDARD_INPUT, named
    from digitus.reading.pool import quietly, read_many

    pattern = pattern_of(digits, pattern)
    if grid and pattern:
        raise click.UsageError("--grid is for cells of any digits: not with --digits or --pattern")
    given = list(named(pictures, recursive=recursive))
    paths = [path for path, error in given if not error]
    show = _show(annotate, explain, review, paths)
    recognizer, _ = recognizer_of(model)
    options = ReadingOptions(
        recognizer, pattern, min_confidence, keep_steps=explain is not None, grid=grid
    )
    standard_input = _standard_input() if STANDARD_INPUT in paths else b""
    reader = ReadAndShow(options, show, standard_input)
    several = [path for path, _ in given] != list(pictures[:1])
    write = {"text": _text, "jsonl": _jsonl, "csv": _csv}[form]
    write_error = {"text": _no_text, "jsonl": _jsonl_error, "csv": _csv_error}[form]
    if form == "csv":
        _row(COLUMNS)
    quietly()
    mute_libraries()
    failed, doubts = 0, []
    answers = _in_order(given, read_many(paths, reader, cores(threads)))
    for path, answer in with_progress(answers, len(given)):
        if isinstance(answer, Done):
            log.info("%s: %s", path, ", ".join(map(repr, answer.readings)))
            doubts += answer.doubts
            write(path, answer.readings, several)
        else:
            failed += 1
            complain(answer)
            write_error(path, answer)
    sys.stdout.flush()
    if review:
        from digitus.files import write_marked
        from digitus.report.review import review as review_page

        write_marked(review, review_page(doubts))
    if failed:
        sys.exit(1)


def _show(
    annotate: Path | None, explain: Path | None, review: Path | None, paths: Sequence[Path]
) -> Show | None:
    """What is to be shown, if anything is; refused if it would replace a file that is not ours.

    Single files in the folders are looked at when they are written.
    """
    if not (annotate or explain or review):
        return None
    from digitus.files import check_replaceable
    from digitus.reading.pictures import STANDARD_INPUT
    from digitus.report.show import Show, distinct

    folders = {os.path.realpath(path.parent) for path in paths if path != STANDARD_INPUT}
    if annotate and os.path.realpath(annotate) in folders:
        raise click.UsageError(f"--annotate would write over the pictures in {annotate}")
    if review:
        check_replaceable(review)
    return Show(annotate, explain, review is not None, distinct(paths))


def _standard_input() -> bytes | DataError:
    """The picture there, at most one byte over the limit; or why there is none."""
    from digitus.errors import DataError
    from digitus.files import reason
    from digitus.limits import PICTURE_BYTES

    try:
        return sys.stdin.buffer.read(PICTURE_BYTES + 1)
    except OSError as error:
        return DataError(f"standard input: cannot be read ({reason(error)})")


def _in_order(
    given: Iterable[tuple[Path, DataError | None]],
    answers: Iterator[tuple[Path, Done | DigitusError]],
) -> Iterator[tuple[Path, Done | DigitusError]]:
    """The answers to the pictures, and the errors of what is none, in the order given."""
    for path, error in given:
        yield (path, error) if error else next(answers)


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
            least = min((digit.confidence for digit in digits), default=0.0)  # an empty row
            refused = sum(digit.value is None for digit in digits)
            _row((path, page, number + 1, line, f"{least:.4f}", refused, ""))


def _csv_error(path: Path, error: DigitusError) -> None:
    """The row of a picture that could not be read."""
    _row((path, "", "", "", "", "", error))


def _to_terminal() -> bool:
    return sys.stdout.isatty()


def _row(values: Iterable[object]) -> None:
    """A row of CSV; only for a terminal is it made printable."""
    import csv

    if _to_terminal():
        values = map(printable, values)
    csv.writer(sys.stdout, lineterminator="\n").writerow(values)
