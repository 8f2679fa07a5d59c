"""How the answers of a network that learns pages are counted, and what parts its loss has.

Not inside: what the answers mean (`maps`), the crops that it learns from (`source`).
"""

from __future__ import annotations

from digitus.detection.maps import DIGIT, FINER, FOLLOW, HEAT, LINK, OFFSET, SIZE
from digitus.nn import MultiTask, like, namespace
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
