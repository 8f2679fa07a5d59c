"""`digitus bulk` as a user runs it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

STRIP_OFFSETS, STRIP_COUNTS = 273, 279  # TIFF's tags


@pytest.fixture
def many(one: Path) -> Path:
    """A folder with the same picture three times, and with one that is none."""
    folder = one.parent / "many"
    folder.mkdir()
    for name in ("a", "b", "c"):
        (folder / f"{name}.png").write_bytes(one.read_bytes())
    (folder / "bad.png").write_bytes(b"none")
    return folder


def test_a_folder_to_a_table(digitus: Any, many: Path) -> None:
    told = digitus("bulk", "many", "--to", "out.jsonl", "--json").record
    assert (told["pictures"], told["errors"], told["digits"]) == (4, 1, 3)
    rows = [json.loads(line) for line in Path("out.jsonl").read_text().splitlines()]
    assert {row["source"]: row["lines"] for row in rows} == {
        "many/a.png": ["1"], "many/b.png": ["1"], "many/bad.png": [], "many/c.png": ["1"],
    }  # fmt: skip
    again = digitus("bulk", "many", "--to", "out.jsonl")
    assert "complete since" in again.err
    assert "4 pictures, 3 pages, 3 digits" in again.out
    assert "other sources" in digitus("bulk", "many/a.png", "--to", "out.jsonl").complaint


def test_how_long_it_would_take(digitus: Any, many: Path) -> None:
    told = digitus("bulk", "many", "--to", "out", "--format", "csv", "--dry-run", "--json").record
    assert (told["pictures"], told["sampled"], told["errors"]) == (4, 4, 0.25)
    assert told["seconds"] > 0
    assert not Path("out").exists()
    assert "4 pictures" in digitus("bulk", "many", "--to", "a.csv", "--dry-run").out


def test_what_cannot_be(digitus: Any, many: Path) -> None:
    wrong = digitus("bulk", "many", "--to", "out.csv", "--format", "jsonl")
    assert (wrong.code, "is csv, not jsonl" in wrong.err) == (2, True)
    assert "nothing has such a name" in digitus("bulk", "no*.png", "--to", "o.csv").complaint
    assert "absent" in digitus("bulk", "many", "--to", "o.csv", "--model", "absent").complaint


def test_where_nothing_can_be_read(digitus: Any, many: Path) -> None:
    for _ in ("read", "told again"):
        done = digitus("bulk", "many/bad.png", "--to", "bad.csv")
        assert (done.code, "nothing could be read; the rows of bad.csv" in done.err) == (1, True)
    assert "bad.png" in Path("bad.csv").read_text()
    told = digitus("bulk", "many/bad.png", "--to", "bad.jsonl", "--json")
    assert (told.code, json.loads(told.out)["errors"]) == (1, 1)


def test_good_pages_before_a_bad_one_are_something(digitus: Any, one: Path) -> None:
    pages = [Image.open(one) for _ in range(3)]
    content = io.BytesIO()
    more = {"save_all": True, "append_images": pages[1:], "compression": "tiff_adobe_deflate"}
    pages[0].save(content, "TIFF", **more)
    damaged = bytearray(content.getvalue())
    with Image.open(content) as tiff:
        assert isinstance(tiff, TiffImageFile)
        tiff.seek(2)
        at, size = tiff.tag_v2[STRIP_OFFSETS][0], tiff.tag_v2[STRIP_COUNTS][0]
    damaged[at : at + size] = bytes(size)
    Path("three.tif").write_bytes(damaged)
    done = digitus("bulk", "three.tif", "--to", "out.csv")
    assert (done.code, "nothing could be read" in done.err) == (0, False)
    assert "1 of them could not be read" in done.err


@pytest.mark.parametrize("out", ["many/a.png", "new.jpg", "new.tar"])
def test_what_is_no_table(digitus: Any, many: Path, out: str) -> None:
    done = digitus("bulk", "many", "--to", out)
    assert (done.code, f"--to {out} is no table" in done.err) == (2, True)


@pytest.mark.parametrize("out", ["", "/", "//"])
def test_a_table_without_a_folder_of_its_own(digitus: Any, many: Path, out: str) -> None:
    done = digitus("bulk", "many", "--to", out)
    assert (done.code, "names no folder of its own" in done.err) == (2, True)
    assert not [*Path().glob("_*")]


def test_addresses_without_a_place(digitus: Any, many: Path) -> None:
    assert "names no place" in digitus("bulk", "http://", "--to", "o.csv").complaint
    assert "names no place" in digitus("bulk", "many", "--to", "http://").complaint
    assert not Path("http:").exists()


def test_a_name_that_is_not_there_begins_no_run(digitus: Any, many: Path) -> None:
    """After a slip of the pen the right command was refused, for OUT was begun with others."""
    done = digitus("bulk", "mnay", "--to", "out.csv")
    assert (done.code, "mnay: cannot be read (No such file or directory)" in done.err) == (1, True)
    assert not [*Path().glob("out.csv*")]
    assert digitus("bulk", "many", "--to", "out.csv").code == 0


@pytest.mark.parametrize("out", ["out.xlsx", "out.json", "out.tsv", "out.bz2", "out.7z"])
def test_a_table_of_another_kind_is_not_a_folder(digitus: Any, many: Path, out: str) -> None:
    done = digitus("bulk", "many", "--to", out)
    assert (done.code, f"--to {out} is no table" in done.err) == (2, True)
    assert not Path(out).exists()
    assert digitus("bulk", "many", "--to", f"{out}/").code == 0
    assert [*Path(out).glob("part-*.parquet")]


def test_how_a_run_begins_anew_is_said(digitus: Any, many: Path) -> None:
    digitus("bulk", "many", "--to", "out.csv")
    why = digitus("bulk", "many", "--to", "out.csv", "--by", "digit").complaint
    assert "out.csv was begun with another --by; name another, or remove out.csv to" in why
    Path("out.csv").unlink()
    assert digitus("bulk", "many", "--to", "out.csv", "--by", "digit").code == 0
