"""`digitus read`: what is printed in each form, and what a bad picture does to the others."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from digitus.reading import pool
from digitus.reading.pool import read_many
from digitus.reading.read import Reading, read


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A seven and a one on grey paper."""
    sheet = np.full((200, 400), 210, np.uint8)
    cv2.polylines(sheet, [np.array([[60, 50], [120, 50], [85, 150]])], False, 40, 9, cv2.LINE_AA)
    cv2.line(sheet, (190, 50), (186, 150), 40, 9, cv2.LINE_AA)
    cv2.imwrite(str(tmp_path / "photo.png"), sheet)
    return tmp_path / "photo.png"


@pytest.fixture
def blank(tmp_path: Path) -> Path:
    cv2.imwrite(str(tmp_path / "blank.png"), np.full((50, 80), 255, np.uint8))
    return tmp_path / "blank.png"


def test_one_picture_is_its_lines(digitus: Any, photo: Path) -> None:
    result = digitus("read", photo)
    assert (result.code, result.out, result.err) == (0, "71\n", "")


def test_of_several_each_line_has_its_file(digitus: Any, photo: Path, blank: Path) -> None:
    several, alone = digitus("read", photo, blank), digitus("read", blank)
    assert several.out == f"{photo}: 71\n{blank}: \n"
    assert (alone.code, alone.out) == (0, "")
    assert several.err == alone.err == f"digitus: {blank}: no digits found\n"


class Stdin:
    """Standard input with a picture in it."""

    def __init__(self, picture: Path) -> None:
        self.buffer = io.BytesIO(picture.read_bytes())


@pytest.mark.slow
def test_a_dash_is_standard_input_and_a_file_of_that_name_is_that_file(
    digitus: Any, photo: Path, blank: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "-").write_bytes(photo.read_bytes())
    monkeypatch.setattr("sys.stdin", Stdin(blank))
    for name in ("./-", ".//-", tmp_path / "-"):
        assert digitus("read", name).out == "71\n"
    told = digitus("read", "-")
    assert (told.out, told.err) == ("", "digitus: -: no digits found\n")


def test_a_dash_is_standard_input_where_a_folder_has_that_name(
    digitus: Any, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "-").mkdir()
    monkeypatch.setattr("sys.stdin", Stdin(photo))
    assert digitus("read", "-").out == "71\n"


def test_a_json_object_for_each_picture(digitus: Any, photo: Path, blank: Path) -> None:
    first, second = digitus("read", photo, blank, "--format", "jsonl").out.splitlines()
    record = json.loads(first)
    assert record["file"] == str(photo)
    assert record["lines"] == ["71"]
    assert [d["value"] for d in record["digits"]] == [7, 1]
    assert json.loads(second)["digits"] == []


def test_a_row_for_each_line(digitus: Any, photo: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(digitus("read", photo, "--format", "csv").out)))
    (row,) = rows
    assert (row["file"], row["page"], row["line"], row["digits"]) == (str(photo), "1", "1", "71")
    assert 0 < float(row["confidence"]) <= 1
    assert (row["refused"], row["error"]) == ("0", "")


def test_a_picture_without_digits_and_one_that_cannot_be_read_keep_their_place(
    digitus: Any, photo: Path, blank: Path
) -> None:
    bad = photo.with_name("bad.png")
    bad.write_bytes(b"no picture")
    pictures = (blank, bad, photo)
    result = digitus("read", *pictures, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(result.out)))
    assert result.code == 1
    assert [row["file"] for row in rows] == [str(path) for path in pictures]
    assert [row["digits"] for row in rows] == ["", "", "71"]
    assert ["not a picture" in row["error"] for row in rows] == [False, True, False]
    result = digitus("read", *pictures, "--format", "jsonl")
    objects = [json.loads(line) for line in result.out.splitlines()]
    assert result.code == 1
    assert [record["file"] for record in objects] == [str(path) for path in pictures]
    assert [record["lines"] for record in objects] == [[], [], ["71"]]
    assert ["error" in record for record in objects] == [False, True, False]
    assert "not a picture" in objects[1]["error"]


def test_the_form_of_the_number(digitus: Any, photo: Path) -> None:
    assert digitus("read", photo, "--digits", 2).out.replace(" ", "") == "71\n"
    assert digitus("read", photo, "--pattern", "#-#").out == "7-1\n"
    for wrong in (["--digits", 0], ["--pattern", "abc"], ["--pattern", "#", "--digits", 1]):
        assert digitus("read", photo, *wrong).code == 2


def test_a_grid_is_a_table_with_its_empty_cells(digitus: Any, photo: Path) -> None:
    text = digitus("read", photo, "--grid", "1x2").out
    assert len(text.split()) == 2
    row = digitus("read", photo, "--grid", "3x1", "--format", "csv").out.splitlines()
    assert len(row) == 4
    record = json.loads(digitus("read", photo, "--grid", "1X2", "--format", "jsonl").out)
    assert [len(cells) for cells in record["cells"]] == [2]
    for wrong in ("9", "0x3", "3x101", "axb"):
        told = digitus("read", photo, "--grid", wrong)
        assert (told.code, "is no grid" in told.err) == (2, True)
    assert digitus("read", photo, "--grid", "2x2", "--digits", 3).code == 2


def test_a_bad_picture_stops_no_other(digitus: Any, photo: Path, tmp_path: Path) -> None:
    empty, text = tmp_path / "empty.png", tmp_path / "text.jpg"
    empty.write_bytes(b"")
    text.write_bytes(b"hello")
    (tmp_path / "folder").mkdir()
    result = digitus("read", empty, "folder", photo, text, tmp_path / "absent.png")
    assert result.code == 1
    assert result.out == f"{photo}: 71\n"
    complaints = result.err.splitlines()
    assert len(complaints) == 4
    assert all(line.startswith("digitus: ") for line in complaints)
    for line, words in zip(
        complaints,
        ["is empty", "folder without pictures", "not a picture", "No such file"],
        strict=True,
    ):
        assert words in line


def test_a_model_that_is_not_there(digitus: Any, photo: Path) -> None:
    assert "absent" in digitus("read", photo, "--model", "absent").complaint


@pytest.mark.slow
def test_many_are_read_by_processes_in_their_order(
    photo: Path, blank: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "PICTURES_PER_PROCESS", 2)
    paths = [photo, blank, photo.with_name("absent.png"), photo, blank]
    told = list(read_many(paths, read, 2))
    assert [path for path, _ in told] == paths
    lines = [answer.lines if isinstance(answer, Reading) else None for _, answer in told]
    assert lines == [("71",), (), None, ("71",), ()]


def test_a_picture_that_kills_its_process_is_told() -> None:
    code = """
from pathlib import Path
from digitus.reading import pool
from dying import dying
pool.PICTURES_PER_PROCESS = 1
for path, answer in pool.read_many([Path("a"), Path("deadly"), Path("b")], dying, 2):
    print(path, answer)
"""
    tests = str(Path(__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([tests, *sys.path])}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    told = ["a read", "deadly deadly: the process that read it came to its end", "b read"]
    assert done.stdout.splitlines() == told, done.stderr
