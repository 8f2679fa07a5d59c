"""Maps: what the page network answers at every place of a picture, and what it should answer.

The network looks at a grey picture [h w] and answers on a grid of cells of `STRIDE` pixels, with
`CHANNELS` numbers a cell (LeCun et al. 1998 called such a network a space displacement network;
centres as peaks of a heat map are Law & Deng's and Zhou et al.'s, 2018 and 2019)::

    heat    1   logit: the middle of a digit is in this cell
    offset  2   from the cell's middle to the digit's, x and y, in cells
    size    2   log(width / UNIT), log(height / UNIT) of its box
    link    2   from its middle to that of the digit after it in its line, in its own sizes
    follow  3   logits: nothing follows, a digit of the same group, one of the next group
    digit  10   logits: which digit it is
    finer   1   logit: here are digits that are too small at this scale

Inside: `targets` makes these numbers from boxes (NaN: counts for nothing), `peaks` takes answers
apart again. Not inside: the network (`recipes/page.toml`), scales and lines (`detector`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TypeVar

import cv2
import numpy as np

from digitus.limits import FINDS
from digitus.nn import softmax
from digitus.types import Floats32, Floats64, Numbers

Real = TypeVar("Real", Floats32, Floats64)

CROP_SIDE = 192  # pixels of a side of what is learnt from
STRIDE = 4  # pixels of a cell's side
UNIT = 16.0  # pixels: the size whose logarithm is 0
HEAT, OFFSET, SIZE, LINK, FOLLOW, DIGIT, FINER = (
    slice(0, 1), slice(1, 3), slice(3, 5), slice(5, 7), slice(7, 10), slice(10, 20), slice(20, 21),
)  # fmt: skip
CHANNELS = 21
ENDS, JOINS, PARTS = 0, 1, 2  # what follows: nothing, the same group, the next group
# Pixels of a digit's longer side: those between SMALLEST and LARGEST are to be found, those just
# outside are left out of the loss (NaN), and those further out are background here: another scale
# finds them.
SMALLEST, LARGEST = 13.0, 60.0
TOO_SMALL, TOO_LARGE = 9.5, 80.0
# Digits of these sizes call for a finer look; those up to UNCLEAR, or below the first, may.
FINE = 3.0, 14.0
UNCLEAR = 20.0
SEEN_BEST, BREADTH = 30.0, 0.6  # pixels of a digit's longer side; deviation of its logarithm
SPREAD = 0.16  # of a box: the deviation of the heat around its middle
LONGEST_LINK = 6.0  # sizes: the middle of a digit further away is not pointed at
NEIGHBOURS = ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0))  # cells that answer for a digit


@dataclass(frozen=True)
class Truth:
    """A digit in a crop: its box's middle and size in pixels, its value, and what follows it.

    `after` is the middle of the next digit of its line. `follow` is ENDS, JOINS or PARTS, None
    where the crop does not show it. A digit that does not `count` is left out of the loss.
    """

    value: int
    x: float
    y: float
    w: float
    h: float
    follow: int | None = None
    after: tuple[float, float] | None = None
    counts: bool = True


def targets(digits: Sequence[Truth], shape: tuple[int, int]) -> Floats32:
    """What a network should answer for a crop of that shape, [h/STRIDE w/STRIDE CHANNELS]."""
    h, w = shape[0] // STRIDE, shape[1] // STRIDE
    maps = np.full((h, w, CHANNELS), np.nan, np.float32)
    heat, finer = np.zeros((h, w), np.float32), np.zeros((h, w), np.float32)
    nearest = np.full((h, w), np.inf)
    for d in digits:
        size = max(d.w, d.h)
        if size < TOO_SMALL or size > TOO_LARGE:
            continue
        if not d.counts or not SMALLEST <= size <= LARGEST:
            _cells(heat, d, 0.3)[:] = np.nan
    for d in digits:
        if d.counts and SMALLEST <= max(d.w, d.h) <= LARGEST:
            _warm(heat, d)
            _answer(maps, nearest, d)
    for d in sorted(digits, key=lambda d: -max(d.w, d.h)):  # the smallest, which call for it, win
        size = max(d.w, d.h)
        if size < UNCLEAR:
            _cells(finer, d, 0.5)[:] = 1 if FINE[0] <= size <= FINE[1] and d.counts else np.nan
    maps[:, :, HEAT.start], maps[:, :, FINER.start] = heat, finer
    return maps


def _cells(grid: Floats32, d: Truth, share: float) -> Floats32:
    """The cells of a box within `share` of its width and height to each side of its middle."""
    h, w = grid.shape
    reach = share * np.array([d.w, d.h]) / STRIDE + 0.5
    x, y = d.x / STRIDE, d.y / STRIDE
    left, right = max(0, int(x - reach[0])), min(w, int(x + reach[0]) + 1)
    top, bottom = max(0, int(y - reach[1])), min(h, int(y + reach[1]) + 1)
    return grid[top:bottom, left:right]


def _warm(heat: Floats32, d: Truth) -> None:
    """A bell around the middle, 1 in its cell; where bells overlap, the higher one counts."""
    h, w = heat.shape
    cx, cy = min(int(d.x / STRIDE), w - 1), min(int(d.y / STRIDE), h - 1)
    sx, sy = max(SPREAD * d.w / STRIDE, 0.5), max(SPREAD * d.h / STRIDE, 0.5)
    rx, ry = int(3 * sx) + 1, int(3 * sy) + 1
    ys = np.arange(max(0, cy - ry), min(h, cy + ry + 1))
    xs = np.arange(max(0, cx - rx), min(w, cx + rx + 1))
    bell = np.exp(-(((xs - cx) / sx) ** 2 + (((ys - cy) / sy) ** 2)[:, None]) / 2)
    part = heat[ys[0] : ys[-1] + 1, xs[0] : xs[-1] + 1]
    known = np.fmax(part, bell.astype(np.float32))  # a number wins over NaN ...
    part[:] = np.where(np.isnan(part) & (bell < 0.5), np.nan, known)  # ... where it is high


def _answer(maps: Floats32, nearest: Floats64, d: Truth) -> None:
    """Writes what the middle's cell and its neighbours answer, unless another digit is nearer."""
    h, w = nearest.shape
    x, y, size = d.x / STRIDE, d.y / STRIDE, max(d.w, d.h)
    cx, cy = min(int(x), w - 1), min(int(y), h - 1)
    row = np.full(CHANNELS, np.nan, np.float32)
    row[SIZE] = np.log(np.maximum([d.w, d.h], 2.0) / UNIT)
    row[DIGIT] = np.eye(10, dtype=np.float32)[d.value]
    if d.follow is not None:
        row[FOLLOW] = np.eye(3, dtype=np.float32)[d.follow]
    if d.after is not None:
        link = (np.array(d.after) - (d.x, d.y)) / size
        if np.abs(link).max() <= LONGEST_LINK:
            row[LINK] = link
    for down, aside in NEIGHBOURS:
        i, j = cy + down, cx + aside
        if not (0 <= i < h and 0 <= j < w):
            continue
        away = (x - j - 0.5) ** 2 + (y - i - 0.5) ** 2
        if (down, aside) == (0, 0):
            away = -1.0
        if away < nearest[i, j]:
            nearest[i, j] = away
            maps[i, j] = row
            maps[i, j, OFFSET] = x - j - 0.5, y - i - 0.5


