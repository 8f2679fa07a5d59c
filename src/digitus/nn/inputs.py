"""Layers that prepare the input, and the measuring of statistics.

The first layers of a network are its preprocessing, so that a saved network takes raw bytes and
cannot be fed the wrong normalisation. Some layers have parameters that are measured on data and not
trained (`parameters.STATISTICS`): they have a method `measure`, and `calibrated` calls it.

Inside: `Scale`, `Centre`, `Standardize`, `moments`, `calibrated`. Not inside: `BatchNorm`, which is
measured in the same way but lives with the layers for images (`spatial`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import prod
from typing import Protocol, runtime_checkable

from digitus.nn.arrays import namespace
from digitus.nn.branches import branches, walk
from digitus.nn.layers import Backward, Chain, Elementwise, Layer, Rng, Shapes
from digitus.nn.parameters import prefixed, scoped
from digitus.types import Array, Params, Shape

HELD_BYTES = 200 * 10**6  # of what reaches a layer: a whole training set's may be gigabytes


@runtime_checkable
class Measured(Protocol):
    """A layer with parameters that are measured on data instead of trained."""

    def measure(self, batches: Iterable[Array]) -> Params:
        """The statistics of everything that reaches the layer."""


@dataclass(frozen=True)
class Scale(Elementwise):
    """y = x / divisor;   dx = dy / divisor. Bytes become numbers from 0 to 1."""

    divisor: float = 255.0

    def __post_init__(self) -> None:
        if not abs(self.divisor) > 0:
            raise ValueError(f"Scale cannot divide by {self.divisor}")

    def forward(self, p: Params, x: Array, rng: Rng = None) -> tuple[Array, Backward]:
        """Any shape."""
        return x * (1 / self.divisor), lambda dy, want_dx=True: (dy * (1 / self.divisor), {})


@dataclass(frozen=True)
class Standardize:
    """y = (x - mean) / max(deviation, floor);   dx = dy / max(deviation, floor).

    Mean and standard deviation of every input (every pixel) over the training set. Pixels that
    hardly ever change, such as the corners of MNIST, would be blown up; `floor`, in the unit of x,
    keeps them small.
    """

    floor: float = 1.0

    def __post_init__(self) -> None:
        if not self.floor > 0:
            raise ValueError(f"Standardize needs a floor above 0, not {self.floor}")

    def plan(self, shape: Shape) -> tuple[Shapes, Shape]:
        """The shape is kept."""
        return {"mean": shape, "deviation": shape}, shape

    def forward(self, p: Params, x: Array, rng: Rng = None) -> tuple[Array, Backward]:
        """Any shape."""
        inverse = 1.0 / namespace(x).clip(p["deviation"], min=self.floor)
        return (x - p["mean"]) * inverse, lambda dy, want_dx=True: (dy * inverse, {})

    def measure(self, batches: Iterable[Array]) -> Params:
        """Mean and deviation of each input over all batches."""
        mean, var = moments(batches, axes=(0,))
        return {"mean": mean, "deviation": namespace(var).sqrt(var)}


@dataclass(frozen=True)
class Centre:
    """y = x - mean;   dx = dy. The mean of every input over the training set becomes 0."""

    def plan(self, shape: Shape) -> tuple[Shapes, Shape]:
        """The shape is kept."""
        return {"mean": shape}, shape

    def forward(self, p: Params, x: Array, rng: Rng = None) -> tuple[Array, Backward]:
        """Any shape."""
        return x - p["mean"], lambda dy, want_dx=True: (dy, {})

    def measure(self, batches: Iterable[Array]) -> Params:
        """Mean of each input over all batches."""
        return {"mean": moments(batches, axes=(0,))[0]}


def moments(batches: Iterable[Array], axes: tuple[int, ...]) -> tuple[Array, Array]:
    """Mean and variance over the given axes of all batches together.

    Batches are merged by the shift of their means (Chan, Golub & LeVeque 1983): E[x²] - E[x]² would
    lose every digit where the mean is large beside the deviation.
    """
    count, mean, spread = 0, 0.0, 0.0
    for x in batches:
        xp = namespace(x)
        n = prod(x.shape[a] for a in axes)
        m, v = xp.mean(x, axis=axes), xp.var(x, axis=axes)
        shift = m - mean
        total = count + n
        mean = mean + shift * (n / total)
        spread = spread + v * n + shift * shift * (count * n / total)
        count = total
    return mean, spread / count


class Reached:
    """What reaches a layer of a network, batch by batch, as often as it is asked for.

    What has been computed is held where it is no more than `HELD_BYTES`: the next layer that is
    measured then begins there and not at the input, which would make the work grow with the square
    of their number.
    """

    def __init__(self, network: Chain, batches: Iterable[Array]) -> None:
        """`batches` are inputs of the network."""
        self.network, self.batches, self.first = network, batches, 0

    def at(self, layer: int, p: Params, *, last: bool) -> Reached:
        """What reaches a later layer, given parameters; after the `last` one nothing is held."""
        self.layer, self.p, self.room = layer, p, 0 if last else HELD_BYTES
        return self

    def __iter__(self) -> Iterator[Array]:
        layers = self.network.layers[self.first : self.layer]
        own = scoped(self.p, self.layer)[self.first :]
        held: list[Array] = []
        room = self.room
        for x in self.batches:
            for layer, p in zip(layers, own, strict=True):
                x = layer.forward(p, x)[0]
            room -= prod(x.shape) * x.dtype.itemsize
            if room >= 0:
                held.append(x)
            else:
                held.clear()
            yield x
        if room >= 0:
            self.batches, self.first = held, self.layer


def calibrated(network: Chain, p: Params, batches: Iterable[Array], *, first: int = 0) -> Params:
    """The parameters with the statistics of the layers from `first` on measured on their inputs.

    `batches` are inputs of the network, which are iterated more than once. Layer by layer, since
    each one's statistics change what the next one sees; exact, where running averages collected
    during training would lag behind. Layers within layers are measured likewise.
    """
    p, reached = dict(p), Reached(network, batches)
    wanted = [i for i, layer in enumerate(network.layers) if i >= first and _has_measured(layer)]
    for i in wanted:
        layer, here = network.layers[i], reached.at(i, p, last=i == wanted[-1])
        if isinstance(layer, Measured):
            p |= prefixed(i, layer.measure(here))
        for prefix, chain in branches(layer).items():
            own = {
                name.removeprefix(prefix): a
                for name, a in scoped(p, i + 1)[i].items()
                if name.startswith(prefix)
            }
            found = calibrated(chain, own, here)
            p |= prefixed(i, {prefix + name: a for name, a in found.items()})
    return p


def _has_measured(layer: Layer) -> bool:
    return any(isinstance(inner, Measured) for inner in walk(layer))
