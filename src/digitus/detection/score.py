"""How the answers of a network that learns pages are counted.

Not inside: what the answers mean (`maps`), the crops that it learns from (`source`).
"""

from __future__ import annotations

from digitus.detection.maps import DIGIT, HEAT
from digitus.nn import like, namespace
from digitus.training.source import Batch
from digitus.types import Array


def found(outputs: Array, batch: Batch) -> tuple[float, float]:
    """How many digits are found, and how many there are, from maps [n h w CHANNELS].

    Found is a digit whose middle's cell is hot, with a probability above a half, and which is taken
    for the digit that it is there.
    """
    xp = namespace(outputs)
    t = like(batch.targets, outputs)
    middle = t[..., HEAT.start] >= 1  # false where nobody knows
    hot = outputs[..., HEAT.start] > 0
    same = xp.argmax(outputs[..., DIGIT], axis=-1) == xp.argmax(t[..., DIGIT], axis=-1)
    return float(xp.sum(middle & hot & same)), float(xp.sum(middle))


def digits_found(outputs: Array, batch: Batch) -> tuple[float, float]:
    """The score of a batch: the share of its digits that are found, times its crops.

    Where there is no digit none is missed, and the share is 1.
    """
    right, digits = found(outputs, batch)
    crops = len(batch.inputs)
    return crops * (right / digits if digits else 1.0), crops
