"""`digitus train` with a network that finds the digits of a page.

Not inside: the command otherwise (`test_train`), what such a network learns (`detection/`).
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from digitus.cli.train_told import PAGES_SHOWN
from digitus.detection import model, source, tasks
from digitus.recipe import PAGES
from small import page_recipe


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """An epoch of two batches."""
    few = replace(tasks.TASKS[PAGES], epoch=4, at_once=4)
    monkeypatch.setitem(tasks.TASKS, PAGES, few)


def network_of(folder: str) -> model.PageNetwork:
    return model.load(f"{folder}/model.safetensors")


@pytest.mark.slow
def test_a_run_and_its_files(digitus: Any, tmp_path: Path) -> None:
    path = page_recipe(tmp_path / "pages.toml")
    result = digitus("train", path, "--epochs", 1, "--threads", 1)
    assert result.code == 0, result.err
    assert "4 images to learn from, 6 held back" in result.err
    assert "epoch    1  loss" in result.err
    assert "Of 6 crops held back, " in result.out
    assert "model   runs/pages/model.safetensors" in result.out
    made = sorted(file.name for file in Path("runs/pages").iterdir())
    assert made == ["events.jsonl", "model.safetensors", "report.html"]
    assert "report  runs/pages/report.html" in result.out
    assert Path("runs/pages/report.html").read_text("utf-8").count("<image ") == PAGES_SHOWN
    parts = ("heat", "offset and size and link", "follow", "digit", "finer")
    assert tuple(network_of("runs/pages").history["epochs"][0]["development_parts"]) == parts
    network = network_of("runs/pages")
    assert (network.recipe.name, network.recipe.data) == ("pages", "pages")
    assert network.history["data"]["name"] == "pages written by the simulated pen"
    (row,) = digitus("models", "--json").record["models"]
    assert (row["recipe"], row["epochs"]) == ("pages", 1)
    assert row["development_accuracy"] == network.history["epochs"][0]["development_accuracy"]
    assert "is a digitus page network; a model is needed" in digitus(
        "evaluate", "runs/pages", "--data", "strokes"
    ).complaint  # fmt: skip


@pytest.mark.slow
def test_an_interrupted_run_goes_on(
    digitus: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = page_recipe(tmp_path / "pages.toml")
    whole = digitus("train", path, "--out", "whole", "--threads", 1, "--json").record
    assert whole["development"]["n"] == 6
    assert whole["parameters"] == 91
    with monkeypatch.context() as patched:

        def stop(self: Any, *arguments: Any) -> Any:
            raise KeyboardInterrupt

        patched.setattr(source.PageExamples, "evaluate", stop)
        assert digitus("train", path, "--out", "rest", "--threads", 1).code != 0
    assert not Path("rest/model.safetensors").exists()
    rest = digitus("train", path, "--out", "rest", "--resume", "--threads", 1, "--json").record
    assert rest["development"] == whole["development"]
    for name, w in model.load("whole/model.safetensors").params.items():
        assert (model.load("rest/model.safetensors").params[name] == w).all()
    lines = [json.loads(line) for line in Path("rest/events.jsonl").read_text().splitlines()]
    assert [line["event"] for line in lines] == ["started", "epoch", "epoch", "finished"]


def test_digits_and_pages_are_not_mistaken_for_each_other(digitus: Any, recipe_file: Path) -> None:
    complaint = digitus("train", recipe_file, "--data", "pages").complaint
    assert "the digits of a page need [48, 48, 21]" in complaint
    assert "did you mean 'page'?" in digitus("train", "pages").complaint
