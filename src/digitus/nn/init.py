"""Initial parameters: a rule for weights and biases, and the one function that applies it.

Inside: the uniform distribution of Gopa 2024, Glorot and He; other parameters begin at the value
that makes their layer do nothing (`NEUTRAL`). Not inside: measuring statistics (`inputs`).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, prod, sqrt
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from digitus.nn.layers import Chain
from digitus.types import Array, Params, Shape

NEUTRAL = {
    "gamma": 1.0, "beta": 0.0, "mean": 0.0, "var": 1.0, "deviation": 1.0,
    "centres": 0.0, "spread": 1.0, "votes": 0.0,
}  # fmt: skip


@runtime_checkable
class Initializer(Protocol):
    """Draws the first weights W and biases b of a layer."""

    def weight(self, shape: Shape, rng: np.random.Generator) -> Array:
        """W [... i o]."""

    def bias(self, shape: Shape, rng: np.random.Generator) -> Array:
        """b [o]."""


@dataclass(frozen=True)
class Uniform:
    """W and b uniform on [low, high). Gopa 2024: U(-0.5, 0.5)."""

    low: float = -0.5
    high: float = 0.5

    def __post_init__(self) -> None:
        if not -inf < self.low <= self.high < inf:
            raise ValueError(f"low must not exceed high, nor be infinite: {self.low}, {self.high}")

    def weight(self, shape: Shape, rng: np.random.Generator) -> Array:
        """W [... i o]."""
        return rng.uniform(self.low, self.high, shape)

    def bias(self, shape: Shape, rng: np.random.Generator) -> Array:
        """b [o]."""
        return rng.uniform(self.low, self.high, shape)


@dataclass(frozen=True)
class Glorot:
    """W uniform with variance 2 / (fan in + fan out), b = 0 (Glorot & Bengio 2010, equation 16).

    Keeps the size of signals and gradients through layers of sigmoid or tanh.
    """

    def weight(self, shape: Shape, rng: np.random.Generator) -> Array:
        """W [... i o]."""
        limit = sqrt(6 / sum(fans(shape)))
        return rng.uniform(-limit, limit, shape)

    def bias(self, shape: Shape, rng: np.random.Generator) -> Array:
        """b [o]."""
        return np.zeros(shape)


@dataclass(frozen=True)
class He:
    """W normal with variance 2 / fan in, b = 0 (He et al. 2015, equation 10).

    The 2 makes up for the half of its inputs that Relu sets to 0.
    """

    def weight(self, shape: Shape, rng: np.random.Generator) -> Array:
        """W [... i o]."""
        return rng.standard_normal(shape) * sqrt(2 / fans(shape)[0])

    def bias(self, shape: Shape, rng: np.random.Generator) -> Array:
        """b [o]."""
        return np.zeros(shape)


def fans(shape: Shape) -> tuple[int, int]:
    """Connections into one output and out of one input: W [i o], or [k k c o] of a convolution."""
    places = prod(shape[:-2])
    return places * shape[-2], places * shape[-1]


def initial(
    network: Chain,
    shape: Shape,
    rule: Initializer,
    rng: np.random.Generator,
    dtype: npt.DTypeLike = np.float32,
) -> Params:
    """The first parameters of a network whose examples have the given shape.

    Drawn in float64 and rounded, so that a float32 and a float64 network start alike.
    Raises `ShapeError` where a layer does not fit.
    """
    params: Params = {}
    for name, size in network.plan(shape)[0].items():
        kind = name.rpartition(".")[2]
        if kind == "W":
            value = rule.weight(size, rng)
        elif kind == "b":
            value = rule.bias(size, rng)
        else:
            value = np.full(size, NEUTRAL[kind])
        params[name] = value.astype(dtype)
    return params
