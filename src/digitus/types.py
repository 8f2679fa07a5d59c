"""What arrays are called in signatures: the kind of their numbers and, if fixed, their rank.

A checker sees the rank, so that a single picture handed over where a batch is expected is an error
before anything runs. The axes are named as everywhere in digitus: n examples, h rows, w columns,
i inputs and o outputs of a layer (`nn.arrays`).

Inside: aliases. Not inside: types with behaviour, which live where they are used.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

# What the mathematics computes with.
Array: TypeAlias = Any  # a numpy.ndarray or a torch.Tensor: whatever the caller computes with
Params: TypeAlias = dict[str, Array]  # {"W": ..., "b": ...}; in a Chain "0.W", "3.b"
Shape: TypeAlias = tuple[int, ...]

# JSON, and TOML but for its dates: what a file or a message holds, before anybody has looked at it.
Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

# NumPy's arrays of any rank.
DType: TypeAlias = np.dtype[Any]  # of whatever numbers
Numbers: TypeAlias = npt.NDArray[Any]
Floats: TypeAlias = npt.NDArray[np.floating[Any]]
Floats32: TypeAlias = npt.NDArray[np.float32]
Floats64: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]
Bytes: TypeAlias = npt.NDArray[np.uint8]

# Those of a fixed rank.
Images: TypeAlias = np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]  # [n h w]
Labels: TypeAlias = np.ndarray[tuple[int], np.dtype[np.uint8]]  # [n]: the true digits
Answers: TypeAlias = np.ndarray[tuple[int], np.dtype[np.int64]]  # [n]: the digits read
Matrix: TypeAlias = np.ndarray[tuple[int, int], np.dtype[np.floating[Any]]]  # [n o], [i o] ...
Vector: TypeAlias = np.ndarray[tuple[int], np.dtype[np.floating[Any]]]  # [n], [o] ...
Counts: TypeAlias = np.ndarray[tuple[int, int], np.dtype[np.int64]]  # [true digit, digit read]
Grey: TypeAlias = np.ndarray[tuple[int, int], np.dtype[np.uint8]]  # [h w]: a picture without colour
Plane: TypeAlias = np.ndarray[tuple[int, int], np.dtype[np.float32]]  # [h w]: a number per pixel
Planes: TypeAlias = np.ndarray[tuple[int, int, int], np.dtype[np.float32]]  # [n h w]: several
Mask: TypeAlias = np.ndarray[tuple[int, int], np.dtype[np.bool_]]  # [h w]: yes or no per pixel
Points: TypeAlias = np.ndarray[tuple[int, int], np.dtype[np.float64]]  # [n 2]: x, y

# What picks examples: a slice, their numbers, or yes and no for each.
Index: TypeAlias = slice | npt.NDArray[np.integer[Any]] | Bools

Box: TypeAlias = tuple[int, int, int, int]  # x, y, width, height in pixels
