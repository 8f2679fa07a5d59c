"""JAX: the whole step is one compiled function of (parameters, batch), with its arrays donated."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from digitus import nn as own
from digitus.recognizer import Recognizer
from peers import Predictor, Task


def forward(chain: own.Chain, p: dict[str, Any], x: Any) -> Any:
    """Pixels [n h w c] from 0 to 1 to logits."""
    for i, layer in enumerate(chain.layers):
        match layer:
            case own.Conv():
                border = (layer.border, layer.border)
                x = p[f"{i}.b"] + lax.conv_general_dilated(
                    x,
                    p[f"{i}.W"],
                    (layer.stride, layer.stride),
                    (border, border),
                    dimension_numbers=("NHWC", "HWIO", "NHWC"),
                )
            case own.MaxPool(size=s):
                window = (1, s, s, 1)
                x = lax.reduce_window(x, -jnp.inf, lax.max, window, window, "VALID")
            case own.Dense():
                x = x @ p[f"{i}.W"] + p[f"{i}.b"]
            case own.Relu():
                x = jax.nn.relu(x)
            case own.Sigmoid():
                x = jax.nn.sigmoid(x)
            case own.Flatten():
                x = x.reshape(len(x), -1)
    return x


def cross_entropy(chain: own.Chain, p: dict[str, Any], x: Any, label: Any) -> Any:
    """Mean over the batch."""
    log_p = jax.nn.log_softmax(forward(chain, p, x))
    return -jnp.take_along_axis(log_p, label[:, None], axis=1).mean()


class Learner:
    """An epoch is a loop over the compiled step."""

    def __init__(self, task: Task) -> None:
        self.task = task
        recipe = task.recipe
        self.value = jax.jit(jax.value_and_grad(partial(cross_entropy, recipe.network)))
        self.params = {name: jnp.array(w) for name, w in task.start.params.items()}
        self.memory = {
            name: (jnp.zeros_like(w), jnp.zeros_like(w)) for name, w in self.params.items()
        }
        self.t = 0
        self.X = jnp.asarray(task.pixels)
        self.y = jnp.array(task.learnt.labels, jnp.int32)
        self.step = jax.jit(partial(update, recipe), donate_argnums=(0, 1))

    def prepare(self) -> None:
        """Its threads are fixed at the start, by the environment."""

    def epoch(self, number: int) -> float:
        """Batch by batch; waits for the last."""
        total = jnp.zeros(())
        for batch in self.task.batches(number):
            self.t += 1
            X, y = (self.X, self.y) if isinstance(batch, slice) else self.taken(batch)
            self.params, self.memory, loss = self.step(self.params, self.memory, X, y, self.t)
            total += loss * len(X)
        jax.block_until_ready(self.params)
        return float(total) / len(self.X)

    def taken(self, batch: np.ndarray) -> tuple[Any, Any]:
        """The pixels and labels of a batch."""
        return take(self.X, self.y, batch)

    def gradients(self, images: np.ndarray, labels: np.ndarray) -> tuple[float, dict[str, Any]]:
        """At the first parameters."""
        X = images[..., None].astype(np.float32) / np.float32(255)
        loss, found = self.value(self.task.start.params, X, labels.astype(np.int32))
        return float(loss), {name: np.asarray(g) for name, g in found.items()}

    def close(self) -> None:
        """Nothing to do."""


learner = Learner


@jax.jit
def take(X: Any, y: Any, batch: Any) -> tuple[Any, Any]:
    """Rows of both by their indices."""
    return X[batch], y[batch]


def update(recipe: Any, params: Any, memory: Any, X: Any, y: Any, t: Any) -> Any:
    """One step: gradient descent or Adam."""
    loss, found = jax.value_and_grad(partial(cross_entropy, recipe.network))(params, X, y)
    rule, rate = recipe.optimizer, recipe.schedule(0)
    if not isinstance(rule, own.Adam):
        return {k: w - rate * found[k] for k, w in params.items()}, memory, loss
    new, kept = {}, {}
    for k, w in params.items():
        m = rule.beta1 * memory[k][0] + (1 - rule.beta1) * found[k]
        v = rule.beta2 * memory[k][1] + (1 - rule.beta2) * found[k] ** 2
        width = jnp.sqrt(v / (1 - rule.beta2**t)) + rule.epsilon
        new[k] = w - rate * (m / (1 - rule.beta1**t)) / width
        kept[k] = (m, v)
    return new, kept, loss


def predictor(recognizer: Recognizer, threads: int, count: int, stack: ExitStack) -> Predictor:
    """Bytes to probabilities by one compiled function."""
    chain = recognizer.recipe.network
    params = {name: jnp.array(w) for name, w in recognizer.params.items()}

    @jax.jit
    def probabilities(images: Any) -> Any:
        z = forward(chain, params, images[..., None] * np.float32(1 / 255))
        return jax.nn.softmax(z / recognizer.temperature)

    return lambda images: np.asarray(probabilities(images))
