"""Arrays: where their functions live, what their axes are called, where random numbers come from.

Inside: the namespace of an array (NumPy's, or PyTorch's through `array_api_compat`), the way from
one library to the other, one-hot encoding, slices of batches, the streams of random numbers. Not
inside: mathematics.

The alphabet of axes, used in every shape comment of this package:

=====  ==========================================
n      examples of a mini-batch
i, o   inputs and outputs of a layer
h, w   height and width of an image
c      channels of an image (last, as stored)
k      rows or columns of a convolution's kernel
=====  ==========================================

A name that starts with `d` is the gradient of the loss by that array and has its shape: `dW`, `dx`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from functools import cached_property
from importlib import import_module
from types import ModuleType

import numpy as np
import numpy.typing as npt

from digitus.nn.pixels import Pixels
from digitus.types import Array, Floats, Numbers, Shape

# NumPy 2.0, as a browser may have it, is of an older standard, without `clip(x, min=0)`.
FUNCTIONS: ModuleType = (
    np if np.__array_api_version__ >= "2023.12" else import_module("array_api_compat.numpy")
)


def namespace(x: Array) -> ModuleType:
    """The module with the functions for `x`: NumPy itself, or a compatible front of another one."""
    if isinstance(x, np.ndarray | Pixels):
        return FUNCTIONS  # a short cut: the general look-up costs more than a small layer
    import array_api_compat

    return array_api_compat.array_namespace(x)


def like(x: Numbers, other: Array) -> Array:
    """NumPy's `x` in the library and on the device of `other`; its type stays."""
    if isinstance(other, np.ndarray):
        return x
    if not x.flags.writeable or min(x.strides, default=0) < 0:
        x = x.copy()  # PyTorch shares memory, wants to own it, and reads it forwards only
    return namespace(other).asarray(x, device=other.device)


def to_numpy(x: Array) -> Numbers:
    """Any array as one of NumPy's; NumPy's own are returned as they are."""
    if isinstance(x, np.ndarray):
        return x
    x = x.cpu()
    return (x if x.dtype.itemsize > 2 else x.float()).numpy()  # NumPy has no bfloat16


def one_hot(labels: npt.ArrayLike, classes: int = 10, dtype: npt.DTypeLike = np.float32) -> Array:
    """Rows with a 1 at the label and 0 elsewhere: labels [n] of 0 ... classes-1 to [n classes].

    Raises `ValueError` for a label outside the classes, or one that is no whole number.
    """
    labels = np.asarray(labels)
    if not np.array_equal(labels, np.trunc(labels)):  # also refuses NaN
        raise ValueError(f"labels must be whole numbers, not {labels.dtype} with fractions")
    if labels.size and (labels.min() < 0 or labels.max() >= classes):
        raise ValueError(
            f"labels must lie in 0..{classes - 1}, found {labels.min()}..{labels.max()}"
        )
    return np.eye(classes, dtype=dtype)[labels.astype(np.intp)]


def bounds(count: int, batch_size: int) -> Iterator[slice]:
    """The slices of consecutive batches over `count` examples; the last one may be smaller.

    Raises `ValueError` for a batch size below 1.
    """
    if batch_size < 1:
        raise ValueError(f"a batch has at least 1 example, not {batch_size}")
    return (slice(i, min(i + batch_size, count)) for i in range(0, count, batch_size))


def stream(seed: int, *purpose: str | int) -> np.random.Generator:
    """A random generator of its own for each purpose: `stream(7, "shuffle", epoch)`.

    Streams of different purposes are independent, so that leaving one out, or asking for batch 900
    without the 899 before it (as a resumed run does), changes none of the others. Numbers are
    always drawn by NumPy, whatever library computes with them: a seed means the same everywhere.
    """
    words = [zlib.crc32(p.encode()) if isinstance(p, str) else p for p in purpose]
    # The count comes first: NumPy fills short keys with zeros, so that [7, 1] would be [7, 1, 0].
    return np.random.default_rng([len(words), seed, *words])


class Stream:
    """As `stream`, but made when the first number is drawn: most networks draw none in a step.

    To make one takes 11 µs, a tenth of a step of a small network.
    """

    def __init__(self, seed: int, *purpose: str | int) -> None:
        self._seed, self._purpose = seed, purpose

    def random(self, shape: Shape, dtype: type[np.float32 | np.float64] = np.float64) -> Floats:
        """Uniform from 0 to below 1."""
        return self._generator.random(shape, dtype=dtype)

    @cached_property
    def _generator(self) -> np.random.Generator:
        return stream(self._seed, *self._purpose)
