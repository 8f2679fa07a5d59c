"""Layers for images against slow, plain definitions, and at the edges.

Inside: convolution and its gradients beside six loops, in one block and in many; pools by hand,
with ties and rests; batch normalisation. Not inside: promises of all layers (`test_layers`),
calibration (`test_inputs`).
"""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import examples
from digitus.nn import AveragePool, BatchNorm, Conv, Flatten, MaxPool, Relu, convolution
from nn.cases import inputs, parameters, rng_of, same, upstream

SETTINGS = list(product((1, 3, 5), (1, 2), ("same", "valid")))


def loops(layer, W, x, dy=None):
    """Convolution by its definition: y, and dW and dx of Σ dy y, with a loop for every index."""
    border = layer.kernel // 2 if layer.padding == "same" else 0
    n, h, w, _ = x.shape
    k, s = layer.kernel, layer.stride
    rows, cols = ((size + 2 * border - k) // s + 1 for size in (h, w))
    y, dW, dx = np.zeros((n, rows, cols, W.shape[3])), np.zeros_like(W), np.zeros_like(x)
    dy = np.zeros_like(y) if dy is None else dy
    for e, r, q, i, j in np.ndindex(n, rows, cols, k, k):
        a, b = r * s + i - border, q * s + j - border
        if 0 <= a < h and 0 <= b < w:
            for c in range(x.shape[3]):
                y[e, r, q] += x[e, a, b, c] * W[i, j, c]
                dW[i, j, c] += x[e, a, b, c] * dy[e, r, q]
                dx[e, a, b, c] += W[i, j, c] @ dy[e, r, q]
    return y, dW, dx


def compare(layer, x):
    p = parameters(layer, x.shape[1:])
    y, backward = layer.forward(p, x)
    dy = upstream(y)
    dx, gradients = backward(dy)
    y_, dW_, dx_ = loops(layer, p["W"], x, dy)
    assert same(y, y_ + p["b"], 1e-12)
    assert same(gradients["W"], dW_, 1e-12)
    assert same(gradients["b"], dy.sum((0, 1, 2)), 1e-12)
    assert same(dx, dx_, 1e-12)


@pytest.mark.parametrize(("kernel", "stride", "padding"), SETTINGS)
def test_convolution_is_six_loops(kernel, stride, padding):
    layer = Conv(3, kernel, stride, padding)
    compare(layer, inputs((6, 5, 2), 2))
    compare(layer, inputs((5, 8, 1), 1))


@examples(30)
@given(
    st.sampled_from(SETTINGS), st.integers(1, 7), st.integers(1, 7), st.integers(1, 3),
    st.integers(1, 3),
)  # fmt: skip
def test_convolution_is_six_loops_for_any_size(setting, h, w, c, o):
    if setting[2] == "same" or min(h, w) >= setting[0]:
        compare(Conv(o, *setting), inputs((h, w, c), 1))


@pytest.mark.parametrize(("kernel", "stride", "padding"), SETTINGS)
@pytest.mark.parametrize("examples", [1, 3])
def test_convolution_in_blocks(monkeypatch, examples, kernel, stride, padding):
    """The size of NumPy's buffer, and a smaller last block, change nothing but rounding."""
    monkeypatch.setattr("digitus.nn.kernels.asked", "numpy")
    layer, x = Conv(3, kernel, stride, padding), inputs((6, 5, 2), 7)
    p = parameters(layer, (6, 5, 2))
    y, backward = layer.forward(p, x)
    dy = upstream(y)
    dx, gradients = backward(dy)

    window = y[0, :, :, 0].size * kernel**2 * 2
    monkeypatch.setattr(convolution, "BUFFER_NUMBERS", examples * window)
    blocks, real = [], convolution._windows

    def watched(x, *arguments):
        for block, windows in real(x, *arguments):
            blocks.append(len(range(*block.indices(len(x)))))
            yield block, windows

    monkeypatch.setattr(convolution, "_windows", watched)
    y_, backward_ = layer.forward(p, x)
    assert blocks == ([1] * 7 if examples == 1 else [3, 3, 1])
    dx_, gradients_ = backward_(dy)
    # Every example once in y, and once in dx and dW: together, or with a stride each for itself.
    assert sum(blocks) == (2 if stride == 1 else 3) * 7
    assert same(y_, y, 1e-14)
    assert same(dx_, dx, 1e-14)
    assert same(gradients_["W"], gradients["W"], 1e-13)


def test_a_batch_that_needs_several_blocks_of_the_real_buffer():
    layer, n = Conv(2, 3), 2 * convolution.BUFFER_NUMBERS // (20 * 20 * 9 * 3) + 1
    x = inputs((20, 20, 3), n)
    p = parameters(layer, (20, 20, 3))
    y, backward = layer.forward(p, x)
    dy = upstream(y)
    dx, gradients = backward(dy)
    parts = [layer.forward(p, x[i : i + 1]) for i in range(n)]
    assert same(y, np.concatenate([part for part, _ in parts]), 1e-13)
    backs = [back(dy[i : i + 1]) for i, (_, back) in enumerate(parts)]
    assert same(dx, np.concatenate([part for part, _ in backs]), 1e-13)
    assert same(gradients["W"], sum(part["W"] for _, part in backs), 1e-12)


def test_convolution_by_hand():
    """Same padding, kernel 3: each output sums its neighbours, weighted by where they lie."""
    x = np.zeros((1, 3, 3, 1))
    x[0, 0, 1, 0] = 2.0
    W = np.arange(9.0).reshape(3, 3, 1, 1)
    y, _ = Conv(1).forward({"W": W, "b": np.array([10.0])}, x)
    # the pixel is seen by windows around it, turned: right of it at j = 0, left of it at j = 2
    assert np.array_equal(y[0, :, :, 0], [[20, 18, 16], [14, 12, 10], [10, 10, 10]])


def test_the_largest_of_a_window_and_the_first_of_a_tie():
    x = np.array([[1.0, 5, 0, 0], [5, 2, 0, 0], [7, 7, -1, -2], [7, 7, -3, -1]])[None, :, :, None]
    y, backward = MaxPool().forward({}, x)
    assert np.array_equal(y[0, :, :, 0], [[5, 0], [7, -1]])
    dx, _ = backward(np.array([[1.0, 2], [3, 4]])[None, :, :, None])
    expected = [[0, 1, 2, 0], [0, 0, 0, 0], [3, 0, 4, 0], [0, 0, 0, 0]]
    assert np.array_equal(dx[0, :, :, 0], expected)


def test_ties_pass_each_gradient_on_exactly_once():
    x = np.random.default_rng(0).choice([0.0, 1.0], (4, 9, 9, 3))
    for size in (1, 2, 3, 4):
        y, backward = MaxPool(size).forward({}, x)
        dy = upstream(y)
        dx, _ = backward(dy)
        assert dx.sum() == pytest.approx(dy.sum())
        assert np.count_nonzero(dx) == dy.size


def test_a_rest_that_fills_no_window_is_left_out():
    x = inputs((7, 5, 2))
    for pool in (MaxPool(3), AveragePool(3)):
        y, backward = pool.forward({}, x)
        dx, _ = backward(np.ones_like(y))
        assert y.shape == (5, 2, 1, 2)
        assert np.array_equal(y, pool.forward({}, x[:, :6, :3])[0])
        assert not dx[:, 6:].any()
        assert not dx[:, :, 3:].any()


def test_average_by_hand():
    x = np.arange(16.0).reshape(1, 4, 4, 1)
    y, backward = AveragePool().forward({}, x)
    assert np.array_equal(y[0, :, :, 0], [[2.5, 4.5], [10.5, 12.5]])
    assert np.array_equal(backward(y)[0][0, :2, :2, 0], np.full((2, 2), 2.5 / 4))


def test_pools_of_size_one_and_of_the_whole_image():
    x = inputs((4, 4, 3))
    for pool in (MaxPool, AveragePool):
        assert np.array_equal(pool(1).forward({}, x)[0], x)
    assert np.array_equal(MaxPool(4).forward({}, x)[0][:, 0, 0], x.max((1, 2)))
    assert np.allclose(AveragePool(4).forward({}, x)[0][:, 0, 0], x.mean((1, 2)))


@pytest.mark.parametrize("shape", [(6,), (4, 5, 3)])
def test_batch_norm_in_training(shape):
    """Mean β and deviation γ in each channel, whatever came in."""
    layer, x = BatchNorm(1e-12), 50 + 7 * inputs(shape, 30)
    p = parameters(layer, shape)
    y, _ = layer.forward(p, x, rng_of("training"))
    rows = y.reshape(-1, shape[-1])
    assert np.allclose(rows.mean(0), p["beta"])
    assert np.allclose(rows.std(0), np.abs(p["gamma"]))


def test_batch_norm_at_inference_uses_its_statistics():
    p = {"gamma": [2.0], "beta": [1.0], "mean": [10.0], "var": [9.0 - 1e-5]}
    p = {name: np.array(value) for name, value in p.items()}
    y, _ = BatchNorm().forward(p, np.array([[10.0], [13.0], [4.0]]))
    assert np.allclose(y, [[1], [3], [-3]])


def test_batch_norm_of_one_example_and_of_a_constant():
    """No variance: the answer is β, the gradient finite."""
    p = parameters(BatchNorm(), (3,))
    for x in (np.array([[1.0, 2.0, 3.0]]), np.full((4, 3), 5.0)):
        y, backward = BatchNorm().forward(p, x, rng_of("training"))
        assert np.array_equal(y, np.broadcast_to(p["beta"], x.shape))
        dx, _ = backward(upstream(y))
        assert np.all(np.isfinite(dx))
        assert np.allclose(dx.sum(0), 0, atol=1e-9)


def test_batch_norm_of_a_large_mean_in_float32():
    """The variance is that of differences, which float32 has digits for."""
    x = (1000 + inputs((4,), 500)).astype(np.float32)
    p = {"gamma": np.ones(4, np.float32), "beta": np.zeros(4, np.float32)}
    y, _ = BatchNorm().forward(p | {"mean": p["beta"], "var": p["gamma"]}, x, rng_of("training"))
    assert np.allclose(y.std(0), 1, atol=1e-3)
    assert np.allclose(y.mean(0), 0, atol=1e-3)


def test_flatten_and_relu_of_images():
    x = inputs((2, 3, 4))
    y, backward = Flatten().forward({}, x)
    assert np.array_equal(y[2], x[2].ravel())
    assert np.array_equal(backward(y)[0], x)
    assert Relu().forward({}, x)[0].min() == 0
