"""Losses: how wrong an output is, and the gradient of that by the output.

A loss takes what the network gives, [n o], and targets t [n o], one-hot or any probabilities, and
returns ``(loss, dz)``. Both are means over the batch, so the learning rate does not depend on its
size. Weight decay is not a loss: it belongs to the optimizer. Not inside: losses for networks that
answer at every place of a picture (`place_losses`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from digitus.nn.arrays import FUNCTIONS, namespace
from digitus.nn.dispatch import own_kernels
from digitus.types import Array


@runtime_checkable
class Loss(Protocol):
    """What every loss offers."""

    def __call__(self, z: Array, t: Array, /) -> tuple[Array, Array]:
        """Outputs z and targets t, both [n ...], to the loss and dz."""


@dataclass(frozen=True)
class SoftmaxCrossEntropy:
    """L = -mean Σₒ t log softmax(z);   dz = (softmax(z) - t) / n. Takes logits z.

    Gopa 2024 writes the gradient dZ2 = A2 - Y. log softmax is computed as z - max z - log Σ e^(z -
    max z), so that neither a large z nor a probability of 0 can make it infinite.
    `smoothing` mixes the targets with the uniform distribution (Szegedy et al. 2016).
    """

    smoothing: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.smoothing < 1:
            raise ValueError(f"smoothing must be at least 0 and below 1, not {self.smoothing}")

    def __call__(self, z: Array, t: Array) -> tuple[Array, Array]:
        """Logits z [n o] and targets t [n o] to the loss and dz [n o]."""
        xp = namespace(z)
        n, o = z.shape
        own = own_kernels(z) if xp is FUNCTIONS and z.size and z.shape == t.shape else None
        if own:
            return own.softmax_cross_entropy(z, t, self.smoothing)
        if self.smoothing:
            t = t * (1 - self.smoothing) + self.smoothing / o
        shifted = z - xp.max(z, axis=1, keepdims=True)
        e = xp.exp(shifted)
        total = xp.sum(e, axis=1, keepdims=True)
        loss = xp.sum(t * (xp.log(total) - shifted)) / n
        return loss, (e / total - t) / n


@dataclass(frozen=True)
class SquaredError:
    """L = mean ½ ‖y - t‖²;   dy = (y - t) / n.

    Shao 2023 trains with it, on sigmoid outputs and one-hot targets. The ½ only makes the gradient
    plain; without it the learning rate would be half as large.
    """

    def __call__(self, y: Array, t: Array) -> tuple[Array, Array]:
        """Outputs y [n o] and targets t [n o] to the loss and dy [n o]."""
        n = y.shape[0]
        error = y - t
        return namespace(y).sum(error * error) / (2 * n), error / n
