"""The last pixels by which the fields of a straightened page are off, found by their printed lines.

Paper bends in more ways than its marks show. So corners of what is printed in and around a field
are tracked from the blank page to the picture (Lucas & Kanade 1981, with OpenCV's pyramids), and a
smooth movement of the field is fitted to them. Corners that move otherwise get less and less
weight: ink hides some corners and adds others.

Inside: that. Not inside: finding the page (`straighten`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from digitus.forms.form import Field
from digitus.forms.raster import SCALE
from digitus.types import Bytes, Floats64, Points

AROUND = 8  # pixels around a field in which corners are looked for
MOST = 60  # corners of a field
APART = 9  # pixels between them
WINDOW, LEVELS = (31, 31), 2  # pixels that are tracked with a corner; levels of the pyramid
BACK = 1.5  # pixels by which a corner that is tracked back may miss its start
FARTHEST = 26.0  # pixels that a corner may have moved
PALEST = 165  # of 255: pens are no darker than print where corners are tracked
LEAST = 4  # corners for a fit
TERMS, CORNERS_A_TERM = 7, 3  # terms of the movement at most, and corners needed for each
SLACKS = 8, 4, 2, 1, 1, 1  # pixels within which a corner counts in full, round by round of the fit
STIFF = 0.05  # in corners: a ridge penalty, which keeps bends small where few corners show them


@dataclass(frozen=True, eq=False)
class Shift:
    """A field's movement: a polynomial [k 2] in x and y, from its middle and in half widths.

    `seen` is the share of its printed corners that were found again.
    """

    middle: Points
    half: float
    bend: Floats64
    seen: float = 1.0

    def __call__(self, points: Points) -> Points:
        """How far points [n 2] of the page are moved, x and y."""
        moved: Points = self._terms(points)[:, : len(self.bend)] @ self.bend
        return moved

    def _terms(self, points: Points) -> Floats64:
        u, v = ((points - self.middle) / self.half).T
        square = u * u
        return np.column_stack([np.ones(len(u)), u, v, square, u * v, u * square, square * square])

    def fitted(self, points: Points, moved: Points) -> Shift:
        """The same field, with the movement that most of the points have."""
        k = min(TERMS, max(1, len(points) // CORNERS_A_TERM))
        terms, weight = self._terms(points)[:, :k], np.ones(len(points))
        stiff = STIFF * np.diag([0.0] + [1.0] * (k - 1))
        bend = np.zeros((k, 2))
        bend[0] = np.median(moved, axis=0)
        for slack in SLACKS:
            off = np.linalg.norm(moved - terms @ bend, axis=1)
            weight = 1 / (1 + (off / slack) ** 2)
            normal = (terms * weight[:, None]).T @ terms + stiff
            bend = np.linalg.solve(normal, (terms * weight[:, None]).T @ moved)
        return Shift(self.middle, self.half, bend, self.seen)


def shifts(clear: Bytes, blank: Bytes, fields: Sequence[Field]) -> dict[str, Shift]:
    """The movement of each field from the blank page to a straight one with white paper."""
    wanted, seen = np.maximum(blank, PALEST), np.maximum(clear, PALEST)
    found = {}
    for field in fields:
        x, y, w, h = (v * SCALE for v in field.place)
        points, moved, share = _followed(wanted, seen, (x, y, w, h))
        middle = np.array([x + w / 2, y + h / 2])
        still = Shift(middle, max(w / 2, 1.0), np.zeros((1, 2)), share)
        found[field.name] = still.fitted(points, moved) if len(points) >= LEAST else still
    return found


def _followed(
    wanted: Bytes, seen: Bytes, place: tuple[float, float, float, float]
) -> tuple[Points, Points, float]:
    """Corners of a place on the blank page that are found again [n 2], their moves, their share."""
    none = np.zeros((0, 2)), np.zeros((0, 2)), 1.0
    x, y, w, h = map(round, place)
    reach = round(FARTHEST) + WINDOW[0]
    top, left = max(0, y - reach), max(0, x - reach)
    part = slice(top, y + h + reach), slice(left, x + w + reach)
    here, there = wanted[part], seen[part]
    where = np.zeros(here.shape, np.uint8)
    around = slice(max(0, y - AROUND - top), y + h + AROUND - top)
    where[around, max(0, x - AROUND - left) : x + w + AROUND - left] = 255
    corners = cv2.goodFeaturesToTrack(here, MOST, 0.05, APART, mask=where)
    if corners is None:
        return none
    after, good, _ = cv2.calcOpticalFlowPyrLK(
        here, there, corners, corners.copy(), winSize=WINDOW, maxLevel=LEVELS
    )
    back, again, _ = cv2.calcOpticalFlowPyrLK(
        there, here, after, after.copy(), winSize=WINDOW, maxLevel=LEVELS
    )
    start, end, home = (p.reshape(-1, 2).astype(np.float64) for p in (corners, after, back))
    kept = (good.ravel() == 1) & (again.ravel() == 1)
    kept &= np.linalg.norm(home - start, axis=1) < BACK
    kept &= np.linalg.norm(end - start, axis=1) < FARTHEST
    return start[kept] + [left, top], (end - start)[kept], float(kept.mean())
