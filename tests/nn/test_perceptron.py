"""A perceptron's gradient in one call: that of the layers computed by NumPy, at every level."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import examples
from digitus.nn import (
    Chain,
    Conv,
    Dense,
    Dropout,
    Flatten,
    GradientDescent,
    Layer,
    Params,
    Relu,
    Scale,
    Sigmoid,
    Softmax,
    SoftmaxCrossEntropy,
    SquaredError,
    Tanh,
    stream,
)
from digitus.nn.losses import Loss
from digitus.nn.perceptron import Perceptron, perceptron
from digitus.nn.products import scratch_address
from digitus.training.source import Batch, right_classes
from digitus.training.step import TrainStep, gradient
from nn.compiled import LEVELS, needs_kernels
from small import copies, digits, recipe, same_arrays, trained

FRONT: list[Layer] = [Scale(), Flatten()]
LOSSES = (SoftmaxCrossEntropy(), SoftmaxCrossEntropy(smoothing=0.1), SquaredError())
SHALLOW = Chain([*FRONT, Dense(40), Sigmoid(), Dense(10)])


def parameters(network: Chain, shape: tuple[int, ...], dtype: Any = np.float32) -> Params:
    rng = stream(0, "parameters")
    return {
        name: (rng.standard_normal(own) / np.sqrt(own[0])).astype(dtype)
        for name, own in network.plan(shape)[0].items()
    }


def a_batch(n: int, shape: tuple[int, int], classes: int) -> Batch:
    """Pictures that are mostly background, as digits are."""
    rng = stream(n, "batch", *shape)
    images = rng.integers(0, 256, (n, *shape)) * (rng.random((n, *shape)) < 0.3)
    labels = rng.integers(classes, size=n).astype(np.uint8)
    return Batch(images.astype(np.uint8), np.eye(classes, dtype=np.float32)[labels], labels)


def both(network: Chain, loss: Loss, p: Params, batch: Batch, **given: Any) -> list[Any]:
    """Tally and gradients in one call, and by the layers."""
    at_once = perceptron(network, loss)
    assert at_once is not None
    assert at_once.gradient(p, batch.inputs, batch.targets, 1.0) is not None
    return [
        gradient(network, loss, p, batch, score=right_classes, at_once=one, **given)
        for one in (at_once, None)
    ]


def alike(found: Any, expected: Any, dtype: Any) -> None:
    """Tallies and gradients, but for rounding."""
    rounding = 1e-5 if dtype == np.float32 else 1e-12
    np.testing.assert_allclose(found[0], expected[0], rtol=10 * rounding)
    assert found[1].keys() == expected[1].keys()
    for name, g in expected[1].items():
        assert found[1][name].dtype == dtype
        atol = rounding * max(np.abs(g).max(), 1e-3)
        np.testing.assert_allclose(found[1][name], g, rtol=0, atol=atol, err_msg=name)


@needs_kernels
@pytest.mark.parametrize("level", LEVELS)
@given(
    widths=st.lists(st.integers(1, 70), max_size=2),
    first=st.integers(32, 70),
    gates=st.lists(st.sampled_from([Relu(), Sigmoid(), None]), min_size=4, max_size=4),
    size=st.tuples(st.integers(16, 40), st.integers(1, 9), st.integers(1, 9)),
    loss=st.sampled_from(LOSSES),
    dtype=st.sampled_from([np.float32, np.float64]),
)
@examples(40)
def test_any_perceptron_has_the_gradient_of_its_layers(
    level: str, widths: Any, first: int, gates: Any, size: Any, loss: Any, dtype: Any
) -> None:
    layers = list(FRONT)
    for units, gate in zip((first, *widths, 5), gates, strict=False):
        layers += [Dense(units), *([gate] if gate else [])]
    network, (n, *shape) = Chain(layers), size
    p = parameters(network, (*shape, 1), dtype)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("digitus.nn.kernels.asked", level)
        found, _ = both(network, loss, p, a_batch(n, tuple(shape), 5))
        patch.setattr("digitus.nn.kernels.asked", "numpy")
        expected = gradient(network, loss, p, a_batch(n, tuple(shape), 5), score=right_classes)
    alike(found, expected, dtype)


@needs_kernels
def test_a_shard_gives_its_share() -> None:
    p, batch = parameters(SHALLOW, (9, 9, 1)), a_batch(60, (9, 9), 10)
    shards = [slice(0, 20), slice(20, 60)]
    for some in (shards, shards[:1]):
        alike(*both(SHALLOW, LOSSES[0], p, batch, shards=some), np.float32)


@needs_kernels
@pytest.mark.parametrize("loss", LOSSES, ids=str)
@pytest.mark.parametrize("weight", [1e6, np.inf, np.nan])
def test_what_overflows_is_told_by_the_loss_as_by_the_layers(loss: Loss, weight: float) -> None:
    p, batch = parameters(SHALLOW, (9, 9, 1)), a_batch(20, (9, 9), 10)
    p["2.W"][40, 3] = weight
    p["4.W"][0, 0] = weight
    (found, _), (expected, _) = both(SHALLOW, loss, p, batch)
    np.testing.assert_allclose(found.loss, expected.loss, rtol=1e-4)


NOT: dict[str, list[Layer]] = {
    "dropout": [*FRONT, Dense(40), Dropout(0.5), Dense(10)],
    "another gate": [*FRONT, Dense(40), Tanh(), Dense(10)],
    "softmax": [*FRONT, Dense(40), Softmax()],
    "two gates": [*FRONT, Dense(40), Relu(), Sigmoid(), Dense(10)],
    "a gate of bytes": [Flatten(), Relu(), Dense(40)],
    "a convolution": [Scale(), Conv(3), Flatten(), Dense(40)],
    "rows of pictures": [Scale(), Dense(40)],
    "few columns": [*FRONT, Dense(31), Relu(), Dense(10)],
    "much between hidden layers": [*FRONT, Dense(1024), Relu(), Dense(512), Relu(), Dense(10)],
    "no layers": [*FRONT],
}


@pytest.mark.parametrize("name", NOT)
def test_other_networks_go_layer_by_layer(name: str) -> None:
    assert perceptron(Chain(NOT[name]), LOSSES[0]) is None


class Steep(Sigmoid):
    """A layer with equations of its own."""


class Doubled(SoftmaxCrossEntropy):
    """And a loss."""


def test_classes_derived_from_these_go_layer_by_layer() -> None:
    assert perceptron(Chain([*FRONT, Dense(40), Steep(), Dense(10)]), LOSSES[0]) is None
    assert perceptron(SHALLOW, Doubled()) is None
    assert perceptron(type("Own", (Chain,), {})(SHALLOW.layers), LOSSES[0]) is None


@needs_kernels
def test_other_batches_and_arrays_go_layer_by_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = perceptron(SHALLOW, LOSSES[0])
    assert at_once is not None
    p, batch = parameters(SHALLOW, (9, 9, 1)), a_batch(20, (9, 9), 10)

    def done(p: Params, batch: Batch) -> bool:
        return at_once.gradient(p, batch.inputs, batch.targets, 1.0) is not None

    assert done(p, batch)
    assert not done(p, batch.part(slice(15)))
    assert not done(p, a_batch(20, (9, 8), 10))
    assert not done(p, a_batch(20, (9, 9), 9))
    assert not done(p, batch._replace(inputs=batch.inputs.astype(np.float32)))
    assert not done(p | {"2.W": np.asfortranarray(p["2.W"])}, batch)
    assert not done(p | {"4.b": p["4.b"].astype(np.float64)}, batch)
    assert not done({name: w.astype(np.float16) for name, w in p.items()}, batch)
    assert done(p, batch._replace(inputs=batch.inputs[:, ::-1], targets=batch.targets[::-1]))
    monkeypatch.setattr("digitus.nn.kernels.asked", "numpy")
    assert not done(p, batch)


@needs_kernels
def test_memory_is_that_of_the_pictures_and_layers_of_each_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []

    def more(size: int) -> int:
        """So much that a call which asks for less than it needs fails here, and nowhere else."""
        asked.append(size)
        return scratch_address(max(size, 1 << 26))

    monkeypatch.setattr("digitus.nn.perceptron.scratch_address", more)
    used = perceptron(SHALLOW, LOSSES[0])
    assert used is not None
    for n, side, dtype in [
        (64, 8, np.float32),
        (64, 96, np.float32),
        (64, 8, np.float64),
        (64, 96, np.float64),
        (16, 96, np.float32),
        (64, 8, np.float32),
    ]:
        p = parameters(SHALLOW, (side, side, 1), dtype)
        batch = a_batch(n, (side, side), 10)
        asked.clear()
        found = gradient(SHALLOW, LOSSES[0], p, batch, score=right_classes, at_once=used)
        expected, by_layers = both(SHALLOW, LOSSES[0], p, batch)
        assert len(asked) == 3  # by the one that was used, and twice by a new one
        assert len(set(asked)) == 1, (n, side, dtype)
        alike(found, expected, dtype)
        alike(found, by_layers, dtype)


@needs_kernels
def test_threads_share_a_step() -> None:
    step = TrainStep(SHALLOW, LOSSES[0], GradientDescent(), right_classes)
    assert step.at_once
    tasks = []
    for i in range(60):
        side = (8, 20, 28)[i % 3]
        p = parameters(SHALLOW, (side, side, 1))
        p["4.W"] *= np.float32(1 + i / 60)  # none has the gradient of another
        tasks.append((p, a_batch(100 + i, (side, side), 10), 0))
    alone = [step.gradient(*task) for task in tasks]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda task: step.gradient(*task), tasks))
    wrong = [
        i
        for i, (one, other) in enumerate(zip(alone, together, strict=True))
        if one[0] != other[0] or not same_arrays(one[1], other[1])
    ]
    assert wrong == []


TABLE: dict[str, Any] = {
    "name": "perceptron",
    "data": "strokes",
    "development": 60,
    "network": [
        {"kind": "Scale"},
        {"kind": "Flatten"},
        {"kind": "Dense", "units": 40},
        {"kind": "Sigmoid"},
        {"kind": "Dense", "units": 10},
    ],
    "optimizer": {"kind": "Momentum"},
    "schedule": {"kind": "Cosine", "rate": 0.05, "warmup": 0.2},
    "batch_size": 50,
    "epochs": 2,
    "average": 0.9,
}


@needs_kernels
def test_a_run_learns_by_it_and_resumes_to_the_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    whole = Perceptron.gradient

    def counted(self: Perceptron, *given: Any) -> Any:
        calls.append(1)
        return whole(self, *given)

    monkeypatch.setattr(Perceptron, "gradient", counted)
    unbroken, states = copies(recipe(TABLE), digits())
    assert len(calls) == 10
    for state in states[3:7]:
        resumed, _ = trained(recipe(TABLE), digits(), state)
        assert same_arrays(resumed.params, unbroken.params)


@needs_kernels
def test_a_step_that_has_been_used_is_sent_as_one_that_has_not() -> None:
    step = TrainStep(SHALLOW, LOSSES[0], GradientDescent(), right_classes)
    assert step.at_once
    sent = pickle.loads(pickle.dumps(step))
    assert sent == step
    p, batch = parameters(SHALLOW, (9, 9, 1)), a_batch(20, (9, 9), 10)
    (tally, found), (other, expected) = (one.gradient(p, batch, 0) for one in (sent, step))
    assert tally == other
    assert same_arrays(found, expected)
    assert replace(step, precision="bfloat16").at_once is None
