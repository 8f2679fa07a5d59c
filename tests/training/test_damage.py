"""Runs on disk: what is damaged or cannot be written is refused, and a kill loses nothing."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from digitus.errors import DigitusError, ModelError, OutputError
from digitus.files import write_arrays
from digitus.training.run_folder import Run, resume
from kept import changed, cut, finish, interrupted
from small import EVERYTHING, digits, one_line, recipe


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path / "runs" / "x")


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


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that is good."""
    run = Run(tmp_path_factory.mktemp("whole"))
    interrupted(run, recipe(EVERYTHING), 3)
    resume(run, digits())
    return run.checkpoint


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_checkpoints_are_refused_in_one_line(run: Run, damage: str, whole: Path) -> None:
    run.folder.mkdir(parents=True)
    shutil.copyfile(whole, run.checkpoint)
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


@pytest.mark.slow
def test_killed_again_and_again_it_ends_the_same(kills: ModuleType, tmp_path: Path) -> None:
    result = kills.campaign(tmp_path, kills=4, epochs=6, seed=1)
    assert result["kills"] == 4
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
