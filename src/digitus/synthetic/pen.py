"""The pen: how a hand varies from one digit to the next, as paths of points with time and width.

Inside: `write`, from labels to `Writing`. Not inside: the shapes (`hands`) and the ink (`strokes`).

The variation imitates what differs between people and between two digits of one person: slant and
proportions, how a movement bends, how far its ends reach, how round its corners become in a hurry,
the pen's width, pressure and speed. Everything is drawn for a whole batch at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cache

import numpy as np
import numpy.typing as npt

from digitus.datasets.digits import BOX
from digitus.synthetic.hands import EVERY_HAND, SAMPLES, choose, spline
from digitus.types import Floats64, Ints

SECONDS = 0.012  # from one point of a path to the next, about; lifting the pen takes ten times that


@dataclass(frozen=True, eq=False)
class Writing:
    """The pen's way for n digits, each padded to t points.

    `points` [n t 2] are x to the right and y down, in sides of the square that the ink just fits
    in; `widths` [n t] are the ink's, in the same unit: they vary with pressure, and are 0 where the
    ink fails; `times` [n t] are seconds since the pen came down; `strokes` [n t] count the strokes
    from 0, -1 where the digit has ended. Of the scan, `grain` [n] is how many of its pixels make
    one of MNIST's, and `softness` [n] how blurred it is, 0 to 1. `hands` [n] index `EVERY_HAND`.
    """

    points: Floats64
    widths: Floats64
    times: Floats64
    strokes: npt.NDArray[np.int8]
    grain: Floats64
    softness: Floats64
    hands: Ints

    def __len__(self) -> int:
        return len(self.points)

    def take(self, indices: slice | npt.ArrayLike) -> Writing:
        """The chosen digits (a slice or an index array), in that order."""
        at = indices if isinstance(indices, slice) else np.asarray(indices)
        return Writing(*(getattr(self, field.name)[at] for field in fields(self)))

    def paths(self, index: int) -> list[Floats64]:
        """The strokes of one digit in order, each as rows of (x, y, seconds, width), [t 4]."""
        rows = np.column_stack([self.points[index], self.times[index], self.widths[index]])
        stroke = self.strokes[index]
        return [rows[stroke == s] for s in range(int(stroke.max()) + 1)]


def write(
    labels: npt.ArrayLike, rng: np.random.Generator, *, hands: str | Iterable[str] = "all"
) -> Writing:
    """The pen's paths for these labels [n], each in one of the hands that write it.

    For batches of up to some thousands: it takes about 10 kB of memory a digit while it works.

    Raises `RecipeError` for an unknown hand, `ValueError` for a label that no chosen hand writes.
    """
    book = _book()
    hand = _assign(np.atleast_1d(np.asarray(labels)), rng, hands)
    n, strokes = len(hand), book.strokes[hand]

    controls = _wander(book.controls[hand], book.ends[hand], rng)
    hurry = rng.beta(0.8, 1.6, (n, 1, 1))  # rounds the corners
    points = (1 - hurry) * (book.sharp[hand] @ controls) + hurry * (book.round[hand] @ controls)
    points = _lean(_bend(points, rng), rng)

    pen = _pen(points, rng)
    widths = pen * _pressure(points, book.edges[hand], rng)
    points, widths = _fit(points, widths, pen)

    pace = np.exp(0.25 * rng.standard_normal((n, 1)) + 0.2 * _drift(rng, strokes.shape, 5))
    lifts = np.diff(strokes, axis=1, prepend=strokes[:, :1]) > 0
    times = np.cumsum(SECONDS * pace * np.where(lifts, 10, 1), axis=1)
    return Writing(
        points=points,
        widths=widths,
        times=times - times[:, :1],
        strokes=strokes,
        grain=rng.uniform(2, 4.5, n),
        softness=rng.beta(1.5, 2.5, n),
        hands=hand,
    )


def _assign(labels: Ints, rng: np.random.Generator, hands: str | Iterable[str]) -> Ints:
    """A hand for each label, [n], by the shares of the chosen hands."""
    names = set(choose(hands))
    chosen = [(i, hand) for i, hand in enumerate(EVERY_HAND) if hand in names]
    luck = rng.random(len(labels))
    assigned = np.zeros(len(labels), np.int64)
    for digit in np.unique(labels):
        able = [i for i, hand in chosen if hand.digit == digit]
        if not able:
            raise ValueError(f"no chosen hand writes the label {digit}")
        shares = np.cumsum([EVERY_HAND[i].share for i in able])
        mine = labels == digit
        place = np.searchsorted(shares, luck[mine] * shares[-1], side="right")
        assigned[mine] = np.array(able)[place]
    return assigned


def _wander(controls: Floats64, ends: Floats64, rng: np.random.Generator) -> Floats64:
    """Control points moved: neighbours together, as a movement is one; each alone; ends along."""
    n, k, _ = controls.shape
    amount = rng.uniform(0.5, 1.5, (n, 1, 1))
    noise = rng.standard_normal((n, k + 2, 2))
    together = (noise[:, :-2] + 2 * noise[:, 1:-1] + noise[:, 2:]) / np.sqrt(6)
    alone = rng.standard_normal((n, k, 2))
    reach = rng.standard_normal((n, k, 1))
    return controls + amount * (0.032 * together + 0.026 * alone) + 0.18 * reach * ends


def _bend(points: Floats64, rng: np.random.Generator) -> Floats64:
    """Paths in a plane that is stretched here and there: other proportions, and two slow waves."""
    n = len(points)
    middle = (points.max(1, keepdims=True) + points.min(1, keepdims=True)) / 2
    x, y = np.moveaxis(points - middle, 2, 0)
    y = y + 0.05 * rng.standard_normal((n, 1)) * np.cos(np.pi * y)  # the middle higher or lower
    x = x * np.exp(np.clip(0.5 * rng.standard_normal((n, 1)), -1, 1) * y)  # top or bottom wider
    bent = np.stack([x, y], axis=2)
    for _ in range(2):
        angle, phase = rng.uniform(0, 2 * np.pi, (2, n, 1))
        way = np.cos(angle) * x + np.sin(angle) * y
        wave = np.sin(rng.uniform(2, 5, (n, 1)) * way + phase)
        bent += 0.04 * rng.standard_normal((n, 1, 2)) * wave[..., None]
    return bent


def _lean(points: Floats64, rng: np.random.Generator) -> Floats64:
    """Paths made wider or narrower, slanted (mostly to the right, as people do) and turned."""
    n = len(points)
    aspect = np.exp(-0.03 + 0.18 * rng.standard_normal((n, 1)))
    slant = 0.15 + 0.24 * rng.standard_normal((n, 1))
    angle = 0.09 * rng.standard_normal((n, 1))
    x, y = points[..., 0], points[..., 1]
    x = aspect * x - slant * y
    return np.stack(
        [np.cos(angle) * x - np.sin(angle) * y, np.sin(angle) * x + np.cos(angle) * y], axis=2
    )


def _pen(points: Floats64, rng: np.random.Generator) -> Floats64:
    """The pen's width for each digit, [n 1], in sides of the square that the ink fits in.

    A digit with a long way, such as 8, is written larger than a 1, so that its ink is thinner once
    all are made equally high; and so is the ink of a flat digit, made smaller to fit the square.
    """
    width, height = np.ptp(points, axis=1).T
    way = np.linalg.norm(np.diff(points, axis=1), axis=2).sum(1) / height
    pixels = np.clip(2.25 * np.exp(0.36 * rng.standard_normal(len(points))), 1.1, 5.5)
    pen: Floats64 = pixels / BOX * (height / np.maximum(width, height)) ** 0.7 * (way / 2) ** -0.2
    return pen[:, None]


def _pressure(points: Floats64, edges: Floats64, rng: np.random.Generator) -> Floats64:
    """How the width varies along the paths, [n t], about 1, and 0 where the ink fails.

    A slow pen presses more, and the ends of a stroke fade or blot.
    """
    n, t, _ = points.shape
    steps = np.linalg.norm(np.diff(points, axis=1, prepend=points[:, :1]), axis=2)
    moving = np.count_nonzero(steps, axis=1)  # the rest is padding
    speed = steps / (steps.sum(1) / moving)[:, None]
    pressure = np.exp(rng.uniform(0, 0.2, (n, 1)) * _drift(rng, (n, t), 7))
    pressure *= (speed + 0.3) ** -rng.uniform(0, 0.2, (n, 1))
    for side in (0, 1):
        fade, length = rng.uniform(-0.15, 0.5, (n, 1)), rng.uniform(0.2, 0.8, (n, 1))
        pressure *= 1 - fade * np.exp(-edges[..., side] / length)
    pressure = np.clip(pressure, 0.35, 1.8)
    # A few pens fail for a moment. None fails for long: people would write the digit once more.
    dry = (_drift(rng, (n, t), 9) < -1.4) & (rng.random((n, 1)) < 0.06) & (edges.min(2) > 0.5)
    return np.where(dry & (dry.mean(1, keepdims=True) < 0.15), 0, pressure)


def _drift(rng: np.random.Generator, shape: tuple[int, ...], knots: int) -> Floats64:
    """Smooth noise along paths, [n t], between this many independent normal values each."""
    n, t = shape
    where = np.linspace(0, knots - 1, t)
    tents = np.maximum(0, 1 - np.abs(where - np.arange(knots)[:, None]))  # [knots t]
    drift: Floats64 = rng.standard_normal((n, knots)) @ tents
    return drift


def _fit(points: Floats64, widths: Floats64, pen: Floats64) -> tuple[Floats64, Floats64]:
    """Points moved and scaled, but not the pen, so that the ink just fits in the unit square."""
    pen = pen[..., None]
    for _ in range(2):  # which points bound the ink depends a little on the scale, so once more
        low, high = _bounds(points, widths)
        size = (high - low).max(2, keepdims=True)
        points = points * ((1 - pen) / (size - pen))
    low, high = _bounds(points, widths)
    scale = 1 / (high - low).max(2, keepdims=True)
    return (points - (low + high) / 2) * scale + 0.5, widths * scale[..., 0]


def _bounds(points: Floats64, widths: Floats64) -> tuple[Floats64, Floats64]:
    """Least and greatest x and y of the ink, [n 1 2] each."""
    half = np.where(widths > 0, widths / 2, -np.inf)[..., None]
    return (points - half).min(1, keepdims=True), (points + half).max(1, keepdims=True)


@dataclass(frozen=True)
class _Book:
    """All hands as arrays, padded to the longest: H hands, k control points, t points of a path."""

    controls: Floats64  # [H k 2]
    ends: Floats64  # [H k 2], where a stroke ends its direction outwards, of length 1; else 0
    sharp: Floats64  # [H t k], the splines with corners
    round: Floats64  # [H t k], and without
    strokes: npt.NDArray[np.int8]  # [H t], -1 as padding
    edges: Floats64  # [H t 2], control points since the stroke's start and until its end


@cache
def _book() -> _Book:
    """The table of hands, made into arrays once."""
    sharp, smooth = ([spline(hand, corners) for hand in EVERY_HAND] for corners in (True, False))
    H, k = len(EVERY_HAND), max(len(hand.controls) for hand in EVERY_HAND)
    t = max(len(strokes) for _, strokes in sharp)
    book = _Book(
        controls=np.zeros((H, k, 2)),
        ends=np.zeros((H, k, 2)),
        sharp=np.zeros((H, t, k)),
        round=np.zeros((H, t, k)),
        strokes=np.full((H, t), -1, np.int8),
        edges=np.zeros((H, t, 2)),
    )
    for h, hand in enumerate(EVERY_HAND):
        points, strokes = hand.controls, sharp[h][1]
        book.controls[h, : len(points)] = points
        for padded, (matrix, _) in ((book.sharp, sharp[h]), (book.round, smooth[h])):
            padded[h, :, : len(points)] = matrix[-1]  # the pen rests where the digit ends
            padded[h, : len(matrix), : len(points)] = matrix
        book.strokes[h, : len(strokes)] = strokes
        for stroke, first, last in hand.pieces(corners=False):
            for end, inner in ((first, first + 1), (last, last - 1)):
                book.ends[h, end] = points[end] - points[inner]
                book.ends[h, end] /= np.hypot(*book.ends[h, end])
            along = np.arange(SAMPLES * (last - first) + 1) / SAMPLES
            at = np.flatnonzero(strokes == stroke)
            book.edges[h, at] = np.column_stack([along, along[::-1]])
    return book
