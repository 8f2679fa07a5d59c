"""A picture of one digit in MNIST's form: white on black, 28 x 28, in a 20-pixel box, centred.

Inside: every step from grey pixels to what the network was trained on (`prepare_one`), the same for
several pictures (`prepare_each`) and a whole set (`prepare`), and its last part alone, for ink that
is already cut out (`normalise`).
Not inside: opening files (`decode`), what is known of `paper`, finding the digits of a page.

The order is: paper and polarity; ruled lines; the strength of ink and noise; specks; box, pen
width, centre of mass. What is in MNIST's form already passes unchanged, to a few grey levels.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from digitus.datasets.digits import BOX, SIDE
from digitus.errors import DataError
from digitus.types import Box, Bytes, Grey, Images, Mask, Numbers, Plane
from digitus.vision.paper import at_most, find_paper, find_papers, typical, without_rules

TOGETHER = 64  # pictures whose paper is found together: as many as stay in the cache
WORK_PIXELS = 320  # of the longer side: larger pictures are made smaller first
UNSCALED_PIXELS = (18, 22)  # a digit of about 20 pixels is not scaled: that could only blur it
FINE_ZOOM = 4  # others are scaled to 4 times 20 pixels: strokes can grow by quarters of a pixel
PEN_PIXELS = (1.8, 3.6)  # five of six digits of MNIST's training set have strokes so wide
EDGE_INK = 0.3  # of full ink: where a digit ends; with it MNIST's own boxes measure exactly 20
FAINT_INK, CLEAR_INK = 0.12, 0.5  # of full ink: a stroke may fade to one if it reaches the other
FAINTEST_GREYS = 10  # grey levels: paler "ink" is none
# Of full ink: noisier paper has no ink that stands out (digits of 10 pixels reach 0.24).
MOST_GRAIN = 0.26
LEAST_SHARE = 0.12  # of all that looks like ink: less in one piece is no digit but a texture
NEAR_SIDES = 1 / 80  # of the shorter side: pieces so near to one another are one stroke with a gap
# Of the largest piece: what a piece must have, and more if it lies afar.
SPECK_MASS, FAR_MASS = 0.02, 0.3


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
    paper: Plane
    dark_ink: bool
    rules: Mask
    contrast: float
    noise: float
    ink: Plane
    box: Box
    pen: float
    image: Grey

    @property
    def blank(self) -> bool:
        """Whether no ink was found."""
        return not self.box[2]


def prepare(images: Images) -> Bytes:
    """Images [n h w], one digit each, of any size and polarity, to MNIST's form [n 28 28].

    Raises `DataError` for anything but bytes with three axes, of which h and w are not 0.
    """
    if images.ndim != 3:
        raise DataError(f"images must be bytes [n, height, width], not {list(images.shape)}")
    if len(images) and (images.dtype != np.uint8 or 0 in images.shape):
        raise _refused(images[0])
    found = np.zeros((len(images), SIDE, SIDE), np.uint8)
    for start in range(0, len(images), TOGETHER):
        for i, prepared in prepare_each(images[start : start + TOGETHER]):
            found[start + i] = prepared.image
    return found


def prepare_each(pictures: Sequence[Bytes] | Images) -> Iterator[tuple[int, Prepared]]:
    """`prepare_one` of each picture, with its index; pictures of one size come together.

    Their size is that after they are made small enough to work on.
    """
    small = [at_most(WORK_PIXELS, _checked(picture)) for picture in pictures]
    of_size = defaultdict(list)
    for i, picture in enumerate(small):
        of_size[picture.shape].append(i)
    for places in of_size.values():
        for start in range(0, len(places), TOGETHER):
            some = places[start : start + TOGETHER]
            work = np.stack([small[i] for i in some]).astype(np.float32)
            for i, *found in zip(some, work, *find_papers(work), strict=True):
                yield i, _prepared(pictures[i], *found)


def prepare_one(picture: Bytes) -> Prepared:
    """A grey picture [h w] of one digit, of any size and polarity, with every step kept.

    Raises `DataError` for anything but bytes with two axes that are not 0.
    """
    work: Plane = at_most(WORK_PIXELS, _checked(picture)).astype(np.float32)
    return _prepared(picture, work, *find_paper(work))


def _checked(picture: Bytes) -> Bytes:
    """A picture that can be prepared. Raises `DataError` for another."""
    if picture.ndim != 2 or picture.dtype != np.uint8 or not picture.size:
        raise _refused(picture)
    return picture


def _refused(picture: Numbers) -> DataError:
    return DataError(
        f"a picture must be bytes [height, width], not {picture.dtype} {list(picture.shape)}"
    )


def _prepared(picture: Bytes, work: Plane, paper: Plane, dark_ink: bool) -> Prepared:
    """The steps after the paper: `work` is the picture, made small enough to work on."""
    raised = work - paper
    if dark_ink:  # it takes a share of the light: in a shadow it differs less from paper
        light = float(paper.mean())
        raised *= -light / np.maximum(paper, max(light / 4, 1))
    ink, rules = without_rules(np.maximum(raised, 0))
    contrast, noise = _strength(ink, raised)
    ink = _digit(ink, contrast, noise)
    image, (x, y, w, h), pen = normalise(ink)
    (rows, columns), zoom = picture.shape, np.divide(picture.shape, work.shape)
    left, top = int(x * zoom[1]), int(y * zoom[0])
    wide, high = math.ceil(w * zoom[1]), math.ceil(h * zoom[0])
    box = (left, top, min(wide, columns - left), min(high, rows - top))  # rounding stays inside
    return Prepared(picture, paper, bool(dark_ink), rules, contrast, noise, ink, box, pen, image)


def normalise(ink: Plane) -> tuple[Bytes, Box, float]:
    """Ink [h w], from 0 to 1, to an image [28 28], with the ink's box and pen width.

    As LeCun, Bottou, Bengio & Haffner 1998 (section III-A) made MNIST: the digit is scaled to 20
    pixels on its longer side, its grey levels being the anti-aliasing, and its centre of mass is
    put at pixel (14, 14). Strokes thinner or thicker than MNIST's (`PEN_PIXELS`) are corrected, so
    that a fine pen on a large sheet does not fade. The box is x, y, width, height; the pen width is
    in pixels of the image, before the correction. Without ink, all are 0.
    """
    if not ink.any():
        return np.zeros((SIDE, SIDE), np.uint8), (0, 0, 0, 0), 0.0
    (top, bottom), (left, right) = _extent(ink.max(1)), _extent(ink.max(0))
    box = (left, top, right - left, bottom - top)
    side = max(box[2:])
    if UNSCALED_PIXELS[0] <= side <= UNSCALED_PIXELS[1]:
        around = ink[max(top - 1, 0) : bottom + 1, max(left - 1, 0) : right + 1]
        return _centred(around, 1), box, _pen(around) * BOX / side
    digit = ink[top:bottom, left:right]
    fine = _scaled(digit, BOX * FINE_ZOOM / side)
    pen = _pen(fine) / FINE_ZOOM
    # A pen that grows makes the digit larger, so the digit is scaled to be smaller before.
    grow = (min(max(pen, PEN_PIXELS[0]), PEN_PIXELS[1]) - pen) / max(1 - pen / BOX, 0.5)
    if steps := round(min(max(grow, -BOX / 4), BOX / 4) * FINE_ZOOM):
        fine = _framed(_scaled(digit, (BOX * FINE_ZOOM - steps) / side), max(steps, 0) // 2 + 1)
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (abs(steps) + 1,) * 2)
        fine = cv2.dilate(fine, disc) if steps > 0 else cv2.erode(fine, disc)
    return _centred(fine, FINE_ZOOM), box, pen


def _strength(ink: Plane, raised: Plane) -> tuple[float, float]:
    """The contrast of full ink with paper, and the noise of the paper, in grey levels.

    The noise is the upper quartile of what deviates by less than half of the ink: with the median,
    the noise of black paper, half of it clipped at 0, would pass for none.
    """
    half = typical(ink) / 2
    contrast = _quantile(ink[ink >= half], 0.9)
    return contrast, _quantile(np.abs(raised[ink <= half]), 0.75)


def _quantile(values: Plane, q: float) -> float:
    """A quantile without interpolation, 0 of none; for 200, np.quantile takes 18 times as long."""
    at = int(q * len(values))
    return float(np.partition(values, at)[at]) if len(values) else 0.0


def _digit(ink: Plane, contrast: float, noise: float) -> Plane:
    """Ink from 0 to 1 [h w], without what is not the digit's: noise, specks, neighbours."""
    found = np.zeros_like(ink)
    if contrast < FAINTEST_GREYS or noise > MOST_GRAIN * contrast:
        return found
    ink = np.minimum(ink / contrast, 1)
    noise = min(noise / contrast, 0.2)  # above, it is the grey edges of strokes that fill the frame
    seen = cv2.GaussianBlur(ink, (0, 0), min(1, 3 * noise)) if noise > 0.02 else ink
    reach = 2 * int(min(ink.shape) * NEAR_SIDES) + 1
    faint = (seen > max(FAINT_INK, 2.5 * noise)).view(np.uint8)
    linked = cv2.dilate(faint, np.ones((reach, reach), np.uint8)) if reach > 1 else faint
    count, labels, stats, _ = cv2.connectedComponentsWithStats(linked, connectivity=8)
    flat = labels.ravel()
    mass = np.bincount(flat, ink.ravel(), count)
    mass[np.bincount(flat[(seen > CLEAR_INK).ravel()], minlength=count) == 0] = 0
    mass[0] = 0
    main = int(mass.argmax())
    if mass[main] <= LEAST_SHARE * ink.sum():
        return found
    low, size = stats[:, :2], stats[:, 2:4]
    gap = np.maximum(low - low[main] - size[main], low[main] - low - size).max(1)
    gap = gap.clip(0) / size[main].max()
    keep = mass > mass[main] * (SPECK_MASS + FAR_MASS * gap)
    sides = (low == 0).sum(1) + (low + size == ink.shape[::-1]).sum(1)
    if not sides[main]:  # what leaves the picture, when the digit does not, is a neighbour or line
        keep &= (sides == 0) | ((sides == 1) & (gap < 0.1))
    keep[main] = True
    if noise > 0.1:  # the grain inside the strokes: at a deviation of 50, 99 % are read, not 97 %
        ink = np.minimum(1.15 * cv2.GaussianBlur(ink, (0, 0), 0.5), 1)
    found[:] = ink * cv2.dilate(keep[labels].view(np.uint8), np.ones((3, 3), np.uint8))
    return found


