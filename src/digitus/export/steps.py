"""How many steps the weights of each layer need, where a file has a fixed number of bits for all.

A weight in whole numbers up to m is off by about its layer's largest weight / m, and the network's
answers are off by the more, the more they depend on the layer. That is measured: the answers to a
few pictures with one layer at a time in `TRIED` steps. Errors of the layers add up, to Σ e / m²
where e is a layer's own at m = 1, and the weights take Σ n log₂ m bits. With a given number of bits
the errors are smallest where m² is in proportion to e / n: a first layer of 144 weights, on which
all others depend, has eight bits, and one of 83,000 that adds a little has three.

Inside: measuring and choosing (docs/mathematics.md, "Numbers in fewer bits"). Not inside: rounding
(`precision`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from digitus.export.compute import following
from digitus.export.operations import Operation
from digitus.export.precision import LARGEST, quantised
from digitus.types import Floats64, Images

TRIED = 18
FEWEST = 3  # the formula is for small errors


def shared_out(
    networks: Sequence[tuple[Sequence[Operation], Images]], bits: float
) -> list[list[int]]:
    """The largest whole number m of the weights, for each operation of each network.

    Each network comes with pictures [n h w] on which it is measured; a weight takes `bits` on
    average over all networks, counted as log₂ (2 m + 1).
    """
    each = [errors(*network) for network in networks]
    layers = [(k, i, e) for k, found in enumerate(each) for i, e in found.items()]
    n = np.array([networks[k][0][i].weights["W"].size for k, i, _ in layers], float)
    share = np.sqrt(np.maximum([e for *_, e in layers], 1e-12) / n)

    def chosen(spread: float) -> Floats64:
        return np.clip(np.rint(spread * share), FEWEST, LARGEST)

    low, high = 0.0, LARGEST / float(share.min())
    for _ in range(60):
        middle = (low + high) / 2
        taken = (n * np.log2(2 * chosen(middle) + 1)).sum() / n.sum()
        low, high = (middle, high) if taken <= bits else (low, middle)
    most = [[LARGEST] * len(operations) for operations, _ in networks]
    for (k, i, _), m in zip(layers, chosen(low), strict=True):
        most[k][i] = int(m)
    return most


def errors(operations: Sequence[Operation], images: Images) -> dict[int, float]:
    """How much the answers to pictures [n h w] change with one layer in steps: mean squares.

    The keys are the places of the operations that have matrices or kernels.
    """
    right = following(operations, [images[..., None].astype(np.float32)])
    found = {}
    for i, operation in enumerate(operations):
        if "W" in operation.weights:
            q, scale = quantised(operation.weights["W"], TRIED)
            coarse = replace(operation, weights={**operation.weights, "W": q * scale})
            other = [*operations[:i], coarse, *operations[i + 1 :]]
            answers = following(other, right[: i + 1])[-1]
            found[i] = float(np.mean((answers - right[-1]) ** 2))
    return found
