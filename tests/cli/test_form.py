"""`digitus form`: from a form's file to a table."""

from __future__ import annotations

import csv
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from digitus.forms import doubts
from digitus.forms.pages import PageReader
from digitus.forms.progress import PAGES, folder_of
from digitus.forms.table import to_toml
from filled_forms import FORM, VALUES, filled, printed
from later import Later
from small import recognizer

pq, canvas = Later("pyarrow.parquet"), Later("reportlab.pdfgen.canvas")


@pytest.fixture
def form_file(tmp_path: Path) -> Path:
    path = tmp_path / "scores.toml"
    path.write_text(to_toml(FORM), "utf-8")
    return path


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    cv2.imwrite(str(tmp_path / "scan.png"), filled())
    return tmp_path / "scan.png"


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_blank_form(digitus: Any, form_file: Path, tmp_path: Path) -> None:
    done = digitus("form", "print", form_file)
    assert (done.code, done.err) == (0, "")
    assert (tmp_path / "scores.pdf").read_bytes().startswith(b"%PDF")
    form_file.write_text("name = 3")
    assert "name must be text" in digitus("form", "print", form_file).complaint


def test_a_blank_form_replaces_nothing_of_others(digitus: Any, form_file: Path) -> None:
    text = form_file.read_bytes()
    for _ in range(2):  # the second time one of ours
        assert digitus("form", "print", form_file, "--out", "blank.pdf").code == 0
    refused = digitus("form", "print", form_file, "--out", form_file).complaint
    assert "it is there already and is no file that digitus wrote" in refused
    assert form_file.read_bytes() == text
    assert "Is a directory" in digitus("form", "print", form_file, "--out", ".").complaint


@pytest.mark.slow
def test_a_form_that_others_printed(digitus: Any, scan: Path) -> None:
    cv2.imwrite("blank.png", printed())
    done = digitus("form", "new", "blank.png", "--out", "theirs.toml")
    assert done.code == 0, done.err
    assert "4 fields found" in done.out
    done = digitus("form", "read", "theirs.toml", scan, "--to", "out.csv")
    assert done.code == 0, done.err
    (row,) = table(Path("out.csv"))
    assert [row[f"field{i}"] for i in (1, 2, 3, 4)] == ["1234", "170", "025", "195"]
    again = digitus("form", "new", "blank.png", "--out", "theirs.toml")
    assert "is there already" in again.complaint
    for name in ("theirs", "theirs.pdf"):  # as no command would take it for a form
        other = digitus("form", "new", "blank.png", "--out", name)
        assert "ends in .toml" in other.complaint
        assert not Path(name).exists()
    Path("theirs.toml").rename("THEIRS.TOML")
    assert digitus("form", "read", "THEIRS.TOML", scan, "--to", "again.csv").code == 0


def test_a_scan_in_every_kind_of_table(digitus: Any, form_file: Path, scan: Path) -> None:
    for kind in ("csv", "parquet", "sqlite"):
        done = digitus("form", "read", form_file, scan, "--to", f"out.{kind}", "--json")
        assert done.record["rows"] == 1, done.err
        assert not folder_of(Path(f"out.{kind}")).exists()
    (row,) = table(Path("out.csv"))
    assert {name: row[name] for name in VALUES} == VALUES
    assert 0.5 < float(row["total_confidence"]) <= 1
    (same,) = pq.read_table("out.parquet").to_pylist()
    assert {name: same[name] for name in VALUES} == VALUES
    with closing(sqlite3.connect("out.sqlite")) as base:
        (values,) = base.execute("SELECT player, first, second, total FROM sheets")
    assert values == tuple(VALUES.values())
    again = digitus("form", "read", form_file, scan, "--to", "out.csv")
    assert "is there already" in again.complaint
    assert digitus("form", "read", form_file, scan, "--to", "out.csv", "--replace").code == 0


