"""Digits in a table: a line of text for each, whose cells are its pixels and, mostly, its label.

A line of headings says which cells are what; without one, the label comes first. Nothing is guessed
that could be read in two ways, and only empty lines are passed over: what does not fit is an error
that names its line and column.

Inside: reading such a file, and the layout of a table (`Layout`). Not inside: numbers as images
(`arrays`).
"""

from __future__ import annotations

import csv
import math
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TextIO

import numpy as np

from digitus.datasets.arrays import as_bytes, as_images, as_labels
from digitus.datasets.digits import CLASSES, DIGITS, Pictures, file_name
from digitus.errors import DataError
from digitus.files import one_line
from digitus.limits import SET_BYTES
from digitus.types import Floats32

SUFFIXES = (".csv", ".tsv")
LABELS = frozenset({"label", "labels", "class", "target", "digit", "y"})
# Columns that count the lines, as pandas and Kaggle write them; pandas leaves its own unnamed.
COUNTERS = frozenset({"", "id", "index", "imageid", "image_id", "unnamed: 0"})
LONGEST_LINE = 2**24  # characters: a thousand times what a picture of 784 pixels needs
TOLD = 40  # characters of a cell in an error
NO_TABLE = "is not a table of numbers"


@dataclass(frozen=True)
class Layout:
    """Where things are in a table: `label` is the column of the labels, None if it has none.

    `pixels` are the columns of the pixels, `headings` the names of all columns, if the first line
    holds them; `start` is the number of the first line with numbers, counted from 1.
    """

    delimiter: str
    quote: str
    label: int | None
    pixels: tuple[int, ...]
    headings: tuple[str, ...]
    columns: int
    start: int

    def column(self, number: int) -> str:
        """What a column is called in an error."""
        name = self.headings[number] if self.headings else ""
        return f"column {number + 1}" + (f" ({one_line(name[:TOLD])})" if name else "")


def read_csv(path: Path, classes: str = DIGITS) -> Pictures:
    """The digits of a file, separated by commas, semicolons or tabs; cells may be quoted.

    The pixels are those of a square, row by row: 784 make images [n 28 28]. With headings, the
    label is the column of a name in `LABELS`, wherever it is, and columns that only count are
    passed over; a table of pixels alone has no labels. Raises `DataError`.
    """
    try:
        if path.stat().st_size > SET_BYTES:
            raise DataError(f"{path}: is larger than {SET_BYTES // 2**30} GiB; split it")
        with path.open(encoding="utf-8-sig", newline="") as file:
            layout = _layout(path, file)
            file.seek(0)
            table = _numbers(path, file, layout)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from None
    except UnicodeDecodeError:
        raise DataError(f"{path}: is not a table of numbers in UTF-8; save it as such") from None
    return _pictures(path, table, layout, classes)


def _pictures(path: Path, table: Floats32, layout: Layout, classes: str) -> Pictures:
    if not len(table):
        raise DataError(f"{path}: holds no examples")
    label = _label_column(table, layout, len(classes))
    pixels = [column for column in layout.pixels if column != label]
    first, last = pixels[0], pixels[-1]
    # A view where pixels lie side by side: of MNIST's training set, a copy would be 188 MB.
    together = last - first + 1 == len(pixels)
    values = table[:, first : last + 1] if together else table[:, pixels]
    where = partial(_line, path, layout)
    images = as_images(as_bytes(values, str(path), where), str(path))
    labels, origin = None, str(path)
    if label is not None:
        labels = as_labels(table[:, label], str(path), where, classes)
        if label != 0:
            origin += f", labels in {layout.column(label)}"
    return Pictures(images, labels, file_name(path), origin, classes=classes)


def _label_column(table: Floats32, layout: Layout, classes: int) -> int | None:
    """Where the labels are, also where nothing but the numbers themselves can tell.

    Without headings, the label comes first. But OpenML puts it last, and a first pixel is the same
    in all pictures, being in a corner.
    """
    if layout.headings or layout.label is None or len(table) < 2:
        return layout.label
    first, last = table[:, 0], table[:, -1]
    if (first == first[0]).all() and not (last == last[0]).all() and _may_be_labels(last, classes):
        return layout.columns - 1
    if not _may_be_labels(first, classes) and _may_be_labels(last, classes):
        return layout.columns - 1
    return 0


def _may_be_labels(values: Floats32, classes: int) -> bool:
    most = classes - 1 if classes == CLASSES else classes  # letters may be counted from 1
    return bool(np.isin(values, np.arange(most + 1)).all())


