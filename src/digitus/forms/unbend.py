"""How a sheet is bent, once its marks or features have been found.

Marks say where paper lies at eight places, and features where it would lie if it were flat.
Between them a curled sheet rises and falls. So corners of what is printed are looked for near where
they should be (by their normalised correlation, coarse and then fine), and a smooth surface of
cubic B-splines (Eilers & Marx 1996) is fitted to how far they have moved, with less and less weight
for those that go another way. It is taken only if it improves the places of corners to which it was
not fitted.

Where a sheet is bent and a mark cannot be seen, its fields may be far from where the other marks
put them: `may_be_elsewhere` says so.

Inside: that. Not inside: finding the page (`straighten`), the last pixels of each field (`align`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from digitus.forms.form import Form
from digitus.forms.layout import MARK, marks
from digitus.forms.raster import SCALE
from digitus.forms.straighten import Placing, on_white
from digitus.forms.warp import Warp
from digitus.types import Bytes, Floats64, Points

BENT = 1.5  # pixels: marks that depart by less from a perspective say that paper is flat
GRID = 5  # places each way at which a page is looked at for that
MOST, APART = 400, 20  # corners of a page, and the pixels between them
PALEST = 228  # of 255: pens are no darker than print where corners are looked for
ALIKE = 0.5  # the least correlation
FAR_OFF = 0.2  # of correlation: so much better must a corner at the end of the reach be
LEAST = 24  # corners for a fit
AROUND = 8  # pixels of paper around a mark that is compared
GUESSED = 20.0  # pixels of bend that a mark has to confirm: half of a small box


@dataclass(frozen=True)
class Search:
    """One search for corners, on a page that is `smaller` times smaller.

    `side` is that of what is compared, `reach` how far away it may be, `blur` how soft it is made,
    all in pixels of the smaller page.
    """

    smaller: int
    side: int
    reach: int
    blur: float


SEARCHES = Search(2, 31, 22, 1.5), Search(2, 25, 10, 1.0), Search(1, 35, 7, 0.8)


def may_be_bent(placing: Placing) -> bool:
    """Whether paper may be bent: marks can say that it is flat, features cannot."""
    if not len(placing.bend):
        return True
    sides = np.array(placing.shape[::-1])
    grid = np.stack(np.meshgrid(*2 * [np.linspace(0, 1, GRID)]), -1).reshape(-1, 2) * sides
    flat = replace(placing, bend=placing.bend[:0])
    return bool(np.abs(placing.points(grid) - flat.points(grid)).max() > BENT)


def unbent(placing: Placing, grey: Bytes, blank: Bytes) -> Placing:
    """Where the page lies, bends included; `blank` is the page without what was written."""
    corners = _corners(blank)
    if len(corners) < LEAST:
        return placing
    best = placing
    for search in SEARCHES:
        clear = np.maximum(on_white(best.straight(grey)), PALEST)
        points, moved = _seen(clear, np.maximum(blank, PALEST), corners, search)
        if len(points) < LEAST:
            break
        # The corners lie at `points + moved` on the page as `best` straightens it.
        there = points + moved
        whole = there + best.shift(there) - points
        warp = Warp.of(placing.shape)
        learnt = np.arange(len(points)) % 2 == 0
        judged = warp.fitted(points[learnt], whole[learnt])
        before = np.median(np.linalg.norm(moved[~learnt], axis=1))
        after = np.median(np.linalg.norm((whole - judged(points))[~learnt], axis=1))
        if after >= before:
            continue
        best = replace(placing, warp=warp.fitted(points, whole))
    return best


def may_be_elsewhere(placing: Placing, grey: Bytes, blank: Bytes, form: Form, page: int) -> bool:
    """Whether a page of digitus's own printing is bent at a mark that is not where it should be."""
    middles = (np.array([[mark.x, mark.y] for mark in marks(form, page)]) + MARK / 2) * SCALE
    flat = replace(placing, bend=placing.bend[:0], warp=None)
    off = np.linalg.norm(placing.points(middles) - flat.points(middles), axis=1)
    bent = middles[off >= GUESSED]
    if not len(bent):
        return False
    clear, reach = on_white(placing.straight(grey)), SEARCHES[-1].reach
    clear = cv2.copyMakeBorder(clear, reach, reach, reach, reach, cv2.BORDER_REPLICATE)
    side = round(MARK * SCALE) + 2 * AROUND
    for left, top in (bent - side / 2).round().astype(int):
        part = blank[top : top + side, left : left + side]
        around = clear[top : top + side + 2 * reach, left : left + side + 2 * reach]
        if cv2.matchTemplate(around, part, cv2.TM_CCOEFF_NORMED).max() < ALIKE:
            return True
    return False


def _corners(blank: Bytes) -> Points:
    """Corners of what is printed, [n 2]."""
    found = cv2.goodFeaturesToTrack(np.maximum(blank, PALEST), MOST, 0.05, APART)
    return np.zeros((0, 2)) if found is None else found.reshape(-1, 2).astype(np.float64)


def _seen(clear: Bytes, blank: Bytes, corners: Points, search: Search) -> tuple[Points, Points]:
    """The corners that are found on the page [n 2], and how far they are moved."""
    here, there = (_smaller(page, search) for page in (blank, clear))
    half, room = search.side // 2, search.side // 2 + search.reach
    there = cv2.copyMakeBorder(there, room, room, room, room, cv2.BORDER_REPLICATE)
    here = cv2.copyMakeBorder(here, half, half, half, half, cv2.BORDER_REPLICATE)
    way = np.arange(-search.reach, search.reach + 1) / search.reach
    penalty = FAR_OFF * (way[:, None] ** 2 + way[None] ** 2).astype(np.float32)
    points, moved = [], []
    for x, y in corners / search.smaller:
        left, top = round(x), round(y)
        part = here[top : top + search.side, left : left + search.side]
        around = there[top : top + 2 * room + 1, left : left + 2 * room + 1]
        alike = cv2.matchTemplate(around, part, cv2.TM_CCOEFF_NORMED)
        row, column = np.unravel_index(int((alike - penalty).argmax()), alike.shape)
        if alike[row, column] >= ALIKE:
            fine = _peak(alike, int(row), int(column))
            points.append([left, top])
            moved.append(fine - search.reach)
    zoom = search.smaller
    return np.array(points).reshape(-1, 2) * zoom, np.array(moved).reshape(-1, 2) * zoom


def _smaller(page: Bytes, search: Search) -> Bytes:
    soft = cv2.GaussianBlur(page, (0, 0), search.blur * search.smaller)
    return np.ascontiguousarray(soft[:: search.smaller, :: search.smaller])


def _peak(alike: Floats64, row: int, column: int) -> Floats64:
    """The place of a maximum, x and y, between pixels: the peak of a parabola each way."""

    def between(before: float, here: float, after: float) -> float:
        bend = before - 2 * here + after
        return 0.0 if bend >= 0 else 0.5 * (before - after) / bend

    h, w = alike.shape
    x = between(*alike[row, column - 1 : column + 2]) if 0 < column < w - 1 else 0.0
    y = between(*alike[row - 1 : row + 2, column]) if 0 < row < h - 1 else 0.0
    return np.array([column + x, row + y])
