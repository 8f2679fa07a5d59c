"""Ruled and squared paper, boxes and combs of forms: straight lines that are no writing.

Inside: finding their pixels in the ink of a page. Not inside: the pale lines behind a single digit
(`paper.without_rules`), and whether a line may be the bars of digits in a row (`reading.read`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from digitus.types import Bytes, Floats64, Mask
from digitus.vision.paper import at_most

COARSE = 500  # pixels of the longer side of the copy on which tilt is judged
TILTS = np.linspace(-0.25, 0.25, 21)  # rows for each column: up to 14 degrees
PROBE = 1 / 30  # of the side: lines are made of straight stretches that long, with shorter gaps
LONG, SHORT = 0.3, 0.05  # of the side: what a line has to cover, alone or as the side of a box
COVERED = 0.85  # of its length: a line that is only seen between strokes is none
THIN = 1 / 40  # of the shorter side: the thickest line
STROKE = 1.6  # times a line's thickness: where ink is thicker, a stroke crosses it
LEVEL = np.linspace(0, 1, 26)  # between two lines: where the wall of a box is looked for
HIGH = 8  # times the thickness of its lines: a box
WALL = 0.93  # of these levels: where a wall has ink
NEXT = 10  # lines below one are tried as the bottom of its boxes
MOST = 1000  # lines, or walls: a page with more is a texture, or squared paper that is found anyway
TEETH = 3  # of one height stand on the line of a comb, at least


@dataclass(frozen=True, eq=False)
class Rule:
    """A line from left to right: its row in every column [w], its ends, its thickness."""

    path: Floats64
    left: int
    right: int
    thickness: float


def find_rules(inked: Mask) -> Mask:
    """Where straight lines cover a page's ink [h w], without the strokes that cross them."""
    upright = np.ascontiguousarray(inked.T)
    across, down = _rules(inked), _rules(upright)
    ink, turned = inked.view(np.uint8), upright.view(np.uint8)
    h, w = inked.shape
    found, standing = np.zeros((h, w), bool), np.zeros((w, h), bool)
    for rule in across:
        if rule.right - rule.left > LONG * w:
            _take(ink, rule, found)
    for rule in down:
        if rule.right - rule.left > LONG * h:
            _take(turned, rule, standing)
    for upper, lower, walls in _boxes(ink, across):
        _take(ink, upper, found)
        _take(ink, lower, found)
        for wall in walls:
            _take(turned, wall, standing)
    rules = found | standing.T
    return rules | _remains(inked & ~rules, rules)


def _boxes(ink: Bytes, across: list[Rule]) -> Iterator[tuple[Rule, Rule, list[Rule]]]:
    """The rows of boxes among lines from left to right: each one's top, bottom and walls."""
    across = sorted(across, key=lambda rule: float(rule.path.mean()))
    left, right = (np.array([getattr(rule, end) for rule in across]) for end in ("left", "right"))
    margin = np.array([math.ceil(3 + rule.thickness) for rule in across])
    near = cv2.dilate(ink, np.ones((1, 3), np.uint8))
    taken = 0
    for i, upper in enumerate(across):
        # A bottom ends where the top does; of those, only the nearest are looked at.
        shared = np.minimum(right[i], right[i + 1 :]) - np.maximum(left[i], left[i + 1 :])
        longer = np.maximum(right[i] - left[i], right[i + 1 :] - left[i + 1 :])
        alike = shared >= longer - 2 * np.maximum(margin[i], margin[i + 1 :])
        for j in np.flatnonzero(alike)[:NEXT] + i + 1:
            if walls := _walls(near, upper, across[j], int(max(margin[i], margin[j]))):
                yield upper, across[j], walls
                taken += len(walls)
                break
        if taken > MOST:
            return


