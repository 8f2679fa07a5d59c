"""Layers: every equation of the network, forward and backward side by side.

A layer is a frozen dataclass that holds *settings only*. Two things can be asked of it:

``plan(shape)``
    shapes in, shapes out, for one example and before any array exists: the shapes of the parameters
    and of the output. Raises `ShapeError` where the layer does not fit.
``forward(p, x, rng=None)``
    the output and a function ``backward(dy, want_dx=True)`` that returns the gradient by the input
    (None if not wanted) and by each trained parameter. ``rng=None`` means inference and is the only
    switch between inference and training.

Parameters live outside, in a flat dict. Nothing here is changed by a call. Inside: the dense layer,
activations, dropout, flattening and `Chain`. Not inside: layers for images (`spatial`), layers that
prepare the input (`inputs`), layers with chains inside (`branches`), names of parameters
(`parameters`), losses (`losses`). `check` holds every layer against differences.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Protocol, TypeAlias

import numpy as np

from digitus.errors import ShapeError
from digitus.nn.arrays import Stream, namespace
from digitus.nn.dispatch import own_kernels
from digitus.nn.parameters import numbered, prefixed, scoped, trained
from digitus.types import Array, Params, Shape

Rng: TypeAlias = "np.random.Generator | Stream | None"  # a string, not to import numpy.random
Shapes: TypeAlias = dict[str, Shape]
Backward: TypeAlias = Callable[..., tuple[Array, Params]]  # (dy, want_dx=True) -> (dx, gradients)


class Layer(Protocol):
    """What every layer offers; see the module's text for the meaning."""

    def plan(self, shape: Shape) -> tuple[Shapes, Shape]:
        """Shapes of the parameters and of the output, for one example of the given shape."""

    def forward(self, p: Params, x: Array, rng: Rng = None) -> tuple[Array, Backward]:
        """The output for inputs x [n ...], and the function that carries a gradient back."""


def sum_rows(x: Array) -> Array:
    """Σₙ x[n, o]. As a product with ones: BLAS adds in blocks, faster and with less rounding."""
    xp = namespace(x)
    return xp.ones((x.shape[0],), dtype=x.dtype, device=x.device) @ x


@dataclass(frozen=True)
class Dense:
    """y = x W + b;   dx = dy Wᵀ,   dW = xᵀ dy,   db = Σₙ dy.

    Every output sees every input. Gopa 2024 writes the same with examples as columns: Z = W X + b.
    """

    units: int

    def __post_init__(self) -> None:
        if self.units < 1:
            raise ValueError(f"Dense's units must be at least 1, not {self.units}")

    def plan(self, shape: Shape) -> tuple[Shapes, Shape]:
        """[i] to [units]."""
        if len(shape) != 1:
            raise ShapeError(f"needs a vector, but gets {list(shape)}; put a Flatten before it")
        return {"W": (shape[0], self.units), "b": (self.units,)}, (self.units,)

    def forward(self, p: Params, x: Array, rng: Rng = None) -> tuple[Array, Backward]:
        """x [n i] to y [n o]."""
        y = x @ p["W"]
        y += p["b"]

        def backward(dy: Array, want_dx: bool = True) -> tuple[Array, Params]:
            dx = dy @ p["W"].T if want_dx else None  # [n i]
            return dx, {"W": x.T @ dy, "b": sum_rows(dy)}

        return y, backward


@dataclass(frozen=True)
class Elementwise:
    """What the activations share: any shape, no parameters."""

    def plan(self, shape: Shape) -> tuple[Shapes, Shape]:
        """The shape is kept."""
        return {}, shape


@dataclass(frozen=True)
class Relu(Elementwise):
    """y = max(x, 0);   dx = dy 1[x > 0].

    At x = 0, where there is no derivative, that is 0.
    """

    def forward(self, p: Params, x: Array, rng: Rng = None) -> tuple[Array, Backward]:
        """Any shape."""
        xp = namespace(x)
        y = xp.clip(x, min=0)

        def backward(dy: Array, want_dx: bool = True) -> tuple[Array, Params]:
            if own := own_kernels(dy):
                return own.gate(dy, y), {}
            return dy * xp.astype(y > 0, dy.dtype), {}

        return y, backward


@dataclass(frozen=True)
class Sigmoid(Elementwise):
    """y = 1 / (1 + e⁻ˣ);   dx = dy y (1 - y).

    Computed as (1 + tanh(x/2)) / 2, which is the same function and cannot overflow. A y smaller
    than the rounding of 1 loses its digits, which no loss here notices.
    """

    def forward(self, p: Params, x: Array, rng: Rng = None) -> tuple[Array, Backward]:
        """Any shape."""
        y = namespace(x).tanh(x * 0.5)
        y += 1.0
        y *= 0.5

        def backward(dy: Array, want_dx: bool = True) -> tuple[Array, Params]:
            return dy * y * (1.0 - y), {}

        return y, backward


@dataclass(frozen=True)
class Tanh(Elementwise):
    """y = tanh x;   dx = dy (1 - y²)."""

    def forward(self, p: Params, x: Array, rng: Rng = None) -> tuple[Array, Backward]:
        """Any shape."""
        y = namespace(x).tanh(x)

        def backward(dy: Array, want_dx: bool = True) -> tuple[Array, Params]:
            return dy * (1.0 - y * y), {}

        return y, backward