def test_pages_of_a_tiff_and_what_is_none(digitus: Any, form_file: Path, tmp_path: Path) -> None:
    pages = [Image.fromarray(page) for page in (printed(), np.full((300, 200), 255, np.uint8))]
    pages[0].save(tmp_path / "all.tiff", save_all=True, append_images=pages[1:])
    (tmp_path / "broken.png").write_bytes(b"no picture")
    names = [tmp_path / "all.tiff", tmp_path / "broken.png", tmp_path / "missing.png"]
    done = digitus("form", "read", form_file, *names, "--to", "out.csv")
    assert done.code == 1
    found = [(row["form"], row["page"], row["problem"]) for row in table(Path("out.csv"))]
    assert found[0] == ("scores", "1", "")
    assert found[1] == ("", "2", "is no sheet of this form: none of its marks can be seen")
    assert "is not a picture" in found[2][2]
    assert "cannot be read (No such file" in found[3][2]
    assert done.err.count("\n") == 3


def test_pdfs_that_cannot_be_read_are_a_row_each(
    digitus: Any, form_file: Path, tmp_path: Path
) -> None:
    for name, count, password in (("locked.pdf", 1, "secret"), ("long.pdf", 1000, None)):
        pdf = canvas.Canvas(str(tmp_path / name), (200, 200), encrypt=password)
        for _ in range(count):
            pdf.showPage()
        pdf.save()
    names = [tmp_path / "locked.pdf", tmp_path / "long.pdf"]
    done = digitus("form", "read", form_file, *names, "--to", "out.csv")
    assert done.code == 1
    assert [row["problem"] for row in table(Path("out.csv"))] == [
        "has a password; save its pages as pictures",
        "has more than 100 pages; split it",
    ]
    assert done.err.count("\n") == 2


def test_doubts_are_reviewed_and_corrections_put_into_the_table(
    digitus: Any, form_file: Path, scan: Path
) -> None:
    command = ("form", "read", form_file, scan, "--to", "out.csv")
    record = digitus(*command, "--review", "check.html", "--wanted", 0, "--json").record
    assert (record["review"], record["share"]) == (4, 1.0)
    assert "fields to look at" in Path("check.html").read_text("utf-8")
    (row,) = table(Path("out.csv"))
    head = "form,file,page,field,read,value,confidence,certain"
    typed = f"scores,{scan},1,first,170,171,{row['first_confidence']},0"
    Path("corrections.csv").write_text(f"{head}\n{typed}\n", "utf-8")
    fix = ("form", "correct", form_file, "out.csv", "corrections.csv")
    record = digitus(*fix, "--to", "new.sqlite", "--json").record
    assert (record["looked_at"], record["changed"], record["found_wrong"]) == (1, 1, 1)
    done = digitus(*fix)
    assert "1 field looked at, 1 changed" in done.out
    assert "1 of 1 values were wrong" in done.out
    (row,) = table(Path("out.csv"))
    assert (row["first"], row["first_confidence"], row["total_flag"]) == ("171", "1.0", "sum")
    assert "no table that digitus wrote" in digitus(*fix[:3], fix[4], fix[4]).complaint
    assert "is there already" in digitus(*fix, "--to", "new.sqlite").complaint
    digitus(*fix, "--to", "new.parquet")
    for copy in ("new.sqlite", "new.parquet"):
        again = digitus("form", "correct", form_file, copy, "corrections.csv", "--json").record
        assert again["table"] == copy


@pytest.mark.slow
def test_a_review_that_is_too_large_is_several_pages(
    digitus: Any, form_file: Path, scan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doubts, "AT_ONCE", 3)
    Path("check-2.html").write_text("mine")
    command = ("form", "read", form_file, scan, "--to", "out.csv", "--review", "check.html")
    assert "no page or picture that digitus wrote" in digitus(*command, "--wanted", 0).complaint
    assert not Path("out.csv").exists()
    assert not Path("check.html").exists()
    Path("check-2.html").unlink()
    done = digitus(*command, "--wanted", 0)
    assert "in 2 files, check.html to check-2.html" in done.out
    assert "page 2 of 2" in Path("check-2.html").read_text("utf-8")
    assert '"part": 2' in Path("check-2.html").read_text("utf-8")
    alone = Path("check.html").read_text("utf-8").replace("page 1 of 2", "")
    Path("check-3.html").write_text(alone, "utf-8")  # a review of its own
    monkeypatch.setattr(doubts, "AT_ONCE", 1000)
    assert digitus(*command, "--wanted", 0, "--replace").code == 0
    assert not Path("check-2.html").exists()
    assert Path("check-3.html").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["form.toml", "--to", "a.csv"], "name a form, FORM.toml, and the scans"),
        (["scan.png", "--to", "a.csv"], "name a form, FORM.toml, and the scans"),
        (["scores.toml", "scan.png"], "Missing option '--to'"),
    ],
)
def test_what_is_asked_wrongly(digitus: Any, arguments: list[str], words: str) -> None:
    done = digitus("form", "read", *arguments)
    assert done.code == 2
    assert words in done.err


