"""Networks with a score to report on: a recognizer, an evaluation and epochs, made up."""

from __future__ import annotations

from typing import Any

import numpy as np

from digitus import nn
from digitus.datasets.digits import Digits
from digitus.evaluation import Evaluation
from digitus.recipe import Recipe
from digitus.recognizer import Recognizer

DENSE = nn.Chain([nn.Scale(), nn.Flatten(), nn.Dense(70), nn.Relu(), nn.Dense(10)])
CONV = nn.Chain([nn.Scale(), nn.Conv(4), nn.BatchNorm(), nn.MaxPool(), nn.Flatten(), nn.Dense(10)])


def recognizer(network: nn.Chain = DENSE, **settings: Any) -> Recognizer:
    recipe = Recipe("trial", network, **settings)
    return Recognizer(recipe, nn.initial(network, (28, 28, 1), nn.He(), nn.stream(1)))


def evaluation(
    n: int = 300, wrong: int = 40, name: str = "a set", threshold: float = 0.5
) -> Evaluation:
    """Random pictures, `wrong` of them misread, with probabilities of all sizes."""
    rng = nn.stream(2)
    images = rng.integers(0, 256, (n, 28, 28), np.uint8)
    labels = rng.integers(0, 10, n).astype(np.uint8)
    answers = labels.copy()
    answers[:wrong] = (labels[:wrong] + rng.integers(1, 10, wrong)) % 10
    z = rng.normal(size=(n, 10))
    z[np.arange(n), answers] = z.max(axis=1) + rng.uniform(0.1, 6, n)
    return Evaluation(Digits(images, labels, name), nn.softmax(z), threshold)


def epochs(n: int) -> list[dict[str, Any]]:
    return [
        {
            "epoch": i + 1,
            "loss": 2 / (i + 1),
            "accuracy": 1 - 0.5 / (i + 1),
            "development_loss": 1.8 / (i + 1),
            "development_accuracy": 1 - 0.4 / (i + 1),
            "rate": 0.1,
            "seconds": 1.5,
            "images_per_second": 1000.0,
        }
        for i in range(n)
    ]
