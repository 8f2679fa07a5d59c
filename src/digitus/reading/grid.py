"""A grid of cells, as in a sudoku or a table of scores: which digit stands in which cell.

Inside: the corners of a grid whose outline can be seen, and the rules inside it where nobody says
how many cells there are; where no outline can be seen, a grid through the outermost digits; and
what was read as a table. Not inside: reading digits (`photo`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from digitus.errors import DataError
from digitus.reading.options import MOST_CELLS, Found
from digitus.reading.result import Digit, GreyPicture, Reading
from digitus.types import Bytes, Floats64
from digitus.vision.paper import at_most

WORK_PIXELS = 800  # of the longer side, on which the outline is looked for
LEAST_SHARE = 0.1  # of the picture: a smaller outline is that of a cell, or of something else
LEAST_INSIDE = 0.8  # of the digits stand inside the outline, or it is not the grid's
WINDOW = 31  # pixels: the paper around a line
EMPTY = "."
SAY_SO = "say how many rows and columns it has: --grid 9x9"
FLAT = 800  # pixels of the sides of a grid that is looked at straight
RULE_SHARE = 0.55  # of the way from side to side: what is dark for longer is a rule
RULE_BEND = 9  # pixels: what a rule may be bent by
THICKEST = 36  # pixels, bend included: what is thicker is several rules that cannot be told apart
DOUBLE = 0.4  # of the usual distance: rules that are nearer are one, drawn twice or thickly


def in_cells(reading: Reading, picture: GreyPicture, grid: tuple[int, int] | Found) -> Reading:
    """The reading with `cells`, rows of text; each row is a line, an empty cell a dot.

    With `grid` "found" its rules tell where cells are, which need not be alike. Raises `DataError`
    where no rules can be seen.
    """
    digits = reading.digits
    centres = np.array([_centre(digit) for digit in digits]).reshape(-1, 2)
    corners = _outline(picture, centres)
    if grid == "found":
        if corners is None:
            raise DataError(f"no grid can be seen; {SAY_SO}")
        down, across = _rules(picture, corners)
    else:
        down, across = (np.linspace(0, 1, cells + 1) for cells in grid)
    if corners is None:
        places = _spread(centres, (len(down) - 1, len(across) - 1))
    else:
        places = _in_square(centres, corners)
    table = _table(digits, places, down, across)
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
    digits: Sequence[Digit], places: Floats64, down: Floats64, across: Floats64
) -> list[list[list[Digit]]]:
    """The digits of each cell, from left to right; places from 0 to 1 are inside the grid.

    `down` and `across` are the ends of the rows and of the columns, including 0 and 1.
    """
    table: list[list[list[Digit]]] = [[[] for _ in across[1:]] for _ in down[1:]]
    for i in sorted(range(len(digits)), key=lambda i: digits[i].box[0]):
        x, y = places[i]
        if 0 <= x < 1 and 0 <= y < 1:
            row, column = np.searchsorted(down, y, "right"), np.searchsorted(across, x, "right")
            table[row - 1][column - 1].append(digits[i])
    return table


def _text(cell: Sequence[Digit]) -> str:
    return "".join("?" if digit.value is None else str(digit.value) for digit in cell)


def _centre(digit: Digit) -> tuple[float, float]:
    x, y, w, h = digit.box
    return x + w / 2, y + h / 2


def _rules(picture: GreyPicture, corners: Floats64) -> tuple[Floats64, Floats64]:
    """Where rows and columns end, from 0 to 1, in a grid with these corners."""
    zoom = picture.grey.shape[1] / picture.width
    ends = np.array([[0, 0], [FLAT, 0], [FLAT, FLAT], [0, FLAT]], np.float32)
    how = cv2.getPerspectiveTransform((corners * zoom).astype(np.float32), ends)
    flat = cv2.warpPerspective(picture.grey, how, (FLAT, FLAT), flags=cv2.INTER_AREA)
    dark = _dark(flat)
    found = []
    for seen in (dark, dark.T):
        # What is no longer than a digit goes; what is bent is made thick enough to be straight.
        long = cv2.morphologyEx(seen, cv2.MORPH_OPEN, np.ones((1, FLAT // 25), np.uint8))
        thick = cv2.dilate(long, np.ones((RULE_BEND, 1), np.uint8))
        found.append(_ends((thick > 0).mean(1)))
    if max(map(len, found)) > MOST_CELLS + 1:
        raise DataError(f"no grid can be seen; {SAY_SO}")
    return found[0], found[1]


def _ends(share: Floats64) -> Floats64:
    """The middles of the rules, and 0 and 1, the outline; `share` is that of dark pixels by row.

    Raises `DataError` where all rules are so near that none can be told from the next.
    """
    ruled = np.flatnonzero(share > RULE_SHARE)
    rules = np.split(ruled, np.flatnonzero(np.diff(ruled) > 1) + 1)
    middles = [float(rule.mean() + 0.5) / len(share) for rule in rules if len(rule)]
    apart = np.diff([0.0, *middles, 1.0])
    wide = apart[apart > 2 * RULE_BEND / len(share)]
    if max(map(len, rules)) > THICKEST or not len(wide):  # the cells are too small
        raise DataError(f"no grid can be seen; {SAY_SO}")
    usual = float(np.median(wide))
    kept = [0.0]
    for middle in middles:
        if middle - kept[-1] > DOUBLE * usual and 1 - middle > DOUBLE * usual:
            kept.append(middle)
    return np.array([*kept, 1.0])


def _dark(grey: Bytes) -> Bytes:
    """255 where a picture is darker than its surroundings."""
    mean = cv2.ADAPTIVE_THRESH_MEAN_C
    dark = cv2.adaptiveThreshold(grey, 255, mean, cv2.THRESH_BINARY_INV, WINDOW, 10)
    return np.asarray(cv2.morphologyEx(dark, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)), np.uint8)


def _outline(picture: GreyPicture, centres: Floats64) -> Floats64 | None:
    """The corners [4 2] of the largest quadrangle around the digits, clockwise from top left."""
    small: Bytes = at_most(WORK_PIXELS, picture.grey)
    zoom = picture.width / small.shape[1]
    found, _ = cv2.findContours(_dark(small), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    for contour in sorted(found, key=cv2.contourArea, reverse=True):
        if cv2.contourArea(contour) < LEAST_SHARE * small.size:
            break
        hull = cv2.convexHull(contour)
        corners = cv2.approxPolyDP(hull, 0.03 * cv2.arcLength(hull, True), True)
        if len(corners) != 4:
            continue
        points = _clockwise(corners.reshape(4, 2) * zoom)
        inside = _in_square(centres, points)
        if not len(inside):  # without digits it can only be a grid of empty cells
            return points
        if ((inside >= 0) & (inside < 1)).all(1).mean() >= LEAST_INSIDE:
            return points
    return None


def _clockwise(corners: Floats64) -> Floats64:
    """Top left, top right, bottom right, bottom left."""
    total, apart = corners.sum(1), corners[:, 0] - corners[:, 1]
    order = [total.argmin(), apart.argmax(), total.argmax(), apart.argmin()]
    return corners[order].astype(np.float64)


def _in_square(points: Floats64, corners: Floats64) -> Floats64:
    """Points [n 2] in coordinates from 0 to 1 between the quadrangle's corners, by perspective."""
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
