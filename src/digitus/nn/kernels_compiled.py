"""The compiled kernels for NumPy's arrays, as the layers call them in training.

As `kernels_torch` for PyTorch's arrays: each function gives the output and the way back. The
equations stand in the layers, which hand over here; NumPy's own sums beside them are the reference,
and what is computed where no compiler was (`kernels.level`). Arrays may lie in any order: those
that do not lie row by row are copied.

Not inside: loading the library (`kernels`), whole networks at inference (`inference`).
"""

from __future__ import annotations

import ctypes
from functools import lru_cache
from math import prod

import numpy as np

from digitus.nn.kernels import VECTORS, address, chosen, level, narrow_products
from digitus.nn.optim import Adam, GradientDescent, Momentum, Nesterov
from digitus.nn.pixels import Pixels
from digitus.nn.products import scratch
from digitus.nn.winograd import worth
from digitus.types import Array, DType, Numbers, Params, Shape

# Channels: a product by tiles takes 32 terms, and a row of a window has k times the channels.
FEWEST_NARROW = 8
# Channels of x times those of y: from here on Winograd's blocks in float32 are faster than vectors
# in bfloat16, by 1.2 at 64 x 64; at 32 x 64 they are as fast, at 16 x 16 half as fast.
MANY_CHANNELS = 64 * 64


class _Shape(ctypes.Structure):
    """As in convolution.h."""

    _fields_ = tuple(
        (name, ctypes.c_int64)
        for name in (
            *"nhwc",
            "rows",
            "columns",
            *"ok",
            "stride",
            "border",
            "relu",
            "pool",
            "narrow",
            "blocks",
        )
    )


