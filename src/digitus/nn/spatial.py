"""Layers for images [n h w c]: convolution, pooling, upsampling, batch normalisation.

Inside: the equations. Not inside: how a convolution is carried out quickly (`convolution`), the
layers for vectors and the chain (`layers`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from math import prod
from operator import add
from types import ModuleType

import numpy as np

from digitus.errors import ShapeError
from digitus.nn.arrays import namespace
from digitus.nn.blocks import Leading
from digitus.nn.convolution import correlate, correlate_back, correlate_to_kernel
from digitus.nn.dispatch import own_kernels
from digitus.nn.inputs import moments
from digitus.nn.layers import Backward, Layer, Relu, Rng, Shapes, sum_rows
from digitus.types import Array, Params, Shape

LARGEST_POOL = 15  # after a convolution: the number of a place in a window is a byte
NUMBERS_AT_ONCE = 1 << 17  # numbers that several operations in a row go over: 0.5 MB of float32


def image_shape(shape: Shape) -> tuple[int, int, int]:
    """[h w c]; raises `ShapeError` for anything else."""
    if len(shape) != 3:
        raise ShapeError(f"needs an image [h w c], but gets {list(shape)}; put it before Flatten")
    return shape


@dataclass(frozen=True)
class Conv(Leading):
    """y = x ⋆ W + b;   dx = dy ⋆ W̃,   dW = x ⋆ dy,   db = Σ dy.

    Each output pixel is a Dense layer over the k x k window around it:
    y[h w o] = Σ x[h·stride + i, w·stride + j, c] W[i j c o] + b[o], summed over i, j, c.
    dx and dW are the same sum, read for each factor in turn, dx with the kernel turned: W̃.

    `padding` "same" surrounds the image with k//2 zeros, so that stride 1 keeps its size (and
    stride 2 halves it, rounded up); "valid" uses whole windows only.
    """

    channels: int
    kernel: int = 3
    stride: int = 1
    padding: str = "same"

    def __post_init__(self) -> None:
        if self.channels < 1:
            raise ValueError(f"Conv's channels must be at least 1, not {self.channels}")
        if self.kernel < 1 or self.kernel % 2 == 0:
            raise ValueError(f"Conv's kernel must be odd, not {self.kernel}")
        if self.stride not in (1, 2):
            raise ValueError(f"Conv's stride must be 1 or 2, not {self.stride}")
        if self.padding not in ("same", "valid"):
            raise ValueError(f'Conv\'s padding must be "same" or "valid", not "{self.padding}"')

    @property
    def border(self) -> int:
        """Rows and columns of zeros on each side."""
        return self.kernel // 2 if self.padding == "same" else 0

    def plan(self, shape: Shape) -> tuple[Shapes, Shape]:
        """[h w c] to [h' w' channels]."""
        h, w, c = image_shape(shape)
        rows, cols = ((s + 2 * self.border - self.kernel) // self.stride + 1 for s in (h, w))
        if rows < 1 or cols < 1:
            raise ShapeError(
                f"its {self.kernel} x {self.kernel} window is larger than the image {list(shape)}"
            )
        shapes = {"W": (self.kernel, self.kernel, c, self.channels), "b": (self.channels,)}
        return shapes, (rows, cols, self.channels)

    def forward(self, p: Params, x: Array, rng: Rng = None) -> tuple[Array, Backward]:
        """x [n h w c] to y [n h' w' o]."""
        if kernels := own_kernels(x):
            return kernels.conv(p, x, self.stride, self.border)
        y = correlate(x, p["W"], self.stride, self.border)
        y += p["b"]

        def backward(dy: Array, want_dx: bool = True) -> tuple[Array, Params]:
            if want_dx:
                dx, dW = correlate_back(x, dy, p["W"], self.stride, self.border)
            else:
                dx, dW = None, correlate_to_kernel(x, dy, self.kernel, self.stride, self.border)
            return dx, {"W": dW, "b": sum_rows(dy.reshape(-1, self.channels))}

        return y, backward

    def takes(self, others: tuple[Layer, ...]) -> bool:
        """Relu, or a pool, or both; see `blocks`."""
        kinds = [type(layer) for layer in others]
        pools = [layer for layer in others if isinstance(layer, MaxPool)]
        fits = all(1 < layer.size <= LARGEST_POOL for layer in pools)
        return fits and kinds in ([Relu], [MaxPool], [Relu, MaxPool])

    def together(
        self, kernels: ModuleType, p: Params, x: Array, rng: Rng, others: tuple[Layer, ...]
    ) -> tuple[Array, Backward] | None:
        """See `blocks.First`."""
        relu = any(isinstance(layer, Relu) for layer in others)
        pool = next((layer.size for layer in others if isinstance(layer, MaxPool)), 1)
        found: tuple[Array, Backward] = kernels.conv(
            p, x, self.stride, self.border, relu=relu, pool=pool
        )
        return found


@dataclass(frozen=True)
class _Pool:
    """What the pools share: windows of size x size that do not overlap; a rest is left out."""

    size: int = 2

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ValueError(f"a pool's size must be at least 1, not {self.size}")

    def plan(self, shape: Shape) -> tuple[Shapes, Shape]:
        """[h w c] to [h/size w/size c], rounded down."""
        h, w, c = image_shape(shape)
        if min(h, w) < self.size:
            raise ShapeError(
                f"its {self.size} x {self.size} window is larger than the image {list(shape)}"
            )
        return {}, (h // self.size, w // self.size, c)

    def _corners(self, x: Array) -> Iterator[tuple[slice, slice, slice]]:
        """For each place in a window, the slice that picks it out of all windows at once."""
        s = self.size
        h, w = x.shape[1] // s * s, x.shape[2] // s * s
        for i in range(s):
            for j in range(s):
                yield slice(None), slice(i, h, s), slice(j, w, s)


@dataclass(frozen=True)
class MaxPool(_Pool):
    """y[h w] = maxᵢⱼ x[h·s + i, w·s + j];   dx[h·s + i, w·s + j] = dy[h w] 1[i, j = argmax].

    The largest value of each window goes on, and dy goes to that value alone. Where several are
    equally large (after Relu that is the normal case: a window of zeros) the first in reading order
    wins, so that dy arrives exactly once.
    """

    def forward(self, p: Params, x: Array, rng: Rng = None) -> tuple[Array, Backward]:
        """x [n h w c] to y [n h/size w/size c]."""
        if kernels := own_kernels(x):
            return kernels.max_pool(x, self.size)
        corners = list(self._corners(x))
        y = x[corners[0]]
        for corner in corners[1:]:
            y = np.maximum(y, x[corner])

        def backward(dy: Array, want_dx: bool = True) -> tuple[Array, Params]:
            dx = np.zeros(x.shape, dy.dtype)
            # Some examples at a time, which stay in the cache: a third of the time of all at once.
            step = max(1, NUMBERS_AT_ONCE // max(1, prod(x.shape[1:])))
            for block in (slice(i, i + step) for i in range(0, len(x), step)):
                open_ = np.ones(dy[block].shape, bool)  # windows without a winner
                for corner in corners:
                    won = x[block][corner] == y[block]
                    won &= open_
                    open_ ^= won
                    np.multiply(dy[block], won, out=dx[block][corner])
            return dx, {}

        return y, backward


@dataclass(frozen=True)
class AveragePool(_Pool):
    """y[h w] = meanᵢⱼ x[h·s + i, w·s + j];   dx[h·s + i, w·s + j] = dy[h w] / s²."""

    def forward(self, p: Params, x: Array, rng: Rng = None) -> tuple[Array, Backward]:
        """x [n h w c] to y [n h/size w/size c]."""
        xp = namespace(x)
        x = xp.asarray(x)
        corners = list(self._corners(x))
        share = 1 / len(corners)
        y = x[corners[0]] * share
        for corner in corners[1:]:
            y += x[corner] * share

        def backward(dy: Array, want_dx: bool = True) -> tuple[Array, Params]:
            dx = xp.zeros_like(x)
            for corner in corners:
                dx[corner] = dy * share
            return dx, {}

        return y, backward


@dataclass(frozen=True)
class Upsample:
    """y[h·s + i, w·s + j] = x[h w];   dx[h w] = Σᵢⱼ dy[h·s + i, w·s + j].

    Each pixel becomes a block of s x s pixels; s is the factor.
    """

    factor: int = 2

    def __post_init__(self) -> None:
        if self.factor < 1:
            raise ValueError(f"Upsample's factor must be at least 1, not {self.factor}")

    def plan(self, shape: Shape) -> tuple[Shapes, Shape]:
        """[h w c] to [h·factor w·factor c]."""
        h, w, c = image_shape(shape)
        return {}, (h * self.factor, w * self.factor, c)

    def forward(self, p: Params, x: Array, rng: Rng = None) -> tuple[Array, Backward]:
        """x [n h w c] to y [n h·factor w·factor c]."""
        if kernels := own_kernels(x):
            return kernels.upsample(x, self.factor)
        f = self.factor

        def backward(dy: Array, want_dx: bool = True) -> tuple[Array, Params]:
            # One place of all blocks at a time: where channels are few, a sum over the axes of
            # reshaped blocks takes 20 times as long.
            return reduce(add, (dy[:, i::f, j::f] for i in range(f) for j in range(f))), {}

        return np.repeat(np.repeat(x, f, axis=2), f, axis=1), backward


@dataclass(frozen=True)
class BatchNorm(Leading):
    """y = γ x̂ + β;   dx = γ/σ (dy - mean(dy) - x̂ mean(dy x̂)),   dγ = Σ dy x̂,   dβ = Σ dy.

    x̂ = (x - mean) / σ with σ = √(var + ε), for each channel (Ioffe & Szegedy 2015). In training,
    mean and var are those of the mini-batch, over examples and pixels, and the gradient runs
    through them. At inference they are the statistics of the training set
    (`digitus.nn.calibrated`), so that an answer does not depend on its neighbours; their variance
    is Σ/m, not the m/(m-1) of the paper.
    """

    epsilon: float = 1e-5

    def __post_init__(self) -> None:
        if not self.epsilon > 0:
            raise ValueError(f"BatchNorm needs an epsilon above 0, not {self.epsilon}")

    def plan(self, shape: Shape) -> tuple[Shapes, Shape]:
        """The shape is kept; its last axis holds the channels."""
        return dict.fromkeys(("gamma", "beta", "mean", "var"), shape[-1:]), shape

    def forward(self, p: Params, x: Array, rng: Rng = None) -> tuple[Array, Backward]:
        """x [n ... c]."""
        kernels = own_kernels(x)
        if kernels and rng is not None:
            return kernels.batch_norm(p, x, self.epsilon)
        xp = namespace(x)
        rows = xp.reshape(x, (-1, x.shape[-1]))  # [m c]: examples and pixels alike
        m = rows.shape[0]
        # In place where it can be: for arrays this large fresh memory costs more than arithmetic.
        x_hat = rows - (p["mean"] if rng is None else sum_rows(rows) / m)
        var = p["var"] if rng is None else sum_rows(x_hat * x_hat) / m
        inverse = 1.0 / xp.sqrt(var + self.epsilon)
        x_hat *= inverse
        y = x_hat * p["gamma"]
        y += p["beta"]

        def backward(dy: Array, want_dx: bool = True) -> tuple[Array, Params]:
            dy = xp.reshape(dy, rows.shape)
            gradients = {"gamma": sum_rows(dy * x_hat), "beta": sum_rows(dy)}
            if not want_dx:
                return None, gradients
            if rng is None:
                dx = dy * (p["gamma"] * inverse)
            else:
                dx = x_hat * (gradients["gamma"] / -m)
                dx += dy
                dx -= gradients["beta"] / m
                dx *= p["gamma"] * inverse
            return xp.reshape(dx, x.shape), gradients

        return xp.reshape(y, x.shape), backward

    def takes(self, others: tuple[Layer, ...]) -> bool:
        """Relu; see `blocks`."""
        return [type(layer) for layer in others] == [Relu]

    def together(
        self, kernels: ModuleType, p: Params, x: Array, rng: Rng, others: tuple[Layer, ...]
    ) -> tuple[Array, Backward] | None:
        """See `blocks.First`; at inference the statistics are given."""
        return None if rng is None else kernels.batch_norm(p, x, self.epsilon, relu=True)

    def measure(self, batches: Iterable[Array]) -> Params:
        """Mean and variance of each channel over examples and pixels."""
        flat = (namespace(x).reshape(x, (-1, x.shape[-1])) for x in batches)
        mean, var = moments(flat, axes=(0,))
        return {"mean": mean, "var": var}
