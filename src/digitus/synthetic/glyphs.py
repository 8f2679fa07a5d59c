"""Glyphs: single digits as ink of any height, for the pages that are made of them.

Inside: the two sources, the simulated pen (drawn at the height asked for) and images such as
MNIST's (enlarged smoothly), behind one function, and what can happen to a stroke. Not inside:
where the glyphs stand (`layout`), and paper and light (`stationery`, `camera`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from digitus.datasets.digits import BOX, CLASSES, Digits
from digitus.synthetic.hands import EVERY_HAND
from digitus.synthetic.pen import write
from digitus.types import Bytes, Floats64, Grey, Ints

FINE, LARGE = 4, 160  # below 160 pixels ink is drawn 4 times larger: pens are whole pixels wide
BITS = 4  # OpenCV's fixed-point coordinates: sixteenths of a pixel
INKED = 64  # of 255: where a digit ends
RARE = 0.4  # the chance that a page's hands are drawn with equal chances, not by their shares
BENT, BEND = 0.5, 0.05  # the chance that images are bent, and by how much, in digit heights
ASPECT = 0.15  # the deviation of the logarithm of the factor by which their widths change
CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)  # a pixel's neighbours


@dataclass(frozen=True)
class Style:
    """How one person writes on one page.

    `pen` is the stroke's width in heights of a digit, `slant` the shift of its top to the right of
    its foot in the same unit; `broken` is the chance that a stroke fails somewhere.
    """

    pen: float
    slant: float = 0.0
    broken: float = 0.0


def glyphs(
    values: Ints,
    heights: Sequence[float],
    style: Style,
    digits: Digits | None,
    rng: np.random.Generator,
) -> list[Bytes]:
    """The ink (255) of each value, as its own array [h w] that just holds it; height in pixels.

    With `digits` they are those images, enlarged with their own stroke width. Without them, or
    where they lack one of the values, the simulated pen writes all, each value in one hand for the
    whole page, as a person would. The images are bent on some pages: people elsewhere write other
    shapes than MNIST has.
    """
    shown = (
        {}
        if digits is None
        else {v: np.flatnonzero(digits.labels == v) for v in {*values.tolist()}}
    )
    if digits is None or not all(len(at) for at in shown.values()):
        inks = _written(values, heights, style, rng)
    else:
        inks = [
            _enlarged(digits.images[rng.choice(shown[v])], height)
            for v, height in zip(values.tolist(), heights, strict=True)
        ]
        if rng.random() < BENT:
            aspect = float(np.exp(ASPECT * rng.standard_normal()))
            inks = [_bent(ink, aspect, rng) for ink in inks]
        if style.slant:
            inks = [_sheared(ink, style.slant) for ink in inks]
    broken = rng.random(len(inks)) < style.broken
    inks = [_broken(ink, rng) if b else ink for ink, b in zip(inks, broken, strict=True)]
    return [_cropped(ink) for ink in inks]


def _written(
    values: Ints, heights: Sequence[float], style: Style, rng: np.random.Generator
) -> list[Bytes]:
    """Ink from the simulated pen."""
    hands = []
    rare = rng.random() < RARE
    for digit in range(CLASSES):
        able = [hand for hand in EVERY_HAND if hand.digit == digit]
        shares = np.array([1.0 if rare else hand.share for hand in able])
        hands.append(able[rng.choice(len(able), p=shares / shares.sum())].name)
    writing = write(values, rng, hands=hands)
    points = writing.points.copy()
    points[..., 0] -= style.slant * (points[..., 1] - 0.5)
    widths = writing.widths
    mean = widths.sum(1, keepdims=True) / np.maximum((widths > 0).sum(1, keepdims=True), 1)
    widths = widths / mean * style.pen
    inks = []
    for i, height in enumerate(heights):
        fine = FINE if height < LARGE else 1
        inks.append(drawn(points[i], widths[i], writing.strokes[i], height * fine, fine)[0])
    return inks


def drawn(
    points: Floats64,
    widths: Floats64,
    strokes: npt.NDArray[np.int8],
    height: float,
    fine: int,
) -> tuple[Bytes, tuple[float, float]]:
    """Ink of the pen, a digit being `height` fine pixels high, made `fine` times smaller.

    Also returns the ink's top left corner (x, y) in pixels from the points' origin.
    """
    thick = np.maximum(np.round((widths[1:] + widths[:-1]) / 2 * height), fine).astype(int)
    thick[(widths[1:] + widths[:-1] == 0) | (strokes[1:] != strokes[:-1]) | (strokes[1:] < 0)] = 0
    margin = int(thick.max()) // 2 + 2 * fine
    low = points.min(0) * height - margin
    w, h = (-(-(np.ptp(points, axis=0) * height + 2 * margin) // fine) * fine).astype(int)
    at = np.round((points * height - low) * 2**BITS).astype(np.int32)
    canvas = np.zeros((h, w), np.uint8)
    starts = np.flatnonzero(np.diff(thick, prepend=-1)).tolist()
    how = cv2.LINE_8 if fine > 1 else cv2.LINE_AA
    for a, b in zip(starts, [*starts[1:], len(thick)], strict=True):
        if thick[a]:
            cv2.polylines(canvas, [at[a : b + 1]], False, 255, int(thick[a]), how, BITS)
    corner = float(low[0]) / fine, float(low[1]) / fine
    if fine == 1:
        return canvas, corner
    small: Bytes = cv2.resize(canvas, (w // fine, h // fine), interpolation=cv2.INTER_AREA)
    return small, corner


def stroke_width(inks: Sequence[Bytes]) -> float:
    """About how wide the strokes of these inks are, in pixels."""
    widths = []
    for ink in inks:
        inked = np.pad(ink >= min(INKED, int(ink.max())), 1).view(np.uint8)
        # A stroke is as long as its ink's area over its width, and so is half of its outline.
        area, inner = cv2.countNonZero(inked), cv2.countNonZero(cv2.erode(inked, CROSS))
        widths.append(2.0 * area / (area - inner))
    return float(np.median(widths)) if widths else 1.0


def _enlarged(image: Grey, height: float) -> Bytes:
    """An image [28 28] at another size, without steps; enlarged edges are made steep again."""
    by = height / BOX
    image = np.pad(image, 1)
    size = tuple(max(1, round(side * by)) for side in image.shape[::-1])
    if by <= 1:
        small: Bytes = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        return small
    large = cv2.resize(image, size, interpolation=cv2.INTER_CUBIC)
    large = cv2.GaussianBlur(large, (0, 0), 0.4 * by)
    gain = min(max(0.8 * by, 1.2), 8)
    steep: Bytes = cv2.convertScaleAbs(cv2.subtract(large, 110 - 110 / gain), alpha=gain)
    return steep


def _bent(ink: Bytes, aspect: float, rng: np.random.Generator) -> Bytes:
    """Ink with its width times `aspect`, each of its strokes pushed a little to some side."""
    h, w = ink.shape
    wide = max(1, round(w * aspect))
    push = rng.standard_normal((2, 4, 4)).astype(np.float32) * np.float32(BEND * h)
    x, y = (cv2.resize(p, (wide, h), interpolation=cv2.INTER_CUBIC) for p in push)
    x += np.linspace(0, w - 1, wide, dtype=np.float32)
    y += np.arange(h, dtype=np.float32)[:, None]
    bent: Bytes = cv2.remap(ink, x, y, cv2.INTER_LINEAR)
    return bent


def _sheared(ink: Bytes, slant: float) -> Bytes:
    """Ink whose top is moved to the right by `slant` heights."""
    h, w = ink.shape
    reach = abs(slant) * h
    move = np.array([[1, -slant, reach if slant < 0 else slant * h], [0, 1, 0]], np.float32)
    if slant < 0:
        move[0, 2] = 0
    sheared: Bytes = cv2.warpAffine(ink, move, (w + int(reach) + 1, h))
    return sheared


def _broken(ink: Bytes, rng: np.random.Generator) -> Bytes:
    """Ink with a gap or two, each hardly longer than the stroke is wide, at random places."""
    distance = cv2.distanceTransform((ink >= INKED).view(np.uint8), cv2.DIST_L2, 3)
    middle = np.argwhere(distance > 0.5 * distance.max())
    ink = ink.copy()
    radius = max(1, round(float(np.median(distance[tuple(middle.T)]))))
    for row, column in rng.choice(middle, min(len(middle), int(rng.choice([1, 1, 2])))):
        cv2.circle(ink, (int(column), int(row)), radius, 0, -1, cv2.LINE_AA)
    return ink


def _cropped(ink: Bytes) -> Bytes:
    """The part of the array that holds the ink."""
    x, y, w, h = cv2.boundingRect(ink)
    return ink[y : y + h, x : x + w]
