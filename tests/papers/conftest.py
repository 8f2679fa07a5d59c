"""A bench with a few hundred strokes instead of MNIST."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from digitus.papers.experiments import bench
from small import digits


@pytest.fixture
def small_bench(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> bench.Bench:
    """Experiments on it take a moment."""

    def loaded(part: str, data_dir: Any) -> Any:
        return digits(300, 0) if part == "train" else digits(100, 9)

    monkeypatch.setattr(bench, "_loaded", loaded)
    return bench.Bench(tmp_path / "parts")
