"""Several processes learn what one learns, repeat themselves, and leave nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from digitus.errors import TrainingError
from digitus.training import processes, session, step
from digitus.training.loop import EpochEnded, Finished, State, Stepped, begin, train
from digitus.training.processes import ProcessGroup
from digitus.training.shared_memory import SharedArrays
from digitus.training.source import right_classes
from digitus.training.step import SingleProcess, TrainStep
from small import EVERYTHING, digits, one_line, recipe, same_arrays, trained

FULL_BATCH: dict[str, Any] = {"batch_size": 0, "optimizer": {"kind": "GradientDescent"}}
ADAM: dict[str, Any] = {"optimizer": {"kind": "AdamW"}, "average": 0.5}
# Of 240 images: batches of 119, 119 and 2.
CLIPPED = {"kind": "Clipped", "norm": 0.3, "rule": {"kind": "Nesterov"}}
NESTEROV: dict[str, Any] = {"optimizer": CLIPPED, "batch_size": 119}


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that even these batches are work for several; batch normalisation by 16."""
    for name in ("MIN_SHARD_WORK", "MIN_CONV_SHARD_EXAMPLES"):
        monkeypatch.setattr(step, name, 1)
    monkeypatch.setattr(step, "CONV_GHOST_BATCH_EXAMPLES", 16)


@pytest.fixture
def groups(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[ProcessGroup]]:
    """The groups that a test makes; all of their processes must have ended when it ends."""
    made: list[ProcessGroup] = []

    class Noted(ProcessGroup):
        def __init__(self, *given: Any) -> None:
            made.append(self)
            super().__init__(*given)

    monkeypatch.setattr(session, "ProcessGroup", Noted)
    yield made
    assert all(process.returncode is not None for group in made for process in group.others)


