"""The paper of a picture of ink: its grey, however it is lit, its polarity, its ruled lines.

Inside: what has to be known of paper, and taken away, before ink can be judged. Not inside: which
ink belongs to a digit (`normalise`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from digitus.types import Bools, Floats, Grey, Mask, Numbers, Plane, Planes, Vector

COARSE_PIXELS = 40  # paper is judged on at most so many pixels a side, where its grain averages out
FIT_COUNT = 6  # fits of its surface, one after the other
SHORTEST_PIXELS = 20  # in smaller pictures a line from side to side is a stroke of the digit
# Of full ink: a rule has at least the first; if it is the only one, less than the second.
VISIBLE_INK, PALE_INK = 0.15, 0.75


def at_most(side: int, picture: Numbers) -> Numbers:
    """A picture [h w] or [h w 3], made smaller by averaging if a side has more pixels."""
    zoom = side / max(picture.shape[:2])
    if zoom >= 1:
        return picture
    h, w = (max(1, round(s * zoom)) for s in picture.shape[:2])
    return cv2.resize(picture, (w, h), interpolation=cv2.INTER_AREA)


def edge_grey(grey: Grey) -> int:
    """The grey that goes on beyond a picture's edges: the median along them."""
    edges = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    return int(np.median(edges))


def find_paper(work: Plane) -> tuple[Plane, bool]:
    """The grey of the paper, [h w], and whether ink is darker than it; see `find_papers`."""
    papers, dark_ink = find_papers(work[None])
    return papers[0], bool(dark_ink[0])


