"""A small network that tells twelve signs, and what it learnt from."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from digitus.datasets.digits import Digits
from digitus.recipe import Recipe, from_table
from digitus.recognizer import Recognizer
from digitus.training.loop import Finished, train
from small import TABLE, digits

CLASSES = "abXYZ0123456"  # more than ten, of both cases


def recipe(classes: str = CLASSES, **settings: Any) -> Recipe:
    network = [*TABLE["network"][:-1], {"kind": "Dense", "units": len(classes)}]
    return from_table({**TABLE, "network": network, "classes": classes, **settings})


@cache
def letters() -> Digits:
    """Digits of the pen that are called otherwise: each even image by a sign of the last ones."""
    drawn = digits(600)
    labels = drawn.labels.copy()
    labels[labels < 2] += np.uint8(10) * (np.arange((labels < 2).sum()) % 2).astype(np.uint8)
    return replace(drawn, labels=labels, classes=CLASSES)


@cache
def learnt() -> Recognizer:
    *_, last = train(recipe(epochs=12), letters())
    assert isinstance(last, Finished)
    return last.recognizer
