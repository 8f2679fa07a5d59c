"""What is asked of a network that learns pages: the form of its answers, and how they are counted.

Inside: that. Not inside: what the answers mean (`maps`), the crops that it learns from (`source`).
"""

from __future__ import annotations

from digitus.detection.maps import CHANNELS, DIGIT, HEAT, STRIDE
from digitus.nn import Chain, Shape, like, namespace
from digitus.recipe import planned
from digitus.training.source import Batch
from digitus.types import Array


def planned_page(network: Chain, side: int) -> dict[str, Shape]:
    """The shapes of all parameters of a network that finds digits on crops of that side.

    Raises `ShapeError` where its answers have another form.
    """
    cells = side // STRIDE
    return planned(network, (side, side), (cells, cells, CHANNELS), "the digits of a page")


def found(outputs: Array, targets: Array) -> tuple[int, int]:
    """How many digits are found, and how many there are, from maps [n h w CHANNELS].

    Found is a digit whose middle's cell is hot, with a probability above a half, and which is taken
    for the digit that it is there.
    """
    xp = namespace(outputs)
    t = like(targets, outputs)
    middle = t[..., HEAT.start] >= 1  # false where nobody knows
    hot = outputs[..., HEAT.start] > 0
    same = xp.argmax(outputs[..., DIGIT], axis=-1) == xp.argmax(t[..., DIGIT], axis=-1)
    return int(xp.sum(middle & hot & same)), int(xp.sum(middle))


def digits_found(outputs: Array, batch: Batch) -> tuple[float, float]:
    """The score of a batch: the share of its digits that are found, times its crops.

    Where there is no digit none is missed, and the share is 1.
    """
    right, digits = found(outputs, batch.targets)
    crops = len(batch.inputs)
    return crops * (right / digits if digits else 1.0), crops