def _layout(path: Path, file: TextIO) -> Layout:
    """What the first line says; quotes may begin in the second, below headings without any."""
    first = list(islice(_filled(path, file), 2))
    if not first:
        raise DataError(f"{path}: holds no examples")
    number, line = first[0]
    delimiter = max(",;\t", key=line.count)
    both = "".join(text for _, text in first)
    quote = "'" if "'" in both and '"' not in both else '"'
    cells = [cell.strip() for cell in _cells(path, line, number, delimiter, quote)]
    columns = len(cells)
    if columns < 2:
        raise DataError(
            f"{path}: has one column; expected the label and the pixels, separated by commas, "
            "semicolons or tabs"
        )
    # pandas numbers columns that have no names; where numbers exceed 255, they are no pixels.
    counted = columns > 256 and cells == [str(column) for column in range(columns)]
    headings = tuple(cells) if _are_headings(path, number, cells) else ()
    label, pixels = _columns(path, headings, columns)
    start = number + bool(headings or counted)
    return Layout(delimiter, quote, label, pixels, headings, columns, start)


def _are_headings(path: Path, number: int, cells: Sequence[str]) -> bool:
    """Whether these are names of columns. Raises `DataError` where that cannot be told."""
    words = [cell for cell in cells if not _is_number(cell)]
    named = [cell for cell in words if cell]
    if not words:
        return False
    known = all(cell.lower() in LABELS | COUNTERS for cell in named)
    if named and (known or len(words) == len(cells)):
        return True
    raise DataError(
        f"{path}, line {number}: {_wrong(words[0])} in column {cells.index(words[0]) + 1}"
    )


def _columns(
    path: Path, headings: Sequence[str], columns: int
) -> tuple[int | None, tuple[int, ...]]:
    """The column of the labels, if there is one, and those of the pixels."""
    everything = range(columns)
    if not headings:
        unlabelled = _is_square(columns) and not _is_square(columns - 1)
        return None if unlabelled else 0, tuple(everything)
    names = [heading.lower() for heading in headings]
    labels = [column for column in everything if names[column] in LABELS]
    if len(labels) > 1:
        both = " and ".join(headings[column] for column in labels)
        raise DataError(f"{path}: has several columns that may be the label, {both}; keep one")
    label = labels[0] if labels else None
    pixels = tuple(c for c in everything if c != label and names[c] not in COUNTERS)
    if label is None and not _is_square(len(pixels)):
        raise DataError(
            f"{path}: has {len(pixels)} columns of pixels, which make no square image, and none "
            f"named {', '.join(sorted(LABELS))}; name the label's so"
        )
    return label, pixels


def _numbers(path: Path, file: TextIO, layout: Layout) -> Floats32:
    """All numbers below the headings. Raises `DataError` for the first cell that is none."""
    lines = (line for _, line in _filled(path, file, layout.start))
    try:
        with warnings.catch_warnings(action="ignore"):  # of a table without lines
            table = np.loadtxt(
                lines, np.float32, None, layout.delimiter, quotechar=layout.quote, ndmin=2
            )
        if table.size and table.shape[1] != layout.columns:  # all alike, but not as the headings
            raise ValueError(f"rows of {table.shape[1]} numbers")
        return table.reshape(-1, layout.columns)
    except ValueError as error:
        file.seek(0)
        reason = one_line(str(error))[:120]
        raise DataError(_mistake(path, file, layout) or f"{path}: {NO_TABLE}: {reason}") from None


def _mistake(path: Path, file: TextIO, layout: Layout) -> str:
    """Where the first line is that does not fit the others, and why."""
    for number, line in _filled(path, file, layout.start):
        cells = _cells(path, line, number, layout.delimiter, layout.quote)
        if len(cells) != layout.columns:
            return (
                f"{path}, line {number}: has {len(cells)} columns, not {layout.columns}; {NO_TABLE}"
            )
        for column, cell in enumerate(cells):
            if not _is_number(cell):
                return f"{path}, line {number}: {_wrong(cell.strip())} in {layout.column(column)}"
    return ""


def _line(path: Path, layout: Layout, example: int) -> str:
    """The line of an example, for an error; here, empty lines count too."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        number, _ = next(islice(_filled(path, file, layout.start), example, None))
    return f"line {number}"


def _filled(path: Path, file: TextIO, start: int = 1) -> Iterator[tuple[int, str]]:
    """The lines that are not empty, with their numbers, from line `start` on."""
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise DataError(f"{path}, line {number}: is longer than {LONGEST_LINE:,} characters")
        if number >= start and line.strip(" \r\n"):
            yield number, line


def _cells(path: Path, line: str, number: int, delimiter: str, quote: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter, quotechar=quote))
    except csv.Error as error:
        raise DataError(f"{path}, line {number}: {NO_TABLE} ({error})") from None


def _wrong(cell: str) -> str:
    """What is wrong with a cell that is no number."""
    return f"{cell[:TOLD]!r} is not a number" if cell else "nothing stands"


def _is_square(count: int) -> bool:
    return count > 0 and math.isqrt(count) ** 2 == count


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
