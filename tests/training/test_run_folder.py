"""Runs on disk: what is kept is exact, what is damaged is refused, and a kill loses nothing."""

from __future__ import annotations

import copy
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from digitus.errors import OutputError, TrainingError
from digitus.recognizer import load
from digitus.training import run_folder
from digitus.training.loop import EpochEnded, Finished, State, begin
from digitus.training.run_folder import (
    Run,
    load_checkpoint,
    new_run,
    record,
    resume,
    save_checkpoint,
    unfinished_run,
)
from kept import finish, interrupted
from small import EVERYTHING, copies, digits, recipe, same_arrays, scores, trained


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path / "runs" / "x")


def log(run: Run) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run.log.read_text("utf-8").splitlines()]


def assert_same_state(a: State, b: State) -> None:
    assert same_arrays(a.params, b.params)
    assert (a.average is None) == (b.average is None)
    assert same_arrays(a.average or {}, b.average or {})
    assert a.memory.keys() == b.memory.keys()
    assert all(same_arrays(a.memory[name], b.memory[name]) for name in a.memory)
    for key in ("step", "loss", "right", "seen", "seconds", "epochs"):
        assert getattr(a, key) == getattr(b, key), key


@pytest.mark.parametrize("optimizer", ["GradientDescent", "Momentum", "Adam"])
@pytest.mark.parametrize("average", [0.0, 0.9])
def test_a_checkpoint_keeps_everything(run: Run, optimizer: str, average: float) -> None:
    small = recipe(EVERYTHING, optimizer={"kind": optimizer}, average=average)
    for state in copies(small, digits())[1]:
        save_checkpoint(run, small, state, digits())
        kept_recipe, kept, fingerprint = load_checkpoint(run.checkpoint)
        assert kept_recipe == small
        assert fingerprint == digits().sha256
        assert_same_state(kept, state)


def test_a_whole_run_leaves_model_and_log(run: Run) -> None:
    learnt = finish(run, recipe())
    assert sorted(path.name for path in run.folder.iterdir()) == [
        "events.jsonl",
        "model.safetensors",
    ]
    assert same_arrays(load(run.model).params, learnt.params)
    lines = log(run)
    assert [line["event"] for line in lines] == ["started", "epoch", "epoch", "finished"]
    assert [{**line, "event": None} for line in lines[1:-1]] == [
        {**epoch, "event": None} for epoch in learnt.history["epochs"]
    ]
    assert lines[0]["recipe"]["name"] == "small"


@pytest.mark.slow
@pytest.mark.parametrize("steps", [2, 4])
def test_closing_keeps_a_checkpoint_from_which_it_goes_on(run: Run, steps: int) -> None:
    """Four batches an epoch: in the middle of one, and at its end.

    Every other moment: `test_resuming_from_every_state_ends_the_same`.
    """
    small = recipe(EVERYTHING)
    unbroken = trained(small, digits())[0]
    stopped = interrupted(run, small, steps)
    _, state = resume(run, digits())
    assert_same_state(state, stopped)
    learnt = finish(run, small, state)
    assert same_arrays(learnt.params, unbroken.params)
    assert scores(load(run.model)) == scores(unbroken)
    assert not run.checkpoint.exists()
    assert [line["event"] for line in log(run)] == ["started", "epoch", "epoch", "finished"]


def test_the_log_is_rewritten_to_what_the_checkpoint_knows(run: Run) -> None:
    """A killed run has logged an epoch that happened after its last checkpoint, and half a line."""
    small = recipe(epochs=3)
    state = interrupted(run, small, 5)
    lost = copy.deepcopy(state)
    run.log.write_text(
        run.log.read_text("utf-8") + json.dumps({"event": "epoch", "epoch": 2}) + '\n{"event": "ep',
        "utf-8",
    )
    events = record(run, small, digits(), state=lost, seconds=1e9)
    next(events)
    assert [line.get("epoch") for line in log(run)] == [None, 1]
    for _ in events:
        pass
    assert [line.get("epoch") for line in log(run)] == [None, 1, 2, 3, None]


def test_when_checkpoints_are_written(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[int] = []
    clock = iter(range(1000))
    monkeypatch.setattr(run_folder.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(
        run_folder, "save_checkpoint", lambda _p, _r, state, _d: steps.append(state.step)
    )

    def all_of(seconds: float) -> list[int]:
        steps.clear()
        for _ in record(run, recipe(epochs=1), digits(), seconds=seconds):
            pass
        return steps.copy()

    assert all_of(0) == [0, 1, 2, 3, 4]
    assert all_of(1e9) == [0]
    assert all_of(2)[:2] == [0, 2]


def test_a_listener_that_leaves_after_the_end_leaves_no_checkpoint(run: Run) -> None:
    events = record(run, recipe(), digits())
    for event in events:
        if isinstance(event, Finished):
            events.close()
    assert run.model.exists()
    assert not run.checkpoint.exists()


def test_stopping_a_resumed_run_whose_model_was_saved_keeps_its_progress(run: Run) -> None:
    """Killed between saving the model and removing the checkpoint, resumed, then stopped."""
    small = recipe(epochs=4)
    finish(run, small)
    save_checkpoint(run, small, begin(small, digits()), digits())
    _, state = resume(run, digits())
    events = record(run, small, digits(), state=state, seconds=1e9)
    for event in events:
        if isinstance(event, EpochEnded):
            events.close()
    assert load_checkpoint(run.checkpoint)[1].step == 4


def test_resuming_with_other_digits_is_refused(run: Run) -> None:
    interrupted(run, recipe(), 3)
    with pytest.raises(TrainingError, match="was trained on other data"):
        resume(run, digits(seed=5))
    assert resume(run, digits())[1].step == 3


def test_new_runs_take_the_first_free_name(tmp_path: Path) -> None:
    assert new_run("x", tmp_path).folder == tmp_path / "x"
    (tmp_path / "x" / "model.safetensors").touch()
    (tmp_path / "x-2").mkdir()
    assert new_run("x", tmp_path).folder == tmp_path / "x-3"
    assert new_run("y", tmp_path / "deeper").folder == tmp_path / "deeper" / "y"
    with pytest.raises(OutputError):
        new_run("y", tmp_path / "x" / "model.safetensors")
    (tmp_path / "nowhere").symlink_to("absent")
    with pytest.raises(OutputError, match="link to what is not there"):  # not for ever the next
        new_run("y", tmp_path / "nowhere")


def test_runs_that_start_at_once_get_a_folder_each(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        folders = [run.folder for run in pool.map(lambda _: new_run("x", tmp_path), range(40))]
    assert len(set(folders)) == 40


def test_the_latest_unfinished_run_of_that_name(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no interrupted run of x in"):
        unfinished_run("x", tmp_path)
    for age, name in enumerate(["x-3", "x", "x-2", "x-deep", "xx", "y"]):
        (tmp_path / name).mkdir()
        if name != "x-2":
            (tmp_path / name / "checkpoint.safetensors").touch()
            os.utime(tmp_path / name / "checkpoint.safetensors", (age, age))
    assert unfinished_run("x", tmp_path).folder == tmp_path / "x"
    assert unfinished_run("x-deep", tmp_path).folder == tmp_path / "x-deep"
    with pytest.raises(TrainingError):
        unfinished_run("[x]", tmp_path)
