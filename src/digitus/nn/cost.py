"""Cost: how much a network has to hold and to compute for one example, known before any array is.

Inside: `Cost` and `cost`, from what layers plan. Not inside: how much is allowed (`limits`).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from digitus.nn.branches import branches
from digitus.nn.layers import Chain, Layer
from digitus.types import Shape


@dataclass(frozen=True)
class Cost:
    """What a network has and does for one example.

    `layers`, those within layers too; the `numbers` that they put out, all together; `products`,
    each added to a sum, or what takes about as long.
    """

    layers: int = 0
    numbers: int = 0
    products: int = 0

    def __add__(self, other: Cost) -> Cost:
        """The cost of both together."""
        return Cost(
            self.layers + other.layers,
            self.numbers + other.numbers,
            self.products + other.products,
        )


def cost(network: Chain, shape: Shape) -> Cost:
    """What a network costs for an example of that shape. Raises `ShapeError`, as `Chain.plan`."""
    total = Cost()
    for layer in network.layers:
        own, shape = _of(layer, shape)
        total += own
    return total


def _of(layer: Layer, shape: Shape) -> tuple[Cost, Shape]:
    """The cost of a layer and the shape of its output.

    Every place of an output (a pixel, or the one place of a vector) meets each weight once.
    """
    held = branches(layer)
    shapes, out = layer.plan(shape)
    total = Cost(1, prod(out), prod(shape) + prod(out))
    for chain in held.values():
        total += cost(chain, shape)
    if not held:
        weights = sum(prod(s) for s in shapes.values() if len(s) > 1)
        total += Cost(products=weights * prod(out[:-1]))
    return total, out
