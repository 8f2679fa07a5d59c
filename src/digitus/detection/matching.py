"""Matching: which digit of a page each find of the page network is.

Inside: `truth_of`, by which the confidence is fitted and the close-up network's finds are labelled.
Not inside: finding (`detector`), the score of a network (`score`).
"""

from __future__ import annotations

import numpy as np

from digitus.detection.maps import Peaks
from digitus.synthetic.pages.pages import Page
from digitus.types import Floats32, Floats64, Ints

SAME = 0.3  # of the union of two boxes: a find that shares as much with a digit is that digit


def truth_of(found: Peaks, page: Page) -> Ints:
    """The digit at each find [k], -1 where there is none; each digit is found once."""
    truth, taken = np.full(len(found), -1, np.int64), set[int]()
    for k in np.argsort(-found.heat):
        shares = shared(found.boxes[k], page)
        free = [n for n in np.argsort(-shares).tolist() if n not in taken and shares[n] > SAME]
        if free:
            taken.add(free[0])
            truth[k] = page.digits[free[0]][0]
    return truth


def shared(box: Floats32, page: Page) -> Floats64:
    """Intersection over union of a find's box [4] with that of each digit of a page, [digits]."""
    x, y, w, h = box.tolist()
    digits = np.array([at for _, at, _ in page.digits], np.float64).reshape(-1, 4)
    left, top, wide, high = digits.T
    across = np.minimum(x + w / 2, left + wide) - np.maximum(x - w / 2, left)
    down = np.minimum(y + h / 2, top + high) - np.maximum(y - h / 2, top)
    both = np.maximum(across, 0) * np.maximum(down, 0)
    share: Floats64 = both / (w * h + wide * high - both)
    return share
