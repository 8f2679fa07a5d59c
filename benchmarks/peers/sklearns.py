"""scikit-learn's `MLPClassifier`, which learns one epoch by `partial_fit`, in single precision.

It shuffles in its own order, of the same cost. Its gradients are read off a step of gradient
descent.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from digitus.nn import Adam, Conv, Dense, Sigmoid
from peers import Task


class Learner:
    """Perceptrons only."""

    def __init__(self, task: Task) -> None:
        layers = task.recipe.network.layers
        if any(isinstance(a, Conv) for a in layers):
            raise NotImplementedError("it has no convolution")
        self.task = task
        self.X = task.pixels.reshape(len(task.pixels), -1)
        self.y = task.learnt.labels
        self.model = self.made(task.batch_size)

    def made(self, batch_size: int, rate: float = 0, solver: str = "") -> MLPClassifier:
        """A model with the task's first weights."""
        recipe = self.task.recipe
        sigmoid = any(isinstance(a, Sigmoid) for a in recipe.network.layers)
        hidden = [a.units for a in recipe.network.layers if isinstance(a, Dense)][:-1]
        model = MLPClassifier(
            hidden_layer_sizes=hidden,
            activation="logistic" if sigmoid else "relu",
            solver=solver or ("adam" if isinstance(recipe.optimizer, Adam) else "sgd"),
            alpha=0,
            batch_size=batch_size,
            learning_rate_init=rate or recipe.schedule(0),
            momentum=0,
            shuffle=len(self.X) > batch_size,
            random_state=0,
        )
        few = min(len(self.X), batch_size)
        model.partial_fit(self.X[:few], self.y[:few], classes=np.arange(10))
        del model._optimizer  # begins anew, at the weights below
        params = self.task.start.params
        for name, mine in (("W", model.coefs_), ("b", model.intercepts_)):
            theirs = [w for key, w in params.items() if key.endswith(f".{name}")]
            for a, w in zip(mine, theirs, strict=True):
                if a.dtype != w.dtype:
                    raise TypeError(f"scikit-learn works in {a.dtype}")
                a[...] = w
        return model

    def prepare(self) -> None:
        """Gives BLAS all threads."""
        threadpool_limits(self.task.threads, user_api="blas")

    def epoch(self, number: int) -> float:
        """By `partial_fit`."""
        self.model.partial_fit(self.X, self.y)
        return float(self.model.loss_)

    def gradients(self, images: np.ndarray, labels: np.ndarray) -> tuple[float, dict[str, Any]]:
        """From one step at a rate of 1."""
        model = self.made(len(images), rate=1, solver="sgd")
        model.shuffle = False
        X = images.reshape(len(images), -1) / np.float32(255)
        model.partial_fit(X, labels)
        start = self.task.start.params
        names = [name[:-2] for name in start if name.endswith(".W")]
        found = {}
        for k, W, b in zip(names, model.coefs_, model.intercepts_, strict=True):
            found |= {f"{k}.W": start[f"{k}.W"] - W, f"{k}.b": start[f"{k}.b"] - b}
        return float(model.loss_), found

    def close(self) -> None:
        """Nothing to do."""


learner = Learner
