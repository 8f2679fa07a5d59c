"""Which kernels of their own there are for which arrays. Not inside: the kernels."""

from __future__ import annotations

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
        from digitus.nn import kernels_compiled

        return kernels_compiled
    from digitus.nn import kernels_torch

    return kernels_torch