def _rules(inked: Mask) -> list[Rule]:
    """The lines from left to right; they may be tilted, and bent a little."""
    h, w = inked.shape
    probe = max(15, int(w * PROBE))
    tilt = _tilt(inked)
    size = (w, h + math.ceil(abs(tilt) * w))
    # The page sheared so that its lines are level.
    shear = np.array([[1.0, 0, 0], [-tilt, 1, max(0.0, tilt * w)]])
    level = cv2.warpAffine(inked.view(np.uint8), shear, size, flags=cv2.INTER_NEAREST)
    thick = cv2.dilate(level, np.ones((3, 1), np.uint8))
    straight = cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones((1, probe), np.uint8))
    if not straight.any():
        return []
    joined = cv2.morphologyEx(straight, cv2.MORPH_CLOSE, np.ones((3, probe), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    thickest = max(8.0, THIN * min(h, w))
    wide = stats[:, cv2.CC_STAT_WIDTH]
    wide[0] = 0  # what is no line
    long = np.flatnonzero(wide > max(SHORT * w, probe))
    found = []
    for i in long[wide[long].argsort(kind="stable")[::-1][:MOST]]:
        x0, y0, dx, dy, _ = stats[i]
        part = (slice(y0, y0 + dy), slice(x0, x0 + dx))
        y, x = np.nonzero((labels[part] == i) & (straight[part] > 0))
        thick = np.bincount(x)
        columns = np.flatnonzero(thick)
        thickness = float(np.median(thick[columns])) - 2
        if len(columns) < COVERED * dx or thickness > thickest:
            continue
        middle = np.bincount(x, y)[columns] / thick[columns]
        near = np.abs(middle - np.median(middle)) <= max(3, 0.05 * dx)
        for _ in range(3):  # a digit on the line draws it aside
            if near.sum() < COVERED * dx:
                break
            bend = np.polynomial.Polynomial.fit(
                columns[near], middle[near], 2 if dx > LONG * w else 1
            )
            near = np.abs(bend(columns) - middle) <= max(2, thickness)
        else:
            every = np.arange(w)
            path = bend(np.clip(every - x0, 0, dx)) + y0 + tilt * every - shear[1, 2]
            found.append(Rule(path, int(x0), int(x0 + dx), thickness))
    return found


def _tilt(inked: Mask) -> float:
    """How many rows the lines fall from one column to the next: where most ink lies straight."""
    small = at_most(COARSE, inked.view(np.uint8) * 255)
    ink = (small > 60).view(np.uint8)
    h, w = ink.shape
    probe = np.ones((1, max(9, int(w * PROBE * 2))), np.uint8)
    most, best = 0.0, 0.0
    for tilt in TILTS[np.abs(TILTS).argsort()]:
        shear = np.array([[1.0, 0, 0], [-tilt, 1, max(0.0, tilt * w)]])
        size = (w, h + math.ceil(abs(tilt) * w))
        level = cv2.warpAffine(ink, shear, size, flags=cv2.INTER_NEAREST)
        straight = float(cv2.morphologyEx(level, cv2.MORPH_OPEN, probe).sum())
        if straight > 1.1 * most:
            most, best = straight, float(tilt)
    return best


def _take(ink: Bytes, rule: Rule, taken: Mask) -> None:
    """Adds the pixels of a line: the upright runs of ink on its path as short as it is thick.

    So strokes that cross it stay, as when staves are taken out of printed music.
    """
    h, w = ink.shape
    reach = math.ceil(max(2, 1.2 * rule.thickness + 1))
    columns = np.arange(max(rule.left - reach, 0), min(rule.right + reach, w))
    if not len(columns):
        return
    path = np.clip(np.rint(rule.path[columns]), 0, h - 1).astype(np.intp)
    rows = np.arange(4 * reach + 1, dtype=np.int32)[:, None]
    y = path - 2 * reach + rows
    band = ink[y.clip(0, h - 1), columns] > 0  # the line, laid straight
    band &= (y >= 0) & (y < h)
    off = np.where(band, np.abs(rows - 2 * reach), len(rows))
    nearest = (off.argmin(0), np.arange(len(columns)))
    top = np.maximum.accumulate(np.where(band, -1, rows), axis=0)[nearest] + 1
    bottom = np.minimum.accumulate(np.where(band, len(rows), rows)[::-1], axis=0)[::-1][nearest]
    run = bottom - top
    found = off[nearest] <= reach
    if found.any():
        found &= run <= STROKE * min(float(np.median(run[found])), rule.thickness + 2) + 1
    row, column = np.nonzero(found & (rows >= top) & (rows < bottom))
    taken[y[row, column], columns[column]] = True


def _walls(near: Bytes, upper: Rule, lower: Rule, margin: int) -> list[Rule]:
    """The upright sides of a row of boxes between two lines, if they are its top and bottom.

    `near` is the ink and a pixel beside it; the lines end within two margins of one another.
    """
    h, w = near.shape
    left, right = max(upper.left, lower.left), min(upper.right, lower.right)
    middle = (left + right) // 2
    high = float(lower.path[middle] - upper.path[middle])
    line = max(upper.thickness, lower.thickness, 1.0) + 1
    if not HIGH * line <= high <= 2 * (right - left):  # or the loop of a digit
        return []
    columns = np.arange(max(left - margin, 0), min(right + margin, w))
    slope = float(upper.path[right - 1] - upper.path[left]) / (right - left)

    def walled(columns: npt.NDArray[np.intp]) -> Mask:
        y = upper.path[columns] + LEVEL[:, None] * (lower.path - upper.path)[columns]
        x = columns - slope * (LEVEL[:, None] - 0.5) * high  # upright to the lines
        y, x = np.clip(np.rint(y), 0, h - 1).astype(int), np.clip(np.rint(x), 0, w - 1).astype(int)
        return near[y, x].mean(0) >= WALL

    if not all(
        walled(end).any()
        for end in (columns[columns <= left + margin], columns[columns >= right - margin])
    ):
        return []
    wall = walled(columns)
    starts = np.flatnonzero(np.diff(wall, prepend=False, append=False))
    runs = [(int(a), int(b)) for a, b in zip(starts[::2], starts[1::2], strict=True)]
    if columns[runs[-1][0]] - columns[runs[0][1] - 1] < HIGH * line:
        return []
    walls = []
    rows = np.arange(h)
    for a, b in runs:
        if b - a > max(8, 0.15 * high):
            continue
        at = columns[(a + b) // 2]
        top, bottom = float(upper.path[at]), float(lower.path[at])
        path = at - slope * (rows - (top + bottom) / 2)
        walls.append(Rule(path, max(int(top), 0), min(math.ceil(bottom), h), b - a - 2.0))
    return walls


def _remains(inked: Mask, rules: Mask) -> Mask:
    """What is left of lines without being one: their corners and edges, the teeth of combs.

    Teeth are thin upright strokes of one height that stand on a line.
    """
    if not rules.any():
        return np.zeros_like(inked)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(inked.view(np.uint8), connectivity=8)
    near = cv2.dilate(rules.view(np.uint8), np.ones((7, 7), np.uint8)) > 0
    remains = np.bincount(labels[near], minlength=count) == stats[:, cv2.CC_STAT_AREA]
    x, y, wide, high = stats[:, :4].T
    h, w = inked.shape
    standing = (high >= 2 * wide) & (wide <= max(3.0, THIN * min(h, w)))
    standing &= near[np.minimum(y + high, h - 1), np.minimum(x + wide // 2, w - 1)]
    standing[0] = remains[0] = False
    sizes = np.sort(high[standing])
    shorter = np.searchsorted(sizes, 0.75 * high - 1)
    taller = np.searchsorted(sizes, 1.25 * high + 1, side="right")
    remains |= standing & (taller - shorter >= TEETH)
    return remains[labels]
