"""Whose ink it is: connected pieces shared out among the places where digits were found.

A piece belongs to the place that has most of it. Where two places have a stake in one, digits
touch, and each gets what is nearer to its middle. Strokes that stand apart side by side, each of
them as high as a digit, are never one digit, whatever found them: the strokes of one digit are
nearer to one another than the pen is wide, or one of them is low.

Inside: `shared`. Not inside: finding the places (`reading.drawing`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

from digitus.types import Bools, Box, Floats32, Ints, Plane
from digitus.vision.ink import Ink, extent

NARROWEST = 0.4  # of its longer side: a place is taken to be so wide, or high, at least
BEYOND = 1.3  # times half a place's sides: ink further from its middle is not the place's
STAKE = 0.25  # of a piece: a place that has so much of it has a stake in it,
OWN = 0.5  # of a place's ink: and so has one with so much of its own ink there
SPECK = 0.4  # of the typical height: what is smaller both ways is no digit
REACH = 0.25  # of the typical height: a speck so near to a digit belongs to it
ALIKE = 0.5  # of the highest stroke of a place: those at least so high may each be a digit
APART = 0.05  # of the typical height: a gap wider than this, and than the pen, parts two digits


@dataclass(frozen=True, eq=False)
class Shares:
    """Which of k places has which ink.

    `whose` [h w] is the number of the place, from 1, that each pixel of the ink belongs to. `has`
    [k n] says of which pieces a place has something, `loose` [n] of which pieces some is left to no
    place. `several` are the places whose ink cannot be one digit, and `left` [m 4] the boxes of
    such strokes, and of all ink as large as a digit that no place has.
    """

    ink: Ink
    whose: npt.NDArray[np.int32]
    has: Bools
    loose: Bools
    several: list[int]
    left: Ints

    def of(self, place: int) -> tuple[Plane, Box]:
        """The ink of a place alone, from 0 to 1, and its box; an empty one where it has none."""
        x, y, w, h = self._boxes[place]
        left, top = max(0, x - 1), max(0, y - 1)  # an edge is soft: a pixel around belongs to it
        around = slice(top, y + h + 1), slice(left, x + w + 1)
        mine = self.whose[around] == place + 1
        soft = cv2.dilate(mine.view(np.uint8), np.ones((3, 3), np.uint8)) > 0
        kept = soft & ((self.ink.labels[around] == 0) | mine)
        own: Plane = np.multiply(kept, self.ink.strength[around], dtype=np.float32)
        return own / np.float32(255), (x, y, w, h)

    @cached_property
    def _boxes(self) -> list[Box]:
        """The box of each place's ink, all in one look: a texture may have a thousand places."""
        where = np.nonzero(self.whose)
        place = self.whose[where] - 1
        low = np.full((2, len(self.has)), max(self.whose.shape), np.intp)
        high = np.zeros_like(low)
        for at, first, last in zip(where, low, high, strict=True):
            np.minimum.at(first, place, at)
            np.maximum.at(last, place, at + 1)
        low[:, high[0] == 0] = 0
        (top, left), (tall, wide) = low.tolist(), (high - low).tolist()
        return list(zip(left, top, wide, tall, strict=True))


def shared(ink: Ink, boxes: Floats32, smaller: float = SPECK) -> Shares:
    """The ink shared out among places, boxes [k 4] of middle x and y, width and height.

    A piece that no place has goes to a near one, if both its sides are shorter than `smaller`
    typical heights.
    """
    count = len(boxes) + 1
    nearest = _nearest(ink, boxes)
    pairs = ink.labels * count + nearest  # of each pixel, its piece and its place in one number
    mass = np.bincount(pairs.ravel(), minlength=(len(ink) + 1) * count)
    mass = mass.reshape(len(ink) + 1, count)[1:]  # [n k+1], the first column of no place
    stake = mass >= STAKE * ink.mass[:, None]
    stake[:, 1:] |= mass[:, 1:] >= OWN * np.maximum(mass[:, 1:].sum(0), 1)
    best = mass.argmax(1)
    # From the place that a pixel of a piece is nearest to, [n k+1], to the one that gets it.
    goes = np.where(stake, np.arange(count), best[:, None])
    alone = stake.sum(1) < 2
    goes[alone] = best[alone, None]
    _attach(ink, goes, smaller)
    several, left = [], _without(ink, goes, nearest)
    for place in range(1, count):
        pieces = np.flatnonzero((goes == place).all(1))
        groups = _apart(ink, pieces)
        if len(groups) > 1:
            several.append(place - 1)
            left += [extent(ink.boxes[group]) for group in groups]
            most = max(groups, key=lambda group: int(mass[group, place].sum()))
            goes[np.setdiff1d(pieces, most)] = 0
    whose = np.zeros((len(ink) + 1, count), np.int32)
    whose[1:] = goes
    has = np.array([(goes == place).any(1) for place in range(1, count)]).reshape(-1, len(ink))
    boxed = np.array(left, np.intp).reshape(-1, 4)
    return Shares(ink, whose.ravel()[pairs], has, (goes == 0).any(1), several, boxed)


