"""A form's file proposed from a picture of its blank pages: boxes, combs, tables and underlines.

What is enclosed by printed lines is a cell. Cells of the same height side by side, no wider than a
digit needs, are the boxes of one field; a wider one with teeth at its foot is a comb, without them
a place to write on, as in a table. A long line that encloses nothing is one to write above.

Inside: that. Names, patterns and rules are left to people; `digitus form read` needs only places.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeAlias

import cv2
import numpy as np

from digitus.cancellation import check
from digitus.errors import DataError
from digitus.forms.form import PAPERS, Field, Form, Place
from digitus.forms.raster import SCALE
from digitus.forms.settings import LONGEST_SIDE, SHORTEST_SIDE, is_side
from digitus.forms.table import MOST_FIELDS
from digitus.types import Bytes

SAME_SHAPE = 0.02  # of a paper's proportion
DARKER = 18  # of 255, darker than the paper around: printed
WINDOW = 41  # pixels: the paper around a line
LONG = 2.6  # mm: shorter lines enclose no cell
TOOTH = 1.2  # mm: the least height of a comb's tooth
LEAST, HIGHEST = (3.0, 3.5), 25.0  # mm: a cell's least width and height; its greatest height
UNDERLINE = 15.0, 8.0  # mm: its least length; the height above it to write in
LEVEL = 0.3  # of a cell's height: by so much may its row's cells be higher or lower
NARROW = 1.5  # heights: a wider cell holds more than a digit
NEAR = 0.9  # widths: cells further apart are other fields
UNEVEN = 0.1  # of a cell's width
FULL = 0.85  # of its bounding box: a cell that fills less is no rectangle


Found: TypeAlias = tuple[Place, str, tuple[Place, ...]]  # a place, its kind, its digits' cells


def propose(name: str, pages: Sequence[Bytes], blank: Sequence[str]) -> Form:
    """The form of these blank pages [h w], each a whole sheet; `blank` names their files.

    Raises `DataError` where nothing is found that can be written in, or more than a form may have,
    and for a picture that is too long or too wide for a page.
    """
    paper = _paper(pages[0])
    if not all(map(is_side, paper)):  # before the page is resized to it
        h, w = pages[0].shape
        raise DataError(
            f"{name}: {w} x {h} pixels are no page: one that is {paper[0]:g} mm wide is "
            f"{SHORTEST_SIDE:g} to {LONGEST_SIDE:g} mm high, not {paper[1]:g}"
        )
    found = [(n, *place) for n, page in enumerate(pages, 1) for place in _places(page, paper)]
    if not found:
        raise DataError(f"{name}: no boxes, combs, tables or lines to write on are found")
    if len(found) > MOST_FIELDS:
        raise DataError(
            f"{name}: {len(found)} places to write in are found; {MOST_FIELDS} are the most"
        )
    fields = tuple(
        Field(f"field{i}", place, n, kind=kind, pattern="#" * len(cells), cells=_uneven(cells))
        for i, (n, place, kind, cells) in enumerate(found, 1)
    )
    return Form(name, fields, paper=paper, blank=tuple(blank))


def _paper(page: Bytes) -> tuple[float, float]:
    """The paper of the page's proportion, portrait or landscape; else one as wide as A4."""
    h, w = page.shape
    for width, height in PAPERS.values():
        for sides in ((width, height), (height, width)):
            if abs(w / h / (sides[0] / sides[1]) - 1) < SAME_SHAPE:
                return sides
    return 210.0, round(210.0 * h / w, 1)


def _uneven(cells: Sequence[Place]) -> tuple[Place, ...]:
    """The cells, if they do not divide their field evenly; else none."""
    starts = np.array([x for x, _, _, _ in cells])
    even = np.linspace(starts[0], starts[-1], len(starts)) if len(cells) else starts
    off = np.abs(starts - even).max(initial=0)
    return tuple(cells) if off > UNEVEN * min((w for _, _, w, _ in cells), default=1) else ()


