"""The worst pictures to read, as inputs of `budgets`: endless strokes, and digits on their side.

Inside: the inputs. Not inside: measuring (`budgets`).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

SIDE = 7740  # pixels: the largest square picture


def bars(side: int) -> Callable[[Path], Any]:
    """Rows of random bars, 20 pixels high: nothing but strokes, and no digit."""

    def prepare(folder: Path) -> Callable[[], object]:
        from digitus.reading.read import read

        row = np.random.default_rng(0).integers(0, 2, (side // 20, side), np.uint8) * 255
        grey = np.repeat(row, 20, axis=0)[:side]
        read(grey[:100, :100])
        return lambda: read(grey)

    return prepare


def strokes(folder: Path) -> Callable[[], object]:
    """A drawing of as many strokes as there may be, each from edge to edge and none of a digit."""
    from digitus.reading.drawing import WORK_PIXELS
    from digitus.reading.read import read
    from digitus.vision.ink import MOST_PIECES

    canvas = np.full((WORK_PIXELS, WORK_PIXELS), 255, np.uint8)
    for row in np.linspace(2, WORK_PIXELS - 3, MOST_PIECES).astype(int):
        canvas[row, 2:-2] = 0
    read(canvas[:100, :100], drawn=True)
    return lambda: read(canvas, drawn=True)


def turned(count: int, quarters: int) -> Callable[[Path], Any]:
    """So many digits on a page that is turned: a part of it is looked at all ways up."""

    def prepare(folder: Path) -> Callable[[], object]:
        import cv2

        from digitus.reading.read import read
        from digitus.synthetic.strokes import draw

        rng = np.random.default_rng(0)
        across = int(np.ceil(count**0.5))
        pitch = SIDE // across
        grey = np.full((SIDE, SIDE), 245, np.uint8)
        for i, image in enumerate(draw(rng.integers(0, 10, count), rng)):
            row, column = divmod(i, across)
            ink = cv2.resize(image, (pitch // 2, pitch // 2), interpolation=cv2.INTER_CUBIC)
            here = grey[row * pitch + pitch // 4 :, column * pitch + pitch // 4 :]
            here[: pitch // 2, : pitch // 2] -= (0.9 * ink).astype(np.uint8)
        grey = np.rot90(grey, quarters).copy()
        read(grey[:100, :100])
        return lambda: read(grey)

    return prepare