@dataclass(frozen=True)
class Softmax(Elementwise):
    """yᵢ = eˣⁱ / Σⱼ eˣʲ;   dx = y (dy - Σⱼ dyⱼ yⱼ).

    Over the last axis. For display. To train, leave it out: `SoftmaxCrossEntropy` takes what comes
    before it, because the two together have the simple and stable gradient y - t.
    """

    def forward(self, p: Params, x: Array, rng: Rng = None) -> tuple[Array, Backward]:
        """[n o] to rows that sum to 1."""
        y = softmax(x)

        def backward(dy: Array, want_dx: bool = True) -> tuple[Array, Params]:
            return y * (dy - namespace(y).sum(dy * y, axis=-1, keepdims=True)), {}

        return y, backward


def softmax(z: Array) -> Array:
    """eᶻ / Σ eᶻ over the last axis; the largest z is subtracted first, so nothing overflows."""
    xp = namespace(z)
    e = xp.exp(z - xp.max(z, axis=-1, keepdims=True))
    return e / xp.sum(e, axis=-1, keepdims=True)


@dataclass(frozen=True)
class Dropout(Elementwise):
    """y = x m / (1 - r);   dx = dy m / (1 - r).

    m is 0 with the probability r, the rate, else 1. Training only: at inference y = x. (Srivastava
    et al. 2014, in the "inverted" form.)
    """

    rate: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.rate < 1:
            raise ValueError(f"Dropout's rate must be at least 0 and below 1, not {self.rate}")

    def forward(self, p: Params, x: Array, rng: Rng = None) -> tuple[Array, Backward]:
        """Any shape."""
        if rng is None or self.rate == 0:
            return x, lambda dy, want_dx=True: (dy, {})
        kept = rng.random(x.shape, dtype=np.float32) >= self.rate
        xp = namespace(x)
        m = xp.astype(xp.asarray(kept, device=x.device), x.dtype)
        m *= 1 / (1 - self.rate)
        return x * m, lambda dy, want_dx=True: (dy * m, {})


@dataclass(frozen=True)
class Flatten:
    """y[n i] = x[n h w c];   dx[n h w c] = dy[n i].

    An image as one vector; the gradient gets the image's shape back.
    """

    def plan(self, shape: Shape) -> tuple[Shapes, Shape]:
        """Any shape to [its product]."""
        return {}, (prod(shape),)

    def forward(self, p: Params, x: Array, rng: Rng = None) -> tuple[Array, Backward]:
        """[n ...] to [n i]."""
        y = x.reshape((x.shape[0], prod(x.shape[1:])))  # not -1: a batch may be empty
        return y, lambda dy, want_dx=True: (dy.reshape(x.shape), {})


@dataclass(frozen=True)
class Chain:
    """Layers one after the other: y = fₖ(... f₂(f₁(x)));   dx by the chain rule, last to first.

    The parameters of layer 3 are named "3.W", "3.b".
    """

    layers: tuple[Layer, ...]

    def __init__(self, layers: Sequence[Layer]) -> None:
        object.__setattr__(self, "layers", tuple(layers))

    def __reduce__(self) -> tuple[object, ...]:
        """Only its layers: a chain that has been used is pickled as one that has not."""
        return Chain, (self.layers,)

    def plan(self, shape: Shape) -> tuple[Shapes, Shape]:
        """Plans every layer. Raises `ShapeError` naming the layer that does not fit, and why."""
        shapes: Shapes = {}
        for i, layer in enumerate(self.layers):
            try:
                own, shape = layer.plan(shape)
            except ShapeError as error:
                why = f"layer {i}, {layer}: {error}"
                raise ShapeError(why, "shape", n=i, layer=str(layer)) from None
            shapes |= prefixed(i, own)
        return shapes, shape

    @cached_property
    def stages(self) -> tuple[tuple[int, Layer], ...]:
        """The layers, alone or in blocks (`blocks`), each with the number of its first layer."""
        found: list[tuple[int, Layer]] = []
        for i, layer in enumerate(self.layers):
            first, last = found[-1] if found else (0, layer)
            block = last.joined(layer) if found and hasattr(last, "joined") else None
            found[len(found) - bool(block) :] = [(first, block) if block else (i, layer)]
        return tuple(found)

    def forward(self, p: Params, x: Array, rng: Rng = None) -> tuple[Array, Backward]:
        """Through all layers."""
        trail: list[tuple[int, Backward]] = []
        scopes = scoped(p, len(self.layers))
        for i, stage in self.stages:
            x, back = stage.forward(scopes[i], x, rng)
            trail.append((i, back))

        def backward(dy: Array, want_dx: bool = True) -> tuple[Array, Params]:
            # Below the first trained layer nobody asks for a gradient, unless the caller does:
            # without that product a step of a perceptron takes a quarter less time.
            gradients: Params = {}
            first = 0 if want_dx else first_trained(self, p)
            for i, back in reversed(trail):
                if i < first:
                    break
                dy, own = back(dy, want_dx or i > first)
                gradients |= prefixed(i, own)
            return (dy if want_dx else None), gradients

        return x, backward


def first_trained(network: Chain, p: Params) -> int:
    """The number of the first layer that is trained: those before it prepare the input."""
    numbers = [number for number, own in numbered(p) if trained(own)]
    return min(numbers, default=len(network.layers))
