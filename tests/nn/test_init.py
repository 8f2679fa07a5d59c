"""First weights have the stated distribution, and a network starts alike in float32 and float64."""

from math import sqrt

import numpy as np
import pytest

from digitus.errors import ShapeError
from digitus.nn import BatchNorm, Chain, Conv, Dense, Glorot, He, Standardize, Uniform, initial
from digitus.nn.init import NEUTRAL, fans
from nn.cases import SMALL_NETWORK, public

RULES = [Uniform(), Uniform(-1.0, 3.0), Glorot(), He()]


def test_all_initialisers_are_here():
    assert {type(rule) for rule in RULES} == public("initializer")


def test_fans():
    """Connections into an output, out of an input."""
    assert fans((784, 10)) == (784, 10)
    assert fans((3, 3, 16, 32)) == (144, 288)


@pytest.mark.parametrize("shape", [(300, 200), (5, 5, 40, 60)])
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_distribution(rule, shape):
    """60 000 numbers: mean and variance are within 5 of their own deviations."""
    w = rule.weight(shape, np.random.default_rng(0))
    into, out = fans(shape)
    mean, variance, limit = {
        Uniform(): (0.0, 1 / 12, 0.5),
        Uniform(-1.0, 3.0): (1.0, 16 / 12, 2.0),
        Glorot(): (0.0, 2 / (into + out), sqrt(6 / (into + out))),
        He(): (0.0, 2 / into, np.inf),
    }[rule]
    assert w.shape == shape
    assert w.mean() == pytest.approx(mean, abs=5 * sqrt(variance / w.size))
    assert w.var() == pytest.approx(variance, rel=5 * sqrt(2 / w.size))
    assert np.all(np.abs(w - mean) <= limit)
    if limit < np.inf:
        assert np.abs(w - mean).max() > 0.999 * limit  # and the range is used


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_biases(rule):
    """Gopa 2024 draws them like weights; Glorot and He start at 0."""
    b = rule.bias((10_000,), np.random.default_rng(0))
    assert b.shape == (10_000,)
    assert b.any() == isinstance(rule, Uniform)
    if isinstance(rule, Uniform):
        assert (b.min(), b.max()) == pytest.approx((rule.low, rule.high), abs=0.01)


def test_he_keeps_the_size_of_signals_through_relu():
    """Ten layers of 400 units: E[y²] stays near 1 · 2 / 2."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((50, 400))
    for _ in range(10):
        x = np.maximum(x @ He().weight((400, 400), rng), 0) if _ else x
    assert 0.2 < (x**2).mean() < 2.0


def test_a_whole_network():
    p = initial(SMALL_NETWORK, (12, 11, 2), He(), np.random.default_rng(0))
    shapes, _ = SMALL_NETWORK.plan((12, 11, 2))
    assert {name: a.shape for name, a in p.items()} == shapes
    assert {a.dtype for a in p.values()} == {np.dtype(np.float32)}
    for name, a in p.items():
        kind = name.rpartition(".")[2]
        if kind == "W":
            assert len(np.unique(a)) == a.size
        else:
            assert np.all(a == {"b": 0.0, **NEUTRAL}[kind])


def test_neutral_parameters_do_nothing():
    network = Chain([Standardize(), BatchNorm(1e-12)])
    x = np.random.default_rng(0).standard_normal((4, 3))
    p = initial(network, (3,), He(), np.random.default_rng(0), np.float64)
    assert np.allclose(network.forward(p, x)[0], x)


def test_float32_and_float64_start_alike():
    double, single = (
        initial(SMALL_NETWORK, (12, 11, 2), Uniform(), np.random.default_rng(5), dtype)
        for dtype in (np.float64, np.float32)
    )
    assert all(np.array_equal(single[name], a.astype(np.float32)) for name, a in double.items())


def test_the_generator_decides():
    one, same, other = (
        initial(Chain([Dense(4)]), (3,), He(), np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert np.array_equal(one["0.W"], same["0.W"])
    assert not np.array_equal(one["0.W"], other["0.W"])


def test_a_network_that_does_not_fit():
    with pytest.raises(ShapeError, match="layer 1, Conv"):
        initial(Chain([Dense(4), Conv(3)]), (3,), He(), np.random.default_rng(0))
