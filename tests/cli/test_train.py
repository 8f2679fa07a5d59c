"""`digitus train`: what it writes, what it says to people and programs, and how it goes on."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitus.recognizer import load
from digitus.training.run_folder import load_checkpoint
from small import digits, write_recipe

RUN_FILES = ["events.jsonl", "model.safetensors", "report.html"]


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_run_and_its_files(digitus: Any, recipe_file: Path, own: Path) -> None:
    result = digitus("train", recipe_file, "--data", own, "--threads", 1)
    assert result.code == 0
    assert files(Path("runs/tiny")) == RUN_FILES
    model = load("runs/tiny/model.safetensors")
    assert model.recipe.data == str(own)
    assert model.history["data"]["sha256"] == digits().sha256
    assert "model   runs/tiny/model.safetensors" in result.out
    assert "report  runs/tiny/report.html" in result.out
    assert "epoch    2  loss" in result.err
    assert "epoch" not in result.out.partition("model ")[0].replace("epochs", "")
    page = Path("runs/tiny/report.html").read_text("utf-8")
    assert page.startswith("<!") or page.startswith("<html")


def test_json_is_one_object_and_progress_is_elsewhere(digitus: Any, recipe_file: Path) -> None:
    result = digitus("train", recipe_file, "--json", "--epochs", 3, "--threads", 1)
    record = result.record
    assert record["epochs"] == 3
    assert (record["model"], record["report"]) == (
        "runs/tiny/model.safetensors",
        "runs/tiny/report.html",
    )
    assert record["recipe"] == "tiny"
    assert record["parameters"] == load(record["model"]).parameter_count
    assert record["development"]["n"] == 60
    assert record["seconds"] > 0
    lines = [json.loads(line) for line in Path("runs/tiny/events.jsonl").read_text().splitlines()]
    assert lines[-2]["development_accuracy"] == record["development"]["accuracy"]
    assert "epoch    3" in result.err


def test_settings(digitus: Any, recipe_file: Path) -> None:
    result = digitus(
        "train", recipe_file, "--set", "schedule.rate=0.5", "--set", "about=mine", "--seed", 7,
        "--epochs", 1, "--data", "strokes", "--out", "here", "--json",
    )  # fmt: skip
    recipe = load("here/model.safetensors").recipe
    assert result.record["epochs"] == 1
    assert (recipe.schedule.rate, recipe.about, recipe.seed, recipe.data) == (
        0.5,
        "mine",
        7,
        "strokes",
    )


def test_a_shipped_recipe(digitus: Any) -> None:
    result = digitus(
        "train", "gopa-2024", "--data", "strokes", "--epochs", 2, "--set", "development=50",
        "--json",
    )  # fmt: skip
    assert result.record["parameters"] == 784 * 10 + 10 + 110


def test_a_second_run_never_overwrites(digitus: Any, recipe_file: Path) -> None:
    for folder in ("runs/tiny", "runs/tiny-2", "runs/tiny-3"):
        assert digitus("train", recipe_file, "--epochs", 1).code == 0
        assert files(Path(folder)) == RUN_FILES
    kept = Path("runs/tiny/model.safetensors").read_bytes()
    again = digitus("train", recipe_file, "--out", "runs/tiny", "--seed", 5)
    assert "runs/tiny holds a run already; choose another --out" in again.complaint
    assert Path("runs/tiny/model.safetensors").read_bytes() == kept


def test_without_mnist_it_says_so_in_one_line_and_trains_on_strokes(
    digitus: Any, tmp_path: Path
) -> None:
    recipe_file = write_recipe(tmp_path / "tiny.toml", data="mnist")
    result = digitus("train", recipe_file, "--json")
    (line,) = [line for line in result.err.splitlines() if "strokes" in line]
    assert line.startswith("mnist cannot be had, so this trains on strokes instead (cannot downl")
    assert "to work offline, put" in line
    assert result.record["epochs"] == 2
    assert load("runs/tiny/model.safetensors").recipe.data == "strokes"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--data", "mnist"], "cannot download"),
        (["--data", "mnsit"], "did you mean 'mnist'?"),
        (["--set", "data=mnsit"], "did you mean 'mnist'?"),
        (["--set", "data=digits.csv"], "digits.csv: there is no such folder or file"),
        (["--data-dir", "nowhere"], "--data-dir is nowhere, which is not a folder"),
    ],
)
def test_data_that_were_asked_for_are_not_replaced(
    digitus: Any, tmp_path: Path, arguments: list[str], said: str
) -> None:
    recipe_file = write_recipe(tmp_path / "tiny.toml", data="mnist")
    assert said in digitus("train", recipe_file, *arguments).complaint
    assert not Path("runs").exists()


def test_damaged_data_are_not_replaced(digitus: Any, tmp_path: Path) -> None:
    """Somebody's own copy of MNIST that is cut short: they must hear of it."""
    (tmp_path / "mnist").mkdir()
    for part in ("train", "t10k"):
        for kind in ("images-idx3", "labels-idx1"):
            (tmp_path / "mnist" / f"{part}-{kind}-ubyte.gz").write_bytes(b"\x1f\x8b\x08")
    recipe_file = write_recipe(tmp_path / "tiny.toml", data="mnist")
    complaint = digitus("train", recipe_file, "--data-dir", tmp_path).complaint
    assert "train-images-idx3-ubyte.gz" in complaint


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing"], "no recipe 'nothing'"),
        (["nowhere.toml"], "recipe nowhere.toml cannot be read: No such file"),
        (["mpl"], "did you mean 'mlp'?"),
        (["tiny.toml", "--set", "epoch=3"], "did you mean 'epochs'?"),
        (["tiny.toml", "--set", "network=[{kind='Flatten'}, {kind='Dense', units=5}]"], "[5] outp"),
        (["tiny.toml", "--set", "network=[{kind='Dense', units=10}]"], "layer 0, Dense(units=10)"),
        (["tiny.toml", "--set", "development=300"], "cannot hold back 300 of 300"),
        (["tiny.toml", "--resume"], "there is no interrupted run of tiny in runs to resume"),
        (["tiny.toml", "--resume", "--out", "x"], "x holds no interrupted run"),
        (["tiny.toml", "--out", "tiny.toml"], "cannot write tiny.toml"),
        (
            ["tiny.toml", "--set", "schedule.rate=1e30", "--set", "loss={kind='SquaredError'}"],
            "try",
        ),
    ],
)
def test_failures_are_one_line(
    digitus: Any, recipe_file: Path, arguments: list[str], said: str
) -> None:
    result = digitus("train", *arguments)
    assert said in result.complaint
    # Only what went astray after its first checkpoint leaves anything behind.
    assert any(Path("runs").glob("*")) == ("schedule.rate=1e30" in arguments)
    assert len([line for line in result.err.splitlines() if "digitus:" in line]) == 1
    assert "Warning" not in result.err


