"""The score of a page network in training, and the names of its loss's parts.

Not inside: what the answers mean (`maps`), the crops that it learns from (`crops`).
"""

from __future__ import annotations

from digitus.detection.maps import DIGIT, FINER, FOLLOW, HEAT, LINK, OFFSET, SIZE
from digitus.nn import MultiTask, like, namespace
from digitus.training.source import Batch
from digitus.types import Array


def found(outputs: Array, batch: Batch) -> tuple[float, float]:
    """How many digits are found, and how many there are, from maps [n h w CHANNELS].

    A digit is found if its middle's cell is hot, with a probability above a half, and names it.
    """
    xp = namespace(outputs)
    t = like(batch.targets, outputs)
    middle = t[..., HEAT.start] >= 1  # false for NaN
    hot = outputs[..., HEAT.start] > 0
    same = xp.argmax(outputs[..., DIGIT], axis=-1) == xp.argmax(t[..., DIGIT], axis=-1)
    return float(xp.sum(middle & hot & same)), float(xp.sum(middle))


def digits_found(outputs: Array, batch: Batch) -> tuple[float, float]:
    """The score of a batch: the share of its digits that are found, times its crops.

    Without digits the share is 1.
    """
    right, digits = found(outputs, batch)
    crops = len(batch.inputs)
    return crops * (right / digits if digits else 1.0), crops


ANSWERS = {
    "heat": HEAT, "offset": OFFSET, "size": SIZE, "link": LINK, "follow": FOLLOW, "digit": DIGIT,
    "finer": FINER,
}  # fmt: skip


def part_names(loss: MultiTask) -> list[str]:
    """What each part of a loss is about, by its channels: "heat", "offset and size", ..."""
    names, start = [], 0
    for _, channels, _ in loss.parts:
        own = [name for name, at in ANSWERS.items() if at.start < start + channels]
        names.append(" and ".join(name for name in own if ANSWERS[name].stop > start))
        start += channels
    return names
