"""A sheet of paper with one digit on it, photographed: a grey picture from clean ink.

Inside: `photograph`, which draws the picture step by step in the order in which such things happen:
ink and what else is on the paper, blur, grain, threshold, light, compression. Not inside: how much
of each a picture gets (`wear`) and how a network's image is made of it (`vision.normalise`).

All is done in ink, from 0 (paper) to 1 (full ink), until light makes it a picture.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import cv2
import numpy as np

from digitus.datasets.digits import BOX
from digitus.types import Box, Bytes, Floats32, Grey

Source: TypeAlias = tuple[Bytes, Box]

LEAST = 9  # pixels: no digit is drawn smaller than this
SHARP = 0.7  # of the zoom: how much the edges of enlarged ink are sharpened


def ink_box(image: Grey) -> Box:
    """Where an image [h w] has ink: left, top, width, height."""
    return cv2.boundingRect(image)


def photograph(
    digit: Source, beside: Sequence[Source], amount: Mapping[str, float], rng: np.random.Generator
) -> Bytes:
    """A grey picture of the digit, worn by these amounts, which are named as in `wear.Wear`.

    A source is an image [28 28] and the box of its ink; `beside` are those of two neighbours.
    """
    ink, zoom = _written(digit, beside, amount, rng)
    if amount["broken"]:
        ink *= _failing(ink, amount["broken"], rng)
    if amount["rules"]:
        _rule(ink, amount["rules"], zoom * BOX, rng)
    for _ in range(math.ceil(amount["specks"])):
        _speck(ink, zoom, rng)
    ink = _seen(ink, zoom, amount, rng)
    return _lit(ink, amount, rng)


def _written(
    digit: Source, beside: Sequence[Source], amount: Mapping[str, float], rng: np.random.Generator
) -> tuple[Floats32, float]:
    """The sheet's ink [h w], and the zoom: its pixels for each pixel of the digit's image."""
    image, (left, top, width, height) = digit
    h, w = int(amount["height"]), int(amount["width"])
    sides = rng.random(4) < 0.5 if amount["neighbours"] else np.zeros(4, bool)
    if amount["neighbours"] and not sides.any():
        sides[rng.integers(2)] = True
    # Left, right, top, bottom: neighbours beside are more common than lines above and below.
    reach = amount["neighbours"] * sides * np.array([1, 1, 0.6, 0.6])
    room = (w * (1 - reach[0] - reach[1]), h * (1 - reach[2] - reach[3]))
    zoom = amount["fill"] * min(room[0] / width, room[1] / height)
    zoom = max(zoom, LEAST / max(width, height))
    free = [room[0] - zoom * width, room[1] - zoom * height]
    start = [reach[0] * w, reach[2] * h]
    x, y = (a + f * u for a, f, u in zip(start, free, rng.random(2), strict=True))
    if amount["cut"]:
        edge, lost = rng.integers(4), amount["cut"] * zoom
        x = (-lost * width, w - zoom * width + lost * width, x, x)[edge]
        y = (y, y, -lost * height, h - zoom * height + lost * height)[edge]
    ink = _put(image, (left + width / 2, top + height / 2), zoom, amount["rotate"],
               (x + zoom * width / 2, y + zoom * height / 2), (h, w))  # fmt: skip
    for side in np.flatnonzero(sides).tolist():
        other, (l2, t2, w2, h2) = beside[side % 2]
        middle = [w / 2 + rng.uniform(-0.2, 0.2) * w, h / 2 + rng.uniform(-0.2, 0.2) * h]
        along, size = (0, w2) if side < 2 else (1, h2)
        into = reach[side] * (w, h)[along] * 0.9
        middle[along] = into - zoom * size / 2
        if side % 2:
            middle[along] = (w, h)[along] - middle[along]
        turn = amount["rotate"] + rng.uniform(-4, 4)
        ends = _put(other, (l2 + w2 / 2, t2 + h2 / 2), zoom, turn, middle, (h, w))
        np.maximum(ink, ends, out=ink)
    return ink, zoom


def _put(
    image: Grey,
    centre: tuple[float, float],
    zoom: float,
    degrees: float,
    place: Sequence[float],
    shape: tuple[int, int],
) -> Floats32:
    """The image enlarged and turned about `centre`, which comes to `place`, as ink [h w]."""
    matrix = cv2.getRotationMatrix2D((centre[0] - 0.5, centre[1] - 0.5), degrees, zoom)
    matrix[:, 2] += np.subtract(place, centre)
    how = cv2.INTER_CUBIC if zoom > 1 else cv2.INTER_LINEAR
    ink = cv2.warpAffine(image.astype(np.float32), matrix, shape[::-1], flags=how) / 255
    if (steep := SHARP * zoom) > 1:  # a pen's edge is as sharp on a larger sheet
        ink = (ink - 0.4) * steep + 0.5
    return np.clip(ink, 0, 1)


def _smooth(shape: tuple[int, int], knots: int, rng: np.random.Generator) -> Floats32:
    """A smooth random surface [h w] of about normal values, between knots by knots of them."""
    coarse = rng.standard_normal((knots, knots), dtype=np.float32)
    return cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC)


def _failing(ink: Floats32, share: float, rng: np.random.Generator) -> Floats32:
    """What remains of the ink, from 0 to 1 [h w], where it fails on this share of the strokes."""
    surface = _smooth(ink.shape, int(rng.integers(6, 14)), rng)
    dry = np.quantile(surface[ink > 0.5], share) if (ink > 0.5).any() else -9.0
    return np.clip((surface - dry) * rng.uniform(1, 6) + 0.5, 0, 1)


def _rule(ink: Floats32, darkness: float, height: float, rng: np.random.Generator) -> None:
    """Draws ruled lines, squares or a box onto the sheet; the digit is `height` pixels high."""
    h, w = ink.shape
    lines = np.zeros_like(ink)
    thick = 1 if rng.random() < 0.7 else max(1, round(height / 18))
    period = max(int(height * rng.uniform(0.35, 1.3)), 5)
    kind = rng.integers(4)  # lines, squares, a box, a single line
    if kind == 2:
        left, top, right, bottom = (rng.uniform(0, 0.1, 4) * min(h, w)).astype(int).tolist()
        cv2.rectangle(lines, (left, top), (w - 1 - right, h - 1 - bottom), darkness, thick)
    else:
        tilt = rng.uniform(-0.02, 0.02) * w if rng.random() < 0.3 else 0
        first = int(rng.integers(period))
        rows = [int(rng.uniform(0.1, 1) * h)] if kind == 3 else range(first, h, period)
        columns = range(int(rng.integers(period)), w, period) if kind == 1 else ()
        ends = [((0, round(y - tilt)), (w, round(y + tilt))) for y in rows]
        ends += [((round(x + tilt), 0), (round(x - tilt), h)) for x in columns]
        for a, b in ends:
            cv2.line(lines, a, b, darkness, thick, cv2.LINE_AA)
    np.maximum(ink, lines, out=ink)


def _speck(ink: Floats32, zoom: float, rng: np.random.Generator) -> None:
    """A dot somewhere on the sheet, at most about as wide as a digit's stroke."""
    h, w = ink.shape
    at = (int(rng.integers(w)), int(rng.integers(h)))
    cv2.circle(ink, at, int(rng.uniform(0, 0.9) * zoom), rng.uniform(0.3, 1), -1)