def test_brackets_are_no_markup(digitus: Any, tmp_path: Path) -> None:
    """Names and paths are shown as they are, whatever the library for colours makes of [x]."""
    recipe_file = write_recipe(tmp_path / "a[b].toml", about="[/] [bold]not bold[/bold] [x]")
    result = digitus("train", recipe_file, "--out", "runs/[red]", "--epochs", 1)
    assert result.code == 0
    assert "a[b]: [/] [bold]not bold[/bold] [x]" in result.err
    assert "runs/[red]/model.safetensors" in result.out
    assert digitus("models").code == 0
    scored = digitus("evaluate", "runs/[red]", "--data", "strokes")
    assert "runs/[red]/model.safetensors on digits" in scored.out


def test_paths_are_not_broken_into_lines(digitus: Any, recipe_file: Path, tmp_path: Path) -> None:
    out = tmp_path / ("long-" * 20) / ("name-" * 20)
    result = digitus("train", recipe_file, "--out", out, "--epochs", 1)
    assert f"model   {out}/model.safetensors" in result.out.splitlines()


def interrupted(digitus: Any, monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    """Leaves a run that was stopped after its third step."""
    from digitus.training.session import Session

    step = Session._step
    count = iter(range(100))

    def interrupting(*rest: Any) -> Any:
        if next(count) == 2:
            signal.raise_signal(signal.SIGINT)
        return step(*rest)

    with monkeypatch.context() as patch:
        patch.setattr(Session, "_step", interrupting)
        assert digitus("train", *arguments).code == 130


def test_resuming_what_was_begun_otherwise_is_refused(
    digitus: Any, recipe_file: Path, own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(digitus, monkeypatch, recipe_file, "--data", own)
    resume = ["train", recipe_file, "--resume"]
    assert "was begun with other settings" in digitus(*resume, "--epochs", 9).complaint
    assert "was begun with other settings" in digitus(*resume, "--seed", 9).complaint
    np.savez(tmp_path / "fewer.npz", x=digits().images[:200], y=digits().labels[:200])
    assert "was trained on other data" in digitus(*resume, "--data", "fewer.npz").complaint
    other = write_recipe(tmp_path / "other.toml")
    assert "no interrupted run of other" in digitus("train", other, "--resume").complaint
    elsewhere = digitus("train", other, "--resume", "--out", "runs/tiny").complaint
    assert "is a run of tiny, not of other" in elsewhere
    assert load_checkpoint(Path("runs/tiny/checkpoint.safetensors"))[1].step == 3
    assert "after 3 steps" in digitus(*resume, "--epochs", 2).err
    assert files(Path("runs/tiny")) == RUN_FILES


def test_a_run_that_fell_back_to_strokes_resumes_with_them(
    digitus: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe_file = write_recipe(tmp_path / "tiny.toml", data="mnist")
    interrupted(digitus, monkeypatch, recipe_file)
    assert digitus("train", recipe_file, "--resume").code == 0
    assert load("runs/tiny/model.safetensors").recipe.data == "strokes"


def test_an_unfinished_run_is_not_overwritten(
    digitus: Any, recipe_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(digitus, monkeypatch, recipe_file)
    assert digitus("train", recipe_file).code == 0
    assert files(Path("runs/tiny-2")) == RUN_FILES
    assert files(Path("runs/tiny")) == ["checkpoint.safetensors", "events.jsonl"]


def test_damaged_checkpoints_are_one_line(
    digitus: Any, recipe_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(digitus, monkeypatch, recipe_file)
    path = Path("runs/tiny/checkpoint.safetensors")
    path.write_bytes(path.read_bytes()[:-9])
    assert str(path) in digitus("train", recipe_file, "--resume").complaint