def assert_close(a: State, b: State) -> None:
    """Up to rounding: the sums are the same, in another order."""
    assert a.params.keys() == b.params.keys()
    for name, w in a.params.items():
        np.testing.assert_allclose(b.params[name], w, rtol=1e-3, atol=2e-5)
    for name, kept in a.memory.items():
        for key, s in kept.items():
            np.testing.assert_allclose(b.memory[name][key], s, rtol=1e-2, atol=1e-4)
    assert (a.average is None) == (b.average is None)
    for name, w in (a.average or {}).items():
        assert b.average
        np.testing.assert_allclose(b.average[name], w, rtol=1e-3, atol=2e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "threads"), [(FULL_BATCH, 3), (ADAM, 2), (NESTEROV, 3), (EVERYTHING, 2)]
)
def test_several_learn_what_one_learns(
    settings: dict[str, Any],
    threads: int,
    groups: list[ProcessGroup],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also without memory that has no name. Dropout draws for each shard: left out here."""
    if threads == 3:
        monkeypatch.delattr(os, "memfd_create", raising=False)
    small = recipe(**settings)
    if settings is EVERYTHING:
        network = [layer for layer in settings["network"] if layer["kind"] != "Dropout"]
        small = recipe(settings, network=network)
    one, alone = trained(small, digits())
    assert not groups
    many, together = trained(small, digits(), threads=threads)
    assert len(groups[0].others) == threads - 1
    assert_close(alone, together)
    for a, b in zip(one.history["epochs"], many.history["epochs"], strict=True):
        assert a["loss"] == pytest.approx(b["loss"], rel=1e-4)


@pytest.mark.slow
def test_a_run_repeats_and_resumes_to_the_bit(groups: list[ProcessGroup]) -> None:
    small = recipe(EVERYTHING)
    _, whole = trained(small, digits(), threads=3)
    state = begin(small, digits())
    for stop in (2, 5):  # in the middle of the first epoch, and of the second
        events = train(small, digits(), state=state, threads=3)
        for event in events:
            if isinstance(event, Stepped) and event.step == stop:
                events.close()
        assert state.step == stop
    _, resumed = trained(small, digits(), state, threads=3)
    assert len(groups) == 4
    assert same_arrays(whole.params, resumed.params)
    assert whole.average
    assert resumed.average
    assert same_arrays(whole.average, resumed.average)
    for name, kept in whole.memory.items():
        assert same_arrays(kept, resumed.memory[name])


def test_a_state_is_whole_between_two_events_and_its_own_in_the_end() -> None:
    small = recipe(**ADAM)
    state, one = begin(small, digits()), begin(small, digits())
    alone = train(small, digits(), state=one)
    for event in train(small, digits(), state=state, threads=2):
        next(alone)
        if isinstance(event, Stepped | EpochEnded):
            assert_close(one, state)
    assert isinstance(event, Finished)
    for arrays in (event.recognizer.params, state.params, state.average, *state.memory.values()):
        assert arrays
        # A recognizer's arrays are views of its own, for reading only.
        assert all((a if a.base is None else a.base).flags.owndata for a in arrays.values())


def test_a_batch_that_is_too_small_is_one_process_work(groups: list[ProcessGroup]) -> None:
    step.MIN_SHARD_WORK = 10**9  # put back by the fixture
    trained(recipe(), digits(), threads=3)
    assert not groups


def test_nothing_changes_where_the_loss_is_not_finite() -> None:
    small = recipe(**FULL_BATCH)
    state = begin(small, digits())
    for w in state.params.values():
        w[...] = 1e30
    before = {name: w.copy() for name, w in state.params.items()}
    with pytest.raises(TrainingError, match="the loss became"):
        list(train(small, digits(), state=state, threads=2))
    assert same_arrays(before, state.params)


def test_a_process_that_dies_ends_the_run_with_a_line(groups: list[ProcessGroup]) -> None:
    events = train(recipe(epochs=9), digits(), threads=3)
    next(event for event in events if isinstance(event, Stepped) and event.step == 3)
    groups[0].others[1].send_signal(signal.SIGKILL)
    with pytest.raises(TrainingError, match="ended with status -9") as failure:
        list(events)
    one_line(failure.value)


def test_a_process_that_cannot_start_ends_the_run(
    groups: list[ProcessGroup], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "START_WORKER", "raise SystemExit(7)")
    # More than a pipe holds, so that it has ended while it is being written to.
    monkeypatch.setattr(sys, "path", [*sys.path, "no such folder" * 20_000])
    with pytest.raises(TrainingError, match="ended with status 7"):
        list(train(recipe(), digits(), threads=2))


def test_where_none_can_be_started_one_learns_alone(
    groups: list[ProcessGroup], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "")
    one, _ = trained(recipe(), digits(), threads=3)
    assert not groups
    assert one.params


ABANDONED = """
import sys
from digitus.training import loop, session, step
from digitus.training.processes import ProcessGroup
from small import digits, recipe

step.MIN_SHARD_WORK = 1
class Told(ProcessGroup):
    def __init__(self, *given):
        super().__init__(*given)
        print(*(process.pid for process in self.others), flush=True)

session.ProcessGroup = Told
for event in loop.train(recipe(epochs=10**6), digits(), threads=3):
    pass
"""


def test_nobody_goes_on_when_the_leader_is_killed() -> None:
    leader = subprocess.Popen(
        [sys.executable, "-c", ABANDONED],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        text=True,
    )
    assert leader.stdout
    with leader.stdout as told:
        others = [int(pid) for pid in told.readline().split()]
    assert len(others) == 2
    time.sleep(0.5)
    leader.kill()
    leader.wait()
    until = time.monotonic() + 20
    while any(map(running, others)):
        assert time.monotonic() < until, "they are still there"
        time.sleep(0.02)


def running(pid: int) -> bool:
    """Whether there is such a process, and not only what a dead one leaves to its parent."""
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            return stat.read().rpartition(") ")[2][0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_shared_arrays_lie_apart_and_are_seen_by_both() -> None:
    shapes = {"a/x": ((3,), "f4"), "a/y": ((2, 5), "u1"), "b": ((1,), "f8"), "none": ((0, 2), "f4")}
    one = SharedArrays(shapes)
    other = SharedArrays(shapes, one.file)
    os.close(one.file)
    for i, a in enumerate(one.arrays.values()):
        a[...] = i + 1
    for i, (name, a) in enumerate(other.arrays.items()):
        assert (a.shape, a.dtype.str[1:]) == shapes[name]
        assert (a == i + 1).all()
    assert one.group("a").keys() == {"x", "y"}


def test_rows_are_everything_once() -> None:
    small = recipe(**ADAM)
    state = begin(small, digits())
    definition = TrainStep(small.network, small.loss, small.optimizer, right_classes, 0.5)
    shapes = {"inputs": ((8, 28, 28), "u1"), "targets": ((8, 10), "f4"), "labels": ((8,), "u1")}
    arrays = state.params, state.memory, state.average
    group = ProcessGroup(definition, 1, *arrays, shapes)
    group.close()
    for shape in [(1,), (2, 3), (10, 4), (3, 3, 2, 5)]:
        counted = np.zeros(shape, int)
        for group.leader.rank in range(7):
            group.leader.count = 7
            group.leader.rows(counted)[...] += 1
        assert (counted == 1).all()


def test_both_trainers_have_the_same_interface() -> None:
    """What a session calls is the same for both."""
    assert SingleProcess.step.__annotations__ == ProcessGroup.step.__annotations__


def test_a_worker_loads_only_what_it_needs() -> None:
    code = (
        "import sys, digitus.training.processes; "
        "print(*sys.modules.keys() & {'cv2', 'PIL', 'click', 'torch'})"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    loaded = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert loaded.stdout.split() == []
