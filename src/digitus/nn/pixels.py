"""Bytes that stay bytes until they are multiplied: what the first layers of a network see.

A picture as numbers takes four times the memory of its bytes, and a perceptron's first layer does
nothing with it but two products. So `Pixels` stand for the numbers, take part in NumPy's
arithmetic like any array, and three things cost them nothing: a factor, another shape, a transposed
view. In a product they become numbers block by block, in a buffer that stays in the cache. For a
whole MNIST (784-10-10, one core): 29 ms for both products, where making an array of numbers and
scaling it takes 14 to 80 before the first product begins, by how fresh its memory is. A single
picture is multiplied without its background, four fifths of it: W [784 800] in 22 instead of 57 µs;
of a batch, what is background in all of its pictures is left out, and what is left is kept as
numbers from the forward product to the backward one.

Inside: the array-like, and products in blocks. Not inside: what is multiplied (`layers`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Literal

import numpy as np
import numpy.typing as npt
from numpy.lib.mixins import NDArrayOperatorsMixin

from digitus.nn.kernels import NUMBERS, NUMPY, address, chosen, level
from digitus.nn.products import scratch, scratch_address, times, transposed_times
from digitus.types import Bytes, DType, Index, Numbers

BLOCK_ROWS = 1024  # 3.2 MB of float32 for 28 x 28 pixels; with less, threads wait for Python
# Of 256 pictures 550 of the 784 pixels have ink in any. Products with those alone take 0.83 of the
# time for 256 pictures and 800 columns, 0.94 for 64; with fewer, picking them out takes as long.
FEWEST_PICTURES, FEWEST_COLUMNS = 64, 100  # from which on it pays
# The compiled kernel leaves out what has no ink in a few pictures, or pixels: of 256 pictures and
# 800 columns it takes 0.4 of the time; with 10 columns NumPy is as fast.
COMPILED_PICTURES, COMPILED_COLUMNS = 16, 32


class Pixels(NDArrayOperatorsMixin):
    """factor · bytes [n ...], as numbers of type `dtype`. Not to be changed."""

    def __init__(self, bytes_: Bytes, dtype: DType, factor: float = 1.0) -> None:
        self.bytes, self.dtype, self.factor = bytes_, dtype, factor
        self._inked: tuple[npt.NDArray[np.intp], Numbers] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """As of an array."""
        return self.bytes.shape

    @property
    def device(self) -> str:
        """As of an array."""
        return "cpu"

    @property
    def T(self) -> Transposed:  # noqa: N802 (an array's name for it)
        """For products from the left."""
        return Transposed(self)

    def __len__(self) -> int:
        return len(self.bytes)

    def __getitem__(self, index: Index) -> Pixels:
        return Pixels(self.bytes[index], self.dtype, self.factor)

    def reshape(self, shape: tuple[int, ...], order: Literal["A", "C", "F"] = "C") -> Pixels:
        """As of an array; `numpy.reshape` asks for it."""
        return Pixels(self.bytes.reshape(shape, order=order), self.dtype, self.factor)

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> Numbers:
        """The numbers; always made anew."""
        numbers = self.bytes.astype(self.dtype if dtype is None else dtype)
        if self.factor != 1:
            numbers *= self.factor
        return numbers

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: object, **options: object
    ) -> object:
        """Any arithmetic but that below is done with the numbers."""
        numbers = (np.asarray(x) if isinstance(x, Pixels) else x for x in inputs)
        return getattr(ufunc, method)(*numbers, **options)

    def __mul__(self, factor: float | Numbers) -> Pixels | Numbers:
        """A factor is kept for later; anything else is multiplied now."""
        if isinstance(factor, float):
            return Pixels(self.bytes, self.dtype, self.factor * factor)
        return np.asarray(self) * factor

    def __matmul__(self, W: Numbers) -> Numbers:
        """[n i] times W [i o], in blocks of rows."""
        if (compiled := self._compiled("pixels_times", W, self.shape[1])) is not None:
            return compiled
        if len(self) == 1:
            (ink,) = self.bytes[0].nonzero()
            x = self.bytes[0, ink].astype(self.dtype)
            x *= self.factor
            return (x @ W.take(ink, axis=0))[None]
        y = np.empty((len(self), W.shape[1]), self.dtype)
        if inked := self.inked(W.shape[1]):
            ink, x = inked
            inked_W = scratch((len(ink), W.shape[1]), W.dtype)
            np.matmul(x, W.take(ink, axis=0, out=inked_W, mode="clip"), out=y)
        else:
            for rows, x in self.blocks():
                times(x, W, out=y[rows])
        y *= self.factor  # the smallest of the arrays that it could be multiplied with
        return y

    def _compiled(self, name: str, other: Numbers, rows: int) -> Numbers | None:
        """The product with W, or that of the transposed with dy, by a compiled kernel."""
        if self.dtype not in NUMBERS or self.dtype != other.dtype or level() == NUMPY:
            return None
        if other.ndim != 2 or self.bytes.ndim != 2 or len(other) != rows:
            return None  # NumPy says what is wrong with it
        (n, i), o = self.bytes.shape, other.shape[1]
        if n < COMPILED_PICTURES or o < COMPILED_COLUMNS:
            return None
        bytes_, other = np.ascontiguousarray(self.bytes), np.ascontiguousarray(other)
        made = np.empty((n if name == "pixels_times" else i, o), self.dtype)
        memory = chosen("pixels_memory", self.dtype)(n, i) * self.dtype.itemsize
        chosen(name, self.dtype)(
            n, i, o, address(bytes_), self.factor, address(other), scratch_address(memory),
            address(made),
        )  # fmt: skip
        return made

    def inked(self, columns: int) -> tuple[npt.NDArray[np.intp], Numbers] | None:
        """The pixels [k] with ink in any picture, and their bytes as numbers [n k].

        None where leaving out the others does not pay.
        """
        if not FEWEST_PICTURES <= len(self) <= BLOCK_ROWS or columns < FEWEST_COLUMNS:
            return None
        if self._inked is None:
            ink = np.flatnonzero(self.bytes.any(axis=0))
            self._inked = ink, self.bytes.take(ink, axis=1).astype(self.dtype)
        return self._inked

    def blocks(self) -> Iterator[tuple[slice, Numbers]]:
        """The bytes [n i] as numbers, some rows at a time in one buffer."""
        n = len(self)
        buffer = scratch((min(n, BLOCK_ROWS), prod(self.shape[1:])), self.dtype)
        for start in range(0, n, BLOCK_ROWS):
            rows = slice(start, start + BLOCK_ROWS)
            x = buffer[: n - start]
            np.copyto(x, self.bytes[rows])
            yield rows, x


@dataclass(frozen=True, eq=False)
class Transposed:
    """Pixels [n i] seen as [i n]."""

    pixels: Pixels

    def __matmul__(self, dy: Numbers) -> Numbers:
        """[i n] times dy [n o]: the sum over blocks of rows."""
        pixels = self.pixels
        if (compiled := pixels._compiled("pixels_back", dy, len(pixels))) is not None:
            return compiled
        if inked := pixels.inked(dy.shape[1]):
            ink, x = inked
            dW = np.zeros((pixels.shape[1], dy.shape[1]), pixels.dtype)
            inked_dW = scratch((len(ink), dy.shape[1]), pixels.dtype)
            dW[ink] = np.matmul(x.T, dy * pixels.factor, out=inked_dW)
            return dW
        total = None
        for rows, x in self.pixels.blocks():
            part = transposed_times(x, dy[rows] * self.pixels.factor)
            total = part if total is None else np.add(total, part, out=total)
        if total is None:
            return np.zeros((self.pixels.shape[1], dy.shape[1]), self.pixels.dtype)
        return total
