"""Runs on disk: what is kept is exact, what is damaged is refused, and a kill loses nothing."""

from __future__ import annotations

import copy
import importlib.util
import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from digitus.errors import DigitusError, ModelError, OutputError, TrainingError
from digitus.files import read_arrays, write_arrays
from digitus.recipe import Recipe
from digitus.recognizer import load
from digitus.training import run_folder
from digitus.training.loop import EpochEnded, Finished, State, Stepped, begin
from digitus.training.run_folder import (
    Run,
    load_checkpoint,
    new_run,
    record,
    resume,
    save_checkpoint,
    unfinished_run,
)
from small import EVERYTHING, copies, digits, one_line, recipe, same_arrays, scores, trained


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path / "runs" / "x")


def interrupted(run: Run, small: Recipe, steps: int) -> State:
    """Leaves a run as one that was stopped after some steps; its state then."""
    state = begin(small, digits())
    events = record(run, small, digits(), state=state, seconds=1e9)
    for event in events:
        if isinstance(event, Stepped) and event.step == steps:
            events.close()
    return state


def finish(run: Run, small: Recipe, state: State | None = None) -> Any:
    *_, last = record(run, small, digits(), state=state, seconds=0)
    assert isinstance(last, Finished)
    return last.recognizer


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
        save_checkpoint(run.checkpoint, small, state, digits())
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
    save_checkpoint(run.checkpoint, small, begin(small, digits()), digits())
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


def changed(change: Callable[[dict[str, Any], dict[str, Any]], None]) -> Callable[[Path], None]:
    """A damage to the arrays or the metadata of a checkpoint that is otherwise a good file."""

    def apply(path: Path) -> None:
        arrays, about = read_arrays(path, "checkpoint")
        change(arrays, about)
        write_arrays(path, arrays, "checkpoint", about)

    return apply


def cut(size: int) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(path.read_bytes()[:size]) and None


DAMAGES: dict[str, Callable[[Path], Any]] = {
    "empty": cut(0),
    "seven bytes": cut(7),
    "cut in its header": cut(300),
    "cut in its arrays": cut(-5),
    "a text": lambda path: path.write_text("hello " * 100),
    "gone": Path.unlink,
    "a model": lambda path: write_arrays(path, {}, "model", {}),
    "no metadata": changed(lambda a, m: m.clear()),
    "no step": changed(lambda a, m: m.pop("step")),
    "step is text": changed(lambda a, m: m.update(step="many")),
    "step is infinite": changed(lambda a, m: m.update(step=float("inf"))),
    "epochs is a number": changed(lambda a, m: m.update(epochs=3)),
    "epochs are numbers": changed(lambda a, m: m.update(epochs=[3])),
    "recipe is a number": changed(lambda a, m: m.update(recipe=5)),
    "recipe is nothing": changed(lambda a, m: m.update(recipe=None)),
    "unknown layer": changed(lambda a, m: m["recipe"]["network"].append({"kind": "Dence"})),
    "a layer that does not fit": changed(
        lambda a, m: m["recipe"]["network"].append({"kind": "MaxPool"})
    ),
    "another network": changed(
        lambda a, m: m["recipe"]["network"].append({"kind": "Dense", "units": 10})
    ),
    "ten million units": changed(lambda a, m: m["recipe"]["network"][7].update(units=10**7)),
    "another optimizer": changed(lambda a, m: m["recipe"].update(optimizer={"kind": "Adam"})),
    "no average": changed(lambda a, m: m["recipe"].update(average=0)),
    "memory is a number": changed(lambda a, m: m.update(memory=5)),
    "memory lacks an array": changed(lambda a, m: a.pop("memory/2.W/v")),
    "memory of nothing": changed(lambda a, m: a.update({"memory/9.W/v": np.ones(3)})),
    "memory with a short name": changed(lambda a, m: a.update({"memory/2.W": np.ones(3)})),
    "no parameters": changed(lambda a, m: a.clear()),
    "a parameter less": changed(lambda a, m: a.pop("params/2.W")),
    "a parameter more": changed(lambda a, m: a.update({"params/9.W": np.ones(3)})),
    "a parameter of another shape": changed(lambda a, m: a.update({"params/2.b": np.ones(7)})),
    "a parameter of another type": changed(
        lambda a, m: a.update({"params/2.b": a["params/2.b"].astype(np.float64)})
    ),
    "not a number": changed(lambda a, m: a["params/2.b"].fill(np.nan)),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_checkpoints_are_refused_in_one_line(run: Run, damage: str) -> None:
    interrupted(run, recipe(EVERYTHING), 3)
    DAMAGES[damage](run.checkpoint)
    with pytest.raises(ModelError) as caught:
        resume(run, digits())
    assert str(run.checkpoint) in one_line(caught.value)


def test_a_checkpoint_that_cannot_be_written_is_one_line_and_the_old_one_stays(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = recipe()
    interrupted(run, small, 3)
    kept = run.checkpoint.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("digitus.files.os.fsync", full)
    with pytest.raises(OutputError) as caught:
        finish(run, small, resume(run, digits())[1])
    one_line(caught.value)
    assert run.checkpoint.read_bytes() == kept


def test_a_run_in_a_place_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("I was here first", "utf-8")
    with pytest.raises(OutputError) as caught:
        finish(Run(tmp_path / "x"), recipe())
    one_line(caught.value)
    assert (tmp_path / "x").read_text("utf-8") == "I was here first"


def test_a_log_that_cannot_be_written(run: Run) -> None:
    run.log.mkdir(parents=True)
    with pytest.raises(OutputError) as caught:
        finish(run, recipe())
    assert "events.jsonl" in one_line(caught.value)


def test_a_failed_run_keeps_its_checkpoint(run: Run) -> None:
    """Training goes astray: what was kept before is still there, and the error passes through."""
    small = recipe(
        optimizer={"kind": "GradientDescent"}, schedule={"kind": "Constant", "rate": 1e30}
    )
    with pytest.raises(DigitusError):
        finish(run, small)
    assert run.checkpoint.exists()
    assert not run.model.exists()


@pytest.fixture(scope="module")
def kills() -> ModuleType:
    """The benchmark that does the same with hundreds of kills."""
    spec = importlib.util.spec_from_file_location(
        "kills", Path(__file__).parents[2] / "benchmarks" / "kills.py"
    )
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_killed_again_and_again_it_ends_the_same(kills: ModuleType, tmp_path: Path) -> None:
    result = kills.campaign(tmp_path, kills=6, epochs=6, seed=1)
    assert result["kills"] == 6
    assert result["resumed"] > 0
    for harm in ("lost_checkpoints", "differing_runs", "differing_logs"):
        assert result[harm] == 0, result


def test_the_killing_would_notice(kills: ModuleType, tmp_path: Path, run: Run) -> None:
    """The judge of the kills objects to a lost checkpoint, to another model and to another log."""
    assert not kills.is_lost(run, before=False)
    assert kills.is_lost(run, before=True)
    interrupted(run, recipe(), 3)
    assert not kills.is_lost(run, before=True)
    cut(-5)(run.checkpoint)
    assert kills.is_lost(run, before=True)
    other = Run(tmp_path / "other")
    finish(run, recipe())
    finish(other, recipe(seed=1))
    assert kills.parameters(run) == kills.parameters(run)
    assert kills.parameters(run) != kills.parameters(other)
    assert kills.story(run) != kills.story(other)
