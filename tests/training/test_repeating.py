"""Training repeats to the bit, and a resumed run ends as if it had never stopped."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from digitus.training.loop import Started, train
from small import (
    EVERYTHING,
    copies,
    digits,
    recipe,
    same_arrays,
    scores,
    trained,
)

CLIPPED = {"kind": "Clipped", "norm": 0.2, "rule": {"kind": "Nesterov"}}
FULL_BATCH = {
    "batch_size": 0,
    "epochs": 5,
    "optimizer": {"kind": "GradientDescent"},
    "schedule": {"kind": "Constant", "rate": 0.2},
}


@pytest.mark.parametrize(
    "table",
    [{}, pytest.param(FULL_BATCH, marks=pytest.mark.slow)],
    ids=["batches", "full batch"],
)
def test_the_same_seed_repeats_to_the_bit(table: dict[str, Any]) -> None:
    first, _ = trained(recipe(EVERYTHING, **table), digits())
    again, _ = trained(recipe(EVERYTHING, **table), digits())
    other, _ = trained(recipe(EVERYTHING, **{**table, "seed": 4}), digits())
    assert same_arrays(first.params, again.params)
    assert scores(first) == scores(again)
    assert (first.temperature, first.threshold) == (again.temperature, again.threshold)
    assert not np.array_equal(first.params["7.W"], other.params["7.W"])
    assert np.array_equal(first.params["0.mean"], other.params["0.mean"])  # same images learnt


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"optimizer": {"kind": "Adam"}, "average": 0.0},
        {"optimizer": CLIPPED, "batch_size": 240},
        {**FULL_BATCH, "epochs": 3},
    ],
    ids=["momentum", "adam", "one batch an epoch", "full batch"],
)
def test_resuming_from_every_state_ends_the_same(settings: dict[str, Any]) -> None:
    """At the start, in the middle of epochs, before and after an epoch's end, after the end.

    With momentum from every state, with the others from one before an epoch's end and one after it.
    """
    full = recipe(EVERYTHING, **settings)
    unbroken, states = copies(full, digits())
    assert len({state.step for state in states}) == states[-1].step + 1
    before = next(state for state in states if state.seen)
    after = next(state for state in states if state.seen == 0 and state.step)
    for state in (before, after) if settings else states:
        resumed, _ = trained(full, digits(), copy.deepcopy(state))
        assert same_arrays(resumed.params, unbroken.params), f"resumed at step {state.step}"
        assert scores(resumed) == scores(unbroken)
        assert (resumed.temperature, resumed.threshold) == (
            unbroken.temperature,
            unbroken.threshold,
        )


def test_resuming_says_where() -> None:
    _, states = copies(recipe(), digits())
    started = next(iter(train(recipe(), digits(), state=states[3])))
    assert isinstance(started, Started)
    assert started.resumed_at == states[3].step > 0
