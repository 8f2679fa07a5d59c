"""In how many bits a network is run while its parameters keep theirs. Not inside: the kernels."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import numpy as np

from digitus.nn import namespace
from digitus.nn.kernels import NarrowProducts
from digitus.types import Array, Params


def lowered(params: Params, precision: str | None) -> tuple[Params, AbstractContextManager[None]]:
    """The parameters that a network is run with, and the context that it is run in.

    NumPy has no bfloat16: there only the products of its compiled kernels are so narrow.
    """
    w = next(iter(params.values()))
    if precision is None:
        return params, nullcontext()
    if isinstance(w, np.ndarray):
        return params, NarrowProducts()
    return all_as_type(params, getattr(namespace(w), precision)), nullcontext()


def as_type(x: Array, dtype: object) -> Array:
    """The array in that type; copied only if it has another."""
    return x if x.dtype == dtype else namespace(x).astype(x, dtype)


def all_as_type(params: Params, dtype: object) -> Params:
    """All parameters in that type."""
    return {name: as_type(a, dtype) for name, a in params.items()}
