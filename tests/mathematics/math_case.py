"""One case of an equation: the arrays that its letters stand for, and what digitus computes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from digitus.nn.check import random_params

Scalar = Callable[[Any], float]


@dataclass
class Case:
    """Variables that a formula may use, what digitus says, and what slopes it can be held to."""

    given: dict[str, Any]
    expected: dict[str, Any] = field(default_factory=dict)
    slopes: dict[str, tuple[Scalar, Any]] = field(default_factory=dict)
    tolerance: float = 1e-10


def normal(*shape: int, seed: int = 0) -> Any:
    """Random numbers that are different for each shape and seed."""
    return np.random.default_rng([seed, *shape]).normal(size=shape)


def of_layer(layer: Any, x: Any, *, training: bool = False, **more: Any) -> Case:
    """A layer with random parameters and a random gradient from above."""
    p = random_params(layer, x.shape[1:], np.random.default_rng(1))

    def run(p: Any, x: Any) -> Any:
        return layer.forward(p, x, np.random.default_rng(3) if training else None)

    y, backward = run(p, x)
    dy = np.random.default_rng(2).normal(size=y.shape)
    dx, gradients = backward(dy)
    slopes: dict[str, Any] = {"dx": (lambda x: np.sum(dy * run(p, x)[0]), x)}
    for key in gradients:
        slopes[f"d{key}"] = (lambda w, k=key: np.sum(dy * run(p | {k: w}, x)[0]), p[key])
    given = {"x": x, "y": y, "dy": dy, "n": len(x), **p, **more}
    expected = {"y": y, "dx": dx} | {f"d{key}": g for key, g in gradients.items()}
    return Case(given, expected, slopes)


def of_loss(loss: Any, z: Any, t: Any, name: str, **more: Any) -> Case:
    """A loss; `name` is what the page calls its input."""
    value, dz = loss(z, t)
    slopes: dict[str, Any] = {f"d{name}": (lambda z: loss(z, t)[0], z)}
    given = {name: z, "t": t, "n": len(z), "o": z.shape[1], **more}
    return Case(given, {"L": value, f"d{name}": dz}, slopes)


def one(case: Case) -> Iterator[Case]:
    yield case
