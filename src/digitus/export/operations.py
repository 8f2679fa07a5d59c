"""A network as a list of operations, each on values that earlier ones made: what is exported.

Layers nest, share names with training and know what only NumPy does. What is exported is plainer:
batch normalisation has gone into the convolutions (`nn.fusion`), what is left of it, and what
prepares the input, is one kind of operation, y = a x + b; dropout is gone; branches are an addition
or a concatenation. Value 0 is the picture; operation i makes value i + 1.

Inside: `networks`, from a recognizer or a committee to such lists, and `listed`, for any network.
Not inside: what they become (`onnx_file`, `c_source`, `js_module`), and where values lie in memory
(`memory`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from digitus import nn
from digitus.history import History
from digitus.nn.arrays import to_numpy
from digitus.nn.fusion import fused, goes_into
from digitus.nn.parameters import scoped
from digitus.recipe import Recipe
from digitus.types import Array, Floats32, Images, Matrix, Params, Shape


class Model(Protocol):
    """What is needed of a `Recognizer`, which uses this room and is not imported here."""

    @property
    def recipe(self) -> Recipe: ...  # noqa: D102
    @property
    def params(self) -> Params: ...  # noqa: D102
    @property
    def size(self) -> tuple[int, int]: ...  # noqa: D102
    @property
    def temperature(self) -> float: ...  # noqa: D102
    @property
    def threshold(self) -> float: ...  # noqa: D102
    @property
    def history(self) -> History: ...  # noqa: D102
    @property
    def parameter_count(self) -> int: ...  # noqa: D102
    def probabilities(self, images: Images) -> Matrix: ...  # noqa: D102


@dataclass(frozen=True, eq=False)
class Operation:
    """What is done to the values numbered `inputs`; `shape` is that of its own value.

    `layer` says what it was, for messages. Settings and weights have the names of the layer's.
    """

    kind: str
    inputs: tuple[int, ...]
    shape: Shape
    layer: str
    settings: Mapping[str, float] = field(default_factory=dict)
    weights: Mapping[str, Floats32] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Network:
    """The operations of one recognizer: number i makes value i + 1, the last the outputs."""

    size: tuple[int, int]
    operations: tuple[Operation, ...]
    temperature: float

    @property
    def outputs(self) -> int:
        """How many classes it tells."""
        return self.operations[-1].shape[-1]

    def shape_of(self, value: int) -> Shape:
        """The shape of a value; 0 is the picture."""
        return self.operations[value - 1].shape if value else (*self.size, 1)


def networks(members: Sequence[Model]) -> tuple[Network, ...]:
    """The networks of a committee's members, or of the one recognizer."""
    return tuple(_network(member) for member in members)


def _network(model: Model) -> Network:
    found = listed(model.recipe.network, model.params, model.size)
    return Network(model.size, found, model.temperature)


def listed(given: nn.Chain, params: Params, size: tuple[int, int]) -> tuple[Operation, ...]:
    """The operations of any network, for pictures of that size."""
    chain, params = fused(given, dict(params))
    done: list[Operation] = []
    value: int = 0
    shape: Shape = (*size, 1)
    if type(given) is not nn.Chain:
        _layer(given, params, 0, value, shape, done)
        return tuple(done)
    # Where each layer stood before some of them went into those in front of them.
    numbers: list[int] = []
    for i, layer in enumerate(given.layers):
        if not goes_into(layer, given.layers[numbers[-1]] if numbers else None):
            numbers.append(i)
    every = zip(numbers, chain.layers, scoped(params, len(chain.layers)), strict=True)
    for number, layer, own in every:
        p = {name: to_numpy(w) for name, w in own.items()}
        value, shape = _layer(layer, p, number, value, shape, done)
    return tuple(done)


def _layer(
    layer: nn.Layer, p: Params, number: int, value: int, shape: Shape, done: list[Operation]
) -> tuple[int, Shape]:
    """Adds the operations of a layer to those that are done; returns its value and its shape."""
    name = f"layer {number}, {layer}"
    _, out = layer.plan(shape)

    def add(kind: str, *inputs: int, **settings: float) -> tuple[int, Shape]:
        done.append(Operation(kind, inputs, out, name, settings))
        return len(done), out

    if type(layer) is not getattr(nn, type(layer).__name__, None):
        return add(type(layer).__qualname__, value)  # a subclass may have other equations
    match layer:
        case nn.Chain():
            for inner, own in zip(layer.layers, scoped(p, len(layer.layers)), strict=True):
                value, shape = _layer(inner, own, number, value, shape, done)
            return value, shape
        case nn.Dropout():
            return value, shape
        case nn.Residual(body=body):
            return add("add", value, _layer(body, p, number, value, shape, done)[0])
        case nn.Concat(first=first, second=second):
            p1, p2 = scoped(p, 2)
            one = _layer(first, p1, number, value, shape, done)[0]
            return add("concat", one, _layer(second, p2, number, value, shape, done)[0])
        case nn.MaxPool() | nn.AveragePool() | nn.Upsample() | nn.Deslant():
            return add(_OF_IMAGES[type(layer)], value, **vars(layer))  # with its settings
        case nn.Conv(stride=stride):
            found = add("conv", value, stride=stride, border=layer.border)
            done[-1] = replace(done[-1], weights=_floats(W=p["W"], b=p["b"]))
            return found
        case nn.Dense():
            found = add("dense", value)
            done[-1] = replace(done[-1], weights=_floats(W=p["W"], b=p["b"]))
            return found
        case nn.Exemplars():
            z, _ = add("dense", value)
            done[-1] = replace(done[-1], weights=_floats(W=p["W"], b=p["b"]))
            found = add("exemplars", value, z)
            memory = {key: p[key] for key in ("centres", "spread", "votes")}
            done[-1] = replace(done[-1], weights=_floats(**memory))
            return found
        case nn.Scale() | nn.Centre() | nn.Standardize() | nn.BatchNorm():
            found = add("affine", value)
            done[-1] = replace(done[-1], weights=_floats(**_AFFINE[type(layer)](layer, p)))
            return found
        case nn.Relu() | nn.Sigmoid() | nn.Tanh() | nn.Softmax() | nn.Flatten():
            return add(type(layer).__name__.lower(), value)
    return add(type(layer).__name__, value)  # no kind of export knows it, and each says so


def _floats(**weights: Array) -> dict[str, Floats32]:
    return {name: np.ascontiguousarray(w, np.float32) for name, w in weights.items()}


def _batch_norm(layer: nn.BatchNorm, p: Params) -> dict[str, Floats32]:
    a = p["gamma"] / np.sqrt(p["var"] + layer.epsilon)
    return {"a": a, "b": p["beta"] - a * p["mean"]}


def _standardize(layer: nn.Standardize, p: Params) -> dict[str, Floats32]:
    a = 1 / np.maximum(p["deviation"], layer.floor)
    return {"a": a, "b": -a * p["mean"]}


_OF_IMAGES: dict[type, str] = {
    nn.MaxPool: "max_pool",
    nn.AveragePool: "average_pool",
    nn.Upsample: "upsample",
    nn.Deslant: "deslant",
}
# Each as a and b of y = a x + b: numbers, one for each channel, or one for each place.
_AFFINE: dict[type, Callable[..., dict[str, Floats32]]] = {
    nn.Scale: lambda layer, p: {"a": 1 / layer.divisor, "b": 0.0},
    nn.Centre: lambda layer, p: {"a": 1.0, "b": -p["mean"]},
    nn.Standardize: _standardize,
    nn.BatchNorm: _batch_norm,
}
