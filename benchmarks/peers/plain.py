"""Plain NumPy, as tutorials write a perceptron: matrix products and one array after another."""

from __future__ import annotations

from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from digitus.nn import Adam, Dense, Relu, Sigmoid
from peers import Task


class Learner:
    """Dense layers with Relu or Sigmoid, softmax and cross-entropy, gradient descent or Adam."""

    def __init__(self, task: Task) -> None:
        self.task = task
        layers = [a for a in task.recipe.network.layers if isinstance(a, Dense | Relu | Sigmoid)]
        self.sigmoid = any(isinstance(a, Sigmoid) for a in layers)
        self.names = [name[:-2] for name in task.start.params if name.endswith(".W")]
        self.params = {name: w.copy() for name, w in task.start.params.items()}
        self.m = {name: np.zeros_like(w) for name, w in self.params.items()}
        self.v = {name: np.zeros_like(w) for name, w in self.params.items()}
        self.t = 0
        self.X = task.pixels.reshape(len(task.pixels), -1)
        self.T = np.eye(10, dtype=np.float32)[task.learnt.labels]

    def prepare(self) -> None:
        """Gives BLAS all threads."""
        threadpool_limits(self.task.threads, user_api="blas")

    def epoch(self, number: int) -> float:
        """Batch by batch."""
        total = 0.0
        for batch in self.task.batches(number):
            X = self.X[batch]
            loss, gradients = self.step(X, self.T[batch], self.params)
            self.descend(gradients)
            total += loss * len(X)
        return total / len(self.X)

    def step(
        self, X: np.ndarray, T: np.ndarray, p: dict[str, Any]
    ) -> tuple[float, dict[str, np.ndarray]]:
        """Forward and backward."""
        inputs = []
        A = X
        for k in self.names:
            inputs.append(A)
            Z = A @ p[f"{k}.W"] + p[f"{k}.b"]
            A = 1 / (1 + np.exp(-Z)) if self.sigmoid else np.maximum(Z, 0)
        E = np.exp(Z - Z.max(axis=1, keepdims=True))
        P = E / E.sum(axis=1, keepdims=True)
        loss = -np.sum(T * np.log(P + 1e-30)) / len(X)
        dZ = (P - T) / np.float32(len(X))
        gradients = {}
        for k, A in zip(reversed(self.names), reversed(inputs), strict=True):
            gradients |= {f"{k}.W": A.T @ dZ, f"{k}.b": dZ.sum(axis=0)}
            if k != self.names[0]:
                dA = dZ @ p[f"{k}.W"].T
                dZ = dA * A * (1 - A) if self.sigmoid else dA * (A > 0)
        return float(loss), gradients

    def descend(self, gradients: dict[str, np.ndarray]) -> None:
        """W := W - α dW, or Adam."""
        rule = self.task.recipe.optimizer
        rate = self.task.recipe.schedule(0)
        self.t += 1
        for name, g in gradients.items():
            if not isinstance(rule, Adam):
                self.params[name] -= rate * g
                continue
            self.m[name] = rule.beta1 * self.m[name] + (1 - rule.beta1) * g
            self.v[name] = rule.beta2 * self.v[name] + (1 - rule.beta2) * g**2
            m = self.m[name] / (1 - rule.beta1**self.t)
            v = self.v[name] / (1 - rule.beta2**self.t)
            self.params[name] -= rate * m / (np.sqrt(v) + rule.epsilon)

    def gradients(self, images: np.ndarray, labels: np.ndarray) -> tuple[float, dict[str, Any]]:
        """At the first parameters."""
        X = images.reshape(len(images), -1) / np.float32(255)
        return self.step(X, np.eye(10, dtype=np.float32)[labels], self.task.start.params)

    def close(self) -> None:
        """Nothing to do."""


learner = Learner