def find_papers(work: Planes) -> tuple[Planes, Bools]:
    """The grey of the paper of each picture, [n h w], and whether ink is darker than it, [n].

    Both polarities are tried; the better one leaves less ink, above all at the border. Paper is a
    quadratic surface, fitted by least squares that are repeated with less and less weight for what
    rises above it by more than the noise below it. What lies below keeps its full weight, so the
    surface cannot climb onto the ink.

    Each picture has the same bits as if it were alone. But operations on one are so short that
    calling them takes longest: 64 at once, `prepare` of 28 x 28 pixels takes 0.39 of the time.
    """
    n, h, w = work.shape
    coarse = work
    if max(h, w) > COARSE_PIXELS:
        coarse = np.stack([at_most(COARSE_PIXELS, picture) for picture in work])
    plan = _plan(*coarse.shape[1:])
    grey = coarse.reshape(n, -1)
    z = grey.take(plan.points, axis=1)
    z = np.stack([z, -z], axis=1)  # [n 2 k]: of both polarities
    base = np.partition(z, z.shape[2] // 5)[:, :, z.shape[2] // 5, None]
    z -= base
    above: Floats = z
    scale: Floats = np.maximum(z.std(2, keepdims=True), 2)
    for again in range(FIT_COUNT):
        if again:
            below = np.minimum(above, 0)
            count = np.count_nonzero(below, axis=2)
            noise = np.sqrt((below * below).sum(2) / np.maximum(count, 1))[:, :, None]
            scale = np.maximum(np.maximum(0.55 * scale, noise.astype(np.float32)), 2)
        weight = 1 + np.square(np.maximum(above, 0) / scale)
        weight = 1 / (weight * weight)
        normal = (weight @ plan.squares).reshape(n, 2, 6, 6)
        surface = np.linalg.solve(normal, ((weight * z) @ plan.x)[..., None])[..., 0]
        above = z - surface @ plan.x.T
    fitted = surface @ plan.terms.T + base
    ink = np.maximum(np.stack([grey, -grey], axis=1) - fitted, 0)
    light, dark = (ink @ plan.border / np.maximum(ink.max(2), 1)).T
    dark_ink = dark < light
    better = np.arange(n), dark_ink.astype(np.intp)
    paper = fitted[better]
    if coarse is not work:
        paper = (_terms(h, w) @ surface[better][..., None])[..., 0] + base[better]
    sign = np.where(dark_ink, -1, 1).astype(np.float32)[:, None, None]
    return sign * paper.reshape(work.shape), dark_ink


@dataclass(frozen=True, eq=False)
class _Plan:
    """What a fit needs that depends on the shape h w alone.

    `terms` [h*w 6] of the surface; `points` [k] of the picture at which it is fitted; `x` [k 6],
    the terms there; `squares` [k 36], the products of all pairs of them, with a ridge against
    bending; `border` [h*w], weights of ink.
    """

    terms: Plane
    points: npt.NDArray[np.intp]
    x: Plane
    squares: Plane
    border: Vector


@lru_cache(maxsize=8)
def _plan(h: int, w: int) -> _Plan:
    """For pictures of h w pixels.

    The points are 200 at most, by the golden ratio: a regular grid would miss thin upright strokes.
    The border weighs ink: the mean at the four corners, plus that along the four edges, plus four
    times that of all.
    """
    terms = _terms(h, w)
    shares = np.arange(min(h * w, 200)) * (math.sqrt(5) - 1) / 2 % 1
    points = (shares * (h * w)).astype(np.intp)
    x = terms[points]
    stiff = np.diag(np.array([1e-8, 0.02, 0.02, 0.02, 0.02, 0.02], np.float32))
    squares = (x[:, :, None] * x[:, None] + stiff).reshape(-1, 36)
    border = np.full((h, w), 4 / (h * w))
    ends = [(slice(None, -(-s // 8)), slice(-(-s // 8) * -1, None)) for s in (h, w)]
    for corner in ((i, j) for i in ends[0] for j in ends[1]):
        border[corner] += 1 / 4 / border[corner].size
    for edge in (border[0], border[-1], border[:, 0], border[:, -1]):
        edge += 1 / 4 / edge.size
    return _Plan(terms, points, x, squares, border.astype(np.float32).ravel())


@lru_cache(maxsize=8)
def _terms(h: int, w: int) -> Plane:
    """1, x, y, x², xy, y² of every pixel [h*w 6], with x and y from -1 to 1."""
    y, x = np.linspace(-1, 1, h)[:, None], np.linspace(-1, 1, w)
    terms = np.empty((h, w, 6), np.float32)
    for i, term in enumerate((np.ones(1), x, y, x * x, x * y, y * y)):
        terms[:, :, i] = term
    return terms.reshape(-1, 6)


def without_rules(ink: Plane) -> tuple[Plane, Mask]:
    """Ink without the lines of ruled or squared paper, and where they were: two [h w]."""
    ink, across = _without_rows(ink)
    turned, down = _without_rows(np.ascontiguousarray(ink.T))
    return np.ascontiguousarray(turned.T), across | down.T


def _without_rows(ink: Plane) -> tuple[Plane, Mask]:
    """Takes out rules: thin rows that are inked from side to side, and pale or several.

    Only their own grey goes: darker strokes across them stay, and where strokes above and below
    reach a rule, it is taken to hide ink.
    """
    rules = np.zeros(ink.shape, bool)
    h, w = ink.shape
    if min(h, w) < SHORTEST_PIXELS:
        return ink, rules
    tenth = np.partition(ink, w // 10, axis=1)[:, w // 10]  # exceeded by nine tenths of a row
    full = typical(ink)
    if tenth.max() < VISIBLE_INK * full:
        return ink, rules
    thickest = np.ones((max(3, h // 10) | 1, 1), np.uint8)
    framed = np.pad(tenth[:, None], ((h, h), (0, 0)))  # a line may lie at the edge
    wide = cv2.morphologyEx(framed, cv2.MORPH_OPEN, thickest)[h : 2 * h, 0]
    found = tenth - wide > VISIBLE_INK * full
    several = np.count_nonzero(np.diff(found, prepend=False) & found) > 1
    if not found.any() or not (several or tenth[found].max() < PALE_INK * full):
        return ink, rules
    rows, good = np.flatnonzero(found), np.flatnonzero(~found)
    after = np.searchsorted(good, rows)
    above, below = good[np.maximum(after - 1, 0)], good[np.minimum(after, len(good) - 1)]
    line = ink[rows] < np.median(ink[rows], axis=1, keepdims=True) + 0.2 * full
    rules[rows] = line
    cleared = ink.copy()
    hidden = np.minimum(ink[rows], (ink[above] + ink[below]) / 2)
    cleared[rows] = np.where(line, hidden, ink[rows])
    return cleared, rules


def typical(ink: Plane) -> float:
    """The mean of ink, weighted by its square: the grey of strokes, however few they are."""
    square = ink * ink
    return float(np.vdot(square, ink) / max(float(square.sum()), 1e-6))
