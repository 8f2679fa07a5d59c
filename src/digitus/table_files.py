"""Tables in binary files: Parquet, for which pyarrow comes with an extra, and SQLite.

Inside: importing pyarrow where it is needed, writing a table of SQLite. Not inside: what is in
tables (`forms`, `bulk`), digits and pictures in them (`datasets`).
"""

from __future__ import annotations

import importlib
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from types import ModuleType

from digitus.errors import DataError


def arrow(wanted: str, instead: str = "") -> ModuleType:
    """pyarrow with its module for Parquet.

    Raises `DataError` where it is missing, which says for what it is `wanted`, and what can be done
    `instead`.
    """
    try:
        importlib.import_module("pyarrow.parquet")
        return importlib.import_module("pyarrow")
    except ImportError:
        raise DataError(f"{wanted}, pip install 'digitus[parquet]'{instead}") from None


def write_sqlite(
    path: Path,
    table: str,
    kinds: Mapping[str, str],
    rows: Iterable[Sequence[object]],
    index: str | None = None,
) -> None:
    """Writes a new file with one table, whose columns have these `kinds`; `index` is one of them.

    Raises `sqlite3.Error`.
    """
    columns = ", ".join(f"{_quoted(name)} {kind}" for name, kind in kinds.items())
    marks = ", ".join("?" * len(kinds))
    with closing(sqlite3.connect(path)) as base, base:
        base.execute(f"CREATE TABLE {table} ({columns})")
        base.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
        if index:
            base.execute(f"CREATE INDEX {table}_{index} ON {table} ({_quoted(index)})")


def _quoted(name: str) -> str:
    """A name quoted for SQL: people may give columns that they add any name."""
    return '"' + name.replace('"', '""') + '"'
