"""The compiled kernels of training beside NumPy's sums, at every level that this processor has.

The best level also has to pass all that the layers have to (gradient checks, loops, the tape,
PyTorch, mutations, layouts), since the layers use it. Inside: the other levels, odd shapes, single
precision, what is refused. Not inside: inference (`test_inference`).
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import examples
from digitus.nn import (
    AdamW,
    BatchNorm,
    Conv,
    GradientDescent,
    MaxPool,
    Momentum,
    Nesterov,
    Relu,
    SoftmaxCrossEntropy,
    Upsample,
    kernels_compiled,
    pixels,
    stream,
)
from digitus.nn.images import as_input
from digitus.nn.pixels import Pixels
from digitus.training.update import apply_gradients, update_average_in_blocks
from nn.compiled import LEVELS, computing, needs_kernels
from nn.layouts import LAYOUTS

pytestmark = needs_kernels


def carried_out(layer: Any, p: dict[str, Any], x: Any) -> dict[str, Any]:
    """What a layer makes in training, and what comes back of it."""
    y, backward = layer.forward(p, x, stream(0, "dropout"))
    dy = stream(1, "dy").standard_normal(y.shape).astype(y.dtype)
    dx, gradients = backward(dy)
    assert backward(dy, want_dx=False)[0] is None or not p
    return {"y": y, "dx": dx} | gradients


def compared(layer: Any, shape: tuple[int, ...], n: int, by: str, dtype: Any = np.float32) -> None:
    """A level and NumPy agree but for rounding, in all that a layer makes."""
    rng = stream(2, "x", *shape)
    x = rng.standard_normal((n, *shape)).astype(dtype).round(2)  # with equals
    p = {
        name: rng.uniform(0.5, 1, own).astype(dtype) - (len(own) > 1) * dtype(0.75)
        for name, own in layer.plan(shape)[0].items()
    }
    with computing("numpy"):
        expected = carried_out(layer, p, x)
    with computing(by):
        found = carried_out(layer, p, x)
    rounding = 3e-6 if dtype == np.float32 else 1e-13
    for name, a in expected.items():
        assert found[name].dtype == dtype
        assert found[name].shape == a.shape
        size = max(1.0, np.abs(a).max(initial=0)) * max(1, n * np.prod(shape[:-1])) ** 0.5
        np.testing.assert_allclose(found[name], a, rtol=0, atol=rounding * size, err_msg=name)


@examples(60)
@given(
    st.builds(
        Conv, st.integers(1, 70), st.sampled_from([1, 3, 5, 7]), st.sampled_from([1, 2]),
        st.sampled_from(["same", "valid"]),
    ),
    st.tuples(st.integers(1, 12), st.integers(1, 12), st.integers(1, 20)),
    st.integers(0, 9), st.sampled_from(LEVELS), st.sampled_from([np.float32, np.float64]),
)  # fmt: skip
def test_any_convolution(
    layer: Conv, shape: tuple[int, int, int], n: int, by: str, dtype: Any
) -> None:
    if layer.padding == "same" or min(shape[:2]) >= layer.kernel:
        compared(layer, shape, n, by, dtype)


OTHERS = [BatchNorm(), MaxPool(2), MaxPool(3), Upsample(2), Upsample(3), Relu()]


@pytest.mark.parametrize(("layer", "by"), [*product(OTHERS, LEVELS)], ids=str)
def test_other_layers(layer: Any, by: str) -> None:
    for shape, dtype in product(((7, 5, 1), (6, 9, 21), (3, 4, 64)), (np.float32, np.float64)):
        compared(layer, shape, 5, by, dtype)
    if isinstance(layer, BatchNorm):
        compared(layer, (300,), 200, by)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)
def test_bytes_in_any_order(layout: Any) -> None:
    images = stream(3, "bytes").integers(0, 256, (5, 9, 8), np.uint8)
    layer = Conv(6, stride=2)
    p = {"W": np.ones((3, 3, 1, 6), np.float32) / 3, "b": np.ones(6, np.float32)}
    with computing("numpy"):
        expected = carried_out(layer, p, as_input(images, p["W"]) * 0.1)
    with computing(LEVELS[0]):
        found = carried_out(layer, p, as_input(layout(images), p["W"]) * 0.1)
    for name, a in expected.items():
        np.testing.assert_allclose(found[name], a, rtol=1e-4, atol=1e-3)


@examples(40)
@given(
    st.integers(1, 40), st.integers(1, 30), st.integers(1, 150), st.sampled_from([0.1, 0.5, 1.0]),
    st.sampled_from(LEVELS), st.sampled_from([np.float32, np.float64]),
)  # fmt: skip
def test_products_of_pixels(n: int, i: int, o: int, ink: float, by: str, dtype: Any) -> None:
    rng = stream(8, "pixels", n, i, o)
    images = rng.integers(0, 256, (n, i), np.uint8) * (rng.random((n, i)) < ink)
    W, dy = (rng.standard_normal(shape).astype(dtype) for shape in ((i, o), (n, o)))
    lazy, x = Pixels(images, np.dtype(dtype)) * 0.25, (images * 0.25).astype(dtype)
    with computing(by), pytest.MonkeyPatch.context() as patch:
        for name in ("COMPILED_PICTURES", "COMPILED_COLUMNS"):
            patch.setattr(pixels, name, 1)
        y, dW = lazy @ W, lazy.T @ dy
        assert y.dtype == dW.dtype == dtype
        rounding = {"rtol": 1e-4, "atol": 1e-3} if dtype == np.float32 else {"atol": 1e-10}
        np.testing.assert_allclose(y, x @ W, **rounding)
        np.testing.assert_allclose(dW, x.T @ dy, **rounding)


def test_more_pixels_than_are_taken_at_a_time() -> None:
    rng = stream(9, "pixels")
    images = rng.integers(0, 2, (1100, 30), np.uint8)
    lazy, x = Pixels(images, np.dtype(np.float32)), images.astype(np.float32)
    W, dy = (rng.standard_normal((rows, 40)).astype(np.float32) for rows in (30, 1100))
    np.testing.assert_allclose(lazy @ W, x @ W, atol=1e-4)
    np.testing.assert_allclose(lazy.T @ dy, x.T @ dy, atol=1e-3)


@pytest.mark.parametrize("by", LEVELS)
def test_softmax_cross_entropy(by: str) -> None:
    rng = stream(4, "z")
    for loss, dtype in product(
        (SoftmaxCrossEntropy(), SoftmaxCrossEntropy(0.1)), (np.float32, np.float64)
    ):
        z = (30 * rng.standard_normal((9, 10))).astype(dtype)
        z[0, 3], z[1, 2] = 1e4, -1e4
        t = rng.dirichlet(np.ones(10), 9).astype(dtype)
        with computing("numpy"):
            expected, dz = loss(z, t)
        with computing(by):
            found, dz_ = loss(z, t)
        assert found.dtype == dz_.dtype == dtype
        np.testing.assert_allclose(found, expected, rtol=1e-5)
        np.testing.assert_allclose(dz_, dz, atol=1e-6)
    z[0, 0] = np.nan
    with computing(by):
        assert np.isnan(loss(z, t)[0])


RULES = [AdamW(decay=0.1), GradientDescent(), Momentum(0.8), Nesterov(0.8)]


@pytest.mark.parametrize("by", LEVELS)
@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("layout", LAYOUTS[:3], ids=lambda layout: layout.__name__)
def test_a_step_and_the_average(by: str, rule: Any, layout: Any) -> None:
    rng = stream(5, "w")
    start = {"0.W": rng.standard_normal((7, 33)), "0.b": rng.standard_normal(21)}
    found = {}
    for way in ("numpy", by):
        params = {name: layout(w.astype(np.float32)) for name, w in start.items()}
        average = {name: layout(w.astype(np.float32)) for name, w in start.items()}
        memory = {name: rule.start(w) for name, w in params.items()}
        noise = stream(6, "g")
        with computing(way):
            for t in range(1, 6):
                g = {n: noise.standard_normal(w.shape).astype(np.float32) for n, w in start.items()}
                apply_gradients(rule, params, g, memory, rate=0.01, t=t)
                update_average_in_blocks(average, params, 0.9, t)
        remembered = {f"{n} {key}": a for n, own in memory.items() for key, a in own.items()}
        found[way] = params, average, remembered
    for a, b in zip(found["numpy"], found[by], strict=True):
        for name in a:
            np.testing.assert_allclose(b[name], a[name], rtol=1e-5, atol=1e-6)


def test_a_sum_is_the_same_with_vectors_of_any_width_and_twice() -> None:
    layer, shape = Conv(33), (9, 7, 5)
    x = stream(7, "x").standard_normal((4, *shape)).astype(np.float32)
    p = {"W": np.ones((3, 3, 5, 33), np.float32) / 7, "b": np.ones(33, np.float32)}
    made = []
    for by in [by for by in LEVELS if by != "plain"] or LEVELS:
        for _ in range(2):
            with computing(by):
                made.append(carried_out(layer, p, x))
    for other in made[1:]:
        for name, a in made[0].items():
            np.testing.assert_array_equal(other[name], a)


def test_arrays_that_do_not_fit_are_refused() -> None:
    """A kernel goes by memory: it must never see an array that is smaller than it should be."""
    x = np.zeros((2, 6, 6, 3), np.float32)
    p = {"W": np.zeros((3, 3, 3, 4), np.float32), "b": np.zeros(4, np.float32)}
    norm = {"gamma": np.ones(3, np.float32), "beta": np.zeros(3, np.float32)}
    made = {
        "conv": kernels_compiled.conv(p, x, 1, 1),
        "pool": kernels_compiled.max_pool(x, 2),
        "upsample": kernels_compiled.upsample(x, 2),
        "norm": kernels_compiled.batch_norm(norm, x, 1e-5),
    }
    for y, backward in made.values():
        for wrong in (y[:1], y[..., :1], y[0]):
            with pytest.raises(ValueError, match="must have the shape"):
                backward(wrong)
    for name, a in (("W", p["W"][:, :, :2]), ("W", p["W"][:2]), ("b", p["b"][:3])):
        with pytest.raises(ValueError, match="must have the shape"):
            kernels_compiled.conv(p | {name: a}, x, 1, 1)
    for small in (x[:, :2], x[:, :, :1], x[:, :0]):
        with pytest.raises(ValueError, match="does not fit"):
            kernels_compiled.conv(p, small, 1, 0)
    with pytest.raises(ValueError, match="must have the shape"):
        kernels_compiled.batch_norm(norm | {"beta": norm["beta"][:2]}, x, 1e-5)
    with pytest.raises(ValueError, match="must have the shape"):
        kernels_compiled.gate(x[:1], x)
    kept = {"b": {"m": p["b"], "v": p["b"]}}
    with pytest.raises(ValueError, match="must have the shape"):
        kernels_compiled.adam(AdamW(), p, {"b": p["W"]}, kept, 1, 1)
    for rule in (GradientDescent(), Momentum()):
        with pytest.raises(ValueError, match="must have the shape"):
            kernels_compiled.gradient_descent(rule, p, {"b": p["W"]}, kept, 1)
