"""Arrays in memory that several processes see.

The memory has no name, so it goes with the last process that holds it. Inside: where each array
lies. Not inside: who reads and writes which of them when (`processes`).
"""

from __future__ import annotations

import math
import mmap
import os
import tempfile
from typing import TypeAlias

import numpy as np

from digitus.training.source import ArrayShape
from digitus.types import Numbers, Params

ArrayShapes: TypeAlias = dict[str, ArrayShape]
# What processors exchange at a time: arrays that two processes write lie in different lines.
CACHE_LINE_BYTES = 64


class SharedArrays:
    """Arrays by name, each at the start of a cache line."""

    def __init__(self, shapes: ArrayShapes, file: int | None = None) -> None:
        """Lays the arrays out in new memory, or in that behind a file descriptor."""
        places, size = {}, 0
        for name, (shape, dtype) in shapes.items():
            places[name] = size
            length = math.prod(shape) * np.dtype(dtype).itemsize
            size += -(-length // CACHE_LINE_BYTES) * CACHE_LINE_BYTES
        self.file = _anonymous_file(max(size, 1)) if file is None else file
        memory = mmap.mmap(self.file, max(size, 1))
        self.arrays: dict[str, Numbers] = {
            name: np.ndarray(shape, dtype, memory, places[name])
            for name, (shape, dtype) in shapes.items()
        }

    def group(self, name: str) -> Params:
        """The arrays whose names begin with "name/", without that prefix."""
        return {
            key.removeprefix(f"{name}/"): a
            for key, a in self.arrays.items()
            if key.startswith(f"{name}/")
        }


def _anonymous_file(size: int) -> int:
    """A descriptor of memory, on Linux; elsewhere of a file that has been deleted already."""
    if hasattr(os, "memfd_create"):
        file = os.memfd_create("digitus")
    else:
        with tempfile.TemporaryFile() as temporary:
            file = os.dup(temporary.fileno())
    os.ftruncate(file, size)
    return file


def as_rows(a: Numbers) -> Numbers:
    """An array as rows that can be shared out: the last axis of a kernel stays whole."""
    return a.reshape(-1, a.shape[-1]) if a.ndim > 2 else a
