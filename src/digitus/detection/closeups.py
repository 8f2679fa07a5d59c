"""Close-ups: one find each, cut out of the picture as it is, with what stands around it.

The page network sees a digit at whatever size its copy of the picture has; the close-up network
sees each of its finds at one size, and says which digit it is, or that it is none. Nothing is
taken away from the picture, no ground and no rules: what belongs to a digit is learnt.

Inside: cutting close-ups, upright and leaning. Not inside: close-ups of made pages, to learn from
(`closeup_examples`), the network (`recipes/closeup.toml`, `closeup`), what is made of its answers
(`confidence`).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import ArrayLike

from digitus.types import Bytes, Floats32, Floats64, Images
from digitus.vision.paper import edge_grey

SIDE = 32  # pixels of a close-up's side
WITHIN = 20  # pixels of it that the longer side of the find's box takes
WIDER = 40  # pixels of what a leaning close-up is taken from, whose corners lie further out
HOW = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP  # is a leaning close-up taken from it
FLAT = 12  # of 255: what differs by less is not stretched to black and white
CLASSES = 11  # the ten digits and none
NONE = 10  # the class of what is no digit


def closeups(grey: Bytes, boxes: Floats32 | Floats64) -> Images:
    """Close-ups [k SIDE SIDE] of boxes [k 4], middle x and y, width and height, in a picture."""
    beyond = edge_grey(grey)
    found = np.empty((len(boxes), SIDE, SIDE), np.uint8)
    for image, box in zip(found, boxes, strict=True):
        image[:] = closeup(grey, box, beyond)
    return found


def closeup(grey: Bytes, box: Floats32 | Floats64, beyond: float) -> Bytes:
    """What stands around the middle of a box, its contrast stretched from 0 to 255."""
    return _stretched(_around(grey, box, beyond, SIDE))


def leaning(grey: Bytes, boxes: Floats32 | Floats64, leans: ArrayLike) -> Bytes:
    """Close-ups [l k SIDE SIDE] of boxes [k 4] as they would look turned or slanted, in l ways.

    Each of the `leans` [l 2 2] leads from a place in the close-up to what is seen there, both as x
    and y from the middle.
    """
    beyond = edge_grey(grey)
    linear = np.asarray(leans, np.float64)
    shift = (WIDER - 1) / 2 - linear.sum(2) * (SIDE - 1) / 2
    found = np.empty((len(linear), len(boxes), SIDE, SIDE), np.uint8)
    for k, box in enumerate(boxes):
        wide = _around(grey, box, beyond, WIDER)
        for image, matrix in zip(found[:, k], np.dstack([linear, shift]), strict=True):
            image[:] = _stretched(np.asarray(cv2.warpAffine(wide, matrix, (SIDE, SIDE), flags=HOW)))
    return found


def _around(grey: Bytes, box: Floats32 | Floats64, beyond: float, pixels: int) -> Bytes:
    """What stands around the middle of a box, in as many pixels; the box is as large in any."""
    x, y, w, h = box.tolist()
    side = max(2, round(max(w, h, 1.0) * pixels / WITHIN))
    left, top = round(x - side / 2), round(y - side / 2)
    height, width = grey.shape
    rows = slice(min(max(top, 0), height), max(min(top + side, height), 0))
    columns = slice(min(max(left, 0), width), max(min(left + side, width), 0))
    part = np.full((side, side), beyond, np.uint8)
    part[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left] = grey[
        rows, columns
    ]
    smooth = cv2.INTER_AREA if side > pixels else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(part, (pixels, pixels), interpolation=smooth))


def _stretched(seen: Bytes) -> Bytes:
    """A close-up with its contrast stretched from 0 to 255."""
    low, high = float(seen.min()), float(seen.max())
    gain = 255 / max(high - low, FLAT)
    return np.asarray(cv2.convertScaleAbs(seen, alpha=gain, beta=-low * gain), np.uint8)
