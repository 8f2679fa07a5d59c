"""Pages to read: lines of digits by the simulated pen, dark on light."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

import digitus
from digitus.nn import stream
from digitus.synthetic.strokes import draw


@cache
def glyphs() -> dict[str, list[np.ndarray]]:
    """Digits of the simulated pen that the recognizer reads with ease, 84 pixels high."""
    images = draw(np.tile(np.arange(10), 40), stream(5, "reader tests"))
    sure = digitus.load().probabilities(images)
    found: dict[str, list[np.ndarray]] = {}
    for image, row in zip(images, sure, strict=True):
        if row.max() > 0.99:
            large = cv2.resize(image, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
            found.setdefault(str(row.argmax()), []).append(large)
    return found


def page(*lines: str, shape: tuple[int, int] = (500, 900), step: int = 78) -> np.ndarray:
    """Lines of digits, dark on light; a space leaves room."""
    ink = np.zeros(shape, np.uint8)
    for i, line in enumerate(lines):
        for j, digit in enumerate(line):
            if digit != " ":
                image = glyphs()[digit][(i + j) % len(glyphs()[digit])]
                at = (slice(20 + 110 * i, 104 + 110 * i), slice(20 + step * j, 104 + step * j))
                ink[at] = np.maximum(ink[at], image)
    return (225 - ink * (190 / 255)).astype(np.uint8)
