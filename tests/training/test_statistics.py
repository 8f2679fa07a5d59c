"""What becomes of the weights that were learnt: averages of them, statistics measured with them."""

from __future__ import annotations

import numpy as np
import pytest

from digitus.datasets.batches import split
from digitus.nn import Chain
from digitus.training import loop
from digitus.training.loop import Stepped, begin, train
from small import (
    digits,
    recipe,
    same_arrays,
    trained,
)


@pytest.mark.parametrize("kind", ["Standardize", "Centre"])
def test_statistics_of_the_input_are_those_of_what_is_learnt(kind: str) -> None:
    network = [{"kind": kind}, {"kind": "Flatten"}, {"kind": "Dense", "units": 10}]
    small = recipe(network=network, epochs=1)
    learnt, _ = split(digits(), small.development, loop.SPLIT_SEED)
    pixels = learnt.images[..., None].astype(np.float64)
    params = trained(small, digits())[0].params
    np.testing.assert_allclose(params["0.mean"], pixels.mean(axis=0), rtol=1e-5, atol=1e-4)
    if kind == "Standardize":
        np.testing.assert_allclose(params["0.deviation"], pixels.std(axis=0), rtol=1e-5, atol=1e-4)


def test_statistics_within_the_network_are_of_all_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of pictures comes sorted by label: the first of its images are all zeros."""
    monkeypatch.setattr(loop, "STATISTICS_EXAMPLES", 40)
    whole = digits(400)
    by_label = whole.take(np.argsort(whole.labels, kind="stable"))
    table = recipe(
        network=[
            {"kind": "Scale"},
            {"kind": "MaxPool", "size": 2},
            {"kind": "Flatten"},
            {"kind": "Dense", "units": 16},
            {"kind": "BatchNorm"},
            {"kind": "Dense", "units": 10},
        ],
        epochs=3,
    )
    params = trained(table, by_label)[0].params
    learnt, _ = split(by_label, table.development, loop.SPLIT_SEED)
    below = Chain(table.network.layers[:4])
    seen = below.forward(params, learnt.images[..., None].astype(np.float32))[0]
    apart = np.abs(params["4.mean"] - seen.mean(axis=0)) / seen.std(axis=0)
    assert apart.mean() < 0.3  # 40 of all labels: about 0.13; 40 zeros: 0.9


def test_the_average_is_over_all_steps() -> None:
    """a ← a + (1 - d)(w - a) with d = min(decay, t / (t + 9)), from the initial weights on."""
    small = recipe(average=0.5)
    state = begin(small, digits())
    a, t = state.params["3.W"].copy(), 0
    for event in train(small, digits(), state=state):
        if isinstance(event, Stepped):
            t += 1
            a += (1 - min(0.5, t / (t + 9))) * (state.params["3.W"] - a)
    assert state.average
    np.testing.assert_allclose(state.average["3.W"], a, rtol=1e-5, atol=1e-7)


def test_averaged_weights_are_what_is_kept() -> None:
    small = recipe(average=0.9)
    learnt, state = trained(small, digits())
    assert state.average is not None
    assert same_arrays(learnt.params, state.average)
    assert not np.array_equal(state.params["3.W"], learnt.params["3.W"])
    assert trained(recipe(), digits())[1].average is None
