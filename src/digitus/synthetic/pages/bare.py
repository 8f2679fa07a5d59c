"""Bare pictures: small ones of digits alone, as data sets and drawing boards have them.

Inside: one digit on 8 to 64 pixels, two or three on 28 to 64. Not inside: paper, light, cameras.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from digitus.datasets.digits import Digits
from digitus.synthetic.glyphs import Style, glyphs
from digitus.synthetic.pages.placed import Placed
from digitus.types import Bytes


def bare_picture(
    name: str,
    kinds: frozenset[str],
    digits: Digits | None,
    style: Style,
    rng: np.random.Generator,
) -> tuple[Bytes, list[Placed]]:
    """A picture [h w], and where its digits are: one if it is `tiny`, two or three otherwise."""
    if name == "tiny":
        height = width = int(rng.choice([8, 16, 20, 28, 28, 28, 32, 48, 64]))
        values = rng.integers(0, 10, 1)
        digit = height * rng.uniform(0.65, 0.8 if height > 8 else 1.0)
    else:
        height, width = (int(side) for side in np.sort(rng.integers(28, 65, 2)))
        values = rng.integers(0, 10, int(rng.choice([2, 2, 3])))
        digit = min(height * rng.uniform(0.5, 0.95), width / len(values))
    style = replace(style, pen=max(style.pen, 1.2 / digit))
    inks = glyphs(values, [digit] * len(values), style, digits, rng)
    gap = int(digit * rng.uniform(-0.06 if "touching" in kinds else 0.02, 0.15))
    inks, gap = _fitting(inks, gap, (height, width))
    if rng.random() < 0.3:  # a drawing board whose pixels are either black or white
        inks = [
            np.where(ink > min(127, int(ink.max()) // 2), 255, 0).astype(np.uint8) for ink in inks
        ]
    high, wide = _size(inks, gap)
    room = np.array([height - high, width - wide])
    y, x = np.round(room / 2 + room * rng.uniform(-0.15, 0.15, 2)).astype(int).tolist()
    picture = np.zeros((height, width), np.uint8)
    placed = []
    for value, ink in zip(values, inks, strict=True):
        h, w = ink.shape
        down = int(rng.integers(0, high - h + 1))
        part = picture[y + down : y + down + h, x : x + w]
        cv2.max(part, ink, dst=part)
        placed.append(Placed(ink, str(value), 0, x, y + down))
        x += w + gap
    return _noisy(picture, kinds, rng), placed


def _size(inks: list[Bytes], gap: int) -> tuple[int, int]:
    """Height and width of these one after another."""
    return max(ink.shape[0] for ink in inks), sum(ink.shape[1] + gap for ink in inks) - gap


def _fitting(inks: list[Bytes], gap: int, room: tuple[int, int]) -> tuple[list[Bytes], int]:
    """The same, made smaller until they fit into the room, and the gap between them."""
    by = min(there / needed for there, needed in zip(room, _size(inks, gap), strict=True))
    if by >= 1:
        return inks, gap
    sizes = [[max(1, int(n * by)) for n in ink.shape[::-1]] for ink in inks]
    little = [
        np.asarray(cv2.resize(ink, size, interpolation=cv2.INTER_AREA), np.uint8)
        for ink, size in zip(inks, sizes, strict=True)
    ]
    return little, int(np.floor(gap * by))


def _noisy(picture: Bytes, kinds: frozenset[str], rng: np.random.Generator) -> Bytes:
    """White ink on black made as the page's kinds ask: with noise, or dark on light."""
    grey = picture.astype(np.float32)
    if "noise" in kinds:
        strength = rng.uniform(4, 16)
        grey = 0.8 * grey + 25 + strength * rng.standard_normal(grey.shape, np.float32)
    picture = np.clip(grey, 0, 255).astype(np.uint8)
    # Dark ink on light paper is the rule.
    return picture if "inverted" in kinds else np.asarray(255 - picture, np.uint8)
