"""Where on a page digits may be: pieces of ink, put together and in lines, in reading order.

Inside: from numbered pieces of ink to lines of them. Not inside: light, polarity and rules (`ink`),
and what a piece is: one digit, a part or several of them (`split`), or none (the recognizer).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from digitus.types import Box
from digitus.vision.ink import Ink, strengths

PALE = 0.3  # of the typical strength: paler pieces are not written with the same pen
FAINT = 0.75  # of it: paler lines that the edge of the picture cuts through are left out
SMALLEST = 6  # pixels: the least height of a digit
SPECK = 0.3  # of a line's height: what is smaller both ways is a speck, or a part of a digit
REACH = 0.25  # of a line's height: so near a speck belongs to a digit
TALLEST = 1.25  # times the typical height: parts that are taller together are not one digit
MOST = 500  # pieces: more of them are no page of digits but a texture
OVER, OFF = 0.8, 1.0  # of the typical height: neighbours in a line overlap, or are off, by less
STEEP = 2.0  # a neighbour that is off by some way is as far as one that is so many times away


@dataclass(frozen=True)
class Piece:
    """Connected ink, or several parts that belong together: the numbers in `Ink.labels`, the box.

    `mass` is the number of its pixels, `strength` that of its ink.
    """

    labels: tuple[int, ...]
    box: Box
    mass: int
    strength: float

    @property
    def right(self) -> int:
        """The column after the last."""
        return self.box[0] + self.box[2]

    @property
    def bottom(self) -> int:
        """The row after the last."""
        return self.box[1] + self.box[3]

    @property
    def centre(self) -> tuple[float, float]:
        """Of the box: x, y."""
        x, y, w, h = self.box
        return x + w / 2, y + h / 2

    def joined(self, other: Piece) -> Piece:
        """Both as one."""
        x, y = min(self.box[0], other.box[0]), min(self.box[1], other.box[1])
        box = (x, y, max(self.right, other.right) - x, max(self.bottom, other.bottom) - y)
        mass = self.mass + other.mass
        strength = (self.mass * self.strength + other.mass * other.strength) / mass
        return Piece(self.labels + other.labels, box, mass, strength)


@dataclass(frozen=True)
class Line:
    """Pieces from left to right, and the height of a digit among them."""

    pieces: tuple[Piece, ...]

    @cached_property
    def height(self) -> float:
        """The typical height: the median by mass."""
        return typical_height(self.pieces)


@dataclass(frozen=True)
class Layout:
    """The lines of a page from top to bottom, and the pieces left out, each with the reason."""

    lines: tuple[Line, ...]
    left_out: tuple[tuple[Piece, str], ...]


def find_lines(ink: Ink) -> Layout:
    """The lines of what may be digits; none where there is so much that it is a texture."""
    pieces = _pieces(ink)
    left_out: list[tuple[Piece, str]] = []
    kept = []
    pale = PALE * typical_strength(pieces) if pieces else 0.0
    for piece in pieces:
        reason = "pale" if piece.strength < pale else _no_digit(piece, ink.labels.shape)
        if reason:
            left_out.append((piece, reason))
        else:
            kept.append(piece)
    if not kept:
        return Layout((), tuple(left_out))
    height = typical_height(kept)
    main = [p for p in kept if max(p.box[2:]) >= SPECK * height]
    small = [p for p in kept if max(p.box[2:]) < SPECK * height]
    if len(main) > MOST:
        left_out += [(p, "texture") for p in main]
        main = []
    lines, outside = _inside(_lines(_stacked(main, height), height), ink.labels.shape)
    left_out += [(piece, "edge of the picture") for piece in outside]
    left_out += [(piece, "speck") for piece in _attach(small, lines, height)]
    ordered = [Line(tuple(sorted(line, key=lambda p: p.centre[0]))) for line in _top_down(lines)]
    return Layout(tuple(ordered), tuple(left_out))


def typical_height(pieces: list[Piece] | tuple[Piece, ...]) -> float:
    """The median height of pieces, each as often as it has pixels."""
    heights = np.array([p.box[3] for p in pieces])
    order = heights.argsort()
    mass = np.array([p.mass for p in pieces])[order].cumsum()
    return float(heights[order][np.searchsorted(mass, mass[-1] / 2)])


def typical_strength(pieces: list[Piece]) -> float:
    """The median strength of pieces, each as often as it has ink."""
    strength = np.array([p.strength for p in pieces])
    order = strength.argsort()
    ink = (np.array([p.mass for p in pieces]) * strength)[order].cumsum()
    return float(strength[order][np.searchsorted(ink, ink[-1] / 2)])


def _pieces(ink: Ink) -> list[Piece]:
    stats = _boxes(ink)
    strength = strengths(ink.labels, ink.strength, len(stats))
    return [
        Piece((i,), (int(x), int(y), int(w), int(h)), int(mass), float(strength[i]))
        for i, (x, y, w, h, mass) in enumerate(stats)
        if i and mass >= SMALLEST
    ]


def _boxes(ink: Ink) -> np.ndarray[tuple[int, int], np.dtype[np.int32]]:
    """x, y, width, height and number of pixels of each label [n 5]."""
    mask = (ink.labels > 0).view(np.uint8)
    return cv2.connectedComponentsWithStats(mask, connectivity=8)[2]


def _no_digit(piece: Piece, page: tuple[int, ...]) -> str:
    """Why a piece cannot be a digit whatever is around it, or nothing."""
    x, y, w, h = piece.box
    rows, columns = page
    sides = (x == 0) + (y == 0) + (piece.right == columns) + (piece.bottom == rows)
    if sides >= 2 and max(w / columns, h / rows) > 0.15:
        return "edge of the picture"
    if sides and (w > 0.5 * columns or h > 0.5 * rows):
        return "edge of the picture"
    if w > 12 * h and w > columns / 6:
        return "line"
    return ""


def _stacked(pieces: list[Piece], height: float) -> list[Piece]:
    """Joins parts that lie above one another and together are no taller than a digit."""
    done: list[Piece] = []
    boxes = np.zeros((len(pieces), 4))  # left, top, right, bottom of what is done
    for piece in sorted(pieces, key=lambda p: p.box[1]):
        left, top, right, bottom = boxes[: len(done)].T
        shared = np.minimum(piece.right, right) - np.maximum(piece.box[0], left)
        narrow = np.minimum(piece.box[2], right - left)
        fits = (shared > 0.5 * narrow) & (piece.box[1] - bottom < 0.15 * height)
        fits &= np.maximum(piece.bottom, bottom) - top < TALLEST * height
        if fits.any():
            i = int(fits.argmax())
            done[i] = done[i].joined(piece)
        else:
            i = len(done)
            done.append(piece)
        x, y = done[i].box[:2]
        boxes[i] = x, y, done[i].right, done[i].bottom
    return done


def _lines(pieces: list[Piece], height: float) -> list[list[Piece]]:
    """Follows each piece with another one to its right: the nearest of all pairs first.

    How the line went before does not matter: handwriting rises and falls too often to be foreseen.
    """
    pieces = sorted(pieces, key=lambda p: p.centre[0])
    x, y = np.array([p.centre for p in pieces]).reshape(-1, 2).T
    left, right = np.array([(p.box[0], p.right) for p in pieces]).reshape(-1, 2).T
    high = np.array([p.box[3] for p in pieces])
    gap = (left[None] - right[:, None]) / height  # [left one, right one]
    off = np.abs(y[None] - y[:, None]) - np.abs(high[None] - high[:, None]) / 2
    off = np.maximum(off, 0) / height
    apart = np.maximum(gap, 0) + STEEP * off
    may = (x[None] > x[:, None]) & (gap > -OVER) & (off < OFF)
    before, after = np.nonzero(may)
    follows, followed = {}, set()
    for k in apart[may].argsort(kind="stable").tolist():
        i, j = int(before[k]), int(after[k])
        if i not in follows and j not in followed:
            follows[i] = j
            followed.add(j)
    lines = []
    for first in range(len(pieces)):
        if first in followed:
            continue
        line = [first]
        while line[-1] in follows:
            line.append(follows[line[-1]])
        lines.append([pieces[i] for i in line])
    return lines


def _inside(
    lines: list[list[Piece]], page: tuple[int, ...]
) -> tuple[list[list[Piece]], list[Piece]]:
    """The lines, and the pieces of those that only come in at the edge, paler than the others."""
    rows, columns = page
    if not lines:
        return lines, []
    pale = FAINT * typical_strength([piece for line in lines for piece in line])

    def enters(piece: Piece) -> bool:
        x, y = piece.box[:2]
        leaves = x == 0 or y == 0 or piece.right == columns or piece.bottom == rows
        return leaves and piece.strength < pale

    inside, outside = [], []
    for line in lines:
        if all(map(enters, line)):
            outside += line
        else:
            inside.append(line)
    return inside, outside


def _attach(small: list[Piece], lines: list[list[Piece]], height: float) -> list[Piece]:
    """Joins each small piece to the nearest digit, if one is near; returns the others."""
    places = [(line, i) for line in lines for i in range(len(line))]
    if not places:
        return small
    boxes = np.array([line[i].box for line, i in places])
    left, top = boxes[:, 0], boxes[:, 1]
    right, bottom = left + boxes[:, 2], top + boxes[:, 3]
    others = []
    for piece in small:
        dx = np.maximum(np.maximum(piece.box[0] - right, left - piece.right), 0)
        dy = np.maximum(np.maximum(piece.box[1] - bottom, top - piece.bottom), 0)
        gap = np.hypot(dx, dy)
        if gap.min() > REACH * height:
            others.append(piece)
            continue
        line, i = places[int(gap.argmin())]
        line[i] = line[i].joined(piece)
    return others


def _top_down(lines: list[list[Piece]]) -> list[list[Piece]]:
    """Lines in reading order: by their height on the page, its tilt taken out."""
    slopes = []
    for line in lines:
        if len(line) >= 3:
            x, y = np.array([p.centre for p in line]).T
            x, y = x - x.mean(), y - y.mean()
            slopes.append(float(x @ y / max(float(x @ x), 1e-6)))
    tilt = float(np.median(slopes)) if slopes else 0.0
    return sorted(
        lines, key=lambda line: float(np.mean([p.centre[1] - tilt * p.centre[0] for p in line]))
    )
