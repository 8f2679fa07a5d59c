"""A workspace with a few hundred strokes instead of MNIST."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from digitus.papers.experiments import workspace
from small import digits


@pytest.fixture
def small_workspace(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> workspace.Workspace:
    """Experiments on it take a moment."""

    def loaded(part: str, data_dir: Any) -> Any:
        return digits(300, 0) if part == "train" else digits(100, 9)

    monkeypatch.setattr(workspace, "_loaded", loaded)
    return workspace.Workspace(tmp_path / "parts")
