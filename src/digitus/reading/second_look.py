"""The recognizer's look at finds: the ink alone of each, in MNIST's form.

Inside: `second_look`. Not inside: which finds it looks at, and what its answers are worth (`look`,
`detection.confidence`); how a picture becomes MNIST's form (`vision.normalise`).
"""

from __future__ import annotations

import numpy as np

from digitus.cancellation import check
from digitus.datasets.digits import SIDE
from digitus.reading.options import ReadingOptions
from digitus.types import Floats32, Grey, Images, Matrix
from digitus.vision.normalise import prepare_each

AROUND = 0.18  # of a find's longer side: what of the picture the recognizer sees around its box
LEAST_PIXELS = 4  # of a side: what has fewer is not shown to the recognizer


def second_look(grey: Grey, boxes: Floats32, options: ReadingOptions) -> tuple[Images, Matrix]:
    """What the recognizer sees of each box [k 28 28], and its answers [k 10]."""
    images: Images = np.zeros((len(boxes), SIDE, SIDE), np.uint8)
    looked: Matrix = np.full((len(boxes), 10), 0.1)
    parts = [_around(grey, box) for box in boxes]
    large = [i for i, part in enumerate(parts) if min(part.shape) >= LEAST_PIXELS]
    shown = []
    for at, prepared in prepare_each([parts[i] for i in large]):
        check()
        if not prepared.blank:
            images[large[at]] = prepared.image
            shown.append(large[at])
    if shown:
        looked[shown] = options.probabilities(list(images[shown]))
    return images, looked


def _around(grey: Grey, box: Floats32) -> Grey:
    """What the recognizer sees of a find: its box and a little more."""
    x, y, w, h = box.tolist()
    more = AROUND * max(w, h)
    left, right = max(0, int(x - w / 2 - more)), int(x + w / 2 + more)
    top, bottom = max(0, int(y - h / 2 - more)), int(y + h / 2 + more)
    return np.ascontiguousarray(grey[top:bottom, left:right])
