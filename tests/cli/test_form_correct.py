"""`digitus form correct`: what else is in a table stays, or the table stays as it is."""

from __future__ import annotations

import math
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from digitus.forms.output import read_table, write_table
from digitus.forms.table import to_toml
from filled_forms import FORM, VALUES

COLUMNS = 4 + 4 * len(VALUES)  # of each table, and of each field


def correctable(columns: list[str]) -> None:
    """A table of one sheet with other columns beside, as CSV, and a correction of it."""
    names = [name + end for name in VALUES for end in ("", "_confidence", "_flag", "_place")]
    cells = [cell for value in VALUES.values() for cell in (value, "0.9", "", "1 2 3 4")]
    head, line = ["form", "file", "page", "problem", *names, *columns], ["scores", "a.png", "1", ""]
    text = f"{','.join(head)}\n{','.join([*line, *cells, *('7' for _ in columns)])}\n"
    Path("scores.toml").write_text(to_toml(FORM), "utf-8")
    Path("out.csv").write_text("\ufeff" + text, "utf-8")  # as spreadsheets save it
    fixed = "scores,a.png,1,first,170,171,0.9,0"
    head = ["form,file,page,field,read,value,confidence,certain"]
    Path("corrections.csv").write_text("\n".join([*head, fixed, ""]), "utf-8")


def test_corrections_keep_the_columns_of_other_forms_and_of_people(digitus: Any) -> None:
    others = ["b", "b_confidence", 'a "note"']
    correctable(others)
    fix = ("form", "correct", "scores.toml")
    wanted = ["171", "7", "7.0", "7"]
    for path, to in (("out.csv", "a.sqlite"), ("a.sqlite", "a.parquet"), ("out.csv", "out.csv")):
        more = () if path == to else ("--to", to)
        done = digitus(*fix, path, "corrections.csv", *more)
        assert done.code == 0, done.err
        (row,) = read_table(Path(to))
        assert [str(row[name]) for name in ("first", *others)] == wanted
    with closing(sqlite3.connect("a.sqlite")) as base:  # a column of another kind
        base.execute('ALTER TABLE sheets ADD COLUMN "seen" INTEGER DEFAULT 3')
        base.commit()
    for path, to in (("a.sqlite", "b.parquet"), ("b.parquet", "b.sqlite")):
        assert digitus(*fix, path, "corrections.csv", "--to", to).code == 0
        assert read_table(Path(to))[0]["seen"] == 3


@pytest.mark.parametrize(("flag", "kept"), [(3, "3"), (2.5, "2.5"), (math.nan, "")])
@pytest.mark.parametrize("kind", [".parquet", ".sqlite"])
def test_flags_of_which_another_program_has_made_numbers(
    digitus: Any, kind: str, flag: float, kept: str
) -> None:
    correctable([])
    (row,) = read_table(Path("out.csv"))
    flags = [f"{name}_flag" for name in VALUES]
    path = Path("a").with_suffix(kind)
    write_table(path, list(row), [row | dict.fromkeys(flags, flag) | {"page": n} for n in (1, 2)])
    done = digitus("form", "correct", "scores.toml", path, "corrections.csv")
    assert (done.code, done.err) == (0, "")
    first, second = read_table(path)
    assert first["first"] == "171"
    assert [second[name] or "" for name in flags] == [kept] * len(flags)


@pytest.mark.parametrize("kind", [".parquet", ".sqlite"])
@pytest.mark.parametrize("as_number", [int, float])
def test_values_of_which_another_program_has_made_numbers(
    digitus: Any, kind: str, as_number: type
) -> None:
    correctable([])
    (row,) = read_table(Path("out.csv"))
    numbers = {name: as_number(VALUES[name]) for name in ("first", "second", "total")}
    path = Path("a").with_suffix(kind)
    write_table(path, list(row), [row | numbers | {"page": page} for page in (1, 2)])
    done = digitus("form", "correct", "scores.toml", path, "corrections.csv", "--to", "b.parquet")
    assert (done.code, done.err) == (0, "")
    first, second = read_table(Path("b.parquet"))
    assert [first["first"], first["total_flag"]] == ["171", "sum"]
    assert [second[name] for name in numbers] == ["170", "25", "195"]


def test_a_table_that_another_kind_cannot_hold(digitus: Any) -> None:
    correctable(["note", "NOTE"])  # which are one to SQLite
    fix = ("form", "correct", "scores.toml", "out.csv", "corrections.csv", "--to", "a.sqlite")
    assert "a.sqlite cannot hold this table: duplicate column" in digitus(*fix).complaint
    assert not Path("a.sqlite").exists()


@pytest.mark.parametrize("sure", ["nan", "inf", "-0.1", "1.5", "", "9" * 5000])
def test_a_confidence_that_is_none(digitus: Any, sure: str) -> None:
    correctable([])
    path = Path("corrections.csv")
    path.write_text(path.read_text("utf-8").replace("0.9", sure), "utf-8")
    told = digitus("form", "correct", "scores.toml", "out.csv", path, "--json").complaint
    assert "corrections.csv holds a correction that is not whole" in told


def test_a_view_is_no_table(digitus: Any) -> None:
    """One may have no end."""
    correctable([])
    with closing(sqlite3.connect("a.sqlite")) as base:
        endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)"
        base.execute(f"CREATE VIEW sheets AS {endless} SELECT x AS form FROM c")
    told = digitus("form", "correct", "scores.toml", "a.sqlite", "corrections.csv").complaint
    assert "a.sqlite cannot be read: it is no table that digitus wrote" in told


@pytest.mark.parametrize(
    ("head", "more", "words"),
    [
        (["note"], ",8", f"line 2 has {COLUMNS + 2} cells for {COLUMNS + 1} columns"),
        (["note", "note"], "", "it has the column 'note' twice"),
    ],
)
def test_a_table_of_which_cells_would_be_lost(
    digitus: Any, head: list[str], more: str, words: str
) -> None:
    correctable(head)
    path = Path("out.csv")
    path.write_text(path.read_text("utf-8").rstrip("\n") + more + "\n", "utf-8")
    text = path.read_bytes()
    assert words in digitus("form", "correct", "scores.toml", path, "corrections.csv").complaint
    assert path.read_bytes() == text
