"""The compiled kernels for NumPy's arrays: how the library is found, and its functions called.

The installation builds it from `compiled/` where there is a compiler. Without it, and with
`DIGITUS_KERNELS=numpy`, NumPy computes everything, as it does for the reference. In the same way a
lower level of instructions than the processor's best can be chosen ("avx2", "plain"), before this
is imported. The numbers are NumPy's but for rounding, since sums are taken in another order: about
1e-6 of the largest.

Inside: loading, types, calls. Not inside: the kernels, plans of whole networks (`inference`).
"""

from __future__ import annotations

import ctypes
import os
import zlib
from collections.abc import Callable
from ctypes import c_char_p, c_uint
from functools import cache
from pathlib import Path
from threading import local
from typing import Any

import numpy as np

from digitus.types import DType, Numbers

CHOICE = "DIGITUS_KERNELS"  # the variable of the environment
NUMPY = "numpy"  # its value for none of the kernels
LEVELS = ("avx512", "avx2", "plain")
LIBRARY = Path(__file__).parent / "compiled" / "kernels.so"
VECTORS, TILES = 1, 2  # as in narrow.h
CACHE_LINE_BYTES = 64  # also of the widest vector
NUMBERS = {np.dtype(np.float32): "float", np.dtype(np.float64): "double"}

_pointer, _long, _number = ctypes.c_void_p, ctypes.c_int64, ctypes.c_double
_first_byte: Any = ctypes.c_char.from_buffer
SIGNATURES: dict[str, tuple[list[Any], Any]] = {
    "lanes": ([], _long),
    "pack": ([_long, _long, _pointer, _pointer], None),
    "winograd_memory": ([_long] * 4, _long),
    "network": ([_pointer, _long, _pointer, _long, _pointer, _pointer], _long),
    "memory": ([_pointer], _long),
    "forward": ([_pointer, _pointer, _long, _number, *[_pointer] * 5], None),
    "back": ([_pointer, _pointer, _long, _number, *[_pointer] * 8], None),
    "pixels_memory": ([_long] * 2, _long),
    "pixels_times": ([_long] * 3 + [_pointer, _number] + [_pointer] * 3, None),
    "pixels_back": ([_long] * 3 + [_pointer, _number] + [_pointer] * 3, None),
    "perceptron_memory": ([_pointer, _long], _long),
    "perceptron": ([_pointer, _long, _pointer, _pointer, _number, _pointer, _pointer], _number),
    "batch_norm": ([_long] * 2 + [_pointer] * 3 + [_number, _long] + [_pointer] * 3, None),
    "batch_norm_back": ([_long] * 2 + [_pointer] * 9, None),
    "gate": ([_long] + [_pointer] * 3, None),
    "max_pool": ([_long] * 5 + [_pointer] * 2, None),
    "max_pool_back": ([_long] * 5 + [_pointer] * 4, None),
    "upsample": ([_long] * 5 + [_pointer] * 2, None),
    "upsample_back": ([_long] * 5 + [_pointer] * 2, None),
    "softmax_cross_entropy": ([_long] * 2 + [_pointer] * 2 + [_number, _pointer], _number),
    "adam": ([_long] + [_pointer] * 4 + [_number] * 5, None),
    "gradient_descent": ([_long] + [_pointer] * 3 + [_number] * 2 + [_long], None),
    "average": ([_long] + [_pointer] * 2 + [_number], None),
}


asked = os.environ.get(CHOICE, "")  # read once: a step of training asks some sixty times


def level() -> str:
    """What computes: "avx512", "avx2", "plain", or "numpy" where nothing compiled is there."""
    possible = _possible()
    return asked if asked in possible else possible[0]


def function(name: str, dtype: DType, at: str) -> Callable[..., Any]:
    """A kernel for that type of numbers, with a level's instructions."""
    found: Callable[..., Any] = _function(name, NUMBERS[dtype], at)
    return found


def chosen(name: str, dtype: DType) -> Callable[..., Any]:
    """A kernel for that type of numbers, at the level that computes now."""
    return function(name, dtype, level())


@cache
def _function(name: str, number: str, at: str) -> Any:
    found = getattr(_library(), f"digitus_{name}_{number}_{at}")
    found.argtypes, found.restype = SIGNATURES[name]
    return found


@cache
def _possible() -> tuple[str, ...]:
    """What can compute here, the best first."""
    if (library := _library()) is None:
        return (NUMPY,)
    return (*LEVELS[LEVELS.index(library.digitus_level().decode()) :], NUMPY)


_products = local()


class NarrowProducts:
    """For the length of a block, this thread's products are in bfloat16 where kernels can do that.

    Blocks may be nested, and one object may be used again.
    """

    def __enter__(self) -> None:
        _products.blocks = getattr(_products, "blocks", 0) + 1

    def __exit__(self, *_: object) -> None:
        _products.blocks -= 1


def narrow_products() -> int:
    """What multiplies in bfloat16 within such a block, as `narrow_kind`; outside it, 0."""
    return narrow_kind() if getattr(_products, "blocks", 0) > 0 else 0


def narrow_kind() -> int:
    """What multiplies in bfloat16: `VECTORS` (AVX-512 BF16), `TILES` (AMX), or 0 for nothing."""
    return _narrow_kind() if level() == LEVELS[0] else 0


@cache
def _narrow_kind() -> int:
    library = _library()
    return 0 if library is None else int(library.digitus_narrow_kind())


@cache
def _library() -> ctypes.CDLL | None:
    """The library; None where there is none for this machine, or it is of another source."""
    try:
        library = ctypes.CDLL(str(LIBRARY))
        library.digitus_source.restype, library.digitus_level.restype = c_uint, c_char_p
        sources = sorted(LIBRARY.parent.glob("*.[ch]"))
        source = zlib.crc32(b"".join(path.read_bytes() for path in sources))
        return library if library.digitus_source() == source else None
    except (OSError, AttributeError):
        return None


def address(a: Numbers) -> int:
    """Where the numbers of an array begin.

    Through a buffer of ctypes, which needs writable memory in one piece, this takes 0.3 µs, through
    the array's interface 1.2; a step of training asks some twenty times.
    """
    try:
        if a.flags.writeable:
            return ctypes.addressof(_first_byte(a))
    except (TypeError, ValueError):  # in pieces, or nothing at all
        pass
    at: int = a.__array_interface__["data"][0]
    return at


def aligned(numbers: int, dtype: DType) -> Numbers:
    """New memory that begins where a vector of any width does.

    A vector that crosses two lines of the cache takes two reads: half of the speed.
    """
    space = np.empty(numbers * dtype.itemsize + CACHE_LINE_BYTES, np.uint8)
    start = -address(space) % CACHE_LINE_BYTES
    return space[start : start + numbers * dtype.itemsize].view(dtype)


def packed(W: Numbers, at: str) -> Numbers:
    """W [... o] in panels, as the kernels read it: rows filled up to whole vectors."""
    o = W.shape[-1]
    W = np.ascontiguousarray(W.reshape(-1, o))
    lanes = function("lanes", W.dtype, at)()
    panels = aligned(len(W) * (-(-o // lanes) * lanes), W.dtype)
    function("pack", W.dtype, at)(len(W), o, address(W), address(panels))
    return panels
