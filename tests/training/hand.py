"""A hand that digits of the simulated pen have, and what a network makes of it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import cv2
import numpy as np

from digitus.datasets.digits import Digits
from digitus.recognizer import Recognizer
from digitus.synthetic.strokes import strokes
from digitus.types import Bools


@cache
def old() -> Digits:
    """The recognizer has not seen them: half are kept back."""
    return strokes(3000, 11)


def leaning(count: int = 200) -> Digits:
    """A hand whose digits fall over."""
    found = strokes(count, 7)
    way = np.array([[1, 0.8, -11.2], [0, 1, 0]])
    return replace(found, images=np.stack([cv2.warpAffine(i, way, (28, 28)) for i in found.images]))


def wrong(recognizer: Recognizer, digits: Digits) -> Bools:
    found: Bools = recognizer.outputs(digits.images).argmax(1) != digits.labels
    return found
