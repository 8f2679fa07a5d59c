"""A picture of one digit in MNIST's form: white on black, 28 x 28, in a 20-pixel box, centred.

Inside: every step from grey pixels to what the network was trained on (`prepare_one`), the same for
a whole set (`prepare`), and its last part alone, for ink that is already cut out (`normalise`).
Not inside: opening files (`decode`) and finding the digits of a page.

The order is: paper and polarity; ruled lines; the strength of ink and noise; specks; box, pen
width, centre of mass. What is in MNIST's form already passes unchanged, to a few grey levels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from digitus.errors import DataError

Bytes: TypeAlias = npt.NDArray[np.uint8]
Floats: TypeAlias = npt.NDArray[np.float32]
Mask: TypeAlias = npt.NDArray[np.bool_]
Box: TypeAlias = tuple[int, int, int, int]

SIDE, BOX = 28, 20  # pixels of an image and of the box that holds its ink, as in MNIST
WORK = 320  # larger pictures are made smaller first: their longer side, in pixels
COARSE = 40  # the paper is judged on at most so many pixels a side, where its grain averages out
ALREADY = (18, 22)  # a digit of about 20 pixels is not scaled: that could only blur it
FINE = 4  # others are scaled to 4 times 20 pixels, where strokes can grow by quarters of a pixel
PEN = (1.8, 3.6)  # pixels: nine of ten digits of MNIST's training set have strokes so wide
EDGE = 0.3  # of full ink: where a digit ends; with it MNIST's own boxes measure exactly 20
FAINT, CLEAR = 0.12, 0.5  # of full ink: a stroke may fade to the one if it reaches the other
FAINTEST = 10  # grey levels: paler "ink" is none


@dataclass(frozen=True, eq=False)
class Prepared:
    """A digit in MNIST's form and what was found on the way to it.

    `picture` are the grey bytes [h w] that came in. Three maps have its shape, or, where its
    longer side exceeds 320 pixels, that shape made smaller: `paper`, the grey that the paper would
    have everywhere without ink; `rules`, where a ruled line was taken out; and `ink`, from 0 to 1.
    `dark_ink` is the polarity; `contrast` and `noise` are grey levels, of full ink against paper
    and the deviation of the paper's grain. `box` is x, y, width, height of the digit in pixels of
    the picture; `pen` the width of its strokes before it was corrected, in pixels of `image`,
    which is the result: bytes [28 28], all 0 where the picture is `blank`.
    """

    picture: Bytes
    paper: Floats
    dark_ink: bool
    rules: Mask
    contrast: float
    noise: float
    ink: Floats
    box: Box
    pen: float
    image: Bytes

    @property
    def blank(self) -> bool:
        """Whether no ink was found."""
        return not self.box[2]


def prepare(images: Bytes) -> Bytes:
    """Images [n h w], one digit each, of any size and polarity, to MNIST's form [n 28 28].

    Raises `DataError` for anything but bytes with three axes, of which h and w are not 0.
    """
    if images.ndim != 3:
        raise DataError(f"images must be bytes [n, height, width], not {list(images.shape)}")
    prepared = np.zeros((len(images), SIDE, SIDE), np.uint8)
    for image, picture in zip(prepared, images, strict=True):
        image[:] = prepare_one(picture).image
    return prepared


def prepare_one(picture: Bytes) -> Prepared:
    """A grey picture [h w] of one digit, of any size and polarity, with every step kept.

    Raises `DataError` for anything but bytes with two axes that are not 0.
    """
    if picture.ndim != 2 or picture.dtype != np.uint8 or not picture.size:
        raise DataError(
            f"a picture must be bytes [height, width], not {picture.dtype} {list(picture.shape)}"
        )
    work = _at_most(WORK, picture).astype(np.float32)
    paper, dark_ink = _paper(work)
    raised = paper - work if dark_ink else work - paper
    ink, rules = _without_rules(np.maximum(raised, 0))
    contrast, noise = _strength(ink, raised)
    ink = _digit(ink, contrast, noise)
    image, (x, y, w, h), pen = normalise(ink)
    zoom = np.divide(picture.shape, work.shape)
    box = (int(x * zoom[1]), int(y * zoom[0]), math.ceil(w * zoom[1]), math.ceil(h * zoom[0]))
    return Prepared(picture, paper, dark_ink, rules, contrast, noise, ink, box, pen, image)


def normalise(ink: Floats) -> tuple[Bytes, Box, float]:
    """Ink [h w], from 0 to 1, to an image [28 28], with the ink's box and pen width.

    As LeCun, Bottou, Bengio & Haffner 1998 (section III-A) made MNIST: the digit is scaled to 20
    pixels on its longer side, its grey levels being the anti-aliasing, and its centre of mass is
    put at pixel (14, 14). Strokes thinner or thicker than MNIST's (`PEN`) are corrected, so that a
    fine pen on a large sheet does not fade. The box is x, y, width, height; the pen width is in
    pixels of the image, before the correction. Without ink, all are 0.
    """
    if not ink.any():
        return np.zeros((SIDE, SIDE), np.uint8), (0, 0, 0, 0), 0.0
    (top, bottom), (left, right) = _extent(ink.max(1)), _extent(ink.max(0))
    box = (left, top, right - left, bottom - top)
    side = max(box[2:])
    if ALREADY[0] <= side <= ALREADY[1]:
        around = ink[max(top - 1, 0) : bottom + 1, max(left - 1, 0) : right + 1]
        return _centred(around, 1), box, _pen(around) * BOX / side
    digit = ink[top:bottom, left:right]
    fine = _scaled(digit, BOX * FINE / side)
    pen = _pen(fine) / FINE
    # A pen that grows makes the digit larger; so much smaller it has to be scaled before.
    grow = (min(max(pen, PEN[0]), PEN[1]) - pen) / max(1 - pen / BOX, 0.5)
    if steps := min(round(grow * FINE), BOX * FINE // 4):
        fine = np.pad(_scaled(digit, (BOX * FINE - steps) / side), max(steps, 0) // 2 + 1)
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (abs(steps) + 1,) * 2)
        fine = cv2.dilate(fine, disc) if steps > 0 else cv2.erode(fine, disc)
    return _centred(fine, FINE), box, pen


def _at_most(side: int, picture: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """The picture, made smaller by averaging where its longer side has more pixels."""
    zoom = side / max(picture.shape)
    if zoom >= 1:
        return picture
    h, w = (max(1, round(s * zoom)) for s in picture.shape)
    return cv2.resize(picture, (w, h), interpolation=cv2.INTER_AREA)


def _paper(work: Floats) -> tuple[Floats, bool]:
    """The grey of the paper, [h w], and whether ink is darker than it.

    Both polarities are tried; the better one leaves less ink, above all at the border.
    """
    coarse = _at_most(COARSE, work)
    tried = []
    for sign in (1, -1):
        surface = _under(sign * coarse)
        ink = np.maximum(sign * coarse - _evaluated(surface, *coarse.shape), 0)
        h, w = (-(-s // 8) for s in ink.shape)
        corners = sum(float(ink[y, x].mean()) for y in _ends(h) for x in _ends(w)) / 4
        edges = sum(float(e.mean()) for e in (ink[0], ink[-1], ink[:, 0], ink[:, -1])) / 4
        score = (corners + edges + 4 * float(ink.mean())) / max(float(ink.max()), 1)
        tried.append((score, sign, surface))
    _, sign, surface = min(tried, key=lambda t: t[0])
    return sign * _evaluated(surface, *work.shape), sign < 0


def _ends(n: int) -> tuple[slice, slice]:
    return slice(None, n), slice(-n, None)


def _under(values: Floats) -> Floats:
    """The quadratic surface [6] on which the values [h w] stand, as ink on paper.

    Least squares, repeated with less and less weight for what rises above the surface by more than
    the noise below it; what lies below keeps its full weight, so the surface cannot climb the ink.
    """
    h, w = values.shape
    every = tuple(slice(None, None, max(1, s // 14)) for s in (h, w))  # 14 x 14 points are enough
    terms, z = _terms(h, w)[every].reshape(-1, 6), values[every].ravel()
    base = np.partition(z, len(z) // 5)[len(z) // 5]
    z = z - base
    above, scale = z, max(2.0, float(z.std()))
    stiffness = np.diag(np.float32([1e-6, 1, 1, 1, 1, 1])) * np.float32(0.02)
    for _ in range(6):
        weight = (1 + (np.maximum(above, 0) / scale) ** 2) ** -2
        weighted = terms.T * weight
        surface = np.linalg.solve(weighted @ terms + stiffness * weight.sum(), weighted @ z)
        above = z - terms @ surface
        below = above[above < 0]
        scale = max(2.0, 0.55 * scale, math.sqrt(float(below @ below) / max(1, below.size)))
    surface[0] += base
    return surface


def _evaluated(surface: Floats, h: int, w: int) -> Floats:
    return _terms(h, w) @ surface


@lru_cache(maxsize=8)
def _terms(h: int, w: int) -> Floats:
    """1, x, y, x², xy, y² at every pixel, [h w 6]; x and y run from -1 to 1."""
    y, x = np.meshgrid(np.linspace(-1, 1, h), np.linspace(-1, 1, w), indexing="ij")
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], -1).astype(np.float32)


def _without_rules(ink: Floats) -> tuple[Floats, Mask]:
    """Ink without the lines of ruled or squared paper, and where they were: two [h w]."""
    ink, across = _without_rows(ink)
    turned, down = _without_rows(np.ascontiguousarray(ink.T))
    return np.ascontiguousarray(turned.T), across | down.T


def _without_rows(ink: Floats) -> tuple[Floats, Mask]:
    """Takes out rows that are inked from side to side; they are thin, and pale or several.

    Only their own grey goes: darker strokes across them stay, and where strokes above and below
    reach a line, it is taken to hide ink.
    """
    rules = np.zeros(ink.shape, bool)
    h, w = ink.shape
    if min(h, w) < BOX:  # the digit itself would span the picture
        return ink, rules
    tenth = np.partition(ink, w // 10, axis=1)[:, w // 10]  # exceeded by nine tenths of a row
    full = _weight(ink)
    if tenth.max() < 0.15 * full:
        return ink, rules
    thickest = np.ones((max(3, h // 10) | 1, 1), np.uint8)
    wide = cv2.morphologyEx(tenth[:, None], cv2.MORPH_OPEN, thickest, None, None, 1, cv2.BORDER_CONSTANT, 0)
    found = tenth - wide[:, 0] > 0.15 * full
    several = np.count_nonzero(np.diff(found, prepend=False) & found) > 1
    if not found.any() or not (several or tenth[found].max() < 0.75 * full):
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


def _weight(ink: Floats) -> float:
    """The mean of ink, weighted by its square: the grey of strokes, however few they are."""
    square = ink * ink
    return float(np.vdot(square, ink) / max(float(square.sum()), 1e-6))


def _strength(ink: Floats, raised: Floats) -> tuple[float, float]:
    """The contrast of full ink with paper, and the noise of the paper, in grey levels."""
    half = _weight(ink) / 2
    heavy, light = ink[ink >= half], np.abs(raised[ink <= half])
    contrast = float(np.quantile(heavy, 0.9))
    # What is fainter than half has grey edges of strokes in it, which are no noise: hence the limit.
    noise = float(np.partition(light, light.size * 3 // 4)[light.size * 3 // 4]) if light.size else 0.0
    DBG.append(noise/max(contrast,1e-9))
    return contrast, noise


def _digit(ink: Floats, contrast: float, noise: float) -> Floats:
    """Ink from 0 to 1 [h w], without what is not the digit's: noise, specks, neighbours."""
    if contrast < FAINTEST or noise > GRAIN * contrast:
        return np.zeros_like(ink)
    ink = np.minimum(ink / contrast, 1)
    noise = min(noise / contrast, 0.2)
    seen = cv2.GaussianBlur(ink, (0, 0), min(BMAX, BL * noise)) if noise > 0.02 else ink
    faint = (seen > max(FAINT, NF * noise)).view(np.uint8)
    near = 2 * (min(ink.shape) // NEAR) + 1
    faint = cv2.dilate(faint, np.ones((near, near), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(faint, connectivity=8)
    flat = labels.ravel()
    mass = np.bincount(flat, ink.ravel(), count)
    clear = np.bincount(flat, (seen > CLEAR).ravel(), count) > 0
    mass[0] = 0
    mass[~clear] = 0
    main = int(mass.argmax())
    if mass[main] <= SHARE * ink.sum():
        return np.zeros_like(ink)
    DBG.append(mass[main]/ink.sum())
    low, size = stats[:, :2], stats[:, 2:4]
    gap = np.maximum(low - low[main] - size[main], low[main] - low - size).max(1).clip(0)
    gap = gap / size[main].max()
    sides = (low == 0).sum(1) + (low + size == ink.shape[::-1]).sum(1)  # at which it leaves
    keep = mass > mass[main] * (SPECK + FAR * gap)
    if not sides[main]:
        keep &= (sides == 0) | ((sides == 1) & (gap < 0.1))
    keep[main] = True
    keep[0] = False
    kept = cv2.dilate(keep[labels].view(np.uint8), np.ones((3, 3), np.uint8))
    if OUT and noise > 0.1: ink = np.minimum(cv2.GaussianBlur(ink, (0, 0), OUT)*1.15,1)
    return ink * kept


SPECK, FAR = 0.02, 0.3
NF, BL, BMAX, OUT = 2.5, 3, 1, 0.5
SH=0
NEAR=80
DBG=[]
GRAIN, SHARE = 0.26, 0.15


def _extent(profile: Floats) -> tuple[int, int]:
    """Where the largest ink of each row, or column, first and last exceeds `EDGE`."""
    inked = np.flatnonzero(profile > min(EDGE, float(profile.max()) / 2))
    return int(inked[0]), int(inked[-1]) + 1


def _scaled(digit: Floats, by: float) -> Floats:
    h, w = (max(1, round(s * by)) for s in digit.shape)
    how = cv2.INTER_AREA if by < 1 else cv2.INTER_CUBIC
    r= np.clip(cv2.resize(digit, (w, h), interpolation=how), 0, 1)
    return np.clip((r-.5)*(1+SH)+.5,0,1) if SH and by>1 else r


def _pen(ink: Floats) -> float:
    """The width of the strokes in pixels: twice the area, over the length of the outline.

    That length is the sum of the steepness of the grey levels, so soft edges need no threshold.
    """
    ink = np.pad(ink, 1)
    right, down = np.diff(ink, axis=1)[:-1], np.diff(ink, axis=0)[:, :-1]
    outline = float(np.sqrt(right * right + down * down).sum())
    return 2 * float(ink.sum()) / max(outline, 1e-6)


def _centred(ink: Floats, fine: int) -> Bytes:
    """Ink of `fine` pixels to one, put on black [28 28] by its centre of mass.

    MNIST's digits were moved by whole pixels, so their centre is (14, 14) to half a pixel; a digit
    that would leave the picture is moved less.
    """
    side = SIDE * fine
    total = float(ink.sum()) or 1.0
    corner = []
    for axis, n in enumerate(ink.shape):
        centre = float(np.arange(n) @ ink.sum(1 - axis)) / total
        middle = (SIDE / 2 + 0.5) * fine - 0.5
        corner.append(min(max(round(middle - centre), 0), side - n))
    (y, x), (h, w) = corner, ink.shape
    sheet = np.zeros((side, side), np.float32)
    sheet[y : y + h, x : x + w] = ink
    if fine > 1:
        sheet = cv2.resize(sheet, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        sheet /= max(np.quantile(sheet[sheet > EDGE * sheet.max()], 0.8), 1e-6)
    return np.rint(np.minimum(sheet, 1) * 255).astype(np.uint8)
