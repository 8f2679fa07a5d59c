"""The ink of a drawing: what differs from its one ground, in connected pieces.

Inside: from grey pixels to the strength of ink at each, its pieces, the width of the pen and the
height of digits. Not inside: which ink is whose (`share`), which is a digit (`reading.drawing`),
pictures of one digit (`normalise`), and pictures of paper, whose ink nobody looks for: a network
finds digits on it (`detection`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

from digitus.types import Box, Bytes, Grey, Ints
from digitus.vision.normalise import EDGE_INK

FAINTEST_GREYS = 10  # grey levels: what differs less from the ground is no ink
FULL_SHARE = 0.9  # of all ink: the quantile of its strength that counts as full ink
SMALLEST_MASS = 6  # pixels: smaller pieces are left out
MOST_PIECES = 500  # more pieces are a texture


@dataclass(frozen=True, eq=False)
class Ink:
    """The ink of a drawing: `strength` [h w], from 0 to 255, and its connected pieces.

    The arrays cover the part of the drawing that has ink, whose top left is `corner` (x, y).
    `labels` [h w] number the pieces from 1, 0 where there is no ink; `boxes` [n 4] are x, y, width
    and height of each, `mass` [n] its pixels.
    """

    strength: Grey
    corner: tuple[int, int]
    labels: npt.NDArray[np.int32]
    boxes: Ints
    mass: Ints

    def __len__(self) -> int:
        return len(self.boxes)

    @cached_property
    def height(self) -> float:
        """The typical height of a piece: the median, each as often as it has pixels."""
        order = self.boxes[:, 3].argsort()
        mass = self.mass[order].cumsum()
        return float(self.boxes[order[np.searchsorted(mass, mass[-1] / 2)], 3])

    @cached_property
    def pen(self) -> float:
        """The width of the strokes in pixels: twice the area, over the length of the outline.

        Rows and columns cross an outline 4/pi times its length, in the mean over all directions.
        """
        inked = np.pad(self.labels > 0, 1)
        crossed = np.count_nonzero(inked[:, 1:] != inked[:, :-1])
        crossed += np.count_nonzero(inked[1:] != inked[:-1])
        return 2 * float(self.mass.sum()) / max(crossed * np.pi / 4, 1)


def extent(boxes: Ints) -> Box:
    """The box around boxes [n 4]."""
    left, top = boxes[:, 0].min(), boxes[:, 1].min()
    right, bottom = (boxes[:, 0] + boxes[:, 2]).max(), (boxes[:, 1] + boxes[:, 3]).max()
    return int(left), int(top), int(right - left), int(bottom - top)


def drawn_ink(grey: Grey) -> Ink:
    """The ink of a drawing [h w]: what differs from the commonest grey, on the side that has more.

    There are no pieces without ink, or where there are so many that it is a texture.
    """
    strength = _strength(grey)
    inked = (strength > 255 * EDGE_INK).view(np.uint8)
    x, y, w, h = cv2.boundingRect(inked)
    left, top = max(0, x - 1), max(0, y - 1)  # an edge is soft
    inked_part = slice(top, y + h + 1), slice(left, x + w + 1)
    strength, inked = strength[inked_part], np.ascontiguousarray(inked[inked_part])
    count, labels, stats, _ = cv2.connectedComponentsWithStats(inked, connectivity=8)
    kept = np.flatnonzero(stats[1:, 4] >= SMALLEST_MASS) + 1
    if len(kept) > MOST_PIECES:
        kept = kept[:0]
    if len(kept) < count - 1:
        numbers = np.zeros(count, np.int32)
        numbers[kept] = np.arange(1, len(kept) + 1)
        labels = numbers[labels]
    corner = left, top
    boxes, mass = stats[kept, :4].astype(np.intp), stats[kept, 4].astype(np.intp)
    return Ink(strength, corner, labels, boxes, mass)


def _strength(grey: Grey) -> Bytes:
    """How strong the ink is at each pixel, 0 to 255."""
    counts = np.bincount(grey.ravel(), minlength=256)
    differ = np.arange(256) - int(counts.argmax())
    side = max((np.maximum(sign * differ, 0) for sign in (-1, 1)), key=lambda by: int(by @ counts))
    order = side.argsort()
    mass = np.where(side[order] > FAINTEST_GREYS, counts[order], 0).cumsum()
    if not mass[-1]:
        return np.zeros_like(grey)
    full = side[order[np.searchsorted(mass, FULL_SHARE * mass[-1])]]
    table = np.clip(np.rint(255 * side / full), 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(grey, table), np.uint8)
