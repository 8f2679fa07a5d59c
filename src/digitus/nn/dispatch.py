"""Which arrays have kernels of their own, and in which module. Not inside: the kernels."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from types import ModuleType

from digitus.nn.arrays import FUNCTIONS, namespace
from digitus.nn.kernels import NUMBERS, NUMPY, level
from digitus.types import Array


def own_kernels(x: Array) -> ModuleType | None:
    """The module with kernels of their own for arrays like `x`: compiled ones, or PyTorch's.

    None where NumPy computes: it is the reference, and there need not be a compiler.
    """
    if namespace(x) is FUNCTIONS:
        if x.dtype not in NUMBERS or level() == NUMPY:
            return None
        return _module("kernels_compiled")
    return _module("kernels_torch")


@cache
def _module(name: str) -> ModuleType:
    """Imported when it is needed: one takes PyTorch with it, the other is for training."""
    return import_module(f"digitus.nn.{name}")
