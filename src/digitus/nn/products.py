"""Products of a tall matrix with a narrow one, cut so that BLAS need not pack them.

A BLAS packs its operands before it multiplies, which a narrow product does not repay. OpenBLAS has
kernels that do without, for products of at most 100³ multiplications: on one core, 3,136 rows of
288 numbers times [288 32] run at 141 instead of 106 GFLOP/s, 256 rows of 784 times [784 10] at 75
instead of 40. A stack of matrices is one call of NumPy's, so cutting costs nothing where there are
no such kernels.

Inside: x W and xᵀ dy for NumPy's arrays, and memory to gather x in. Not inside: other libraries,
which choose for themselves.
"""

from __future__ import annotations

import threading
from math import prod

import numpy as np

from digitus.nn.kernels import address, aligned
from digitus.types import Bytes, DType, Matrix

SMALL_PRODUCT = 10**6  # multiplications
KERNEL_ROWS = 16  # rows of a piece are a multiple of it: what the kernels take at a time


class _Scratch(threading.local):
    """A thread's own memory: `size` bytes of it are in use."""

    size = -1
    bytes: Bytes
    address: int


_kept = _Scratch()


def scratch(shape: tuple[int, ...], dtype: DType) -> Matrix:
    """An array of this thread, overwritten at its next call: new memory costs more than filling it.

    A megabyte of new memory takes 0.1 to 0.5 ms until it is there, and 0.03 to be written.
    """
    size = prod(shape) * dtype.itemsize
    return _memory(size).bytes[:size].view(dtype).reshape(shape)


def scratch_address(size: int) -> int:
    """Where the memory behind `scratch` begins: at least `size` bytes."""
    return _memory(size).address


def _memory(size: int) -> _Scratch:
    if _kept.size < size:
        _kept.bytes, _kept.size = aligned(size, np.dtype(np.uint8)), size
        _kept.address = address(_kept.bytes)
    return _kept


def piece(m: int, k: int, n: int) -> int:
    """Rows of x [m k] that make a small product with W [k n]; m where the whole is better."""
    rows = SMALL_PRODUCT // max(1, k * n) // KERNEL_ROWS * KERNEL_ROWS
    return rows if 0 < rows < m else m


def times(x: Matrix, W: Matrix, out: Matrix) -> None:
    """out = x [m k] times W [k n]."""
    (m, k), n = x.shape, W.shape[1]
    rows = piece(m, k, n)
    if rows == m:
        np.matmul(x, W, out=out)
        return
    if n < KERNEL_ROWS:
        W = np.asfortranarray(W)  # the kernels for few columns: 10 instead of 16 ms for all MNIST
    whole = m - m % rows
    np.matmul(x[:whole].reshape(-1, rows, k), W, out=out[:whole].reshape(-1, rows, n))
    np.matmul(x[whole:], W, out=out[whole:])


def transposed_times(x: Matrix, dy: Matrix) -> Matrix:
    """xᵀ [k m] times dy [m n]."""
    (m, k), n = x.shape, dy.shape[1]
    rows = piece(m, k, n)
    if rows == m:
        return x.T @ dy
    whole = m - m % rows
    x3, dy3 = x[:whole].reshape(-1, rows, k), dy[:whole].reshape(-1, rows, n)
    if n < KERNEL_ROWS:  # the longer side last: 104 instead of 69 GFLOP/s for 784 x 10
        total = np.ascontiguousarray(np.matmul(dy3.transpose(0, 2, 1), x3).sum(axis=0).T)
    else:
        total = np.matmul(x3.transpose(0, 2, 1), dy3).sum(axis=0)
    if whole < m:
        total += x[whole:].T @ dy[whole:]
    return total
