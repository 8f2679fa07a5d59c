"""How many threads the commands take."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from digitus.cli import common


@pytest.mark.parametrize(
    ("quota", "expected"),
    [("max 100000", 8), ("200000 100000", 2), ("50000 100000", 1), ("1600000 100000", 8), ("", 8)],
)
def test_a_containers_quota_counts(
    quota: str, expected: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setattr(common, "QUOTA", tmp_path / "cpu.max")
    (tmp_path / "cpu.max").write_text(quota)
    assert common.cores(0) == expected
    assert common.cores(3) == 3
    (tmp_path / "cpu.max").unlink()
    assert common.cores(0) == 8