def test_a_table_of_no_known_kind(digitus: Any, form_file: Path, scan: Path) -> None:
    words = digitus("form", "read", form_file, scan, "--to", "out.xls").complaint
    assert "a table's name ends in one of .csv, .parquet, .sqlite" in words


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are read, each as a sheet; before a third one the run is ended."""
    read: list[str] = []

    def page(_: PageReader, path: Path) -> list[dict[str, Any]]:
        if len(read) == 2:
            raise KeyboardInterrupt
        read.append(path.name)
        one = {"answers": [[f"1{path.stem}", 1.0, ""]], "mark": "", "box": [0, 0, 1, 1]}
        return [{"form": "scores", "page": 1, "at": 1, "problem": "", "fields": {"first": one}}]

    monkeypatch.setattr(PageReader, "__call__", page)
    return read


def test_a_run_that_was_ended_goes_on(
    digitus: Any, form_file: Path, scan: Path, read: list[str]
) -> None:
    names = [scan.with_name(f"{i}.png") for i in range(4)]
    for name in names:
        name.write_bytes(scan.read_bytes())
    command = ("form", "read", form_file, *names, "--to", "out.csv")
    assert digitus(*command).code != 0
    assert not Path("out.csv").exists()
    kept = folder_of(Path("out.csv")) / PAGES
    with kept.open("ab") as file:  # what was being written when it ended
        file.write(json.dumps({"file": str(names[2])}).encode()[:9])
    read.clear()
    assert digitus(*command).code == 0
    assert read == ["2.png", "3.png"]
    assert [row["first"] for row in table(Path("out.csv"))] == ["10", "11", "12", "13"]
    assert not kept.parent.exists()


def test_a_run_whose_review_could_not_be_written_goes_on(
    digitus: Any, form_file: Path, scan: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ("form", "read", form_file, scan, "--to", "out.csv", "--review", "check.html")

    def ended(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("digitus.cli.form.write_review", ended)
        assert digitus(*command).code != 0
    monkeypatch.setattr("digitus.forms.review.cuts_of", lambda *_: {})
    assert digitus(*command, "--wanted", 1).code == 0
    assert read == ["scan.png"]
    assert table(Path("out.csv"))[0]["first"] == "1scan"
    assert Path("check.html").exists()
    assert not folder_of(Path("out.csv")).exists()


def test_with_another_network_or_version_all_is_read_anew(
    digitus: Any, form_file: Path, scan: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("0.png", "1.png"):
        scan.with_name(name).write_bytes(scan.read_bytes())
    command = ("form", "read", form_file, scan, "0.png", "1.png", "--to", "out.csv")
    recognizer().save("mine.safetensors")
    for model in ("default", "mine.safetensors", "mine.safetensors"):
        assert digitus(*command, "--model", model).code != 0  # ended before the third
        assert read == ["scan.png", "0.png"]
        read.clear()
        if model == "mine.safetensors":
            monkeypatch.setattr("digitus.forms.progress.__version__", "99")


def test_a_form_that_has_changed_is_read_anew(
    digitus: Any, form_file: Path, scan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("digitus.forms.output.write_table", ended)
    command = ("form", "read", form_file, scan, "--to", "out.csv")
    assert "No space left" in digitus(*command).complaint
    monkeypatch.undo()
    monkeypatch.chdir(scan.parent)
    form_file.write_text(form_file.read_text().replace("Scores", "Other"))
    assert digitus(*command).code == 1  # its marks are others now
    assert "another form" in table(scan.parent / "out.csv")[0]["problem"]
