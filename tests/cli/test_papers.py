"""`digitus papers`, in small."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitus.datasets.idx import write_idx
from digitus.papers.experiments import plan
from small import digits

TINY = plan.Size(
    count=300,
    seeds=(0,),
    few=(0,),
    iterations=4,
    at=(2, 4),
    larger_epochs=1,
    angle_step=90,
    means={"epochs": 1, "candidates": 2},
    teacher_epochs=1,
)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """Strokes, some of them four times, in files named like MNIST's."""
    folder = tmp_path / "mnist"
    folder.mkdir()
    for part, few, times in (("train", digits(300), 4), ("t10k", digits(100, 9), 1)):
        images, labels = np.tile(few.images, (times, 1, 1)), np.tile(few.labels, times)
        write_idx(folder / f"{part}-images-idx3-ubyte.gz", images)
        write_idx(folder / f"{part}-labels-idx1-ubyte.gz", labels)
    return folder


@pytest.fixture
def _tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "QUICK", TINY)
    names = ("notations", "setup", "curves/0.1", "furthest/5/0", "variant/nothing changed")
    few = [e for e in plan.gopa(TINY) if e.name.removeprefix("gopa/") in names]
    monkeypatch.setattr(plan, "gopa", lambda size: few)


@pytest.mark.slow
@pytest.mark.usefixtures("_tiny")
def test_a_quick_run_and_its_report(digitus: Any, data_dir: Path, tmp_path: Path) -> None:
    options = ["gopa-2024", "--quick", "--data-dir", data_dir, "--threads", 2, "--json"]
    first = digitus("papers", *options, "--markdown", "page/papers.md")
    record = first.record
    assert record["quick"] is True
    assert record["claims"][0]["verdict"] == "correct"
    assert {c["paper"] for c in record["claims"]} == {"Gopa"}
    text = (tmp_path / record["report"]).read_text("utf-8")
    assert "This is a quick look" in text
    assert 'id="part-g7"' in text
    assert 'id="part-s1"' not in text
    markdown = (tmp_path / "page" / "papers.md").read_text("utf-8")
    for name in ("papers-gopa-units.png", "papers-gopa-curves.svg"):
        assert f"pictures/{name}" in markdown
        assert (tmp_path / "page" / "pictures" / name).exists()

    again = digitus("papers", *options)
    assert again.record == record
    assert "5 of them are in" in again.err
    only = digitus("papers", "--only-report", "--out", "runs/papers-quick")
    assert only.code == 0
    assert "six equations for the gradients" in only.out
    other = digitus("papers", "--out", "runs/papers-quick", "--data-dir", data_dir)
    assert "holds a quick run" in other.complaint


def test_report_of_nothing(digitus: Any) -> None:
    assert "holds no results" in digitus("papers", "--only-report").complaint


def test_an_unknown_paper(digitus: Any) -> None:
    result = digitus("papers", "lecun-1998")
    assert result.code == 2
    assert "gopa-2024" in result.err


def test_quick_is_smaller_than_full() -> None:
    assert plan.QUICK.count is not None
    assert len(plan.QUICK.seeds) < len(plan.FULL.seeds)
