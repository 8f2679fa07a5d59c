"""`digitus train --profile`: a table of where the time went, and the same run as without."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from digitus.training import profile
from nn.compiled import needs_kernels
from small import write_recipe


def test_a_table_of_layers_and_waiting(
    digitus: Any, recipe_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profile, "MATRIX_SIDE", 64)
    plain = digitus("train", recipe_file, "--out", "plain", "--threads", 1)
    told = digitus("train", recipe_file, "--out", "told", "--threads", 1, "--profile")
    assert told.code == 0
    for words in ("where the time went", "GFLOP/s", "forward", "backward", "optimizer", "loss"):
        assert words in told.err
    (dense,) = [line for line in told.err.splitlines() if "Dense(units=10) forward" in line]
    assert dense.rstrip().endswith("%")
    assert "steps in " in told.err
    assert "where the time went" not in plain.err
    assert "in one call" not in told.err
    assert told.out.replace("told", "plain") == plain.out
    models = [Path(run, "model.safetensors").read_bytes() for run in ("plain", "told")]
    assert models[0][-1000:] == models[1][-1000:]


@needs_kernels
def test_a_perceptron_is_told_to_learn_otherwise_without_it(
    digitus: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profile, "MATRIX_SIDE", 64)
    layers = [{"kind": "Dense", "units": units} for units in (40, 10)]
    network = [{"kind": "Scale"}, {"kind": "Flatten"}, *layers]
    path = write_recipe(tmp_path / "perceptron.toml", network=network, batch_size=50)
    told = digitus("train", path, "--out", "told", "--threads", 1, "--profile")
    assert told.code == 0
    words = " ".join(told.err.split())
    assert "without --profile this network learns in one call of a kernel, which is faster" in words
