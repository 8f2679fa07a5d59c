"""The operations carried out by NumPy: every value of a network, for pictures as bytes.

The layers themselves compute, so that there is one source of the equations. Inside: `values`,
`following`. Not inside: how other languages compute them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from digitus import nn
from digitus.export.operations import Network, Operation
from digitus.nn.exemplars import recalled
from digitus.types import Array, Images, Matrix, Numbers

Inputs: TypeAlias = list[Array]


def values(network: Network, images: Images) -> list[Numbers]:
    """All values in order, each [n ...]: first the picture, last the outputs [n classes]."""
    return following(network.operations, [images[..., None].astype(np.float32)])


def following(operations: Sequence[Operation], before: Sequence[Numbers]) -> list[Numbers]:
    """All values in order, of which the first are those `before`."""
    found = list(before)
    for operation in operations[len(found) - 1 :]:
        inputs = [found[i] for i in operation.inputs]
        found.append(KINDS[operation.kind](inputs, operation.settings, operation.weights))
    return found


def probabilities(networks: tuple[Network, ...], images: Images) -> Matrix:
    """The mean of what each network finds probable [n classes]."""
    found = [nn.softmax(values(n, images)[-1] / np.float32(n.temperature)) for n in networks]
    return np.asarray(np.mean(found, axis=0))


def _of(layer: nn.Layer, inputs: Inputs, weights: Mapping[str, Array]) -> Array:
    return layer.forward(dict(weights), inputs[0])[0]


def _conv(inputs: Inputs, settings: Mapping[str, float], weights: Mapping[str, Array]) -> Array:
    kernel, _, _, channels = weights["W"].shape
    padding = "same" if settings["border"] else "valid"
    return _of(nn.Conv(channels, kernel, int(settings["stride"]), padding), inputs, weights)


KINDS: dict[str, Callable[[Inputs, Mapping[str, float], Mapping[str, Array]], Array]] = {
    "affine": lambda x, s, w: w["a"] * x[0] + w["b"],
    "conv": _conv,
    "dense": lambda x, s, w: _of(nn.Dense(w["b"].size), x, w),
    "exemplars": lambda x, s, w: recalled(x[1], x[0], **w).y,
    "max_pool": lambda x, s, w: _of(nn.MaxPool(int(s["size"])), x, w),
    "average_pool": lambda x, s, w: _of(nn.AveragePool(int(s["size"])), x, w),
    "upsample": lambda x, s, w: _of(nn.Upsample(int(s["factor"])), x, w),
    "deslant": lambda x, s, w: _of(nn.Deslant(s["width"], s["most"]), x, w),
    "relu": lambda x, s, w: _of(nn.Relu(), x, w),
    "sigmoid": lambda x, s, w: _of(nn.Sigmoid(), x, w),
    "tanh": lambda x, s, w: _of(nn.Tanh(), x, w),
    "softmax": lambda x, s, w: _of(nn.Softmax(), x, w),
    "flatten": lambda x, s, w: _of(nn.Flatten(), x, w),
    "add": lambda x, s, w: x[0] + x[1],
    "concat": lambda x, s, w: np.concatenate(x, axis=-1),
}
