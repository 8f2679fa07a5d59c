"""A profile accounts for the time of a run, and changes nothing of what is learnt."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from digitus.nn import BatchNorm, Chain, Conv, Dense, Flatten, MaxPool, Relu, Residual, Scale
from digitus.nn.perceptron import Perceptron
from digitus.training import profile as profiles
from digitus.training.events import Finished
from digitus.training.loop import train
from digitus.training.profile import NEXT_BATCH, OTHERS, RULE, Profile, operations
from nn.compiled import needs_kernels
from small import digits, recipe


def learnt(profile: Profile | None, threads: int = 1, **settings: Any) -> dict[str, Any]:
    events = train(recipe(epochs=1, **settings), digits(), threads=threads, profile=profile)
    for event in events:
        if isinstance(event, Finished):
            events.close()  # type: ignore[attr-defined]
            params: dict[str, Any] = event.recognizer.params
            return params
    raise AssertionError("it did not finish")


def test_the_time_is_accounted_for_and_what_is_learnt_is_the_same() -> None:
    profile = Profile()
    watched, plain = learnt(profile), learnt(None)
    assert all(np.array_equal(watched[name], w) for name, w in plain.items())
    lines = profile.lines(limit=1e9)
    assert sum(line.seconds for line in lines) == pytest.approx(profile.elapsed)
    assert sum(line.share for line in lines) == pytest.approx(1)
    assert profile.steps > 1
    network = recipe().network
    told = {line.what for line in lines}
    for i, layer in enumerate(network.layers):
        assert profiles.part(i, layer, "forward") in told
    assert {NEXT_BATCH, RULE} <= told
    work = operations(network, profile.shape)
    for line in lines:
        assert (line.gflops is None) == (line.what not in work)
        if line.gflops is not None and line.limit is not None:
            speed = work[line.what] * profile.examples / line.seconds
            assert line.gflops == pytest.approx(speed / 1e9)
            assert line.limit == pytest.approx(speed / 1e9)


def test_waiting_for_other_processes_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from digitus.training import step

    monkeypatch.setattr(step, "MIN_SHARD_WORK", 1)
    profile = Profile()
    learnt(profile, threads=2)
    told = {line.what: line.seconds for line in profile.lines(limit=1e9)}
    assert told[OTHERS] > 0
    assert profile.threads == 1


PERCEPTRON = {
    "network": [
        {"kind": "Scale"}, {"kind": "Flatten"}, {"kind": "Dense", "units": 40}, {"kind": "Sigmoid"},
        {"kind": "Dense", "units": 10},
    ],
}  # fmt: skip


@needs_kernels
def test_it_is_told_where_layers_are_one_call_without_a_profile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def told(**settings: Any) -> bool:
        profile = Profile()
        learnt(profile, **settings)
        return profile.in_one_call

    calls = []
    whole = Perceptron.gradient

    def noted(self: Perceptron, *given: Any) -> Any:
        found = whole(self, *given)
        calls.append(found is not None)
        return found

    monkeypatch.setattr(Perceptron, "gradient", noted)
    for settings in (
        PERCEPTRON, {}, PERCEPTRON | {"batch_size": 10},
        {"network": [{"kind": "Flatten"}, {"kind": "Dense", "units": 10}]},
    ):  # fmt: skip
        calls.clear()
        learnt(None, **settings)
        assert told(**settings) == any(calls), settings
    assert told(**PERCEPTRON)
    monkeypatch.setattr("digitus.nn.kernels.asked", "numpy")
    assert not told(**PERCEPTRON)


def test_operations_are_those_of_the_products() -> None:
    network = Chain([Scale(), Conv(4), BatchNorm(), Relu(), MaxPool(), Flatten(), Dense(10)])
    conv, dense = 2 * 3 * 3 * 4 * 28 * 28, 2 * 14 * 14 * 4 * 10
    assert list(operations(network, (28, 28, 1)).values()) == [conv, conv, dense, 2 * dense]
    inner = Chain([Dense(7), Relu(), Dense(5)])
    (forward, backward) = operations(Chain([Residual(inner)]), (5,)).values()
    assert (forward, backward) == (2 * (5 * 7 + 7 * 5),) * 2


def test_the_limit_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiles, "MATRIX_SIDE", 64)
    assert 1e6 < Profile().limit() < 1e14