@lru_cache(maxsize=256)
def _shape(
    x: tuple[int, ...],
    o: int,
    k: int,
    stride: int,
    border: int,
    relu: bool,
    pool: int,
    kind: int,
    dtype: DType,
    _at: str,
) -> tuple[_Shape, int, int]:
    """A convolution's shapes, where they lie, and the memory that it needs at a level.

    Its products are in bfloat16 by that `kind` where they can be and it is faster; 0 for none.

    Raises `ValueError` where no window fits.
    """
    rows, columns = ((size + 2 * border - k) // stride + 1 for size in x[1:3])
    if min(rows, columns) < pool:
        raise ValueError(f"a window {k} x {k} does not fit into pictures {list(x)}")
    blocks = k == 3 and stride == 1 and worth(rows, columns, x[3], o)
    slower = kind == VECTORS and blocks and x[3] * o >= MANY_CHANNELS
    narrow = kind if stride == 1 and x[3] >= FEWEST_NARROW and not slower else 0
    shape = _Shape(*x, rows, columns, o, k, stride, border, relu, pool, narrow, blocks)
    at = ctypes.addressof(shape)
    return shape, at, chosen("memory", dtype)(at)


def _rows(a: Array, dtype: DType, shape: Shape) -> Numbers:
    """The numbers of that type, row by row. Raises `ValueError` for another shape."""
    if a.shape != shape:
        raise ValueError(f"an array must have the shape {list(shape)}, not {list(a.shape)}")
    return np.ascontiguousarray(a, dtype)


def _where(a: Numbers | None) -> int | None:
    """The address of an array, or none."""
    return None if a is None else address(a)


def gate(dy: Numbers, y: Numbers) -> Numbers:
    """See `layers.Relu`: dy where y > 0, else 0."""
    dtype = dy.dtype
    dy, y = (_rows(a, dtype, y.shape) for a in (dy, y))
    dx = np.empty_like(y)
    chosen("gate", dtype)(dx.size, address(dy), address(y), address(dx))
    return dx


def conv(
    p: Params, x: Array, stride: int, border: int, *, relu: bool = False, pool: int = 1
) -> tuple[Array, Array]:
    """See `spatial.Conv`: x [n h w c] to y [n h' w' o]; bytes are taken as they are.

    Also what may follow (`blocks`): `Relu`, and a `MaxPool` of that size. Of the array between them
    only the place of each window's largest number is kept.
    """
    dtype = np.result_type(x.dtype, p["W"].dtype)
    bytes_, factor = isinstance(x, Pixels), 1.0
    if isinstance(x, Pixels):
        x, factor = np.ascontiguousarray(x.bytes), x.factor
    else:
        x = _rows(x, dtype, x.shape)
    k, o = p["W"].shape[0], p["W"].shape[3]
    W, b = _rows(p["W"], dtype, (k, k, x.shape[3], o)), _rows(p["b"], dtype, (o,))
    kind = narrow_products() if dtype == np.float32 else 0
    shape, at, memory = _shape(x.shape, o, k, stride, border, relu, pool, kind, dtype, level())
    y = np.empty((len(x), shape.rows // pool, shape.columns // pool, o), dtype)
    winners = np.empty(y.shape, np.uint8) if pool > 1 else None
    chosen("forward", dtype)(
        at, address(x), bytes_, factor, address(W), address(b),
        address(scratch((memory,), dtype)), address(y), _where(winners),
    )  # fmt: skip

    def backward(dy: Array, want_dx: bool = True) -> tuple[Array, Params]:
        dy = _rows(dy, dtype, y.shape)
        dW, db = np.empty_like(W), np.empty_like(b)
        dx = np.empty(x.shape, dtype) if want_dx else None
        chosen("back", dtype)(
            at, address(x), bytes_, factor, address(W), address(dy), address(y),
            _where(winners), address(scratch((memory,), dtype)), address(dW), address(db),
            _where(dx),
        )  # fmt: skip
        return dx, {"W": dW, "b": db}

    return y, backward


def max_pool(x: Array, size: int) -> tuple[Array, Array]:
    """See `spatial.MaxPool`: x [n h w c] to y [n h/size w/size c]; the first of equals wins."""
    dtype = x.dtype
    x = _rows(x, dtype, x.shape)
    n, h, w, c = x.shape
    y = np.empty((n, h // size, w // size, c), dtype)
    chosen("max_pool", dtype)(n, h, w, c, size, address(x), address(y))

    def backward(dy: Array, want_dx: bool = True) -> tuple[Array, Params]:
        dy, dx = _rows(dy, dtype, y.shape), np.empty_like(x)
        kernel = chosen("max_pool_back", dtype)
        kernel(n, h, w, c, size, address(x), address(y), address(dy), address(dx))
        return dx, {}

    return y, backward


def upsample(x: Array, factor: int) -> tuple[Array, Array]:
    """See `spatial.Upsample`: x [n h w c] to y [n h·factor w·factor c]."""
    dtype = x.dtype
    x = _rows(x, dtype, x.shape)
    n, h, w, c = x.shape
    y = np.empty((n, h * factor, w * factor, c), dtype)
    chosen("upsample", dtype)(n, h, w, c, factor, address(x), address(y))

    def backward(dy: Array, want_dx: bool = True) -> tuple[Array, Params]:
        dy, dx = _rows(dy, dtype, y.shape), np.empty((n, h, w, c), dtype)
        chosen("upsample_back", dtype)(n, h, w, c, factor, address(dy), address(dx))
        return dx, {}

    return y, backward


def batch_norm(p: Params, x: Array, epsilon: float, *, relu: bool = False) -> tuple[Array, Array]:
    """See `spatial.BatchNorm`, in training: x [n ... c], statistics of this batch; then `Relu`."""
    dtype = np.result_type(x.dtype, p["gamma"].dtype)
    x = _rows(x, dtype, x.shape)
    gamma, beta = (_rows(p[name], dtype, x.shape[-1:]) for name in ("gamma", "beta"))
    m, c = prod(x.shape[:-1]), x.shape[-1]
    y, mean, inverse = np.empty_like(x), np.empty_like(gamma), np.empty_like(gamma)
    chosen("batch_norm", dtype)(
        m, c, address(x), address(gamma), address(beta), epsilon, relu,
        address(mean), address(inverse), address(y),
    )  # fmt: skip

    def backward(dy: Array, want_dx: bool = True) -> tuple[Array, Params]:
        dy, dx = _rows(dy, dtype, y.shape), np.empty_like(x) if want_dx else None
        dgamma, dbeta = np.empty_like(gamma), np.empty_like(gamma)
        chosen("batch_norm_back", dtype)(
            m, c, address(dy), address(x), _where(y if relu else None), address(gamma),
            address(mean), address(inverse), address(dgamma), address(dbeta),
            _where(dx),
        )  # fmt: skip
        return dx, {"gamma": dgamma, "beta": dbeta}

    return y, backward


def softmax_cross_entropy(z: Numbers, t: Numbers, smoothing: float) -> tuple[Array, Numbers]:
    """See `losses.SoftmaxCrossEntropy`: the loss and dz."""
    dtype = np.result_type(z.dtype, t.dtype)
    z, t = (_rows(a, dtype, z.shape) for a in (z, t))
    dz = np.empty_like(z)
    kernel = chosen("softmax_cross_entropy", dtype)
    loss = kernel(*z.shape, address(z), address(t), smoothing, address(dz))
    return dtype.type(loss), dz


def adam(
    rule: Adam, params: Params, gradients: Params, memory: dict[str, Params], rate: float, t: int
) -> None:
    """See `optim.Adam` and `AdamW`: their step, added to the parameters in one pass.

    For 636,000 parameters 0.28 ms instead of 1.2.
    """
    # As in `Adam.update`: the corrections are numbers and not more passes over the arrays.
    c = (1 - rule.beta2**t) ** 0.5
    scale, decay = rate * c / (1 - rule.beta1**t), rate * getattr(rule, "decay", 0.0)
    for name, g in gradients.items():
        w, s = params[name], memory[name]
        d = decay if w.ndim > 1 else 0.0
        _changed("adam", g, (w, s["m"], s["v"]), rule.beta1, rule.beta2, c * rule.epsilon, scale, d)


def gradient_descent(
    rule: GradientDescent | Momentum,
    params: Params,
    gradients: Params,
    memory: dict[str, Params],
    rate: float,
) -> None:
    """See `optim.GradientDescent`, `Momentum` and `Nesterov`: their step, added to the parameters.

    For the four arrays of 784-128-10 12 µs instead of 38.
    """
    for name, g in gradients.items():
        if isinstance(rule, Momentum):
            arrays = params[name], memory[name]["v"]
            _changed("gradient_descent", g, arrays, rule.mu, rate, isinstance(rule, Nesterov))
        else:
            _changed("gradient_descent", g, (params[name],), None, 0.0, rate, False)


def _changed(kernel: str, g: Array, arrays: tuple[Numbers, ...], *settings: object) -> None:
    """Has a kernel change arrays of the gradient's shape in place, in whichever order they lie."""
    dtype = arrays[0].dtype
    own = [_rows(a, dtype, g.shape) for a in (g, *arrays)]
    chosen(kernel, dtype)(g.size, *map(address, own), *settings)
    for a, new in zip(arrays, own[1:], strict=True):
        if new is not a:
            a[...] = new


def update_average(a: Numbers, w: Numbers, share: float) -> None:
    """See `optim.update_average`: a ← a + share (w - a)."""
    if a.flags.c_contiguous:
        w = _rows(w, a.dtype, a.shape)
        chosen("average", a.dtype)(a.size, address(w), address(a), share)
    else:
        a += (w - a) * share
