"""`digitus train --profile`: a table of where the time went, and the same run as without."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from digitus.training import profile


def test_a_table_of_layers_and_waiting(
    digitus: Any, recipe_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profile, "SIDE", 64)
    plain = digitus("train", recipe_file, "--out", "plain", "--threads", 1)
    told = digitus("train", recipe_file, "--out", "told", "--threads", 1, "--profile")
    assert told.code == 0
    for words in ("where the time went", "GFLOP/s", "forward", "backward", "optimizer", "loss"):
        assert words in told.err
    (dense,) = [line for line in told.err.splitlines() if "Dense(units=10) forward" in line]
    assert dense.rstrip().endswith("%")
    assert "steps in " in told.err
    assert "where the time went" not in plain.err
    assert told.out.replace("told", "plain") == plain.out
    models = [Path(run, "model.safetensors").read_bytes() for run in ("plain", "told")]
    assert models[0][-1000:] == models[1][-1000:]