def _nearest(ink: Ink, boxes: Floats32) -> npt.NDArray[np.int32]:
    """The number of the place that each pixel is nearest to, from 1; 0 if `BEYOND` all of them."""
    nearest = np.zeros(ink.labels.shape, np.int32)
    best = np.full(nearest.shape, BEYOND, np.float32)
    for place, (x, y, *size) in enumerate(boxes.tolist(), 1):
        half = np.maximum(size, NARROWEST * max(size)) / 2
        left, top = (max(0, int(at - BEYOND * r)) for at, r in zip((x, y), half, strict=True))
        right, bottom = (int(at + BEYOND * r) + 2 for at, r in zip((x, y), half, strict=True))
        here = slice(top, max(bottom, 0)), slice(left, max(right, 0))
        rows, columns = (np.arange(side, dtype=np.float32) for side in best[here].shape)
        down = np.abs(rows + (top + 0.5 - y)) / np.float32(half[1])
        aside = np.abs(columns + (left + 0.5 - x)) / np.float32(half[0])
        away = np.maximum(down[:, None], aside)
        closer = away < best[here]
        best[here][closer] = away[closer]
        nearest[here][closer] = place
    return nearest


def _attach(ink: Ink, goes: Ints, smaller: float) -> None:
    """Pieces that no place has go to the nearest one, if it is near and they are small enough."""
    small = (ink.boxes[:, 2:].max(1) < smaller * ink.height) & (goes == 0).all(1)
    homes = np.flatnonzero(goes.max(1) > 0)
    if not len(homes):
        return
    low, high = ink.boxes[:, :2], ink.boxes[:, :2] + ink.boxes[:, 2:]
    for piece in np.flatnonzero(small):
        gap = np.maximum(low[homes] - high[piece], low[piece] - high[homes]).clip(0)
        away = np.hypot(*gap.T)
        if away.min() <= REACH * ink.height:
            goes[piece] = goes[homes[away.argmin()]].max()


def _without(ink: Ink, goes: Ints, nearest: npt.NDArray[np.int32]) -> list[Box]:
    """The boxes of ink as large as a digit that no place has."""
    found = []
    for piece in np.flatnonzero((goes == 0).any(1)):
        x, y, w, h = ink.boxes[piece].tolist()
        here = slice(y, y + h), slice(x, x + w)
        beyond = (ink.labels[here] == piece + 1) & (goes[piece][nearest[here]] == 0)
        left, top, wide, high = cv2.boundingRect(beyond.view(np.uint8))
        if max(wide, high) >= SPECK * ink.height:
            found.append((x + left, y + top, wide, high))
    return found


def _apart(ink: Ink, pieces: Ints) -> list[list[int]]:
    """The pieces of a place in groups, each of which may be one digit."""
    if len(pieces) < 2:
        return [pieces.tolist()]
    left, _, width, height = ink.boxes[pieces].T.tolist()
    high = np.array(height) >= ALIKE * max(height)
    gap = max(ink.pen, APART * ink.height)
    groups: list[list[int]] = []
    ends: list[list[int]] = []  # of each group, from left to right
    for i in sorted(np.flatnonzero(high).tolist(), key=left.__getitem__):
        if not ends or left[i] - ends[-1][1] > gap:
            groups.append([])
            ends.append([left[i], 0])
        groups[-1].append(int(pieces[i]))
        ends[-1][1] = max(ends[-1][1], left[i] + width[i])
    for i in np.flatnonzero(~high).tolist():  # a low stroke belongs to what is nearest
        away = [max(left[i] - b, a - left[i] - width[i]) for a, b in ends]
        groups[away.index(min(away))].append(int(pieces[i]))
    return groups
