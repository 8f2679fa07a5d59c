"""Training: it learns, tells the truth, and never learns from what it must not.

Not inside: repeating and resuming (`test_repeating`), averages and statistics (`test_statistics`),
failing (`test_failing`), what is kept on disk (`test_run_folder`).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from digitus.datasets.batches import split
from digitus.datasets.digits import Digits
from digitus.evaluation import evaluate
from digitus.nn import calibrated
from digitus.nn.images import Inputs
from digitus.training import loop, session, step
from digitus.training.loop import EpochEnded, Finished, Started, Stepped, begin, train
from digitus.training.source import right_classes
from digitus.training.step import gradient
from small import (
    EVERYTHING,
    batch,
    digits,
    recipe,
    trained,
)

FULL_BATCH = {
    "batch_size": 0,
    "epochs": 5,
    "optimizer": {"kind": "GradientDescent"},
    "schedule": {"kind": "Constant", "rate": 0.2},
}


def marked(count: int = 200) -> Digits:
    """Digits whose first pixels are the number of the image, so that each can be told again."""
    images = digits(count).images.copy()
    images[:, 0, 0], images[:, 0, 1] = np.divmod(np.arange(count), 256)
    return Digits(images, digits(count).labels, "marked digits")


def marks(images: Any) -> list[int]:
    """The numbers of marked images."""
    pixels = np.asarray(images).reshape(len(images), 28, 28).astype(int)
    return [int(n) for n in pixels[:, 0, 0] * 256 + pixels[:, 0, 1]]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"optimizer": {"kind": "Momentum"}, "schedule": {"kind": "Constant", "rate": 0.1}},
        {
            "network": [
                {"kind": "Standardize"},
                {"kind": "MaxPool"},
                {"kind": "Conv", "channels": 4, "stride": 2},
                {"kind": "BatchNorm"},
                {"kind": "Relu"},
                {"kind": "Flatten"},
                {"kind": "Dense", "units": 10},
            ],
            "average": 0.9,
            "epochs": 12,
        },
        {
            "network": [
                {"kind": "Scale"},
                {"kind": "Centre"},
                {"kind": "MaxPool"},
                {"kind": "Flatten"},
                {"kind": "Dense", "units": 20},
                {"kind": "Sigmoid"},
                {"kind": "Dense", "units": 10},
                {"kind": "Sigmoid"},
            ],
            "initial": {"kind": "Glorot"},
            "loss": {"kind": "SquaredError"},
        },
    ],
    ids=["mlp", "momentum", "conv", "sigmoid"],
)
def test_it_learns(settings: dict[str, Any]) -> None:
    learnt, _ = trained(recipe(**{"epochs": 25, **settings}), digits(1000))
    assert learnt.history["epochs"][-1]["development_accuracy"] > 0.75
    assert evaluate(learnt, digits(300, seed=9)).record()["accuracy"] > 0.7


def test_events_are_in_order_and_agree_with_each_other() -> None:
    small, state = recipe(epochs=3, batch_size=50), begin(recipe(), digits())
    events = []
    for event in train(small, digits(), state=state):
        if isinstance(event, Stepped):  # at every event, the state is that of the event
            assert event.step == state.step
            assert event.loss == state.loss / state.seen
        events.append(event)
    kinds = [type(event) for event in events]
    assert kinds == [Started, *3 * [*5 * [Stepped], EpochEnded], Finished]

    started, finished = events[0], events[-1]
    assert isinstance(started, Started)
    assert isinstance(finished, Finished)
    assert (started.examples, started.development, started.batches) == (240, 60, 5)
    assert started.parameters == finished.recognizer.parameter_count == 196 * 16 + 16 + 170
    assert started.resumed_at == 0
    steps = [event for event in events if isinstance(event, Stepped)]
    assert [e.step for e in steps] == list(range(1, 16))
    assert [(e.epoch, e.batch) for e in steps] == [
        (i + 1, j + 1) for i in range(3) for j in range(5)
    ]
    ends = [event for event in events if isinstance(event, EpochEnded)]
    for end, last in zip(ends, steps[4::5], strict=True):
        assert (end.epoch, end.loss, end.accuracy) == (last.epoch, last.loss, last.accuracy)
        assert end.rate == last.rate
        assert end.seconds > 0
    assert finished.recognizer.history["epochs"] == state.epochs
    assert [end.epoch for end in ends] == [1, 2, 3]


def test_an_epochs_record_is_what_the_recognizer_scores() -> None:
    """The record's loss and accuracy on the development split are those of the finished model."""
    small = recipe(EVERYTHING)
    learnt, _ = trained(small, digits())
    _, development = split(digits(), small.development, loop.SPLIT_SEED)
    record, score = learnt.history["epochs"][-1], evaluate(learnt, development).record()
    assert record["development_accuracy"] == score["accuracy"]
    z = learnt.outputs(development.images).astype(np.float64)
    surprise = np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(z)), development.labels]
    assert record["development_loss"] == pytest.approx(surprise.mean(), rel=1e-5)


def test_the_rate_follows_the_schedule() -> None:
    cosine = recipe(schedule={"kind": "Cosine", "rate": 1, "warmup": 0.25, "final": 0.1}, epochs=2)
    events = train(cosine, digits())
    rates = [event.rate for event in events if isinstance(event, Stepped)]
    assert rates == [cosine.schedule(k / len(rates)) for k in range(len(rates))]


