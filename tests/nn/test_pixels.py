"""Pixels are the numbers that they stand for, and products in pieces are the products."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitus.nn import pixels, products
from digitus.nn.arrays import namespace
from digitus.nn.kernels import address
from digitus.nn.pixels import Pixels
from digitus.nn.products import scratch, times, transposed_times

FLOAT = np.dtype(np.float64)


def some(shape, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, shape, dtype=np.uint8) * (rng.random(shape) < 0.3)


def numbers(shape, seed=1):
    return np.random.default_rng(seed).standard_normal(shape)


@given(
    st.integers(0, 9), st.integers(1, 7), st.integers(1, 20), st.integers(1, 10), st.integers(1, 20)
)
def test_products_are_those_of_the_numbers(n, i, o, rows, wide):
    """Also where columns of x without any ink are left out: all of these, with few pictures."""
    x, W, dy = some((n, i)), numbers((i, o)), numbers((n, o))
    lazy = Pixels(x, FLOAT) * 0.25
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pixels, "BLOCK_ROWS", rows)
        patch.setattr(pixels, "FEWEST_PICTURES", 2)
        patch.setattr(pixels, "FEWEST_COLUMNS", wide)
        y, dW = lazy @ W, lazy.T @ dy
    assert (y.shape, dW.shape) == ((n, o), (i, o))
    np.testing.assert_allclose(y, (x * 0.25) @ W, rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(dW, (x * 0.25).T @ dy, rtol=1e-12, atol=1e-9)


@given(st.integers(1, 70), st.integers(1, 6), st.integers(1, 20), st.integers(1, 2000))
def test_products_in_pieces_are_the_products(m, k, n, small):
    x, W, dy = numbers((m, k)), numbers((k, n), 2), numbers((m, n), 3)
    y = np.empty((m, n))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(products, "SMALL_PRODUCT", small)
        patch.setattr(products, "KERNEL_ROWS", 4)
        times(x, W, out=y)
        dW = transposed_times(x, dy)
    np.testing.assert_allclose(y, x @ W, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(dW, x.T @ dy, rtol=1e-12, atol=1e-12)
    assert dW.flags.c_contiguous


def test_numbers_of_the_way_forward_are_kept_for_the_way_back():
    lazy, W, dy = Pixels(some((70, 30)), FLOAT), numbers((30, 120)), numbers((70, 120), 3)
    lazy @ W
    ink, kept = lazy.inked(120)
    Pixels(some((70, 30)) // 2, FLOAT) @ W  # another network's, in the same scratch
    scratch((100, 200), FLOAT).fill(7)
    dW = lazy.T @ dy
    assert lazy.inked(120)[1] is kept
    assert np.array_equal(kept, lazy.bytes[:, ink])
    np.testing.assert_allclose(dW, lazy.bytes.astype(FLOAT).T @ dy, rtol=1e-12)


def test_shapes_slices_and_factors_cost_nothing():
    x = some((5, 2, 3))
    lazy = Pixels(x, FLOAT)[..., None]
    assert (lazy.shape, len(lazy), lazy.dtype, lazy.device) == ((5, 2, 3, 1), 5, FLOAT, "cpu")
    for made in (np.reshape(lazy, (5, 6)), lazy[1:3], lazy * 0.5):
        assert isinstance(made, Pixels)
        assert np.shares_memory(made.bytes, x)


@pytest.mark.parametrize(
    "work",
    [
        lambda x: x - np.ones((2, 3)),
        lambda x: np.ones((2, 3)) - x,
        lambda x: x * np.full((2, 3), 0.5),
        lambda x: x + 1.0,
        lambda x: np.tanh(x * 0.01),
        lambda x: np.clip(x, min=3),
        lambda x: np.mean(x, axis=0),
        lambda x: np.maximum(x[:, 0], x[:, 1]),
        lambda x: np.sum(x * 2.0),
    ],
)
def test_other_arithmetic_is_that_of_the_numbers(work):
    x = some((4, 2, 3))
    expected = work(x.astype(np.float64))
    found = work(Pixels(x, FLOAT))
    assert np.asarray(found).dtype == np.float64
    assert np.array_equal(np.asarray(found), expected)


def test_they_belong_to_numpy_and_keep_their_type():
    lazy = Pixels(some((3, 4)), np.dtype(np.float32)) * (1 / 255)
    assert namespace(lazy) is np
    assert np.asarray(lazy).dtype == np.float32
    assert (lazy @ numbers((4, 2)).astype(np.float32)).dtype == np.float32
    assert (lazy[:1] @ numbers((4, 2)).astype(np.float32)).dtype == np.float32
    assert (lazy.T @ numbers((3, 2)).astype(np.float32)).dtype == np.float32


def test_scratch_is_used_again_and_grows():
    one = scratch((4, 5), FLOAT)
    assert np.shares_memory(one, scratch((2, 3), np.dtype(np.float32)))
    assert scratch((100, 100), FLOAT).shape == (100, 100)


def test_where_an_array_begins() -> None:
    whole = np.arange(24.0).reshape(4, 6)
    fixed = whole.copy()
    fixed.flags.writeable = False
    for a in (whole, fixed, whole[1:, 2:], whole.T, whole[::-1], np.empty((0, 3)), np.array(1.0)):
        assert address(a) == a.__array_interface__["data"][0]
