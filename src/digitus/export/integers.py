"""A network in whole numbers: every value as bytes, every weight as int8, sums in int32.

A value x is represented by a byte q of its own grid: x ≈ scale (q - zero). The grids are measured
on digits of the simulated pen. The picture's bytes are their own grid, so nothing is lost at the
input, and dividing it by 255 only changes the scale. A sum of products is exact in int32; one
multiplication by a whole number m and a shift, m 2⁻ˢ ≈ scale_in scale_w / scale_out, brings it to
the next grid (Jacob et al. 2018). docs/mathematics.md, "Numbers in fewer bits", derives it, with a
bound for the error. A value that only a Relu reads has the Relu's grid, on which nothing is
negative: so a Relu costs nothing.

Inside: grids and whole-number weights (`integers`). Not inside: the C that computes with them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from digitus.errors import ExportError
from digitus.export.compute import values
from digitus.export.operations import Network, Operation
from digitus.export.precision import quantised
from digitus.synthetic.strokes import strokes
from digitus.types import Array, Floats, Floats32, Images, Numbers, Shape

MEASURED = 300  # pictures from which the ranges of values are taken
SEED = 7
LARGEST_SUM = 2**31 - 1
BIAS_STEPS = 2.0**29  # at most, so that a bias and its products fit 32 bits together
MULTIPLIER_BITS, MOST_SHIFT = 30, 62
FIXED_BITS = 30  # bits of the terms of an affine, and of what is added
LAYERS_IN_INTEGERS = (
    *("affine", "conv", "dense", "max_pool", "average_pool", "upsample", "relu", "sigmoid"),
    *("tanh", "flatten", "add", "concat"),
)
FUNCTIONS: dict[str, Callable[[Floats], Floats]] = {
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": lambda x: 0.5 + 0.5 * np.tanh(0.5 * x),
    "tanh": np.tanh,
}


@dataclass(frozen=True)
class Grid:
    """x ≈ scale (q - zero) for bytes q."""

    scale: float
    zero: int

    def of(self, x: Array) -> npt.NDArray[np.uint8]:
        """The nearest bytes."""
        return np.clip(np.rint(np.asarray(x) / self.scale) + self.zero, 0, 255).astype(np.uint8)


@dataclass(frozen=True, eq=False)
class Quantised:
    """An operation in whole numbers: its arrays and numbers, and the grid of its value.

    `kind` "same" makes no new bytes: the value is the one that it reads.
    """

    kind: str
    inputs: tuple[int, ...]
    shape: Shape
    grid: Grid
    numbers: Mapping[str, int] = field(default_factory=dict)
    arrays: Mapping[str, Numbers] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class QuantisedNetwork:
    """The operations. A dense layer or convolution at the end gives real numbers, by its "step"."""

    operations: tuple[Quantised, ...]
    temperature: float


def integers(network: Network) -> QuantisedNetwork:
    """The network in whole numbers. Raises `ExportError` for a layer that cannot be so."""
    for operation in network.operations:
        if operation.kind not in LAYERS_IN_INTEGERS:
            raise ExportError(
                f"{operation.layer} cannot be exported to C in int8; in float32 it can"
            )
    grids = _grids(network)
    done = [
        _converted(operation, [grids[i] for i in operation.inputs], grids[k + 1], network)
        for k, operation in enumerate(network.operations)
    ]
    return QuantisedNetwork(tuple(done), network.temperature)


def _pictures(size: tuple[int, int]) -> Images:
    images = strokes(MEASURED, SEED).images
    rows, columns = (np.arange(s) * 28 // s for s in size)
    return np.ascontiguousarray(images[:, rows][:, :, columns])


def _grids(network: Network) -> list[Grid]:
    """The grid of each value: that of the value it is made from, the same scaled, or a new one."""
    found = values(network, _pictures(network.size))
    grids = [Grid(1.0, 0)]
    for k, operation in enumerate(network.operations):
        before = grids[operation.inputs[0]]
        if operation.kind in ("max_pool", "average_pool", "upsample", "flatten"):
            grids.append(before)
        elif operation.kind == "affine" and _only_scales(operation):
            grids.append(Grid(before.scale * float(operation.weights["a"]), before.zero))
        elif operation.kind == "relu" and before.zero == 0:
            grids.append(before)
        elif _read_by_relus(network, k + 1):
            grids.append(_grid(np.maximum(found[k + 1], 0)))
        else:
            grids.append(_grid(found[k + 1]))
    return grids


def _only_scales(operation: Operation) -> bool:
    a, b = operation.weights["a"], operation.weights["b"]
    return a.ndim == 0 and float(a) > 0 and not b.any()


def _read_by_relus(network: Network, value: int) -> bool:
    readers = [o.kind for o in network.operations if value in o.inputs]
    return bool(readers) and set(readers) == {"relu"}


def _grid(x: Array) -> Grid:
    low, high = min(0.0, float(x.min())), max(0.0, float(x.max()))
    scale = max(high - low, 1e-6) / 255
    return Grid(scale, int(np.clip(np.rint(-low / scale), 0, 255)))


def _converted(
    operation: Operation, before: Sequence[Grid], grid: Grid, network: Network
) -> Quantised:
    """One operation with its numbers."""
    kind, inputs, shape = operation.kind, operation.inputs, operation.shape
    numbers: dict[str, int] = {name: int(v) for name, v in operation.settings.items()}
    arrays: dict[str, Numbers] = {}
    if kind in ("conv", "dense"):
        last = operation is network.operations[-1]
        arrays, extra = _sums(operation, before[0], None if last else grid)
        numbers |= extra
    elif kind in ("flatten", "relu") or (kind == "affine" and _only_scales(operation)):
        same = kind != "relu" or grid == before[0]
        kind = "same" if same else "table"
        if not same:
            arrays["table"] = _table(FUNCTIONS["relu"], before[0], grid)
    elif kind == "affine":
        arrays, numbers = _terms(operation, before[0], grid)
    elif kind in ("sigmoid", "tanh"):
        kind, arrays = "table", {"table": _table(FUNCTIONS[kind], before[0], grid)}
    elif kind in ("add", "concat"):
        numbers |= _joined(before, grid)
    return Quantised(kind, inputs, shape, grid, numbers, arrays)


def _sums(
    operation: Operation, before: Grid, grid: Grid | None
) -> tuple[dict[str, Numbers], dict[str, int]]:
    """Weights [o ...], biases and multipliers of a convolution or dense layer."""
    W, b = operation.weights["W"], operation.weights["b"].astype(np.float64)
    q, scale = _weights(W, b, before)
    step = before.scale * scale  # of a sum, for each output
    arrays: dict[str, Numbers] = {
        "W": np.ascontiguousarray(np.moveaxis(q, -1, 0)),
        "b": np.rint(b / step).astype(np.int64),
    }
    reach = np.abs(q.astype(np.int64)).reshape(-1, q.shape[-1]).sum(0) * 255
    if (reach + np.abs(arrays["b"])).max() > LARGEST_SUM:
        raise ExportError(f"{operation.layer} has sums that do not fit 32 bits")
    if grid is None:
        return arrays | {"step": step.astype(np.float32)}, {}
    arrays["m"], shift = _multipliers(step / grid.scale)
    return arrays, {"shift": shift}


def _weights(
    W: Floats32, b: npt.NDArray[np.float64], before: Grid
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float64]]:
    """As `quantised`, with steps large enough for the biases to be whole numbers of 32 bits."""
    q, scale = quantised(W)
    least = np.abs(b) / (before.scale * BIAS_STEPS)
    coarse = np.maximum(scale, least)
    return np.where(coarse > scale, np.rint(W / coarse), q).astype(np.int8), coarse


def _multipliers(real: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.int64], int]:
    """Whole numbers m and one shift with m 2⁻ˢ ≈ the real ones, the largest of 31 bits."""
    largest = float(np.abs(real).max())
    shift = int(np.clip(MULTIPLIER_BITS - np.ceil(np.log2(max(largest, 1e-30))), 1, MOST_SHIFT))
    return np.rint(real * 2.0**shift).astype(np.int64), shift


def _terms(
    operation: Operation, before: Grid, grid: Grid
) -> tuple[dict[str, Numbers], dict[str, int]]:
    """y = a x + b as (q - zero) m + add, shifted; a and b for each channel or place."""
    a, b = (np.atleast_1d(operation.weights[name]).astype(np.float64) for name in "ab")
    a, b = np.broadcast_arrays(a, b)
    real, add = a * before.scale / grid.scale, b / grid.scale
    largest = max(float(np.abs(real).max()) * 256, float(np.abs(add).max()), 1.0)
    shift = int(np.clip(FIXED_BITS - np.ceil(np.log2(largest)), 1, FIXED_BITS))
    whole = {"m": real, "add": add}
    arrays = {k: np.rint(v * 2.0**shift).astype(np.int64).ravel() for k, v in whole.items()}
    return arrays, {"shift": shift}


def _table(function: Callable[[Floats], Floats], before: Grid, grid: Grid) -> npt.NDArray[np.uint8]:
    """The byte of f(x) for every byte of x."""
    return grid.of(function((np.arange(256) - before.zero) * before.scale))


def _joined(before: Sequence[Grid], grid: Grid) -> dict[str, int]:
    """A multiplier for each of the two values that are added or put side by side."""
    m, shift = _multipliers(np.array([one.scale / grid.scale for one in before]))
    return {"m0": int(m[0]), "m1": int(m[1]), "shift": shift}
