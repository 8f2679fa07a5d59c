"""A bulk job does everything once, wherever it is killed, and writes the same in every form."""

from __future__ import annotations

import csv
import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bulked import NAMES, finish, job_of, rows_of
from digitus.bulk import parts
from digitus.bulk.job import MANIFEST, BulkJob
from digitus.bulk.parts import COUNTS, here
from digitus.bulk.store import Store
from digitus.errors import DataError, DigitusError, OutputError
from dying import DyingReader
from later import Later

pq = Later("pyarrow.parquet")

SOURCES = [f"in/{name}" for name in NAMES]


class Killed(BaseException):
    """Nobody expects it."""


def killed_at(number: int, write: Callable[..., None]) -> Callable[..., None]:
    """A `Store.write` that is killed: at an even number before that write, at an odd one after."""
    left = number

    def writing(self: Store, *arguments: Any, **more: Any) -> None:
        nonlocal left
        if left == 0:
            raise Killed
        write(self, *arguments, **more)
        left -= 1
        if left == 0 and number % 2:
            raise Killed

    return writing


def test_wherever_it_is_killed_it_goes_on(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At every write of the job: before it, and when it is done and nobody knows yet."""
    monkeypatch.setattr(parts, "PART_PICTURES", 4)
    whole = finish("whole")
    assert (whole["pictures"], whole["errors"], whole["rows"]) == (13, 1, 13)
    assert [row["source"] for row in rows_of("whole")] == SOURCES

    write: Callable[..., None] = Store.write
    writes = 0
    for number in range(100):
        out = f"killed-{number}"
        monkeypatch.setattr(Store, "write", killed_at(number, write))
        try:
            finish(out)
            writes = number
        except Killed:
            pass
        monkeypatch.setattr(Store, "write", write)
        assert finish(out) == whole
        assert rows_of(out) == rows_of("whole")
        if writes:
            break
    assert writes > 8  # a plan, four parts with their records, a manifest


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("_plan.jsonl", b""),
        ("_plan.jsonl", b"3\n"),
        ("_done/part-000000.json", b'{"pictures": 13}'),
        ("_done/part-000000.json", b"[" * 10**5),
    ],
)
@pytest.mark.parametrize("single", [False, True], ids=["folder", "file"])
def test_what_it_keeps_of_itself_is_damaged(
    pictures: Path, monkeypatch: pytest.MonkeyPatch, file: str, text: bytes, single: bool
) -> None:
    """Who does as is said has a job that ends."""
    out, whole = "out.jsonl" if single else "out", finish("whole.jsonl", single=True)
    with monkeypatch.context() as patched:
        patched.setattr(BulkJob, "_finish", lambda *_: None)  # killed just before
        finish(out, single=single)
    folder = Path(f"{out}.parts" if single else out)
    (folder / file).write_bytes(text)
    alone = file.startswith("_done")
    gone = folder / file if alone else folder
    words = "it to go on" if alone else f"{folder} to begin anew"
    with pytest.raises(DataError, match=f"^{folder / file}: is damaged; remove {words}$"):
        begun_again(out, single=single)
    shutil.rmtree(gone) if gone.is_dir() else gone.unlink()
    assert begun_again(out, single=single) == whole
    if single:
        assert Path(out).read_bytes() == Path("whole.jsonl").read_bytes()


@pytest.mark.parametrize("change", [{"rows": "many"}, {"finished": None}], ids=str)
@pytest.mark.parametrize("single", [False, True], ids=["folder", "file"])
def test_a_damaged_manifest(pictures: Path, change: dict[str, str | None], single: bool) -> None:
    out = "out.jsonl" if single else "out"
    whole = finish(out, single=single)
    path = Path(f"{out}.manifest.json") if single else Path(out, MANIFEST)
    about = {**json.loads(path.read_bytes()), **change}
    path.write_text(json.dumps({name: value for name, value in about.items() if value}))
    words = f"{out} to begin anew" if single else "it to go on"
    with pytest.raises(DataError, match=f"^(./)?{path}: is damaged; remove {words}$"):
        begun_again(out, single=single)
    (Path(out) if single else path).unlink()
    assert begun_again(out, single=single) == whole


@pytest.mark.parametrize("single", [False, True], ids=["folder", "file"])
def test_parts_of_another_job_do_not_count(
    pictures: Path, monkeypatch: pytest.MonkeyPatch, single: bool
) -> None:
    """Without their plan nobody knows by which network they were read."""
    out = "out.jsonl" if single else "out"
    with monkeypatch.context() as patched:
        patched.setattr(BulkJob, "_finish", lambda *_: None)
        finish(out, single=single)
    folder = Path(f"{out}.parts" if single else out)
    (folder / "_plan.jsonl").unlink()
    with pytest.raises(OutputError, match=f"remove {folder} to begin anew"):
        finish(out, single=single)
    shutil.rmtree(folder)
    finish(out, single=single)


def test_what_has_to_go_is_all_that_is_there(
    pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(BulkJob, "_clear", lambda _: None)
        finish("out.jsonl", single=True)
    with pytest.raises(OutputError, match=r"remove out.jsonl and out.jsonl.parts to begin anew"):
        finish("out.jsonl", "jsonl", "digit", single=True)


def begun_again(out: str, *, single: bool) -> dict[str, int]:
    """As the command does it: a job that has ended is not done again."""
    job, _ = job_of(["in"], out, single=single)
    about = job.finished()
    return {name: about[name] for name in COUNTS} if about else finish(out, single=single)  # type: ignore[literal-required]


def test_lines_of_a_plan_that_are_no_parts(pictures: Path) -> None:
    finish("out")
    Path("out", MANIFEST).unlink()
    plan = Path("out/_plan.jsonl")
    head = plan.read_bytes().splitlines()[0]
    for line in (b"3", b"[0, []]", b"[0, [[1]]]", b"{", b"[1e999, []]"):
        plan.write_bytes(head + b"\n" + line + b"\n")
        with pytest.raises(DataError, match="is damaged; remove out to begin anew"):
            finish("out")


@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl", "sqlite"])
def test_names_that_are_not_utf_8(pictures: Path, form: str) -> None:
    """What is wrong with such a file names it too."""
    name = os.fsdecode(b"\xff.png")
    Path(name).write_bytes(b"no picture")
    Path("list.txt").write_bytes(b"\xfe.png\na\0*.png\nin/0.png\n")
    finish(f"one.{form}", form, single=True, sources=[name, "list.txt"])
    if form != "sqlite":
        finish(form, form, sources=[name, "list.txt"])
        finish("one.jsonl", "jsonl", single=True, sources=[name, "list.txt"])
        sources = [
            json.loads(line)["source"] for line in Path("one.jsonl").read_text().splitlines()
        ]
        assert sources == ["?.png", "?.png", "a\0*.png", "in/0.png"]


@pytest.mark.slow
def test_a_process_that_dies_costs_one_picture(pictures: Path) -> None:
    (pictures / "deadly.png").write_bytes(b"")
    job, reader = job_of(["in/0.png", "in/deadly.png", "in/1.png"], "out")
    reader = parts.PartReader(reader.store, DyingReader(reader.read), reader.form)  # type: ignore[arg-type]
    with job.locked():
        [*job.carry_out(lambda todo, read: here(todo, read, 1), reader)]
    errors = {row["source"]: row["error"] for row in rows_of("out")}
    why = "in/deadly.png: the process that read it came to its end"
    assert errors == {"in/0.png": None, "in/deadly.png": why, "in/1.png": None}


@pytest.mark.slow
@pytest.mark.parametrize("by", ["picture", "digit"])
def test_the_same_rows_in_every_form(
    pictures: Path, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "PART_PICTURES", 5)
    for form in ("parquet", "csv", "jsonl"):
        finish(form, form, by)
    finish("one.sqlite", "sqlite", by, single=True)
    finish("one.csv", "csv", by, single=True)
    finish("one.parquet", "parquet", by, single=True)
    told = rows_of("jsonl")
    assert len(told) == 13
    assert pq.read_table("parquet").to_pylist() == told
    assert pq.read_table("one.parquet").to_pylist() == told
    with Path("one.csv").open(newline="") as file:
        flat = [*csv.DictReader(file)]
    assert [row["source"] for row in flat] == [row["source"] for row in told]
    heads = {Path(file).read_text().splitlines()[0] for file in Path("csv").glob("part-*")}
    assert heads == {Path("one.csv").read_text().splitlines()[0]}
    with closing(sqlite3.connect("one.sqlite")) as base:
        found = base.execute(f"SELECT source, error, flags FROM {by}s").fetchall()
    assert found == [(row["source"], row["error"], ",".join(row["flags"])) for row in told]
    if by == "picture":
        assert json.loads(flat[0]["digits"]) == told[0]["digits"]
        assert set(told[0]) >= {"source", "page", "sha256", "lines", "flags", "model", "version"}
    else:
        assert (flat[0]["value"], flat[0]["x"]) == (str(told[0]["value"]), str(told[0]["x"]))
        assert {"number", "confidence", "model", "version"} <= set(told[0])
    assert not [*Path().glob("*.parts")]
    job, _ = job_of(["in"], "one.csv", "csv", by, single=True)
    assert job.finished() is not None
    Path("one.csv").unlink()  # then its manifest tells of nothing
    assert job.finished() is None


def test_what_is_done_is_not_done_again(pictures: Path) -> None:
    job, _ = job_of(["in"], "out")
    assert job.finished() is None
    finish("out")
    about = job_of(["in"], "out")[0].finished()
    assert about is not None
    assert about["pictures"] == 13
    assert about["networks"]["all"] == rows_of("out")[0]["model"]
    for other in (["in/0.png"], ["in", "in"]):
        with pytest.raises(OutputError, match="begun with other sources"):
            job_of(other, "out")[0].finished()
    with pytest.raises(OutputError, match="begun with another --by"):
        job_of(["in"], "out", by="digit")[0].finished()
    (Path("out") / MANIFEST).write_bytes(b"{")
    with pytest.raises(DataError, match="is damaged"):
        job.finished()


def test_nothing_of_others_is_replaced(pictures: Path) -> None:
    Path("theirs.csv").write_text("precious")
    for out, single in (("in", False), ("theirs.csv", True)):
        job, _ = job_of(["in"], out, "csv", single=single)
        with pytest.raises(OutputError, match="is not of this job"):
            job.finished()


@pytest.mark.parametrize("out", ["/one.csv", "there/one.csv", "one.csv", "memory://box/one.csv"])
def test_a_manifest_lies_beside_its_file(out: str) -> None:
    """That of a file in the root directory was looked for in the current one."""
    store, name = job_of(["in"], out, "csv", single=True)[0].manifest
    assert store.address(name).removeprefix("./") == f"{out}.manifest.json"


def test_nothing_to_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="nothing has such a name"):
        finish("out", sources=("none-*.png",))
    assert not Path("out").exists()


def test_a_mistake_of_ours_is_a_row(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(parts, "read_pages", wrong)
    assert finish("out", sources=("in/0.png",))["errors"] == 1
    assert rows_of("out")[0]["error"] == "in/0.png: cannot be read (ZeroDivisionError: by nothing)"


def test_pages_before_a_damaged_one_are_kept(
    pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = parts.read_pages

    def damaged(*given: Any, **more: Any) -> Any:
        yield from pages(*given, **more)
        raise DigitusError("page 2 is damaged")

    monkeypatch.setattr(parts, "read_pages", damaged)
    finish("out", sources=("in/0.png",))
    assert [(row["page"], row["error"]) for row in rows_of("out")] == [
        (1, None),
        (2, "page 2 is damaged"),
    ]
