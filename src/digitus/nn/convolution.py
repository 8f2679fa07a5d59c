"""Convolution as a primitive, like the matrix product: the sum behind `Conv`, three ways.

Inside: ``y[n h w o] = Σ x[n, h·s+i, w·s+j, c] W[i j c o]`` and the two sums that carry a gradient
back, for NumPy as products of gathered windows. Not inside: bias, settings, shapes for people
(`spatial.Conv`), PyTorch's tensors (`kernels_torch`).

The windows of a few examples at a time are gathered into a buffer that stays in the cache
and multiplied in one product. For 128 images of 28 x 28 x 32, kernel 3, on one thread: 35 ms where
the product alone takes 27; gathering the whole batch first takes 75, one product for every place in
the kernel 35 here but 52 instead of 2 where there is a single channel.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from digitus.nn.products import scratch, times, transposed_times
from digitus.types import Array, Shape

BUFFER_NUMBERS = 1 << 19  # gathered at a time: 2 MB of float32, about a core's share of cache


def correlate(x: Array, W: Array, stride: int, border: int) -> Array:
    """x [n h w c] ⋆ W [k k c o] to y [n h' w' o], with `border` zeros around x."""
    k, _, c, o = W.shape
    x = _bordered(x, border)
    y = np.empty((len(x), *_out(x.shape, k, stride), o), x.dtype)
    flat = W.reshape(k * k * c, o)
    for block, windows in _windows(x, k, stride):
        times(windows, flat, out=y[block].reshape(-1, o))
    return y


def correlate_back(x: Array, dy: Array, W: Array, stride: int, border: int) -> tuple[Array, Array]:
    """dx [n h w c] and dW [k k c o]."""
    k, _, c, o = W.shape
    if stride > 1:
        dx = correlate_to_input(dy, W, x.shape, stride, border)
        return dx, correlate_to_kernel(x, dy, k, stride, border)
    # Both sums go over the windows of dy, which are gathered once: dW[i j c o] is also
    # Σ x[n h w c] dy[n, h-i, w-j, o], and from a pixel the offsets lie in the opposite order.
    dx, dW = np.empty(x.shape, dy.dtype), np.zeros((c, k * k * o), dy.dtype)
    flat = _turned(W).reshape(k * k * o, c)
    for block, windows in _windows(_bordered(dy, k - 1 - border), k, 1):
        times(windows, flat, out=dx[block].reshape(-1, c))
        dW += transposed_times(np.asarray(x[block]).reshape(-1, c), windows)
    turned = dW.reshape(c, k, k, o)[:, ::-1, ::-1]
    return dx, np.ascontiguousarray(turned.transpose(1, 2, 0, 3))


def correlate_to_kernel(x: Array, dy: Array, k: int, stride: int, border: int) -> Array:
    """dW[i j c o] = Σ x[n, h·s+i, w·s+j, c] dy[n h w o]: windows transposed, times dy."""
    x = _bordered(x, border)
    c, o = x.shape[3], dy.shape[3]
    dW = np.zeros((k * k * c, o), x.dtype)
    for block, windows in _windows(x, k, stride):
        dW += transposed_times(windows, dy[block].reshape(-1, o))
    return dW.reshape(k, k, c, o)


def correlate_to_input(dy: Array, W: Array, shape: Shape, stride: int, border: int) -> Array:
    """dx [n h w c]: dy ⋆ the kernel turned by 180 degrees with its channels exchanged.

    An input pixel gets dy from every window that covers it, and seen from the pixel those windows
    lie in the opposite order. With stride 2, zeros stand between the values of dy.
    """
    n, h, w, _ = shape
    k, o = W.shape[0], W.shape[3]
    spread = np.zeros((n, h + 2 * border + k - 1, w + 2 * border + k - 1, o), dy.dtype)
    rows, cols = (slice(k - 1, k - 1 + stride * s, stride) for s in dy.shape[1:3])
    spread[:, rows, cols] = dy
    inner = spread[:, border : border + h + k - 1, border : border + w + k - 1]
    return correlate(inner, _turned(W), stride=1, border=0)


def _turned(W: Array) -> Array:
    """[k k o c]: the kernel turned by 180 degrees with its channels exchanged."""
    return np.ascontiguousarray(W[::-1, ::-1].transpose(0, 1, 3, 2))


def _out(shape: Shape, k: int, stride: int) -> tuple[int, int]:
    return (shape[1] - k) // stride + 1, (shape[2] - k) // stride + 1


def _bordered(x: Array, border: int) -> Array:
    if border == 0:
        return np.asarray(x)
    n, h, w, c = x.shape
    wide = np.zeros((n, h + 2 * border, w + 2 * border, c), x.dtype)
    wide[:, border:-border, border:-border] = x
    return wide


def _windows(x: Array, k: int, stride: int) -> Iterator[tuple[slice, Array]]:
    """Blocks of examples with their windows, one a row: [examples·h'·w', k·k·c]."""
    n, _, columns, c = x.shape
    h, w = _out(x.shape, k, stride)
    # A row of a window is k·c numbers that lie at equal distances, so that one strided copy gathers
    # all windows: with 32 channels 0.6 of the time of a copy for each place in the kernel. An array
    # in another order has them elsewhere. The stride of an axis of length 1 says nothing.
    if c > 1 and columns > 1 and x.strides[2] != c * x.strides[3]:
        x = np.ascontiguousarray(x)
    a, b, d, e = x.strides
    along = e if c > 1 else d
    rows = np.lib.stride_tricks.as_strided(
        x, (n, h, w, k, k * c), (a, stride * b, stride * d, b, along), writeable=False
    )
    step = max(1, BUFFER_NUMBERS // max(1, h * w * k * k * c))
    buffer = scratch((min(step, n), h, w, k, k * c), x.dtype)
    for start in range(0, n, step):
        part = rows[start : start + step]
        gathered = buffer[: len(part)]
        np.copyto(gathered, part)
        yield slice(start, start + step), gathered.reshape(-1, k * k * c)
