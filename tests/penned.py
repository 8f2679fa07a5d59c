"""Drawings as the page's Draw makes them: digits of the simulated pen, black on white."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np

from digitus.nn import stream
from digitus.synthetic.pen import write
from digitus.types import Bytes


def penned(value: int, seed: int, side: int, pen: float = 1.0) -> Bytes:
    """The ink of a digit that `side` pixels just hold, cut out; `pen` times as wide as usual."""
    paths = write([value], stream(seed, "drawn", value)).paths(0)
    ink = np.zeros((8 * side,) * 2, np.uint8)
    for path in paths:
        for a, b in pairwise(path):
            ends = [np.rint(4 * side * (p[:2] + 0.5)).astype(int).tolist() for p in (a, b)]
            cv2.line(ink, *ends, 255, max(4, round(4 * side * pen * b[3])), cv2.LINE_AA)
    ink = cv2.resize(ink, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    x, y, w, h = cv2.boundingRect((ink > 60).view(np.uint8))
    return ink[y : y + h, x : x + w]


def side_by_side(inks: list[Bytes], gap: int, margin: int = 30) -> tuple[Bytes, list[int]]:
    """A canvas with digits in a row, so many pixels apart, and where each begins."""
    high, wide = max(ink.shape[0] for ink in inks), sum(ink.shape[1] + gap for ink in inks)
    canvas = np.full((high + 2 * margin, wide - gap + 2 * margin), 255, np.uint8)
    starts, left = [], margin
    for ink in inks:
        h, w = ink.shape
        top = (canvas.shape[0] - h) // 2
        canvas[top : top + h, left : left + w] -= ink
        starts.append(left)
        left += w + gap
    return canvas, starts
