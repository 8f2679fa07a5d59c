"""The networks and digits of the rows, as recipes of digitus; peers build theirs from these."""

from __future__ import annotations

from typing import Any

import numpy as np

from digitus.datasets.digits import Digits
from digitus.datasets.sources import load
from digitus.errors import DigitusError
from digitus.nn import He, initial, stream
from digitus.recipe import Recipe, from_table
from digitus.recognizer import Recognizer
from digitus.synthetic.strokes import strokes
from peers import Task
from rows import Size

FOREVER = 100_000  # epochs; whoever times them stops before
SPARE = 10  # images for the development split, beside those that are learnt from
CONV, DENSE, RELU = "Conv", "Dense", {"kind": "Relu"}


def _perceptron(units: int, activation: str = "Relu") -> list[dict[str, Any]]:
    return [
        {"kind": "Scale"},
        {"kind": "Flatten"},
        {"kind": "Dense", "units": units},
        {"kind": activation},
        {"kind": "Dense", "units": 10},
    ]


NETWORKS = {
    "step10": _perceptron(10),
    "epoch128": _perceptron(128, "Sigmoid"),
    "epoch800": _perceptron(800),
    "cnn": [
        {"kind": "Scale"},
        {"kind": CONV, "channels": 32}, RELU,
        {"kind": CONV, "channels": 32}, RELU,
        {"kind": "MaxPool"},
        {"kind": CONV, "channels": 64}, RELU,
        {"kind": "MaxPool"},
        {"kind": "Flatten"},
        {"kind": DENSE, "units": 128}, RELU,
        {"kind": DENSE, "units": 10},
    ],
}  # fmt: skip
SETTINGS: dict[str, dict[str, Any]] = {
    "step10": {"optimizer": {"kind": "GradientDescent"}, "batch_size": 0},
    "epoch128": {"optimizer": {"kind": "GradientDescent"}, "batch_size": 128},
    "epoch800": {"optimizer": {"kind": "Adam"}, "batch_size": 256},
    "cnn": {"optimizer": {"kind": "Adam"}, "batch_size": 128},
}
RATES = {"step10": 0.1, "epoch128": 0.1, "epoch800": 0.001, "cnn": 0.001}


def recipe(name: str) -> Recipe:
    """The recipe of a row."""
    return from_table(
        {
            "name": name,
            "network": NETWORKS[name],
            "schedule": {"kind": "Constant", "rate": RATES[name]},
            "development": SPARE,
            "epochs": FOREVER,
            **SETTINGS[name],
        }
    )


def digits(count: int) -> Digits:
    """MNIST from this machine, or else digits of the simulated pen, repeated to be so many."""
    try:
        found = load("mnist", "train", download=False)
    except DigitusError:
        found = strokes(min(count, 6_000), 0)
    return found.take(np.arange(count) % len(found))


def task(name: str, size: Size, threads: int) -> Task:
    """The task of a row, with exactly as many images to learn from as the row says."""
    learnt = size.steps * 128 if name == "cnn" else size.images
    return Task(recipe(name), digits(learnt + SPARE), threads)


def recognizer(name: str) -> Recognizer:
    """A recognizer with first weights: how long it takes does not depend on what it answers."""
    about = recipe(name)
    params = initial(about.network, (28, 28, 1), He(), stream(0, "initial"))
    return Recognizer(about, params, temperature=1.5)
