"""A dense layer with a memory: what it adds to the probabilities, and when it adds nothing.

Not inside: its gradients and its witnesses (`test_check`, `test_tape`, `test_torch`), which are
those of all layers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import examples
from digitus.nn import Chain, Dense, Exemplars, He, SoftmaxCrossEntropy, initial, softmax
from digitus.types import Params
from nn.cases import inputs, parameters

UNITS, SHAPE = 5, (7,)


def memory(count: int, seed: int = 0, dtype: Any = np.float64) -> Params:
    """Parameters with centres of length 1, as features of examples have."""
    p = parameters(Exemplars(UNITS, count), SHAPE, seed, dtype)
    p["centres"] /= np.linalg.norm(p["centres"], axis=1, keepdims=True)
    return p


def answered(p: Params, x: Any) -> Any:
    return softmax(Exemplars(UNITS, len(p["spread"])).forward(p, x)[0])


def test_votes_are_added_to_the_probabilities() -> None:
    """Counted one by one, as a sum of Gaussians around the examples."""
    p, x = memory(3), inputs(SHAPE)
    expected = softmax(x @ p["W"] + p["b"])
    for n, one in enumerate(x):
        for centre, spread, votes in zip(p["centres"], p["spread"], p["votes"], strict=True):
            away = one / np.linalg.norm(one) - centre
            expected[n] += votes * np.exp(-(away @ away) / (2 * spread))
    expected /= expected.sum(1, keepdims=True)
    assert answered(p, x) == pytest.approx(expected, abs=1e-6)  # the length is rounded by ε


@examples(30)
@given(st.integers(1, 20), st.integers(0, 99), st.randoms())
def test_the_order_of_what_is_remembered_does_not_matter(count: int, seed: int, by: Any) -> None:
    p, x = memory(count, seed), inputs(SHAPE, seed=seed)
    order = list(range(count))
    by.shuffle(order)
    other = p | {name: p[name][order] for name in ("centres", "spread", "votes")}
    assert answered(other, x) == pytest.approx(answered(p, x), abs=1e-12)


@examples(30)
@given(st.integers(0, 99), st.sampled_from([np.float32, np.float64]))
def test_an_example_twice_is_one_with_twice_its_votes(seed: int, dtype: Any) -> None:
    p, x = memory(4, seed, dtype), inputs(SHAPE, seed=seed, dtype=dtype)
    twice = p | {
        name: np.concatenate([p[name], p[name]]) for name in ("centres", "spread", "votes")
    }
    double = p | {"votes": 2 * p["votes"]}
    assert answered(twice, x) == pytest.approx(answered(double, x), abs=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_without_votes_and_far_from_everything_it_is_the_dense_layer(dtype: Any) -> None:
    x = inputs(SHAPE, dtype=dtype)
    without = memory(3, dtype=dtype)
    without["votes"][:] = 0
    far = memory(3, dtype=dtype) | {"spread": np.full(3, 1e-4, dtype)}
    for p in (without, far):
        z = Dense(UNITS).forward(p, x)[0]
        y, back = Exemplars(UNITS, 3).forward(p, x)
        assert y.dtype == dtype
        assert y == pytest.approx(np.log(softmax(z)), abs=1e-5)
        _, dy = SoftmaxCrossEntropy()(y, np.eye(UNITS, dtype=dtype)[[0] * len(x)])
        _, dz = SoftmaxCrossEntropy()(z, np.eye(UNITS, dtype=dtype)[[0] * len(x)])
        assert back(dy)[0] == pytest.approx(dz @ p["W"].T, abs=1e-5)


def test_training_begins_with_an_empty_memory_and_leaves_it_empty() -> None:
    network = Chain([Exemplars(UNITS, 3)])
    p = initial(network, SHAPE, He(), np.random.default_rng(0))
    x = inputs(SHAPE, dtype=np.float32)
    dense = Dense(UNITS).forward({"W": p["0.W"], "b": p["0.b"]}, x)[0]
    y, back = network.forward(p, x)
    assert softmax(y) == pytest.approx(softmax(dense), abs=1e-6)
    assert set(back(y)[1]) == {"0.W", "0.b"}


def test_what_is_like_an_example_is_what_it_votes_for() -> None:
    p = memory(UNITS)
    p |= {"spread": np.full(UNITS, 0.01), "votes": 50 * np.eye(UNITS)}
    found = answered(p, 3 * p["centres"])
    assert np.array_equal(found.argmax(1), np.arange(UNITS))
    assert (found.max(1) > 50 / 51.5).all()
    assert (found.max(1) < 1).all()  # votes weigh 50 beside 1, so no answer is certain


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_input_is_too_large_nor_too_small(dtype: Any) -> None:
    p = memory(3, dtype=dtype)
    x = np.stack([np.zeros(7), np.full(7, 1e-20), np.full(7, 1e4), -np.full(7, 1e4)]).astype(dtype)
    y, back = Exemplars(UNITS, 3).forward(p, x)
    assert np.isfinite(y).all()
    dx, gradients = back(np.ones_like(y))
    assert all(np.isfinite(a).all() for a in (dx, *gradients.values()))