@pytest.mark.slow
def test_threads_may_be_many() -> None:
    one, _ = trained(recipe(EVERYTHING, batch_size=200), digits())
    two, _ = trained(recipe(EVERYTHING, batch_size=200), digits(), threads=2)
    for name, w in one.params.items():
        np.testing.assert_allclose(two.params[name], w, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("batch_size", [0, 30])
def test_development_images_are_never_learnt_from(
    batch_size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    learnt: list[list[int]] = []
    measured: list[int] = []

    def noted_gradient(network: Any, loss: Any, params: Any, batch: Any, **named: Any) -> Any:
        learnt.append(marks(batch.inputs))
        return gradient(network, loss, params, batch, **named)

    def noted_calibrated(network: Any, params: Any, batches: Inputs, **named: Any) -> Any:
        measured.extend(marks(batches.images))
        return calibrated(network, params, batches, **named)

    monkeypatch.setattr(step, "gradient", noted_gradient)
    monkeypatch.setattr(session, "calibrated", noted_calibrated)
    network = [{"kind": "Standardize"}, {"kind": "MaxPool", "size": 4}, {"kind": "Flatten"}]
    network += [{"kind": "Dense", "units": 10}, {"kind": "BatchNorm"}]
    small = recipe(network=network, batch_size=batch_size, epochs=3)
    whole = marked()
    held_back = set(marks(split(whole, small.development, loop.SPLIT_SEED)[1].images))
    assert len(held_back) == 60

    trained(small, whole)
    rest = sorted(set(range(200)) - held_back)
    assert set(measured) == set(rest)
    batches = len(learnt) // 3
    for epoch in range(3):  # every image once in every epoch
        seen = [mark for batch in learnt[epoch * batches :][:batches] for mark in batch]
        assert sorted(seen) == rest
    if batch_size:
        assert learnt[0] != learnt[batches]  # in another order
        assert [len(batch) for batch in learnt[:batches]] == [30, 30, 30, 30, 20]


def test_all_seeds_hold_back_the_same_images() -> None:
    a, b = (trained(recipe(epochs=1, seed=s), marked())[0] for s in (0, 1))
    assert a.history["development"] == b.history["development"] == 60
    assert a.history["data"]["sha256"] == marked().sha256


def test_full_batches_are_the_gradient_of_everything() -> None:
    """One step by the equations of the paper: W := W - α dW."""
    small = recipe(**{**FULL_BATCH, "epochs": 1})
    state = begin(small, digits())
    before = {name: w.astype(np.float64) for name, w in state.params.items()}
    learnt, _ = split(digits(), small.development, loop.SPLIT_SEED)
    _, g = gradient(small.network, small.loss, before, batch(learnt))
    events = train(small, digits(), state=state)
    step = [event for event in events if isinstance(event, Stepped)]
    assert [(e.step, e.batch) for e in step] == [(1, 1)]
    for name, w in before.items():
        np.testing.assert_allclose(state.params[name], w - 0.2 * g[name], rtol=1e-4, atol=1e-6)


def test_the_loss_of_an_epoch_is_the_mean_over_its_images() -> None:
    """Also where the last batch is smaller. At such a rate every batch meets the same weights."""
    still = recipe(batch_size=70, epochs=1, schedule={"kind": "Constant", "rate": 1e-30})
    state = begin(still, digits())
    learnt, _ = split(digits(), still.development, loop.SPLIT_SEED)
    (loss, right, _), _ = gradient(
        still.network, still.loss, state.params, batch(learnt), score=right_classes
    )
    ends = [e for e in train(still, digits(), state=state) if isinstance(e, EpochEnded)]
    assert ends[0].loss == pytest.approx(loss, rel=1e-5)
    assert ends[0].accuracy == pytest.approx(right / 240)


def test_every_step_drops_other_units(monkeypatch: pytest.MonkeyPatch) -> None:
    """The streams of dropout are those of (seed, step): none is used twice."""
    used: list[tuple[int, int]] = []

    def noted(*rest: Any, seed: int, step: int, **more: Any) -> Any:
        used.append((seed, step))
        return gradient(*rest, seed=seed, step=step, **more)

    monkeypatch.setattr(step, "gradient", noted)
    trained(recipe(EVERYTHING), digits())
    assert used == [(3, step) for step in range(8)]


def test_images_of_another_size() -> None:
    wide = Digits(np.repeat(digits().images, 2, axis=2), digits().labels, "wide digits")
    learnt, _ = trained(recipe(), wide)
    assert learnt.size == (28, 56)
    assert learnt.probabilities(wide.images[:3]).shape == (3, 10)


def test_a_batch_larger_than_the_set_is_the_set() -> None:
    steps = [e for e in train(recipe(batch_size=10**6), digits()) if isinstance(e, Stepped)]
    assert len(steps) == 2
    assert all(math.isfinite(step.loss) for step in steps)


def test_history() -> None:
    learnt, state = trained(recipe(), digits())
    history = learnt.history
    assert history.keys() >= {"digitus", "numpy", "data", "examples", "development", "epochs"}
    # Not where they lay: a model that is given away would tell of its maker's folders.
    assert history["data"] == {"name": digits().name, "sha256": digits().sha256}
    assert (history["examples"], history["development"]) == (240, 60)
    assert history["epochs"] == state.epochs
