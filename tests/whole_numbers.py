"""What C computes in int8, in NumPy's whole numbers: a second witness, equal byte for byte."""

from __future__ import annotations

from typing import Any

import numpy as np

from digitus.export.integers import Quantised, QuantisedNetwork
from digitus.nn import softmax
from digitus.types import Images, Matrix


def probabilities(network: QuantisedNetwork, images: Images) -> Matrix:
    """Probabilities [n 10]."""
    values: list[Any] = [images[..., None].astype(np.int64)]
    zeros = [0]
    for operation in network.operations:
        inputs = [(values[i], zeros[i]) for i in operation.inputs]
        values.append(_value(operation, inputs))
        zeros.append(operation.grid.zero)
    out, grid = values[-1], network.operations[-1].grid
    if "step" not in network.operations[-1].arrays:
        out = (out - grid.zero) * np.float32(grid.scale)
    return softmax(out.astype(np.float32) / np.float32(network.temperature))


def _rescaled(v: Any, o: Quantised) -> Any:
    """v 2⁻ˢ, halves away from zero, as a byte of the operation's grid."""
    half = 1 << (o.numbers["shift"] - 1)
    q = np.sign(v) * ((np.abs(v) + half) >> o.numbers["shift"])
    return np.clip(q + o.grid.zero, 0, 255)


def _value(o: Quantised, inputs: list[tuple[Any, int]]) -> Any:
    x, zero = inputs[0]
    x0 = x - zero
    match o.kind:
        case "same":
            return x.reshape(len(x), *o.shape)
        case "table":
            return o.arrays["table"].astype(np.int64)[x]
        case "affine":
            terms = (len(x), -1, o.arrays["m"].size)
            return _rescaled(x0.reshape(terms) * o.arrays["m"] + o.arrays["add"], o).reshape(
                x.shape
            )
        case "dense":
            sums = x0 @ o.arrays["W"].T.astype(np.int64) + o.arrays["b"]
            return (
                sums * o.arrays["step"]
                if "step" in o.arrays
                else _rescaled(sums * o.arrays["m"], o)
            )
        case "conv":
            return _conv(o, x0)
        case "max_pool" | "average_pool":
            s, (h, w, c) = o.numbers["size"], o.shape
            blocks = x[:, : h * s, : w * s].reshape(len(x), h, s, w, s, c)
            summed = blocks.sum((2, 4)) + s * s // 2
            return blocks.max((2, 4)) if o.kind == "max_pool" else summed // (s * s)
        case "upsample":
            return x.repeat(o.numbers["factor"], 1).repeat(o.numbers["factor"], 2)
    both = [(v - z) * o.numbers[f"m{i}"] for i, (v, z) in enumerate(inputs)]
    return _rescaled(both[0] + both[1] if o.kind == "add" else np.concatenate(both, -1), o)


def _conv(o: Quantised, x0: Any) -> Any:
    W, b, stride = o.arrays["W"].astype(np.int64), o.numbers["border"], o.numbers["stride"]
    k, (rows, columns, _) = W.shape[1], o.shape
    framed = np.pad(x0, ((0, 0), (b, b), (b, b), (0, 0)))
    sums = np.zeros((len(x0), *o.shape), np.int64) + o.arrays["b"]
    for i in range(k):
        for j in range(k):
            part = framed[:, i::stride, j::stride][:, :rows, :columns]
            sums += part @ W[:, i, j].T
    return _rescaled(sums * o.arrays["m"], o)
