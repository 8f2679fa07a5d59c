"""A dense layer with a memory: examples it has seen, each of which votes for what comes near it.

Inside: `Exemplars`, and its equation without the way back, for exports (`recalled`). Not inside:
which examples are remembered, and how far each of them reaches (`training.exemplars`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from digitus.errors import ShapeError
from digitus.nn.arrays import namespace
from digitus.nn.layers import Backward, Dense, Rng, Shapes, sum_rows
from digitus.types import Array, Params, Shape

EPSILON = 1e-6  # added to a squared length, which is divided by
LEAST = 1e-30  # votes below it count for nothing, since they have no logarithm


@dataclass(frozen=True)
class Exemplars:
    """y = log(p + k V);   dz = p (g - Σₒ g p),   dx = dz Wᵀ + (dx̂ - x̂ Σᵢ x̂ dx̂) / |x|.

    The last layer of a classifier, p = softmax(z) with z = x W + b, and in front of it e examples.
    C [e i] holds their features, of length 1. Each answers around itself: with x̂ = x / |x|,

        k[n e] = e^((x̂[n] C[e] - 1) / s[e]),

    a Gaussian of the variance s, since |x̂ - C|² = 2 (1 - x̂ C). What it says there are its votes
    V [e o], at least 0, which join the probabilities: softmax(y) = (p + k V) / (1 + Σₒ k V). Far
    from all examples k is 0, and softmax(y) is p. So nearest neighbours and a network are mixed
    (Khandelwal et al. 2020), by a kernel on their features (Zhang et al. 2022, who add it to z).

    C, s and V are not trained but put there; without votes the memory is empty. With
    g = dy / (p + k V):   dx̂ = (k (g Vᵀ) / s) C,   dW = xᵀ dz,   db = Σₙ dz.
    """

    units: int
    examples: int

    def __post_init__(self) -> None:
        for name in ("units", "examples"):
            if getattr(self, name) < 1:
                count = getattr(self, name)
                raise ValueError(f"Exemplars' {name} must be at least 1, not {count}")

    def plan(self, shape: Shape) -> tuple[Shapes, Shape]:
        """[i] to [units]."""
        if len(shape) != 1:
            raise ShapeError(f"needs a vector, but gets {list(shape)}; put a Flatten before it")
        shapes, out = Dense(self.units).plan(shape)
        memory = {
            "centres": (self.examples, *shape),
            "spread": (self.examples,),
            "votes": (self.examples, self.units),
        }
        return shapes | memory, out

    def forward(self, p: Params, x: Array, rng: Rng = None) -> tuple[Array, Backward]:
        """x [n i] to y [n o]."""
        xp, given = namespace(x), x.dtype
        # In float32 at least: what is near differs from what is far in the third digit.
        x, *own = (
            xp.asarray(a) if a.dtype.itemsize > 2 else xp.astype(a, xp.float32)
            for a in (x, *(p[name] for name in ("W", "b", "centres", "spread", "votes")))
        )
        W, b, centres, spread, votes = own
        y, log_p, log_v, near, unit, length = recalled(x @ W + b, x, centres, spread, votes)

        def backward(dy: Array, want_dx: bool = True) -> tuple[Array, Params]:
            dy = xp.asarray(dy) if dy.dtype.itemsize > 2 else xp.astype(dy, xp.float32)
            dlog_p = dy * xp.exp(log_p - y)  # g p
            dz = dlog_p - xp.exp(log_p) * xp.sum(dlog_p, axis=1, keepdims=True)
            gradients = {"W": xp.matrix_transpose(x) @ dz, "b": sum_rows(dz)}
            dx = None
            if want_dx:
                # g = dy / q, which could be too large for a number where q is that small.
                voted = xp.exp(log_v)
                g = xp.where(voted <= LEAST, 0.0, dy * xp.exp(log_v - y) / voted)
                dunit = (near * (g @ xp.matrix_transpose(votes)) / spread) @ centres
                inner = xp.sum(unit * dunit, axis=1, keepdims=True)
                dx = dz @ xp.matrix_transpose(W) + (dunit - unit * inner) / length
                dx = xp.astype(dx, given)
            return dx, {name: xp.astype(g, given) for name, g in gradients.items()}

        return xp.astype(y, given), backward


class Recalled(NamedTuple):
    """The output y, and what it is made of: log p, log k V, k, x̂ and the lengths |x|."""

    y: Array
    log_p: Array
    log_v: Array
    near: Array
    unit: Array
    length: Array


def recalled(z: Array, x: Array, centres: Array, spread: Array, votes: Array) -> Recalled:
    """What a memory makes of z = x W + b, for features x."""
    xp = namespace(x)
    z = z - xp.max(z, axis=1, keepdims=True)
    log_p = z - xp.log(xp.sum(xp.exp(z), axis=1, keepdims=True))
    length = xp.sqrt(xp.sum(x * x, axis=1, keepdims=True) + EPSILON)
    unit = x / length
    near = xp.exp((unit @ xp.matrix_transpose(centres) - 1) / spread)  # k [n e]
    voted = near @ votes
    log_v = xp.log(xp.clip(voted, min=LEAST))
    larger = xp.maximum(log_p, log_v)
    y = larger + xp.log(xp.exp(log_p - larger) + xp.exp(log_v - larger))
    y = xp.where(voted <= LEAST, log_p, y)  # what is no number must come out
    return Recalled(y, log_p, log_v, near, unit, length)