@dataclass(frozen=True, eq=False)
class Peaks:
    """The places of a picture at which the heat is highest: k rows in each array.

    `heat` [k] is the probability of a digit; `rank` [k] is lower where its size is far from that
    which is seen best. `boxes` [k 4] are the middle's x and y, width and height in pixels; `digits`
    [k 10] and `follow` [k 3] are probabilities; `after` [k 2] is the middle of the digit that
    follows, in pixels.
    """

    heat: Floats32
    rank: Floats32
    boxes: Floats32
    digits: Floats32
    follow: Floats32
    after: Floats32

    def __len__(self) -> int:
        return len(self.heat)

    def take(self, which: Numbers) -> Peaks:
        """Those with these indices, or where `which` [k] is true."""
        return Peaks(*(getattr(self, field.name)[which] for field in fields(self)))

    @staticmethod
    def joined(parts: Sequence[Peaks]) -> Peaks:
        """All of them; there is one at least."""
        names = [field.name for field in fields(Peaks)]
        return Peaks(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def peaks(answers: Floats32, least: float, most: int = FINDS) -> Peaks:
    """The peaks of a network's answers [h w CHANNELS]: at least `least` hot, at most `most`."""
    logit = np.ascontiguousarray(answers[:, :, 0])
    highest = cv2.dilate(logit, np.ones((3, 3), np.uint8))
    ys, xs = np.nonzero((logit >= highest) & (logit > np.log(least / (1 - least))))
    if len(ys) > most:
        order = np.argsort(-logit[ys, xs], kind="stable")[:most]
        ys, xs = ys[order], xs[order]
    rows = answers[ys, xs].astype(np.float32)
    middle = (np.column_stack([xs, ys]) + 0.5 + rows[:, OFFSET]) * STRIDE
    size = np.exp(np.clip(rows[:, SIZE], -3, 3)) * UNIT
    longer = size.max(1, keepdims=True)
    heat = sigmoid(rows[:, 0])
    well = np.exp(-((np.log(longer[:, 0] / SEEN_BEST) / BREADTH) ** 2) / 2)
    return Peaks(
        heat,
        heat * (0.5 + 0.5 * well),
        np.hstack([middle, size]).astype(np.float32),
        softmax(rows[:, DIGIT]),
        softmax(rows[:, FOLLOW]),
        (middle + rows[:, LINK] * longer).astype(np.float32),
    )


def sigmoid(z: Real) -> Real:
    """1 / (1 + e⁻ᶻ) in the type of z, as `nn.Sigmoid` computes it."""
    return np.asarray((1 + np.tanh(z / 2)) / 2, z.dtype)
