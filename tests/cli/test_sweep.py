"""`digitus sweep`: which runs there are, that each is trained once, and what the table says."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from digitus.errors import RecipeError
from digitus.sweep import runs
from digitus.sweep.runs import grid, planned
from digitus.sweep.search import Range, ranges


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that were run; each tells an accuracy by its seed, and seed 2 fails."""
    commands: list[list[str]] = []

    def run(command: list[str], **_: Any) -> Any:
        commands.append(command)
        seed = Path(command[command.index("--out") + 1]).name.removeprefix("seed-")
        told = {"development": {"accuracy": 0.9 + int(seed) / 100}, "seconds": 2, "parameters": 7}
        if seed == "2":
            return subprocess.CompletedProcess(command, 1, "", "words\ndigitus: it diverged\n")
        return subprocess.CompletedProcess(command, 0, json.dumps(told), "")

    monkeypatch.setattr(runs.subprocess, "run", run)
    return commands


def test_each_run_is_trained_once(
    digitus: Any, recipe_file: Path, trained: list[list[str]]
) -> None:
    rates = ("--set", "schedule.rate=0.1", "--set", "schedule.rate=0.2", "--set", "epochs=1")
    told = digitus("sweep", recipe_file, "--seeds", "0-1", *rates, "--json").record
    assert (told["runs"], told["failed"], len(trained)) == (4, 0, 4)
    first, second = told["rows"]
    assert [row["label"].split()[1:] for row in told["rows"]] == [
        ["schedule.rate=0.1"], ["schedule.rate=0.2"],
    ]  # fmt: skip
    assert first["mean"] == pytest.approx(0.905)
    assert first["interval95"] == pytest.approx(12.7062 * 0.005, rel=1e-4)
    assert (second["lowest"], second["highest"], second["runs"]) == (0.9, 0.91, 2)
    assert json.loads(Path("runs/sweep/sweep.json").read_text()) == told["rows"]
    assert all("--set=epochs=1" in command for command in trained)
    # Again, with one seed more that is named differently.
    again = digitus("sweep", recipe_file, "--seeds", "0,1,3", *rates)
    assert len(trained) == 6
    assert "4 of 6 runs are done already" in again.err
    assert "± " in again.out


@pytest.mark.parametrize("seeds", ["5-3", "", "1,", "a", "-1", "9" * 5000])
def test_what_are_no_seeds(digitus: Any, recipe_file: Path, seeds: str) -> None:
    told = digitus("sweep", recipe_file, f"--seeds={seeds}")
    assert (told.code, "are no seeds" in told.err) == (2, True)
    assert len(told.err) < 500


NONSENSE = [
    "{}", "[]", "{", '{"development": 3}', '{"development": {"accuracy": NaN}, "seconds": 1}',
    '{"development": {"accuracy": 0.9}, "seconds": 1e999, "parameters": 7}',
]  # fmt: skip


@pytest.mark.parametrize("text", NONSENSE)
def test_a_result_that_is_nonsense_is_none(
    digitus: Any, recipe_file: Path, trained: list[list[str]], text: str
) -> None:
    digitus("sweep", recipe_file, "--seeds", "0-1")
    (result, _) = sorted(Path("runs/sweep").rglob("result.json"))
    result.write_text(text)
    told = digitus("sweep", recipe_file, "--seeds", "0-1", "--json").record
    assert (told["runs"], len(trained)) == (2, 3)
    assert told["rows"][0]["accuracies"] == [0.9, 0.91]


def test_a_run_that_fails_is_told(digitus: Any, recipe_file: Path, trained: Any) -> None:
    told = digitus("sweep", recipe_file, "--seeds", "1-2")
    assert told.code == 1
    assert "seed-2: digitus: it diverged" in told.err
    assert "91.00 %" in told.out


def test_one_that_was_ended_in_the_middle_goes_on(
    digitus: Any, recipe_file: Path, trained: list[list[str]]
) -> None:
    (run,) = planned([str(recipe_file)], [5], ["epochs=3"], Path("runs/sweep").absolute())
    run.folder.mkdir(parents=True)
    (run.folder / "checkpoint.safetensors").write_bytes(b"")
    digitus("sweep", recipe_file, "--seeds", "5", "--set", "epochs=3")
    (command,) = trained
    assert "--resume" in command
    assert not {"--seed", "--set=epochs=3"} & set(command)
    # One that had ended without a word of it is trained anew.
    (run.folder / "result.json").unlink()
    (run.folder / "checkpoint.safetensors").unlink()
    (run.folder / "model.safetensors").write_bytes(b"")
    digitus("sweep", recipe_file, "--seeds", "5", "--set", "epochs=3")
    assert not (run.folder / "model.safetensors").exists()
    assert "--resume" not in trained[-1]


@pytest.mark.slow
def test_a_real_run(digitus: Any, recipe_file: Path, own: Path) -> None:
    told = digitus(
        "sweep", recipe_file, "--seeds", "0", "--set", "epochs=1", "--data", own, "--json"
    ).record
    (row,) = told["rows"]
    assert 0 <= row["mean"] <= 1
    assert row["interval95"] is None
    folder = Path("runs/sweep") / row["label"] / "seed-0"
    assert (folder / "model.safetensors").exists()


def test_what_cannot_be(digitus: Any, recipe_file: Path, tmp_path: Path) -> None:
    wrong = digitus("sweep", recipe_file, "--seeds", "many")
    assert (wrong.code, "they are 0-9" in wrong.err) == (2, True)
    assert grid(["a=1", "b=1", "a=2"]) == [("a=1", "b=1"), ("a=2", "b=1")]
    with pytest.raises(RecipeError, match="the same name"):
        planned(["quick", "quick"], [0], [], tmp_path)


def test_ranges_to_search(digitus: Any) -> None:
    rate, size, wide = ranges(["schedule.rate=0.001..0.1", "batch_size=32..256", "a=1..100"])
    assert rate == Range("schedule.rate", 0.001, 0.1, whole=False)
    assert (rate.by_logarithm, size.by_logarithm, wide.by_logarithm) == (True, False, True)
    assert rate.setting(0.0123456) == "schedule.rate=0.0123"
    assert size.setting(64) == "batch_size=64"
    wrongs = ["rate"], ["rate=2..1"], ["rate=a..b"], ["a=1..2", "a=2..3"], ["a=1..1e999"]
    for wrong in (*wrongs, ["a=-1e308..1e308"]):
        with pytest.raises(RecipeError):
            ranges(wrong)
    both = digitus("sweep", "quick", "tiny", "--search", "schedule.rate=0.001..0.1")
    assert both.code == 2
    assert "a search is for one recipe" in both.err


def test_drawn_settings_name_folders(tmp_path: Path) -> None:
    (run,) = planned(["tiny"], [4], [], tmp_path, [], ["schedule.rate=0.01"])
    assert run.folder == tmp_path / "tiny" / "schedule.rate=0.01" / "seed-4"
    assert "--set=schedule.rate=0.01" in run.arguments