def _places(page: Bytes, paper: tuple[float, float]) -> list[Found]:
    """Every place that can be written in."""
    rows, columns = (round(side * SCALE) for side in paper[::-1])
    page = cv2.resize(page, (columns, rows), interpolation=cv2.INTER_AREA)
    mean = cv2.ADAPTIVE_THRESH_MEAN_C
    dark = cv2.adaptiveThreshold(page, 255, mean, cv2.THRESH_BINARY_INV, WINDOW, DARKER)
    check()
    long = round(LONG * SCALE)
    across = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((1, long), np.uint8))
    check()
    down = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((long, 1), np.uint8))
    check()
    cells = _cells(across | down)
    found = [_field(row, dark) for row in _rows(cells)]
    found += [(place, "line", ()) for place in _underlines(across, down)]
    height = float(np.median([place[3] for place, _, _ in found])) if found else 1.0
    return sorted(found, key=lambda f: (round(f[0][1] / height), f[0][0]))


def _cells(lines: Bytes) -> list[Place]:
    """Rectangles that lines enclose, in mm."""
    closed = cv2.dilate(lines, np.ones((3, 3), np.uint8))
    contours, nested = cv2.findContours(closed, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    found = []
    for contour, (_, _, _, parent) in zip(contours, nested[0] if contours else [], strict=True):
        check()
        x, y, w, h = cv2.boundingRect(contour)
        size = w / SCALE, h / SCALE
        if parent < 0 or min(np.subtract(size, LEAST)) < 0 or size[1] > HIGHEST:
            continue
        if cv2.contourArea(contour) > FULL * w * h:
            found.append((x / SCALE, y / SCALE, *size))
    return found


def _rows(cells: Sequence[Place]) -> list[list[Place]]:
    """Narrow cells that stand side by side, and each wide one alone."""
    rows: list[list[Place]] = []
    for cell in sorted(cells):
        check()
        x, y, w, h = cell
        for row in rows:
            left, top, wide, high = row[-1]
            level = max(abs(y - top), abs(y + h - top - high)) < LEVEL * h
            near = -0.3 * w < x - left - wide < NEAR * w and abs(w - wide) < 0.35 * w
            if level and near and max(w, wide) < NARROW * h:
                row.append(cell)
                break
        else:
            rows.append([cell])
    return rows


def _field(row: Sequence[Place], dark: Bytes) -> Found:
    """A row of cells as a field."""
    (x, y, w, h), (last, top, wide, high) = row[0], row[-1]
    place = _rounded((x, min(y, top), last + wide - x, max(y + h, top + high) - min(y, top)))
    if w < NARROW * h:
        return place, "boxes", tuple(map(_rounded, row))
    teeth = _teeth(place, dark)
    if not teeth:
        return place, "line", ()
    left, top, wide, high = place
    ends = [left, *teeth, left + wide]
    cells = tuple(_rounded((a, top, b - a, high)) for a, b in pairwise(ends))
    return place, "comb", cells


def _teeth(place: Place, dark: Bytes) -> list[float]:
    """Where short lines stand on a cell's foot, in mm, if they divide it more or less evenly."""
    x, y, w, h = (v * SCALE for v in place)
    inner = dark[round(y + h * 0.2) : round(y + h - 2), round(x + 4) : round(x + w - 4)]
    tooth = round(TOOTH * SCALE)
    upright = cv2.morphologyEx(inner, cv2.MORPH_OPEN, np.ones((tooth, 1), np.uint8))
    foot = upright[-tooth:].max(0, initial=0) if upright.size else np.zeros(0, np.uint8)
    starts = np.flatnonzero(np.diff((foot > 0).astype(np.int8), prepend=0) == 1)
    if len(starts) < 1:
        return []
    apart = np.diff([-4.0, *starts.tolist(), w - 4])
    even = float(apart.std()) < 0.25 * float(apart.mean())
    return ((starts + round(x + 4)) / SCALE).tolist() if even else []


def _underlines(across: Bytes, down: Bytes) -> list[Place]:
    """The places above long lines that no upright line meets."""
    touched = cv2.dilate(down, np.ones((5, 5), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(across, connectivity=8)
    found = []
    for i in range(1, count):
        check()
        x, y, w, h = (int(v) for v in stats[i, :4])
        if w < UNDERLINE[0] * SCALE or h > SCALE * 1.5:
            continue
        here = slice(y, y + h), slice(x, x + w)
        if touched[here][labels[here] == i].any():
            continue
        top = max(0.0, y / SCALE - UNDERLINE[1])
        found.append(_rounded((x / SCALE, top, w / SCALE, y / SCALE - top)))
    return [place for place in found if place[3] > LEAST[1]]


def _rounded(place: Place) -> Place:
    x, y, w, h = (round(v, 1) for v in place)
    return x, y, w, h
