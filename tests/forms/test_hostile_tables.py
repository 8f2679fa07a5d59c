"""Small files of tables that claim to be endless."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from digitus.errors import DataError
from digitus.forms import output
from digitus.forms.output import read_table, write_table
from digitus.forms.rows import Row
from digitus.forms.table import COLUMNS
from measured import growth


def rows(count: int) -> list[Row]:
    return [{name: 1 if name == "page" else "x" for name in COLUMNS} for _ in range(count)]


def test_many_equal_rows_in_a_small_parquet_file(tmp_path: Path) -> None:
    count = 20 * 10**6
    column = pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int8()), count), ["x"])
    pq.write_table(pa.table(dict.fromkeys(COLUMNS, column)), tmp_path / "a.parquet")
    assert (tmp_path / "a.parquet").stat().st_size < 10**6
    with growth() as grown, pytest.raises(DataError, match="it has more than 30,000,000 cells"):
        read_table(tmp_path / "a.parquet")
    assert grown.bytes < 100 * 10**6


def test_one_long_text_in_every_row_of_a_small_parquet_file(tmp_path: Path) -> None:
    text = pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int8()), 10**5), ["x" * 10**6])
    pq.write_table(pa.table(dict.fromkeys(COLUMNS, text)), tmp_path / "a.parquet")
    with growth() as grown, pytest.raises(DataError, match="more text than 1,000,000,000 bytes"):
        read_table(tmp_path / "a.parquet")
    assert grown.bytes < 4 * 10**9


@pytest.mark.parametrize("more", ["GENERATED ALWAYS AS (hex(zeroblob(50000000)))", "AS (1) STORED"])
def test_a_column_that_sqlite_computes(tmp_path: Path, more: str) -> None:
    columns = ", ".join(f"{name} TEXT" for name in COLUMNS)
    with closing(sqlite3.connect(tmp_path / "a.sqlite")) as base, base:
        base.execute(f"CREATE TABLE sheets ({columns}, note TEXT {more})")
        values = ", ".join("?" * len(COLUMNS))
        names = ", ".join(COLUMNS)
        base.execute(f"INSERT INTO sheets ({names}) VALUES ({values})", ["x"] * len(COLUMNS))
    with growth() as grown, pytest.raises(DataError, match="it is no table that digitus wrote"):
        read_table(tmp_path / "a.sqlite")
    assert grown.bytes < 30 * 10**6


def test_a_table_of_a_module_of_sqlite(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.sqlite")) as base, base:
        base.execute("CREATE VIRTUAL TABLE sheets USING rtree(id, low, high)")
    with pytest.raises(DataError, match="it is no table that digitus wrote"):
        read_table(tmp_path / "a.sqlite")


def test_a_default_that_stands_in_every_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite stores it once, and older rows without it."""
    monkeypatch.setattr(output, "TABLE_BYTES", 10**6)
    write_table(tmp_path / "a.sqlite", COLUMNS, rows(100))
    assert len(read_table(tmp_path / "a.sqlite")) == 100
    with closing(sqlite3.connect(tmp_path / "a.sqlite")) as base, base:
        base.execute(f"ALTER TABLE sheets ADD COLUMN note DEFAULT '{'x' * 10**5}'")
    with pytest.raises(DataError, match="more text than"):
        read_table(tmp_path / "a.sqlite")


@pytest.mark.parametrize("kind", [".parquet", ".sqlite"])
def test_as_many_cells_as_there_may_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    path = tmp_path / f"a{kind}"
    write_table(path, COLUMNS, rows(10))
    monkeypatch.setattr(output, "TABLE_CELLS", 10 * len(COLUMNS))
    assert read_table(path) == rows(10)
    monkeypatch.setattr(output, "TABLE_CELLS", 10 * len(COLUMNS) - 1)
    with pytest.raises(DataError, match="cells"):
        read_table(path)


def test_a_table_of_very_many_columns(tmp_path: Path) -> None:
    names = [*COLUMNS, *map(str, range(200_000)), "199999"]
    (tmp_path / "a.csv").write_text(",".join(names))
    with pytest.raises(DataError, match="it has the column '199999' twice"):
        read_table(tmp_path / "a.csv")
