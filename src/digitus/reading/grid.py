"""A grid of cells, as of a sudoku or a table of scores: which digit stands in which cell.

Inside: the corners of a grid whose outline can be seen, or, where none can, a grid through the
outermost digits; and what was read as a table. Not inside: reading digits (`photo`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from digitus.reading.result import Digit, Reading, Sheet
from digitus.types import Bytes, Floats64
from digitus.vision.paper import at_most

WORK_PIXELS = 800  # of the longer side, on which the outline is looked for
LEAST_SHARE = 0.1  # of the picture: a smaller outline is that of a cell, or of something else
LEAST_INSIDE = 0.8  # of the digits stand inside the outline, or it is another
WINDOW = 31  # pixels: the paper around a line
EMPTY = "."


def in_cells(reading: Reading, picture: Sheet, grid: tuple[int, int]) -> Reading:
    """The reading with `cells`, rows of text; each row is a line, an empty cell a dot."""
    rows, columns = grid
    digits = reading.digits
    centres = np.array([_centre(digit) for digit in digits]).reshape(-1, 2)
    corners = _outline(picture, centres)
    places = _in_square(centres, corners) if corners is not None else _spread(centres, grid)
    table = _table(digits, places, rows, columns)
    ordered = [
        replace(digit, line=number)
        for number, row in enumerate(table)
        for cell in row
        for digit in cell
    ]
    cells = tuple(tuple(_text(cell) for cell in row) for row in table)
    lines = tuple(" ".join(cell or EMPTY for cell in row) for row in cells)
    return replace(reading, digits=tuple(ordered), lines=lines, cells=cells)


def _table(
    digits: Sequence[Digit], places: Floats64, rows: int, columns: int
) -> list[list[list[Digit]]]:
    """The digits of each cell, from left to right; places are from 0 to 1, or outside."""
    table: list[list[list[Digit]]] = [[[] for _ in range(columns)] for _ in range(rows)]
    for i in sorted(range(len(digits)), key=lambda i: digits[i].box[0]):
        x, y = places[i]
        if 0 <= x < 1 and 0 <= y < 1:
            table[int(y * rows)][int(x * columns)].append(digits[i])
    return table


def _text(cell: Sequence[Digit]) -> str:
    return "".join("?" if digit.value is None else str(digit.value) for digit in cell)


def _centre(digit: Digit) -> tuple[float, float]:
    x, y, w, h = digit.box
    return x + w / 2, y + h / 2


def _outline(picture: Sheet, centres: Floats64) -> Floats64 | None:
    """The corners [4 2] of the largest quadrangle around the digits, clockwise from top left."""
    small: Bytes = at_most(WORK_PIXELS, picture.grey)
    zoom = picture.width / small.shape[1]
    dark = cv2.adaptiveThreshold(
        small, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, WINDOW, 10
    )
    dark = cv2.morphologyEx(dark, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    found, _ = cv2.findContours(dark, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    for contour in sorted(found, key=cv2.contourArea, reverse=True):
        if cv2.contourArea(contour) < LEAST_SHARE * small.size:
            break
        hull = cv2.convexHull(contour)
        corners = cv2.approxPolyDP(hull, 0.03 * cv2.arcLength(hull, True), True)
        if len(corners) != 4:
            continue
        points = _clockwise(corners.reshape(4, 2) * zoom)
        inside = _in_square(centres, points)
        if len(inside) and ((inside >= 0) & (inside < 1)).all(1).mean() >= LEAST_INSIDE:
            return points
    return None


def _clockwise(corners: Floats64) -> Floats64:
    """Top left, top right, bottom right, bottom left."""
    total, apart = corners.sum(1), corners[:, 0] - corners[:, 1]
    order = [total.argmin(), apart.argmax(), total.argmax(), apart.argmin()]
    return corners[order].astype(np.float64)


def _in_square(points: Floats64, corners: Floats64) -> Floats64:
    """Points [n 2] as they lie in the quadrangle, whose sides are from 0 to 1, as seen aslant."""
    if not len(points):
        return points
    square = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    seen = cv2.getPerspectiveTransform(corners.astype(np.float32), square)
    return cv2.perspectiveTransform(points[:, None].astype(np.float32), seen)[:, 0]


def _spread(centres: Floats64, grid: tuple[int, int]) -> Floats64:
    """Points as they lie in a grid whose outermost rows and columns hold the outermost of them."""
    if not len(centres):
        return centres
    low = centres.min(0)
    cells = np.array(grid[::-1], np.float64)  # columns, rows
    pitch = np.maximum(np.ptp(centres, axis=0), 1e-9) / np.maximum(cells - 1, 1)
    return ((centres - low) / pitch + 0.5) / cells
