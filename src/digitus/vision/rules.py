"""Ruled and squared paper, boxes and combs of forms: straight lines that are no writing.

Inside: finding their pixels in the ink of a page. Not inside: the pale lines behind a single digit
(`paper.without_rules`), and whether a line may be the bars of digits in a row (`reader`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from digitus.vision.paper import Bytes, Mask

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
TEETH = 3  # of one height stand on the line of a comb, at least


@dataclass(frozen=True, eq=False)
class Rule:
    """A line from left to right: its row in every column [w], its ends, its thickness."""

    path: npt.NDArray[np.float64]
    left: int
    right: int
    thickness: float


def find_rules(inked: Mask) -> Mask:
    """Where straight lines cover a page's ink [h w], without the strokes that cross them."""
    across, down = _rules(inked), _rules(np.ascontiguousarray(inked.T))
    ink, turned = inked.view(np.uint8), np.ascontiguousarray(inked.T).view(np.uint8)
    h, w = inked.shape
    found, standing = np.zeros((h, w), bool), np.zeros((w, h), bool)
    for rule in across:
        if rule.right - rule.left > LONG * w:
            found |= _pixels(ink, rule)
    for rule in down:
        if rule.right - rule.left > LONG * h:
            standing |= _pixels(turned, rule)
    across.sort(key=lambda rule: float(rule.path.mean()))
    for i, upper in enumerate(across):
        for lower in across[i + 1 :]:
            if walls := _walls(inked, upper, lower):
                found |= _pixels(ink, upper) | _pixels(ink, lower)
                for wall in walls:
                    standing |= _pixels(turned, wall)
                break
    rules = found | standing.T
    return rules | _remains(inked & ~rules, rules)


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
    long = np.flatnonzero(stats[:, cv2.CC_STAT_WIDTH] > max(SHORT * w, probe))
    found = []
    for i in long[long > 0]:
        x0, y0, dx, dy, _ = stats[i]
        part = (slice(y0, y0 + dy), slice(x0, x0 + dx))
        y, x = np.nonzero((labels[part] == i) & (straight[part] > 0))
        columns, at = np.unique(x, return_inverse=True)
        thickness = float(np.median(np.bincount(at))) - 2
        if len(columns) < COVERED * dx or thickness > thickest:
            continue
        middle = np.bincount(at, y) / np.bincount(at)
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
    h, w = inked.shape
    zoom = min(1.0, COARSE / max(h, w))
    small = cv2.resize(
        inked.view(np.uint8) * 255, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA
    )
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


def _pixels(ink: Bytes, rule: Rule) -> Mask:
    """The pixels of a line: the upright runs of ink on its path that are as short as it is thick.

    So strokes that cross it stay, as when staves are taken out of printed music.
    """
    h, w = ink.shape
    path = np.clip(np.rint(rule.path), 0, h - 1).astype(np.intp)
    reach = math.ceil(max(2, 1.2 * rule.thickness + 1))
    rows = np.arange(4 * reach + 1)[:, None]
    at = (path + rows, np.arange(w))
    band = np.pad(ink, ((2 * reach, 2 * reach), (0, 0)))[at] > 0  # the line, laid straight
    off = np.where(band, np.abs(rows - 2 * reach), len(rows))
    nearest = (off.argmin(0), np.arange(w))
    top = np.maximum.accumulate(np.where(band, -1, rows), axis=0)[nearest] + 1
    bottom = np.minimum.accumulate(np.where(band, len(rows), rows)[::-1], axis=0)[::-1][nearest]
    run = bottom - top
    found = off[nearest] <= reach
    found[: max(rule.left - reach, 0)] = found[rule.right + reach :] = False
    if found.any():
        found &= run <= STROKE * min(float(np.median(run[found])), rule.thickness + 2) + 1
    taken = np.zeros((h + 4 * reach, w), bool)
    taken[at] = found & (rows >= top) & (rows < bottom)
    return taken[2 * reach : 2 * reach + h]


def _walls(inked: Mask, upper: Rule, lower: Rule) -> list[Rule]:
    """The upright sides of a row of boxes between two lines, if they are its top and bottom."""
    h, w = inked.shape
    left, right = max(upper.left, lower.left), min(upper.right, lower.right)
    longer = max(upper.right - upper.left, lower.right - lower.left)
    margin = math.ceil(3 + max(upper.thickness, lower.thickness))
    if right - left < longer - 2 * margin:
        return []
    middle = (left + right) // 2
    high = float(lower.path[middle] - upper.path[middle])
    line = max(upper.thickness, lower.thickness, 1.0) + 1
    if not HIGH * line <= high <= 2 * (right - left):  # or the loop of a digit
        return []
    columns = np.arange(max(left - margin, 0), min(right + margin, w))
    slope = float(upper.path[right - 1] - upper.path[left]) / (right - left)
    y = upper.path[columns] + LEVEL[:, None] * (lower.path - upper.path)[columns]
    x = columns - slope * (LEVEL[:, None] - 0.5) * high  # upright to the lines
    y, x = np.clip(np.rint(y), 0, h - 1).astype(int), np.clip(np.rint(x), 0, w - 1).astype(int)
    near = cv2.dilate(inked.view(np.uint8), np.ones((1, 3), np.uint8))
    wall = near[y, x].mean(0) >= WALL
    starts = np.flatnonzero(np.diff(wall, prepend=False, append=False))
    runs = [(int(a), int(b)) for a, b in zip(starts[::2], starts[1::2], strict=True)]
    if not runs or columns[runs[0][0]] > left + margin or columns[runs[-1][1] - 1] < right - margin:
        return []
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
    for i in np.flatnonzero(standing):
        like = np.abs(high[standing] - high[i]) <= 0.25 * high[i] + 1
        remains[i] |= like.sum() >= TEETH
    return remains[labels]
