"""Layers that hold chains of their own, so that a network can fork and come together again.

Inside: `Residual`, `Concat`, and the ways into nested layers: `branches` and `walk`. Not inside:
the chain itself (`layers`), measuring the statistics of nested layers (`inputs.calibrated`).

A chain without layers is the identity, so that a path around others is ``Chain([])``. A network in
the shape of a U (Ronneberger et al. 2015) is ``Concat(Chain([]), Chain([down, ..., Upsample()]))``,
with perhaps another such `Concat` in the place of the dots.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from digitus.errors import ShapeError
from digitus.nn.arrays import namespace
from digitus.nn.layers import Backward, Chain, Layer, Rng, Shapes
from digitus.nn.parameters import prefixed, scoped
from digitus.types import Array, Params, Shape


@dataclass(frozen=True)
class Residual:
    """y = x + f(x);   dx = dy + dy ∂f/∂x. f is the body, which keeps the shape.

    The body learns what is to be changed about x, and the gradient has a way past it (He et al.
    2016). The parameters have the body's names.
    """

    body: Chain

    def __str__(self) -> str:
        return f"Residual({len(self.body.layers)} layers)"

    def branches(self) -> dict[str, Chain]:
        """See `branches`."""
        return {"": self.body}

    def plan(self, shape: Shape) -> tuple[Shapes, Shape]:
        """The shape is kept."""
        shapes, out = self.body.plan(shape)
        if out != shape:
            raise ShapeError(
                f"its body makes {list(out)} of {list(shape)}; to be added they must be the same"
            )
        return shapes, shape

    def forward(self, p: Params, x: Array, rng: Rng = None) -> tuple[Array, Backward]:
        """Any shape that the body takes and keeps."""
        y, back = self.body.forward(p, x, rng)

        def backward(dy: Array, want_dx: bool = True) -> tuple[Array, Params]:
            dx, gradients = back(dy, want_dx)
            return (dy + dx if want_dx else None), gradients

        return x + y, backward


@dataclass(frozen=True)
class Concat:
    """y = [f(x), g(x)];   dx = dy₁ ∂f/∂x + dy₂ ∂g/∂x,   [dy₁, dy₂] = dy.

    f and g are the two chains. Their outputs stand side by side as channels, in whose number alone
    they may differ. The parameters' names begin with "0." for the first chain and "1." for the
    second, then as in the chain.
    """

    first: Chain
    second: Chain

    def __str__(self) -> str:
        return f"Concat({len(self.first.layers)} and {len(self.second.layers)} layers)"

    def branches(self) -> dict[str, Chain]:
        """See `branches`."""
        return {"0.": self.first, "1.": self.second}

    def plan(self, shape: Shape) -> tuple[Shapes, Shape]:
        """[... c] to [... c₁ + c₂]."""
        first, out = self.first.plan(shape)
        second, other = self.second.plan(shape)
        if out[:-1] != other[:-1]:
            raise ShapeError(
                f"its chains make {list(out)} and {list(other)} of {list(shape)}; side by side "
                "they may differ in the channels only"
            )
        return prefixed(0, first) | prefixed(1, second), (*out[:-1], out[-1] + other[-1])

    def forward(self, p: Params, x: Array, rng: Rng = None) -> tuple[Array, Backward]:
        """x [n ... c] to y [n ... c₁ + c₂]."""
        own = scoped(p, 2)
        first, first_back = self.first.forward(own[0], x, rng)
        second, second_back = self.second.forward(own[1], x, rng)
        c = first.shape[-1]

        def backward(dy: Array, want_dx: bool = True) -> tuple[Array, Params]:
            dx, gradients = first_back(dy[..., :c], want_dx)
            more, others = second_back(dy[..., c:], want_dx)
            return (dx + more if want_dx else None), prefixed(0, gradients) | prefixed(1, others)

        return namespace(x).concat([first, second], axis=-1), backward


def branches(layer: Layer) -> dict[str, Chain]:
    """The chains that a layer holds, by the prefix of their parameters' names.

    Each of them gets the input of the layer. Most layers hold none; a chain holds itself.
    """
    if isinstance(layer, Chain):
        return {"": layer}
    found: dict[str, Chain] = layer.branches() if hasattr(layer, "branches") else {}
    return found


def walk(layer: Layer) -> Iterator[Layer]:
    """The layer and every layer within it, in the order in which they are computed."""
    yield layer
    for chain in branches(layer).values():
        for inner in chain.layers:
            yield from walk(inner)
