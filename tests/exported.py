"""Small untrained networks that have every layer between them, and pictures to show them."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from digitus import nn
from digitus.nn.arrays import stream
from digitus.recipe import Recipe, planned
from digitus.recognizer import Recognizer
from digitus.synthetic.strokes import strokes
from digitus.types import Images, Matrix

# Between them they have every layer, each where it may stand, in sizes that leave a rest.
LAYERS: dict[str, list[Any]] = {
    "convolutions": [
        nn.Scale(), nn.Conv(4, 3), nn.BatchNorm(), nn.Relu(), nn.MaxPool(2),
        nn.Conv(6, 3, stride=2, padding="valid"), nn.Relu(), nn.Flatten(), nn.Dense(10),
    ],
    "branches": [
        nn.Standardize(20.0), nn.Conv(4, 3, stride=2), nn.BatchNorm(), nn.Relu(),
        nn.Residual(nn.Chain([nn.Conv(4, 3), nn.BatchNorm(), nn.Tanh()])),
        nn.Concat(
            nn.Chain([]),
            nn.Chain([nn.AveragePool(2), nn.Conv(3, 5), nn.Sigmoid(), nn.Upsample(2)]),
        ),
        nn.BatchNorm(), nn.MaxPool(3), nn.Dropout(0.2), nn.Flatten(), nn.Dense(10),
    ],
    "perceptron": [
        nn.Centre(), nn.Scale(80), nn.Flatten(), nn.Dense(12), nn.BatchNorm(), nn.Relu(),
        nn.Dense(9), nn.Tanh(), nn.Dense(10), nn.Sigmoid(),
    ],
    "upright": [
        nn.Scale(), nn.Deslant(5.0), nn.Conv(3, 3), nn.Softmax(), nn.MaxPool(4), nn.Flatten(),
        nn.Dense(10),
    ],
    "memory": [nn.Scale(), nn.Flatten(), nn.Dense(12), nn.Relu(), nn.Exemplars(10, 30)],
    "slanted": [nn.Scale(), nn.Deslant(), nn.Flatten(), nn.Dense(10)],
}  # fmt: skip


@cache
def model(name: str, size: tuple[int, int] = (28, 28)) -> Recognizer:
    """An untrained network, whose answers differ from picture to picture."""
    network = nn.Chain(LAYERS[name])
    rng = stream(3, name)
    params = {}
    for key, shape in planned(network, size).items():
        w = np.asarray(rng.normal(size=shape), np.float32)
        if len(shape) > 1 and key.endswith("W"):
            w *= np.float32(np.sqrt(2 / np.prod(shape[:-1])))
        if key.endswith(("var", "deviation", "gamma", "spread", "votes")):
            w = np.abs(w) + np.float32(0.5)
        if key.endswith("centres"):
            w /= np.linalg.norm(w, axis=1, keepdims=True)
        if key.endswith("mean") and len(shape) > 1:
            w = 40 * np.abs(w)
        params[key] = w
    return Recognizer(
        Recipe(name, network), params, size, temperature=0.7, threshold=0.3, history={}
    )


@cache
def pictures(count: int = 50) -> Images:
    """Digits, and in front of them an empty picture and a full one."""
    images = strokes(count, seed=4).images
    images[0], images[1] = 0, 255
    return images


@cache
def answers(name: str) -> Matrix:
    """The network's own."""
    return model(name).probabilities(pictures())
