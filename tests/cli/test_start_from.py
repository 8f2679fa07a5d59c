"""`digitus train --start-from`: which networks can be named, and what comes of it.

Not inside: taking parameters over (`training/test_start_from`).
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from digitus.detection import model, tasks
from digitus.recipe import PAGES
from digitus.recognizer import load
from small import page_recipe

STILL = ("--set", "schedule.rate=1e-12", "--set", "average=0.0", "--epochs", 1, "--threads", 1)


def test_a_run_goes_on_from_another_with_its_recipe(digitus: Any, recipe_file: Path) -> None:
    assert digitus("train", recipe_file, "--epochs", 1, "--threads", 1).code == 0
    result = digitus("train", "--start-from", "runs/tiny", *STILL)
    assert result.code == 0, result.err
    before, after = (load(f"runs/{name}/model.safetensors") for name in ("tiny", "tiny-2"))
    for name, w in before.params.items():
        assert after.params[name] == pytest.approx(w, abs=1e-6), name
    fingerprint = hashlib.sha256(Path("runs/tiny/model.safetensors").read_bytes()).hexdigest()
    started = {"model": "runs/tiny", "recipe": "tiny", "sha256": fingerprint, "data": "strokes"}
    assert after.history["started_from"] == started
    assert "started_from.sha256" in Path("runs/tiny-2/report.html").read_text("utf-8")


def test_what_does_not_fit_is_refused_and_leaves_no_folder(digitus: Any, recipe_file: Path) -> None:
    complaint = digitus("train", recipe_file, "--start-from", "default").complaint
    assert "default does not fit the network of this recipe: " in complaint
    complaint = digitus("train", recipe_file, "--start-from", "page").complaint
    assert "page does not fit the network of this recipe: " in complaint
    assert not Path("runs").exists()
    Path("nothing.safetensors").write_bytes(b"")
    assert "is truncated" in digitus("train", "--start-from", "nothing.safetensors").complaint
    assert "cannot be read" in digitus("train", "--start-from", "nowhere").complaint
    complaint = digitus("train", "--start-from", "default", "--resume").complaint
    assert "--resume or --start-from" in complaint


@pytest.mark.slow
def test_page_networks_too(digitus: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = replace(tasks.TASKS[PAGES], epoch=2, at_once=4)
    monkeypatch.setitem(tasks.TASKS, PAGES, few)
    path = page_recipe(tmp_path / "pages.toml")
    assert digitus("train", path, "--out", "one", "--epochs", 1, "--threads", 1).code == 0
    again = digitus("train", path, "--out", "two", "--start-from", "one/model.safetensors", *STILL)
    assert again.code == 0, again.err
    before, after = (model.load(f"{name}/model.safetensors") for name in ("one", "two"))
    assert after.history["started_from"]["model"] == "one/model.safetensors"
    for name, w in before.params.items():
        if not name.endswith(("mean", "var")):  # measured anew
            assert after.params[name] == pytest.approx(w, abs=2e-3), name
