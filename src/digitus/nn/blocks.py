"""Layers that the compiled kernels carry out together with those that follow them.

What lies between a convolution, its Relu and its pool is large: writing it to memory and reading it
back takes a third as long as the products. The kernels do all three picture by picture, in the
cache; batch normalisation does its Relu likewise. The equations stay in the layers, and the numbers
are the same to the bit.

Inside: a layer with its followers. Not inside: who may follow whom (`takes` of a layer), the
kernels (`kernels_compiled`), inference (`planning`).
"""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Protocol

from digitus.nn.arrays import FUNCTIONS, namespace
from digitus.nn.dispatch import own_kernels
from digitus.nn.layers import Backward, Chain, Layer, Rng, Shapes
from digitus.types import Array, Params, Shape


class First(Layer, Protocol):
    """A layer with parameters whose kernel can do others that follow it."""

    def takes(self, others: tuple[Layer, ...]) -> bool:
        """Whether its kernel can do them, too."""

    def together(
        self, kernels: ModuleType, p: Params, x: Array, rng: Rng, others: tuple[Layer, ...]
    ) -> tuple[Array, Backward] | None:
        """As `forward` through all of them; None where the kernel does not do this."""


class Leading:
    """What such a layer inherits."""

    def joined(self: First, following: Layer) -> Block | None:
        """Itself with one more follower, if the kernel can do that.

        Not where a subclass has a `forward` of its own, of which the kernel knows nothing.
        """
        known = issubclass(_definer(type(self), "together"), _definer(type(self), "forward"))
        return Block(self).joined(following) if known else None


def _definer(kind: type, method: str) -> type:
    """The class that defines the method: `kind` itself or the nearest of its parents."""
    return next(parent for parent in kind.__mro__ if method in vars(parent))


@dataclass(frozen=True)
class Block:
    """A layer and what follows it: y = (h ∘ g ∘ f)(x); dx by the chain rule."""

    first: First
    others: tuple[Layer, ...] = ()

    def __str__(self) -> str:
        return ", ".join(map(str, (self.first, *self.others)))

    def plan(self, shape: Shape) -> tuple[Shapes, Shape]:
        """As of its layers; the parameters are those of the first."""
        shapes, shape = self.first.plan(shape)
        return shapes, Chain(self.others).plan(shape)[1]

    def joined(self, following: Layer) -> Block | None:
        """See `Leading`."""
        others = (*self.others, following)
        return Block(self.first, others) if self.first.takes(others) else None

    def forward(self, p: Params, x: Array, rng: Rng = None) -> tuple[Array, Backward]:
        """As its layers one by one; in one where there is a kernel for it."""
        kernels = own_kernels(x) if namespace(x) is FUNCTIONS else None
        if kernels and (found := self.first.together(kernels, p, x, rng, self.others)):
            return found
        y, first = self.first.forward(p, x, rng)
        y, back = Chain(self.others).forward({}, y, rng)

        def backward(dy: Array, want_dx: bool = True) -> tuple[Array, Params]:
            return first(back(dy)[0], want_dx)

        return y, backward
