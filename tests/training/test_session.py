"""The loop knows no digits: it trains a network that answers with maps, and resumes it."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitus.recipe import Recipe, from_table
from digitus.training import step
from digitus.training.events import EpochEnded, Started, Stepped
from digitus.training.run_folder import Run, kept, resume
from digitus.training.session import Session, State, initial_state
from small import TABLE, Blur, same_arrays

BLUR: Recipe = from_table(
    TABLE
    | {
        "name": "blur",
        "network": [{"kind": "Scale"}, {"kind": "Conv", "channels": 1}],
        "loss": {"kind": "SquaredError"},
        "optimizer": {"kind": "Momentum"},
        "schedule": {"kind": "Cosine", "rate": 0.007},
        "average": 0.5,
        "epochs": 30,
    }
)


def begun(recipe: Recipe, task: Blur) -> State:
    return initial_state(recipe, task.sample(60))


def events(state: State, threads: int = 1) -> Generator[Any, None, None]:
    session = Session(BLUR, Blur(BLUR), state, threads=threads)
    yield session.started()
    with session.at_work():
        yield from session.events()


def trained(threads: int = 1) -> tuple[State, list[Any]]:
    state = begun(BLUR, Blur(BLUR))
    return state, list(events(state, threads))


def test_maps_are_learnt_and_handed_on() -> None:
    _, told = trained()
    assert isinstance(told[0], Started)
    assert (told[0].examples, told[0].development, told[0].batches) == (60, 16, 3)
    ends = [event for event in told if isinstance(event, EpochEnded)]
    assert ends[0].development_accuracy < 0.5
    assert ends[-1].development_accuracy > 0.9
    assert 0 < ends[0].accuracy < 1  # the mean of what each picture is worth
    targets = Blur(BLUR).batch("development", 16, 0).targets
    assert ends[-1].outputs.shape == targets.shape == (16, 8, 8, 1)
    share = (abs(ends[-1].outputs - targets) < 0.02).mean()
    assert share == pytest.approx(ends[-1].development_accuracy)


@pytest.mark.slow
def test_several_processes_learn_the_same_maps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step, "MIN_CONV_SHARD_EXAMPLES", 1)
    (one, alone), (two, together) = trained(), trained(threads=2)
    for name, w in one.params.items():
        np.testing.assert_allclose(two.params[name], w, rtol=1e-4, atol=1e-5)
    for a, b in zip(alone, together, strict=True):
        if isinstance(a, Stepped):
            assert b.loss == pytest.approx(a.loss, rel=1e-4)
            assert b.accuracy == pytest.approx(a.accuracy, abs=0.01)


def test_such_a_run_is_kept_and_resumed_to_the_bit(tmp_path: Path) -> None:
    whole, told = trained()
    run, task = Run(tmp_path), Blur(BLUR)
    state = begun(BLUR, task)
    keeping = kept(run, BLUR, task, state, events(state))
    for event in keeping:
        if isinstance(event, Stepped) and event.step == 16:  # in the middle of an epoch
            keeping.close()
    recipe, resumed = resume(run, task, begun)
    assert (recipe, resumed.step, resumed.right) == (BLUR, 16, state.right)
    rest = list(kept(run, BLUR, task, resumed, events(resumed)))
    assert same_arrays(resumed.params, whole.params)
    assert resumed.average
    assert whole.average
    assert same_arrays(resumed.average, whole.average)
    assert np.array_equal(rest[-1].outputs, told[-1].outputs)
