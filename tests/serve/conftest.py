"""One server for all tests that leave it as it was, and no data but the simulated pen's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import small
from digitus.datasets import sources
from digitus.serve import mistakes
from serving import Serving, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("runs")) as ours:
        yield ours


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Serving]:
    """A server for one test."""
    with serving(tmp_path / "runs") as ours:
        yield ours


@pytest.fixture(autouse=True)
def _no_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DIGITUS_DATA", raising=False)
    monkeypatch.setattr(sources, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr(mistakes, "test_digits", lambda: small.digits(400, seed=9))
