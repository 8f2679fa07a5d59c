"""The gradient of a perceptron by a compiled kernel, the whole of it in one call.

A step of 784-128-10 with 128 pictures took 0.29 ms in kernels and as long in Python between them.
A perceptron here is bytes, perhaps scaled, as vectors, and then dense layers with Relu or Sigmoid,
told by the layers' classes. All other networks, and all where there are no kernels, learn layer by
layer, which gives the same numbers but for rounding: about 1e-6 of the largest.

Inside: which networks and batches, and the call. Not inside: the equations (`layers`, `losses`),
the kernel (`compiled/perceptron.h`), the step (`training.step`).
"""

from __future__ import annotations

import ctypes
from itertools import pairwise
from math import prod

import numpy as np

from digitus.nn.inputs import Scale
from digitus.nn.kernels import NUMBERS, NUMPY, address, chosen, level
from digitus.nn.layers import Chain, Dense, Flatten, Relu, Sigmoid
from digitus.nn.losses import Loss, SoftmaxCrossEntropy, SquaredError
from digitus.nn.pixels import COMPILED_COLUMNS, COMPILED_PICTURES
from digitus.nn.products import scratch_address
from digitus.types import Images, Numbers, Params

# Weights between two hidden layers, above which BLAS is faster: with 1024² this takes 1.1 times as
# long.
MOST_WEIGHTS = 1 << 18
PLAIN, RELU, SIGMOID = range(3)  # as in perceptron.h
GATES: dict[type, int] = {Relu: RELU, Sigmoid: SIGMOID}
LOSSES = (SoftmaxCrossEntropy, SquaredError)


def _structure(name: str, whole: str, reals: str, addresses: str) -> type[ctypes.Structure]:
    kinds = {ctypes.c_int64: whole, ctypes.c_double: reals, ctypes.c_void_p: addresses}
    order = [
        "inputs",
        "units",
        "gate",
        "W",
        "b",
        "dW",
        "db",
        "layers",
        "layer",
        "factor",
        "squared",
        "smoothing",
    ]
    fields = {f: kind for kind, some in kinds.items() for f in some.split()}
    rows = [(f, fields[f]) for f in order if f in fields]
    return type(name, (ctypes.Structure,), {"_fields_": rows})


# As in perceptron.h.
_Layer = _structure("_Layer", "inputs units gate", "", "W b dW db")
_Perceptron = _structure("_Perceptron", "layers squared", "factor smoothing", "layer")


class Perceptron:
    """A network with its loss, whose gradient several threads may ask for at once."""

    def __init__(self, factor: float, layers: list[tuple[int, int, int]], loss: Loss) -> None:
        """`layers` are dense ones: their number in the network, their units, their gate."""
        self.layers = [
            (f"{number}.W", f"{number}.b", units, gate) for number, units, gate in layers
        ]
        self.factor, self.squared = factor, type(loss) is SquaredError
        self.smoothing = getattr(loss, "smoothing", 0.0)

    def gradient(
        self, params: Params, images: Images, targets: Numbers, share: float
    ) -> tuple[float, Numbers, Params] | None:
        """The mean loss of images [n h w], outputs [n o], and gradients of `share` of that loss.

        None for what the kernel does not do (`takes`).
        """
        if not self.takes(params, images, targets):
            return None
        n, inputs, dtype = len(images), prod(images.shape[1:]), params[self.layers[0][0]].dtype
        # For this call alone: sizes, and so the memory needed, are those of its pictures, and other
        # threads may call while the kernel computes.
        rows: ctypes.Array[ctypes.Structure] = (_Layer * len(self.layers))()
        gradients: Params = {}
        for row, (W, b, units, gate) in zip(rows, self.layers, strict=True):
            dW, db = np.empty((inputs, units), dtype), np.empty(units, dtype)
            row.inputs, row.units, row.gate = inputs, units, gate
            row.W, row.b, row.dW, row.db = map(address, (params[W], params[b], dW, db))
            gradients[W], gradients[b] = dW, db
            inputs = units
        whole = _Perceptron(
            len(rows), ctypes.addressof(rows), self.factor, self.squared, self.smoothing
        )
        images, targets = np.ascontiguousarray(images), np.ascontiguousarray(targets, dtype)
        outputs = np.empty((n, inputs), dtype)
        at = ctypes.addressof(whole)
        memory = chosen("perceptron_memory", dtype)(at, n) * dtype.itemsize
        loss = chosen("perceptron", dtype)(
            at, n, address(images), address(targets), share, scratch_address(memory),
            address(outputs),
        )  # fmt: skip
        return loss, outputs, gradients

    def takes(self, params: Params, images: Images, targets: Numbers) -> bool:
        """Whether the kernel does it: not for few images, nor other arrays, nor without kernels."""
        n, first = len(images), params[self.layers[0][0]]
        if level() == NUMPY or n < COMPILED_PICTURES or images.dtype != np.uint8:
            return False
        if not isinstance(first, np.ndarray) or first.dtype not in NUMBERS:
            return False
        inputs = prod(images.shape[1:])
        for W, b, units, _ in self.layers:
            for name, shape in ((W, (inputs, units)), (b, (units,))):
                w = params[name]
                if w.shape != shape or w.dtype != first.dtype or not w.flags.c_contiguous:
                    return False
            inputs = units
        return targets.shape == (n, inputs)


def perceptron(network: Chain, loss: Loss) -> Perceptron | None:
    """The network for one call; None where it is no perceptron, or faster layer by layer."""
    if type(network) is not Chain or type(loss) not in LOSSES:
        return None
    factor, flat = 1.0, False
    layers: list[tuple[int, int, int]] = []
    for i, layer in enumerate(network.layers):
        if type(layer) is Scale and not layers:
            factor *= 1 / layer.divisor
        elif type(layer) is Flatten:
            flat = True
        elif type(layer) is Dense and flat:
            layers.append((i, layer.units, PLAIN))
        elif type(layer) in GATES and layers and layers[-1][2] == PLAIN:
            layers[-1] = (*layers[-1][:2], GATES[type(layer)])
        else:
            return None
    return Perceptron(factor, layers, loss) if _is_faster([o for _, o, _ in layers]) else None


def _is_faster(units: list[int]) -> bool:
    """Whether layers of these sizes take less time in one call than one by one."""
    wide = bool(units) and units[0] >= COMPILED_COLUMNS
    return wide and all(i * o <= MOST_WEIGHTS for i, o in pairwise(units))
