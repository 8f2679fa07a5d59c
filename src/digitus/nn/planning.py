"""Planning: a network at inference as one list of steps, for the compiled kernel.

What follows a convolution and costs nothing there (adding a residual path, Relu) is done with it; a
scale of the input is applied where bytes become numbers; the outputs of a `Concat` are written side
by side at once.

Inside: `Planner`, and what a step says. Not inside: where maps lie in memory, and carrying a plan
out (`inference`), the kernel (`compiled/network.h`), the layers' equations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from digitus.nn.branches import Concat, Residual
from digitus.nn.inputs import Centre, Scale, Standardize
from digitus.nn.layers import Chain, Dense, Dropout, Flatten, Layer, Relu, Softmax
from digitus.nn.parameters import scoped
from digitus.nn.spatial import AveragePool, BatchNorm, Conv, MaxPool, Upsample
from digitus.types import DType, Numbers, Params, Shape

INPUT, CONV, AFFINE, MAX_POOL, AVERAGE_POOL, UPSAMPLE, DENSE, SOFTMAX = range(8)  # as in network.h


class UnplannedError(Exception):
    """A layer that the kernel has no step for."""


@dataclass(eq=False)
class Value:
    """A map [h w c] of one picture; `held` counts the paths that will need it as it is."""

    shape: Shape
    border: int = 0
    held: int = 0
    each: int = 0  # 1: kept for every picture of a batch
    at: int = 0  # the number at which it begins, for `inference`

    @property
    def size(self) -> int:
        """How many numbers it holds, with the border."""
        h, w, c = self.shape
        return (h + 2 * self.border) * (w + 2 * self.border) * c


@dataclass(eq=False)
class Step:
    """As in network.h, with values instead of their numbers."""

    kind: int
    x: Value | None
    y: Value
    W: Numbers | None = None
    b: Numbers | None = None
    z: Value | None = None
    lead: int = 0
    kernel: int = 0
    stride: int = 1
    padding: int = 0
    relu: int = 0
    every: int = 0
    channels: int = field(init=False)

    def __post_init__(self) -> None:
        self.channels = self.y.shape[-1]


class Planner:
    """Steps for layers, one after the other."""

    def __init__(self, shape: Shape, dtype: DType) -> None:
        c, self.dtype = shape[-1], dtype
        self.input = Value(shape)
        self.steps = [Step(INPUT, None, self.input, np.ones(c, dtype), np.zeros(c, dtype))]

    def chain(self, network: Chain, p: Params, x: Value) -> Value:
        """What comes out of a chain for x."""
        for layer, own in zip(network.layers, scoped(p, len(network.layers)), strict=True):
            x = self.layer(layer, own, x)
        return x

    def layer(self, layer: Layer, p: Params, x: Value) -> Value:
        """What comes out of a layer for x, if it is of a class that the kernel knows itself."""
        plan = PLANS.get(type(layer))
        if plan is None or (x.each and type(layer) not in OF_VECTORS):
            raise UnplannedError(str(layer))
        return plan(self, layer, p, x)

    def add(self, step: Step) -> Value:
        """Appends a step."""
        self.steps.append(step)
        return step.y

    def made(self, x: Value, *kinds: int) -> Step | None:
        """The step that made x, if it is of these kinds and may still be changed."""
        last = self.steps[-1]
        whole = last.y is x and last.channels == x.shape[-1]
        return last if whole and not x.held and last.kind in kinds and not last.relu else None

    def conv(self, layer: Conv, p: Params, x: Value) -> Value:
        """See `Conv`."""
        y = Value(layer.plan(x.shape)[1])
        step = Step(CONV, x, y, p["W"], p["b"], kernel=layer.kernel, stride=layer.stride)
        step.padding = layer.border
        x.border = max(x.border, layer.border)
        return self.add(step)

    def dense(self, layer: Dense, p: Params, x: Value) -> Value:
        """See `Dense`."""
        if not x.each:
            raise UnplannedError("a vector comes out of Flatten")
        return self.add(Step(DENSE, x, Value((1, 1, layer.units), each=1), p["W"], p["b"]))

    def softmax(self, layer: Softmax, p: Params, x: Value) -> Value:
        """See `Softmax`."""
        if not x.each or self.steps[-1].kind != DENSE:
            raise UnplannedError("what comes out of a Dense layer")
        return self.add(Step(SOFTMAX, x, Value(x.shape, each=1)))

    def relu(self, layer: Relu, p: Params, x: Value) -> Value:
        """See `Relu`."""
        if (made := self.made(x, CONV, AFFINE, DENSE)) is None:
            if x.each:
                raise UnplannedError("only what a Dense layer makes")
            made = Step(AFFINE, x, Value(x.shape))
            self.add(made)
        made.relu = 1
        return made.y

    def affine(self, scale: Numbers, shift: Numbers, x: Value) -> Value:
        """y = scale x + shift, numbers of each channel or of every input."""
        if scale.size != x.shape[-1]:
            scale, shift = scale.reshape(x.shape), shift.reshape(x.shape)
        every = scale.ndim > 1
        made = self.made(x, INPUT) or self.made(x, *(() if every else (AFFINE, DENSE)))
        if made is None or made.z is not None or made.W is None:
            if x.each or every:
                raise UnplannedError("a scale of vectors")
            return self.add(Step(AFFINE, x, Value(x.shape), scale, shift))
        made.every |= every and made.kind == INPUT
        made.W, made.b = made.W * scale, made.b * scale + shift
        return x

    def batch_norm(self, layer: BatchNorm, p: Params, x: Value) -> Value:
        """See `BatchNorm`: y = scale x + shift."""
        scale = p["gamma"] / np.sqrt(p["var"] + layer.epsilon)
        return self.affine(scale, p["beta"] - scale * p["mean"], x)

    def scale(self, layer: Scale, p: Params, x: Value) -> Value:
        """See `Scale`."""
        c = x.shape[-1]
        return self.affine(np.full(c, 1 / layer.divisor, self.dtype), np.zeros(c, self.dtype), x)

    def standardize(self, layer: Standardize | Centre, p: Params, x: Value) -> Value:
        """See `Standardize` and `Centre`, which divides by nothing."""
        deviation = p.get("deviation", np.ones_like(p["mean"]))
        inverse = 1 / np.maximum(deviation, layer.floor if isinstance(layer, Standardize) else 0)
        return self.affine(inverse, -p["mean"] * inverse, x)

    def pool(self, layer: MaxPool | AveragePool, p: Params, x: Value) -> Value:
        """See `MaxPool` and `AveragePool`."""
        kind = MAX_POOL if isinstance(layer, MaxPool) else AVERAGE_POOL
        return self.add(Step(kind, x, Value(layer.plan(x.shape)[1]), stride=layer.size))

    def upsample(self, layer: Upsample, p: Params, x: Value) -> Value:
        """See `Upsample`."""
        return self.add(Step(UPSAMPLE, x, Value(layer.plan(x.shape)[1]), stride=layer.factor))

    def dropout(self, layer: Dropout, p: Params, x: Value) -> Value:
        """Dropout does nothing at inference."""
        return x

    def flatten(self, layer: Flatten, p: Params, x: Value) -> Value:
        """One picture's numbers one after the other."""
        if x.held or x.border:
            raise UnplannedError("a vector within a fork")
        x.each = 1
        return x

    def residual(self, layer: Residual, p: Params, x: Value) -> Value:
        """See `Residual`: the sum is taken where the body's last step writes."""
        x.held += 1
        y = self.layer(layer.body, p, x)
        x.held -= 1
        made = None if y is x else self.made(y, CONV, AFFINE)
        if made is None or made.z is not None:
            made = Step(AFFINE, y, Value(x.shape))
            self.add(made)
        made.z = x
        return made.y

    def concat(self, layer: Concat, p: Params, x: Value) -> Value:
        """See `Concat`: each half is written where it belongs, or copied there."""
        x.held += 1
        own = scoped(p, 2)
        halves = [self.layer(layer.first, own[0], x)]
        halves[0].held += 1
        halves.append(self.layer(layer.second, own[1], x))
        halves[0].held -= 1
        x.held -= 1
        y = Value((*halves[0].shape[:-1], sum(half.shape[-1] for half in halves)))
        lead = 0
        for half in halves:
            writers = [s for s in self.steps if s.y is half]
            read = any(half in (s.x, s.z) for s in self.steps) or half.held
            if read or half is halves[0] is halves[1] or INPUT in {s.kind for s in writers}:
                copy = Step(UPSAMPLE, half, y)
                copy.channels = half.shape[-1]
                writers = [copy]
                self.add(copy)
            for writer in writers:
                writer.y, writer.lead = y, writer.lead + lead
            lead += half.shape[-1]
        return y


PLANS: dict[type, Callable[..., Value]] = {
    Chain: Planner.chain,
    Conv: Planner.conv,
    Dense: Planner.dense,
    Softmax: Planner.softmax,
    Relu: Planner.relu,
    BatchNorm: Planner.batch_norm,
    Scale: Planner.scale,
    Standardize: Planner.standardize,
    Centre: Planner.standardize,
    MaxPool: Planner.pool,
    AveragePool: Planner.pool,
    Upsample: Planner.upsample,
    Dropout: Planner.dropout,
    Flatten: Planner.flatten,
    Residual: Planner.residual,
    Concat: Planner.concat,
}
OF_VECTORS = (Chain, Dense, Softmax, Relu, Dropout, BatchNorm, Flatten, Scale, Centre, Standardize)
