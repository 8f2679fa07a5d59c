"""Losses by hand, at the edges, and what they promise about shape, type and batch size.

Not inside: right gradients in general (`test_check`, `test_tape`, `test_torch`).
"""

from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import examples
from digitus.nn import SoftmaxCrossEntropy, SquaredError, one_hot, softmax
from nn.cases import LOSSES, inputs, targets

each_loss = pytest.mark.parametrize("loss", LOSSES, ids=str)


@each_loss
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_types_and_shapes(loss, dtype):
    z, t = inputs((10,), dtype=dtype), targets(5, 10, dtype=dtype)
    z.flags.writeable = t.flags.writeable = False
    value, dz = loss(z, t)
    assert value.shape == ()
    assert (value.dtype, dz.dtype, dz.shape) == (dtype, dtype, z.shape)


@each_loss
def test_a_mean_over_the_batch(loss):
    """Each example twice: the same loss, and half the gradient for each."""
    z, t = inputs((10,)), targets(5, 10)
    value, dz = loss(z, t)
    twice, dz_twice = loss(np.repeat(z, 2, 0), np.repeat(t, 2, 0))
    assert twice == pytest.approx(value)
    assert np.allclose(dz_twice, np.repeat(dz / 2, 2, 0))
    alone = [loss(z[i : i + 1], t[i : i + 1]) for i in range(5)]
    assert np.mean([v for v, _ in alone]) == pytest.approx(value)
    assert np.allclose(np.concatenate([d for _, d in alone]) / 5, dz)


def test_cross_entropy_by_hand():
    z = np.log([[1.0, 2.0, 5.0], [3.0, 3.0, 2.0]])  # probabilities 1/8 2/8 5/8 and 3/8 3/8 2/8
    t = np.array([[0, 0, 1.0], [1, 0, 0]])
    value, dz = SoftmaxCrossEntropy()(z, t)
    assert value == pytest.approx((log(8 / 5) + log(8 / 3)) / 2)
    assert np.allclose(dz, [[1 / 16, 2 / 16, -3 / 16], [-5 / 16, 3 / 16, 2 / 16]])


def test_squared_error_by_hand():
    value, dy = SquaredError()(np.array([[1.0, 0.5], [0.0, 3.0]]), np.array([[1.0, 0], [0, 1]]))
    assert value == pytest.approx((0.5**2 + 2**2) / 2 / 2)
    assert np.allclose(dy, [[0, 0.25], [0, 1]])


def test_all_equal_logits_know_nothing():
    for size in (-1e6, 0.0, 1e6):
        value, dz = SoftmaxCrossEntropy()(np.full((3, 10), size), targets(3, 10))
        assert value == pytest.approx(log(10))
        assert np.allclose(dz, (0.1 - targets(3, 10)) / 3)


@examples(50)
@given(st.floats(-1e5, 1e5), st.sampled_from([0.0, 0.1]))
def test_a_constant_added_to_the_logits_changes_nothing(constant, smoothing):
    loss, z, t = SoftmaxCrossEntropy(smoothing), inputs((10,)), targets(5, 10, soft=True)
    value, dz = loss(z, t)
    moved, dz_moved = loss(z + constant, t)
    assert moved == pytest.approx(value, rel=1e-9)
    assert np.allclose(dz, dz_moved, rtol=0, atol=1e-10)
    assert np.allclose(dz.sum(1), 0, atol=1e-15)  # which is why: no slope in that direction


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huge_logits_are_finite(dtype):
    """Sure and right costs nothing, sure and wrong costs the distance. No overflow, no log 0."""
    z = np.array([[1e30, 0.0, -1e30], [0.0, 1e4, 0.0]], dtype)
    right, dz = SoftmaxCrossEntropy()(z, np.eye(3, dtype=dtype)[[0, 1]])
    assert right == 0
    assert not dz.any()
    wrong, dz = SoftmaxCrossEntropy()(z, np.eye(3, dtype=dtype)[[0, 2]])
    assert wrong == pytest.approx(1e4 / 2)
    assert np.array_equal(dz, np.array([[0, 0, 0], [0, 0.5, -0.5]]))


def test_smoothing_mixes_the_targets_with_the_uniform_distribution():
    z, t = inputs((10,)), targets(5, 10)
    smooth = SoftmaxCrossEntropy(0.2)(z, t)
    mixed = SoftmaxCrossEntropy()(z, 0.8 * t + 0.02)
    assert smooth[0] == pytest.approx(mixed[0])
    assert np.allclose(smooth[1], mixed[1])


def test_the_best_logits_are_those_of_the_targets():
    t = targets(6, 10, soft=True)
    value, dz = SoftmaxCrossEntropy()(np.log(t), t)
    assert np.allclose(dz, 0, atol=1e-15)
    assert value == pytest.approx(-(t * np.log(t)).sum() / 6)  # the entropy of the targets
    assert value < SoftmaxCrossEntropy()(np.log(t) + 0.1 * inputs((10,), 6), t)[0]


def test_the_gradient_is_softmax_minus_target():
    z, t = inputs((10,), 1), one_hot([3], dtype=np.float64)
    assert np.allclose(SoftmaxCrossEntropy()(z, t)[1], softmax(z) - t, atol=1e-16)


@pytest.mark.parametrize("smoothing", [-0.1, 1.0, float("nan")])
def test_bad_smoothing(smoothing):
    with pytest.raises(ValueError, match=f"smoothing must be at least 0 .*, not {smoothing}"):
        SoftmaxCrossEntropy(smoothing)
