"""`digitus form`: names that a form's file cannot hold, and one file named twice."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import cv2
import pytest

from digitus.forms.table import to_toml
from filled_forms import FORM, filled


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    cv2.imwrite(str(tmp_path / "scan.png"), filled())
    return tmp_path / "scan.png"


@pytest.mark.parametrize("name", ['q"uo\nte', "esc\x1b[31m", os.fsdecode(b"\xff")])
def test_a_form_that_could_not_be_read_is_not_written(digitus: Any, scan: Path, name: str) -> None:
    Path(f"{name}.png").write_bytes(scan.read_bytes())
    for blank, out in ((f"{name}.png", "a.toml"), (scan, f"{name}.toml")):
        told = digitus("form", "new", blank, "--out", out).complaint
        assert "must be text in a line" in told
        assert not Path(out).exists()


def test_the_review_is_not_the_table(digitus: Any, scan: Path) -> None:
    Path("f.toml").write_text(to_toml(FORM), "utf-8")
    Path("here").symlink_to(".")
    command = ("form", "read", "f.toml", scan, "--to", "out.csv", "--review", "here/out.csv")
    done = digitus(*command)
    assert (done.code, "are the same file" in done.err) == (2, True)
    assert not Path("out.csv").exists()
