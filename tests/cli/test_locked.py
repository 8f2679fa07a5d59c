"""A folder that is in use: `digitus train` does not begin in it, and says who is there."""

from __future__ import annotations

import os
from pathlib import Path

from digitus.locks import locked


def test_two_trainings_one_folder(digitus, recipe_file: Path, own: Path, tmp_path: Path) -> None:
    """The second is told who was first, whether it begins or goes on."""
    run = tmp_path / "x"
    run.mkdir()
    with locked(run, "digitus train"):
        first = digitus("train", recipe_file, "--data", own, "--out", run)
        (run / "checkpoint.safetensors").touch()
        second = digitus("train", recipe_file, "--data", own, "--out", run, "--resume")
    for refused in (first, second):
        assert f"{run} is in use by digitus train, process {os.getpid()} on" in refused.complaint
    assert [path.name for path in run.iterdir()] == ["checkpoint.safetensors"]
