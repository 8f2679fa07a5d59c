"""What a trained network remembers of its training, in the form that its file holds.

Inside: that form, and the check that a file has it. Not inside: training, which writes it, and
reports, which show it.
"""

from __future__ import annotations

import math
from typing import NotRequired, TypedDict, cast

REQUIRED = {"epoch", "loss", "accuracy", "development_loss", "development_accuracy"}
PARTS = "development_parts"


class EpochRecord(TypedDict):
    """An ended epoch, in logs, checkpoints and models.

    A model that something else trained may lack the rate, the times and the parts.
    """

    epoch: int
    loss: float
    accuracy: float
    development_loss: float
    development_accuracy: float
    rate: NotRequired[float]
    seconds: NotRequired[float]
    images_per_second: NotRequired[float]
    development_parts: NotRequired[dict[str, float]]


class AdaptationRecord(TypedDict):
    """What a network learnt from corrections: which, beside which old digits, and how it went."""

    data: dict[str, str]
    examples: int
    beside: str
    beside_sha256: NotRequired[str]  # not in older files
    way: str
    share: float
    confidence: float
    kept_back: dict[str, float | None]
    old: dict[str, float | None]


class History(TypedDict, total=False):
    """Versions, data and epochs. A network that nobody trained has none of it."""

    digitus: str
    numpy: str
    data: dict[str, str]  # its name and its fingerprint
    examples: int
    development: int
    epochs: list[EpochRecord]
    started_from: dict[str, str]  # whose parameters it began with
    adapted: list[AdaptationRecord]


def history_of(about: object) -> History:
    """The history in the metadata of a file, if it can be shown. Raises `ValueError`."""
    if not isinstance(about, dict):
        raise ValueError("its history is not one of training")
    history = dict(about)
    data, epochs = history.get("data", {}), history.get("epochs", [])
    if not isinstance(data, dict) or not isinstance(epochs, list):
        raise ValueError("its history is not one of training")
    for epoch in epochs:
        if not isinstance(epoch, dict) or not epoch.keys() >= REQUIRED:
            raise ValueError("its history of epochs is not one of training")
        parts = epoch.get(PARTS, {})
        values = [value for key, value in epoch.items() if key != PARTS]
        if not isinstance(parts, dict) or not all(map(_finite, [*values, *parts.values()])):
            raise ValueError("its history of epochs is not one of numbers")
    return cast("History", history)


def _finite(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
