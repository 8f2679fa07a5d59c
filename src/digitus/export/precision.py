"""Weights in fewer bits: float16, and int8 with one scale for each output.

int8: q = round(w / s) with s = max |w| / 127 over the weights of an output channel, so that
|w - s q| ≤ s / 2 (docs/mathematics.md, "Numbers in fewer bits"). Only matrices and kernels are
quantised; biases and what prepares the input are few, and stay as they are.

Inside: `quantised`, `as_float16`. Not inside: arithmetic in integers (`integers`).
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from digitus.types import Floats32

Precision: TypeAlias = Literal["float32", "float16", "int8"]
PRECISIONS: tuple[Precision, ...] = ("float32", "float16", "int8")
LARGEST = 127  # -128 is left out, so that a weight and its negative are equally exact


def quantised(W: Floats32, most: int = LARGEST) -> tuple[npt.NDArray[np.int8], Floats32]:
    """Weights [... o] as integers up to `most` and a scale for each output [o]: W ≈ q scale."""
    largest = np.abs(W).max(axis=tuple(range(W.ndim - 1)))
    scale = np.where(largest > 0, largest / most, 1).astype(np.float32)
    return np.rint(W / scale).astype(np.int8), scale


def as_float16(W: Floats32) -> npt.NDArray[np.float16]:
    """Rounded to sixteen bits, and kept within their range."""
    limit = np.finfo(np.float16).max
    return np.clip(W, -limit, limit).astype(np.float16)
