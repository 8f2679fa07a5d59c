"""Shards and blocks change nothing: gradients by shards, parameters by blocks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitus.nn import (
    Adam,
    AdamW,
    BatchNorm,
    Chain,
    Conv,
    Dense,
    Dropout,
    Flatten,
    GradientDescent,
    He,
    MaxPool,
    Momentum,
    Nesterov,
    Params,
    Relu,
    Scale,
    SoftmaxCrossEntropy,
    SquaredError,
    initial,
    stream,
)
from digitus.nn.images import as_input
from digitus.training import step, update
from digitus.training.source import right_classes
from digitus.training.step import (
    MAX_CONV_SHARD_EXAMPLES,
    MAX_SHARD_EXAMPLES,
    MIN_CONV_SHARD_EXAMPLES,
    MIN_SHARD_WORK,
    gradient,
    shard_size,
)
from digitus.training.update import apply_gradients
from small import EVERYTHING, batch, digits, recipe, same_arrays

DENSE = Chain([Scale(), Flatten(), Dense(12), Relu(), Dense(10)])
CONV = Chain([Scale(), MaxPool(4), Conv(3), Relu(), Flatten(), Dense(10)])
LOSSES = (SoftmaxCrossEntropy(smoothing=0.1), SquaredError())


def begun(network: Chain, dtype: Any = np.float64) -> Params:
    return initial(network, (28, 28, 1), He(), stream(1, "initial"), dtype)


def in_one_piece(network: Chain, loss: Any, params: Params, count: int) -> tuple[float, Params]:
    """The gradient without `gradient`: forward, loss, backward."""
    part = digits().take(slice(count))
    t = np.eye(10)[part.labels]
    y, backward = network.forward(params, as_input(part.images, np.zeros(1)), stream(0, "x"))
    value, dy = loss(y, t)
    return float(value), backward(dy)[1]


def small_shards(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    for name, value in {"MIN_SHARD_WORK": 1, "MIN_CONV_SHARD_EXAMPLES": 1}.items():
        monkeypatch.setattr(step, name, value)
    for name in ("MAX_SHARD_EXAMPLES", "MAX_CONV_SHARD_EXAMPLES"):
        monkeypatch.setattr(step, name, most)


def assert_close(a: Params, b: Params, tolerance: float) -> None:
    assert a.keys() == b.keys()
    for name in a:
        np.testing.assert_allclose(a[name], b[name], rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("count", [1, 6, 7, 8, 20])
@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)
@pytest.mark.parametrize("network", [DENSE, CONV], ids=["dense", "conv"])
def test_the_gradient_by_shards_is_the_gradient(
    network: Chain, loss: Any, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_shards(monkeypatch, most=7)
    params, part = begun(network), digits().take(slice(count))
    (value, right, counted), gradients = gradient(
        network, loss, params, batch(part), score=right_classes
    )
    expected_value, expected = in_one_piece(network, loss, params, count)
    assert value == pytest.approx(expected_value, rel=1e-12)
    assert_close(gradients, expected, 1e-10)
    answers = network.forward(params, as_input(part.images, np.zeros(1)))[0].argmax(axis=1)
    assert (right, counted) == ((answers == part.labels).sum(), count)


@pytest.mark.parametrize("network", [DENSE, CONV], ids=["dense", "conv"])
def test_some_shards_give_their_part(network: Chain) -> None:
    """What several processes find adds up to the gradient."""
    params, part = begun(network), digits(1100)
    found = [
        gradient(network, LOSSES[0], params, batch(part), score=right_classes, shards=shards)
        for shards in ([slice(0, 500), slice(500, 501)], [slice(501, 1100)])
    ]
    y, backward = network.forward(params, as_input(part.images, np.zeros(1)), stream(0, "x"))
    value, dy = LOSSES[0](y, np.eye(10)[part.labels])
    expected = backward(dy)[1]
    total = {name: found[0][1][name] + found[1][1][name] for name in expected}
    tally = found[0][0].plus(found[1][0])
    assert tally.loss == pytest.approx(float(value), rel=1e-12)
    assert (tally.right, tally.counted) == ((y.argmax(axis=1) == part.labels).sum(), 1100)
    assert_close(total, expected, 1e-10)


@given(
    examples=st.integers(1, 100_000),
    processes=st.integers(1, 64),
    parameters=st.integers(1, 10**7),
    network=st.sampled_from([DENSE, CONV]),
)
def test_shards_are_worth_a_process_and_bounded(
    examples: int, processes: int, parameters: int, network: Chain
) -> None:
    size = shard_size(network, examples, processes, parameters)
    shards = math.ceil(examples / size)
    least, most = MIN_CONV_SHARD_EXAMPLES, MAX_CONV_SHARD_EXAMPLES
    if network is DENSE:
        least = min(MAX_SHARD_EXAMPLES, MIN_SHARD_WORK // parameters)
        most = MAX_SHARD_EXAMPLES
    assert 1 <= size <= most
    assert shards <= processes * math.ceil(examples / (most * min(processes, shards)))
    assert shards == 1 or size >= min(least, most // 2)


def test_ghost_batches_do_not_depend_on_the_processes() -> None:
    for layers in ([Dense(3), BatchNorm()], [Conv(3), BatchNorm()]):
        sizes = {shard_size(Chain(layers), n, p, 10**6) for n in (1, 99, 10**5) for p in (1, 4)}
        assert len(sizes) == 1


def test_a_step_draws_its_own_random_numbers() -> None:
    """A gradient repeats to the bit, also where units are dropped; the next step drops others."""
    layers = [Scale(), MaxPool(4), Conv(3), BatchNorm(), Relu(), Flatten(), Dropout(), Dense(10)]
    network = Chain(layers)
    params, part = begun(network, np.float32), digits().take(slice(100))

    def run(step: int = 4) -> tuple[float, Params]:
        tally, gradients = gradient(network, LOSSES[0], params, batch(part), seed=1, step=step)
        return tally.loss, gradients

    value, gradients = run()
    again, same = run()
    assert again == value
    assert same_arrays(same, gradients)
    assert run(step=5)[0] != value
    assert all(g.dtype == np.float32 for g in gradients.values())


def test_each_shard_drops_units_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    small_shards(monkeypatch, most=1)
    network = Chain([Scale(), Flatten(), Dropout(0.5), Dense(10)])
    twice = batch(digits().take(np.zeros(2, int)))
    gradients = gradient(network, LOSSES[0], begun(network), twice)[1]
    alone = gradient(network, LOSSES[0], begun(network), twice.part(slice(1)))[1]
    assert not np.allclose(gradients["3.W"], alone["3.W"])


RULES = [GradientDescent(), Momentum(), Nesterov(), Adam(), AdamW(decay=0.1)]


@pytest.mark.parametrize("block", [1, 7, 64, 10**6])
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: type(rule).__name__)
def test_applying_gradients_in_blocks_is_the_rule(
    rule: Any, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(update, "BLOCK_ELEMENTS", block)
    rng = np.random.default_rng(0)
    shapes = {"0.W": (3, 3, 2, 5), "0.b": (5,), "1.W": (40, 3), "1.b": (3,)}
    params = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
    whole = {name: w.copy() for name, w in params.items()}
    memory = {name: rule.start(w) for name, w in params.items()}
    memory_whole = {name: rule.start(w) for name, w in whole.items()}
    for t in range(1, 5):
        g = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
        apply_gradients(rule, params, g, memory, rate=0.1, t=t)
        for name in shapes:
            whole[name] = whole[name] + rule.update(
                g[name], whole[name], memory_whole[name], 0.1, t
            )
    assert_close(params, whole, 1e-13)
    for name in shapes:
        assert_close(memory[name], memory_whole[name], 1e-13)


@pytest.mark.parametrize("rule", [Momentum(), Adam()], ids=lambda rule: type(rule).__name__)
def test_what_has_faded_is_forgotten_before_it_is_slow(rule: Any) -> None:
    params = {"1.W": np.ones((2, 2), np.float32)}
    memory = {"1.W": rule.start(params["1.W"])}
    g = np.array([[1, 0], [0, 0]], np.float32)
    for t in range(1, 2000):
        apply_gradients(rule, params, {"1.W": g}, memory, rate=1e-3, t=t)
        g = np.array([[0, 1e-3], [0, 0]], np.float32)  # the first is never lit again
        for s in memory["1.W"].values():
            assert not ((s != 0) & (abs(s) < np.finfo(np.float32).tiny)).any()
    assert all(s[0, 1] for s in memory["1.W"].values())


def test_applying_gradients_leaves_statistics_alone() -> None:
    params = {"0.mean": np.ones(3), "1.W": np.ones((3, 2))}
    memory = {"1.W": Momentum().start(params["1.W"])}
    apply_gradients(Momentum(), params, {"1.W": np.ones((3, 2))}, memory, rate=0.5, t=1)
    assert (params["0.mean"] == 1).all()
    assert (params["1.W"] == 0.5).all()


def test_whole_steps_of_the_network_with_everything() -> None:
    """Gradients have the names and shapes of what is trained, and of nothing else."""
    network = recipe(EVERYTHING).network
    params = begun(network, np.float32)
    gradients = gradient(network, LOSSES[0], params, batch(digits().take(slice(9))))[1]
    assert {"0.mean", "0.deviation", "3.mean", "3.var"} == params.keys() - gradients.keys()
    assert all(g.shape == params[name].shape for name, g in gradients.items())
