"""Activations at their edges, and dropout."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import examples
from digitus.nn import (
    Dropout,
    Relu,
    Sigmoid,
    Softmax,
    Tanh,
    softmax,
)
from nn.cases import (
    VECTOR,
    inputs,
    rng_of,
)


def test_relu_at_zero_has_slope_zero():
    x = np.array([[-1.0, -0.0, 0.0, 1e-300, 1.0]])
    y, backward = Relu().forward({}, x)
    assert np.array_equal(y, [[0, 0, 0, 1e-300, 1]])
    assert np.array_equal(backward(np.full_like(x, 3.0))[0], [[0, 0, 0, 3, 3]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_saturated_activations_are_finite(dtype):
    """Warnings are errors here: nothing overflows, at any size."""
    largest = np.finfo(dtype).max
    x = np.array([[-largest, -1e4, -50.0, 0.0, 50.0, 1e4, largest]], dtype)
    y, backward = Sigmoid().forward({}, x)
    assert np.allclose(y, [[0, 0, 0, 0.5, 1, 1, 1]], atol=1e-7)
    assert np.allclose(backward(np.ones_like(x))[0], [[0, 0, 0, 0.25, 0, 0, 0]], atol=1e-7)

    y, backward = Tanh().forward({}, x)
    assert np.allclose(y, [[-1, -1, -1, 0, 1, 1, 1]])
    assert np.allclose(backward(np.ones_like(x))[0], [[0, 0, 0, 1, 0, 0, 0]])


def test_sigmoid_is_the_logistic_function():
    x = np.linspace(-20, 20, 101)[None]
    assert np.allclose(Sigmoid().forward({}, x)[0], 1 / (1 + np.exp(-x)), rtol=0, atol=1e-15)


@given(
    st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=8),
    st.sampled_from([np.float32, np.float64]),
)
@examples(60)
def test_softmax_rows_sum_to_one(z, dtype):
    z = np.clip(z, -1e38, 1e38).astype(dtype)[None]
    y = softmax(z)
    assert y.dtype == dtype
    assert np.all((y >= 0) & (y <= 1))
    assert y.sum() == pytest.approx(1, abs=1e-6)
    assert np.array_equal(y, Softmax().forward({}, z)[0])


def test_softmax_by_hand():
    assert np.array_equal(softmax(np.full((2, 4), 7.0)), np.full((2, 4), 0.25))
    assert np.allclose(softmax(np.log([[1.0, 2.0, 5.0]])), [[0.125, 0.25, 0.625]])
    assert np.array_equal(softmax(np.array([[-1e5, 0.0, 1e5]])), [[0, 0, 1]])
    assert np.allclose(softmax(np.array([[3.0, 1.0]]) + 1e6), softmax(np.array([[3.0, 1.0]])))


# --- dropout


def test_dropout_keeps_the_mean_and_drops_at_its_rate():
    x = np.full((400, 500), 2.0, np.float32)
    for rate in (0.1, 0.5, 0.9):
        y, _ = Dropout(rate).forward({}, x, rng_of("training"))
        kept = y != 0
        # 200 000 units: the deviation of their share is at most 0.0011
        assert kept.mean() == pytest.approx(1 - rate, abs=0.005)
        assert np.allclose(y[kept], 2 / (1 - rate))
        assert y.mean(dtype=float) == pytest.approx(2, rel=0.05 * rate / (1 - rate) + 0.005)


def test_dropout_is_off_at_inference_and_drawn_from_its_generator():
    layer, x = Dropout(0.5), inputs(VECTOR)
    y, backward = layer.forward({}, x)
    assert np.array_equal(y, x)
    assert np.array_equal(backward(x)[0], x)

    first, again, other = (
        layer.forward({}, x, np.random.default_rng(seed))[0] for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_dropout_sends_the_gradient_where_the_signal_went():
    y, backward = Dropout(0.3).forward({}, np.ones((50, 40)), rng_of("training"))
    assert np.array_equal(backward(np.ones((50, 40)))[0], y)
    assert 0 < np.count_nonzero(y) < y.size