def _extent(profile: Plane) -> tuple[int, int]:
    """Where the largest ink of each row, or column, first and last exceeds `EDGE_INK`."""
    inked = (profile > min(EDGE_INK, float(profile.max()) / 2)).nonzero()[0]
    return int(inked[0]), int(inked[-1]) + 1


def _scaled(digit: Plane, by: float) -> Plane:
    h, w = (max(1, round(s * by)) for s in digit.shape)
    how = cv2.INTER_AREA if by < 1 else cv2.INTER_CUBIC
    scaled: Plane = cv2.resize(digit, (w, h), interpolation=how)
    return scaled.clip(0, 1, out=scaled)


def _framed(ink: Plane, by: int) -> Plane:
    """Ink within a black frame; for 80 x 80 pixels, np.pad takes 8 times as long."""
    framed: Plane = cv2.copyMakeBorder(ink, by, by, by, by, cv2.BORDER_CONSTANT)
    return framed


def _pen(ink: Plane) -> float:
    """The width of the strokes in pixels: twice the area, over the length of the outline.

    That length is the sum of the steepness of the grey levels, so soft edges need no threshold.
    """
    ink = _framed(ink, 1)
    here = ink[:-1, :-1]
    right, down = ink[:-1, 1:] - here, ink[1:, :-1] - here
    right *= right
    down *= down
    right += down
    outline = float(np.sqrt(right, out=right).sum())
    return 2 * float(ink.sum()) / max(outline, 1e-6)


def _centred(ink: Plane, fine: int) -> Bytes:
    """Ink of `fine` pixels to one, put on black [28 28] by its centre of mass.

    MNIST's digits were moved by whole pixels, so their centre is (14, 14) to half a pixel; a digit
    that would leave the picture is moved less.
    """
    side = SIDE * fine
    total = float(ink.sum()) or 1.0
    canvas = np.zeros((side, side), np.float32)
    place = []
    for axis, n in enumerate(ink.shape):
        centre = float(np.arange(n) @ ink.sum(1 - axis)) / total
        corner = round((SIDE / 2 + 0.5) * fine - 0.5 - centre)
        corner = min(max(corner, 0), side - n)
        place.append(slice(corner, corner + n))
    canvas[tuple(place)] = ink
    if fine > 1:
        canvas = cv2.resize(canvas, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        canvas /= max(_quantile(canvas[canvas > EDGE_INK * canvas.max()], 0.8), 1e-6)
    np.minimum(canvas, 1, out=canvas)
    canvas *= 255
    image: Grey = np.rint(canvas, out=canvas).astype(np.uint8)
    return image
