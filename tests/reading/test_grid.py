"""Grids of cells: a table with its empty cells, by its outline or by its outermost digits."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np
import pytest

import digitus
from digitus.errors import DataError
from digitus.nn.arrays import stream
from digitus.reading.grid import in_cells
from digitus.reading.result import Digit, GreyPicture, Reading
from digitus.synthetic.strokes import draw
from digitus.types import Bytes

TABLE = ["5.1", "...", ".72"]


@cache
def glyphs() -> list[Bytes]:
    """Digits 0 to 9 of the simulated pen that are read with ease."""
    images = draw(np.tile(np.arange(10), 20), stream(5, "reader tests"))
    sure = digitus.load().probabilities(images)
    return [images[d::10][sure[d::10, d].argmax()] for d in range(10)]


def table_picture(lined: bool) -> Bytes:
    """The table with cells of 70 pixels, seen a little aslant where it has lines."""
    side, margin = 70, 40
    size = 3 * side + 2 * margin
    page = np.full((size, size), 235, np.uint8)
    for row, text in enumerate(TABLE):
        for column, sign in enumerate(text):
            x, y = margin + column * side, margin + row * side
            if lined:
                cv2.rectangle(page, (x, y), (x + side, y + side), 60, 2)
            if sign != ".":
                ink = cv2.resize(glyphs()[int(sign)], (50, 50), interpolation=cv2.INTER_CUBIC)
                place = page[y + 10 : y + 60, x + 10 : x + 60]
                np.minimum(place, 235 - (0.8 * ink).astype(np.uint8), out=place)
    if not lined:
        return page
    corners = np.array([[0, 0], [size, 0], [size, size], [0, size]], np.float32)
    aslant = corners + np.array([[12, 6], [-4, 14], [-10, -8], [5, -3]], np.float32)
    how = cv2.getPerspectiveTransform(corners, aslant)
    return cv2.warpPerspective(page, how, (size, size), borderValue=235)


@pytest.mark.parametrize("lined", [True, False])
def test_a_table_is_read_with_its_empty_cells(lined: bool) -> None:
    reading = digitus.read(table_picture(lined), grid=(3, 3))
    assert reading.cells == tuple(tuple(s.replace(".", "") for s in row) for row in TABLE)
    assert reading.lines == ("5 . 1", ". . .", ". 7 2")
    assert [digit.line for digit in reading.digits] == [0, 0, 2, 2]
    assert reading.to_json()["cells"][1] == ["", "", ""]


def test_a_grid_is_found_by_its_rules() -> None:
    reading = digitus.read(table_picture(lined=True), grid="found")
    assert reading.lines == ("5 . 1", ". . .", ". 7 2")
    with pytest.raises(DataError, match="no grid can be seen"):
        digitus.read(table_picture(lined=False), grid="found")


def ruled(across: Sequence[int], down: Sequence[int], width: int = 2) -> GreyPicture:
    """Rules at these places of a page, the outer ones of which are the outline."""
    page = np.full((down[-1] + 20, across[-1] + 20), 230, np.uint8)
    for x in across:
        cv2.line(page, (x, down[0]), (x, down[-1]), 80, width)
    for y in down:
        cv2.line(page, (across[0], y), (across[-1], y), 80, width)
    return GreyPicture(page, page.shape[1], page.shape[0])


@pytest.mark.parametrize(("width", "bold"), [(1, 1), (2, 7)])
def test_rules_of_any_width_and_at_any_distance(width: int, bold: int) -> None:
    sudoku = ruled(range(20, 400, 40), range(20, 400, 40), width)
    thick = ruled(range(20, 400, 120), range(20, 400, 120), bold)
    both = GreyPicture(np.minimum(sudoku.grey, thick.grey), 400, 400)
    reading = in_cells(found((40, 40, 5), (80, 360, 3)), both, "found")
    assert [len(row) for row in reading.cells or ()] == [9] * 9
    assert (reading.cells or ())[0][0] == "5"
    assert (reading.cells or ())[8][1] == "3"
    names = ruled([20, 200, 260, 320], [20, 60, 100, 140, 180])  # a wide column for names
    scores = in_cells(found((230, 80, 7), (290, 160, 1)), names, "found")
    assert scores.cells == (("", "", ""), ("", "7", ""), ("", "", ""), ("", "", "1"))
    assert in_cells(found(), names, "found").lines == (". . .",) * 4


@pytest.mark.parametrize("cells", [60, 100])
def test_cells_too_small_to_be_told_apart_are_refused(cells: int) -> None:
    """They were one cell, or two by two where all their rules ran into one."""
    fine = ruled(*[range(20, 21 + 12 * cells, 12)] * 2)
    with pytest.raises(DataError, match="no grid can be seen; say how many"):
        in_cells(found(), fine, "found")
    fewer = ruled(*[range(20, 21 + 20 * 40, 20)] * 2)
    assert len(in_cells(found(), fewer, "found").cells or ()) == 40


def found(*places: tuple[int, int, int | None]) -> Reading:
    """A reading of digits of 10 x 10 pixels around places."""
    image, p = np.zeros((28, 28), np.uint8), np.full(10, 0.1)
    digits = (Digit(v, 0.9, (x - 5, y - 5, 10, 10), 0, image, p) for x, y, v in places)
    return Reading(100, 100, tuple(digits), ())


BLANK = GreyPicture(np.full((100, 100), 255, np.uint8), 100, 100)


def test_a_cell_may_hold_several_digits_and_refused_ones() -> None:
    reading = in_cells(found((62, 20, 2), (50, 21, 1), (20, 20, 7), (20, 80, None)), BLANK, (2, 2))
    assert reading.cells == (("7", "12"), ("?", ""))


def test_an_empty_grid_is_empty() -> None:
    reading = in_cells(found(), BLANK, (2, 3))
    assert reading.lines == (". . .", ". . .")
    one = in_cells(found((50, 50, 4)), BLANK, (1, 1))
    assert one.cells == (("4",),)


def test_what_is_no_grid_is_refused() -> None:
    with pytest.raises(ValueError, match="grid or pattern"):
        digitus.read(BLANK.grey, grid=(2, 2), digits=3)
    for grid in ((0, 2), (101, 2), (3,), "3x3", "ab"):
        with pytest.raises(ValueError, match=r"\(rows, columns\), from 1 to 100"):
            digitus.read(BLANK.grey, grid=grid)  # type: ignore[arg-type]
