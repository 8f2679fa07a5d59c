"""`digitus form`: names that no form can hold, one file named twice, files that are not there."""

from __future__ import annotations

import csv
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


def test_where_there_is_nothing_to_read_no_table_is_in_the_way(digitus: Any, scan: Path) -> None:
    Path("f.toml").write_text(to_toml(FORM), "utf-8")
    done = digitus("form", "read", "f.toml", "scna.png", "--to", "out.csv")
    assert "scna.png: cannot be read (No such file or directory)" in done.complaint
    Path("empty").mkdir()
    done = digitus("form", "read", "f.toml", "empty", "--to", "out.csv")
    assert "empty: is a folder without pictures" in done.complaint
    assert not Path("out.csv").exists()
    done = digitus("form", "read", "f.toml", "empty", "scna.png", scan, "--to", "out.csv")
    assert done.code == 1
    with Path("out.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    problems = [(row["file"], row["problem"].partition(" (")[0]) for row in rows]
    assert problems[:2] == [
        ("empty", "is a folder without pictures"),
        ("scna.png", "cannot be read"),
    ]
    assert (problems[2][1], len(problems)) == ("", 3)