def _seen(
    ink: Floats32, zoom: float, amount: Mapping[str, float], rng: np.random.Generator
) -> Floats32:
    """The ink as a lens, a sensor and a threshold leave it."""
    h, w = ink.shape
    if (sigma := amount["blur"] * zoom) > 0.2:
        ink = cv2.GaussianBlur(ink, (0, 0), sigma)
    if (pixel := amount["coarse"] * zoom) > 1:
        small = (max(round(w / pixel), 8), max(round(h / pixel), 8))
        ink = cv2.resize(ink, small, interpolation=cv2.INTER_AREA)
        back = (cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC, None)[rng.integers(4)]
        if back is not None:
            ink = cv2.resize(ink, (w, h), interpolation=back)
    if amount["noise"]:
        grain = rng.standard_normal(ink.shape, dtype=np.float32)
        if rng.random() < 0.3:  # of a film or of paper: wider than a pixel
            grain = cv2.GaussianBlur(grain, (0, 0), 0.8) * 2.5
        ink = ink + amount["noise"] * grain
    if amount["binary"]:
        ink = (ink > rng.uniform(0.35, 0.6)).astype(np.float32)
    return ink


def _lit(ink: Floats32, amount: Mapping[str, float], rng: np.random.Generator) -> Bytes:
    """The grey picture of a sheet of ink [h w] in its light, compressed."""
    white = 255 / (1 + amount["light"] / 3)  # so that little becomes too bright to see
    contrast = white * amount["contrast"]
    paper = rng.uniform(contrast, white)
    grey = white - paper + contrast * ink if amount["inverted"] else paper - contrast * ink
    if amount["light"]:
        h, w = ink.shape
        angle, edge = rng.uniform(0, 2 * math.pi), rng.uniform(-0.5, 0.5)
        x, y = np.linspace(-1, 1, w, dtype=np.float32), np.linspace(-1, 1, h, dtype=np.float32)
        across = math.cos(angle) * x + math.sin(angle) * y[:, None]
        if rng.random() < 0.3:  # the edge of a soft shadow
            across = np.tanh((across - edge) * rng.uniform(1, 4))
        grey = grey * (1 + amount["light"] / 2 * across)
    picture = np.clip(grey, 0, 255).astype(np.uint8)
    if amount["jpeg"]:
        quality = [cv2.IMWRITE_JPEG_QUALITY, 100 - int(amount["jpeg"])]
        picture = cv2.imdecode(cv2.imencode(".jpg", picture, quality)[1], cv2.IMREAD_GRAYSCALE)
    return picture
