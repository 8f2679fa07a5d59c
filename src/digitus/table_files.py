"""Files of tables that are no text: Parquet, for which pyarrow comes with an extra, and SQLite.

Inside: pyarrow where it is wanted, a table of SQLite written. Not inside: what is in tables
(`forms`, `bulk`), digits and pictures in them (`datasets`).
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
    """pyarrow with what it has for Parquet, to do what is `wanted` of it.

    Raises `DataError` where it is missing, with what can be done `instead`.
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
    """A new file with one table, whose columns are of these kinds; `index` is one to look up by.

    Raises `sqlite3.Error`.
    """
    told = ", ".join(f"{_quoted(name)} {kind}" for name, kind in kinds.items())
    marks = ", ".join("?" * len(kinds))
    with closing(sqlite3.connect(path)) as base, base:
        base.execute(f"CREATE TABLE {table} ({told})")
        base.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
        if index:
            base.execute(f"CREATE INDEX {table}_{index} ON {table} ({_quoted(index)})")


def _quoted(name: str) -> str:
    """A name as SQL has it: in a column that people added anything may stand."""
    return '"' + name.replace('"', '""') + '"'
