"""Tables: rows as CSV, Parquet or SQLite, each written whole or not at all.

Inside: writing them, and reading earlier ones. Not inside: what is in them (`rows`).
"""

from __future__ import annotations

import csv
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path

from digitus.errors import DataError, OutputError
from digitus.files import check_place, one_line, open_file, open_text, write_atomically
from digitus.forms.rows import Row
from digitus.forms.table import COLUMNS
from digitus.limits import TABLE_BYTES, TABLE_CELLS, TABLE_ROW_BYTES
from digitus.table_files import arrow, write_sqlite

CONFIDENCE = "_confidence"
SHEETS = "sheets"  # SQLite's table
ROWS_AT_ONCE = 10_000  # of Parquet
TO_WRITE = "to write Parquet"


def check_writable(path: Path, *, replace: bool) -> None:
    """Raises `OutputError` for a table of no known kind, or where it would replace what must stay.

    Raises `DataError` where pyarrow is missing.
    """
    if path.suffix.lower() not in WRITERS:
        known = ", ".join(WRITERS)
        raise OutputError(f"{path}: a table's name ends in one of {known}")
    if path.suffix.lower() == ".parquet":
        arrow(TO_WRITE)
    check_place(path)
    if path.exists() and not replace:
        raise OutputError(f"{path} is there already; name another table, or say --replace")


def write_table(path: Path, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Writes a table of the kind that its name says. Raises `OutputError`."""
    write = WRITERS[path.suffix.lower()]
    try:
        write_atomically(path, lambda beside: write(beside, columns, rows))
    except (sqlite3.Error, ValueError, TypeError) as error:  # of a column that people added
        raise OutputError(f"{path} cannot hold this table: {one_line(str(error))}") from None


def _csv(path: Path, columns: Sequence[str], rows: Sequence[Row]) -> None:
    with path.open("w", encoding="utf-8", errors="replace", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _parquet(path: Path, columns: Sequence[str], rows: Sequence[Row]) -> None:
    library = arrow(TO_WRITE)
    kinds: dict[type, object] = {
        int: library.int64(),
        float: library.float64(),
        str: library.string(),
    }
    arrays = {
        name: library.array(values, kinds.get(_kind(name, values)))
        for name, values in _by_column(columns, rows).items()
    }
    library.parquet.write_table(library.table(arrays), path)


def _sqlite(path: Path, columns: Sequence[str], rows: Sequence[Row]) -> None:
    kinds: dict[type, str] = {int: "INTEGER", float: "REAL", str: "TEXT"}
    lists = _by_column(columns, rows)
    types = {name: kinds.get(_kind(name, values), "") for name, values in lists.items()}
    write_sqlite(path, SHEETS, types, zip(*lists.values(), strict=True))


def _by_column(columns: Sequence[str], rows: Sequence[Row]) -> dict[str, list[object]]:
    return {name: [_plain(row.get(name)) for row in rows] for name in columns}


def _kind(name: str, values: Sequence[object]) -> type:
    """The type of a column; `object` for one that people added, if it holds more than text."""
    if name == "page":
        return int
    if name.endswith(CONFIDENCE):
        return float
    return str if all(value is None or isinstance(value, str) for value in values) else object


def _plain(value: object) -> object:
    """A value as UTF-8: names of files may hold bytes that are no characters."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


WRITERS: dict[str, Callable[[Path, Sequence[str], Sequence[Row]], None]] = {
    ".csv": _csv, ".parquet": _parquet, ".sqlite": _sqlite,
}  # fmt: skip


def read_table(path: Path) -> list[Row]:
    """The rows of a table that was written before. Raises `DataError`."""
    readers = {".parquet": _from_parquet, ".sqlite": _from_sqlite}
    try:
        rows = readers.get(path.suffix.lower(), _from_csv)(path)
        if rows and not rows[0].keys() >= set(COLUMNS):
            raise ValueError
        return rows
    except (OSError, ValueError, TypeError, csv.Error, sqlite3.Error) as error:
        why = getattr(error, "strerror", None) or "it is no table that digitus wrote"
        raise DataError(f"{path} cannot be read: {why}") from None


def _from_csv(path: Path) -> list[Row]:
    with open_text(path) as file:
        reader = csv.reader(file)
        names = next(reader, [])
        for name, times in Counter(names).items():
            if times > 1:
                raise DataError(f"{path} cannot be read: it has the column {name!r} twice")
        rows: list[Row] = []
        for cells in filter(None, reader):
            if len(cells) != len(names):
                raise DataError(
                    f"{path} cannot be read: line {reader.line_num} has {len(cells)} cells for "
                    f"{len(names)} columns"
                )
            named = zip(names, cells, strict=True)
            rows.append({name: _typed(name, text) for name, text in named})
        return rows


def _typed(name: str, text: str) -> object:
    """A cell of CSV as the other kinds of tables have it."""
    if name == "page":
        return int(text)
    if name.endswith(CONFIDENCE):
        return float(text) if text else None
    return text


def _from_parquet(path: Path) -> list[Row]:
    with open_file(path) as file:
        table = arrow("to read Parquet").parquet.ParquetFile(file)
        about = table.metadata
        groups = map(about.row_group, range(about.num_row_groups))
        size = sum(group.total_byte_size for group in groups)
        if about.num_rows * max(1, about.num_columns) > TABLE_CELLS or size > TABLE_BYTES:
            raise _too_large(path)
        # A value that is stored once may stand in every row: one row may be as long as the file.
        at_once = min(ROWS_AT_ONCE, max(1, TABLE_BYTES // max(1, size)))
        batches = table.iter_batches(at_once)
        return _bounded(path, (row for batch in batches for row in batch.to_pylist()))


def _from_sqlite(path: Path) -> list[Row]:
    open_file(path).close()  # refuses a pipe, at which SQLite would wait for a writer
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as base:
        base.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, TABLE_ROW_BYTES)
        # A view or a virtual table may have no end, and a generated column no bounds.
        kind = "SELECT type, rootpage > 0 FROM sqlite_master WHERE name = ?"
        if base.execute(kind, [SHEETS]).fetchone() != ("table", 1):
            raise ValueError
        if any(hidden for *_, hidden in base.execute(f"PRAGMA table_xinfo({SHEETS})")):
            raise ValueError
        found = base.execute(f"SELECT * FROM {SHEETS}")
        names = [column[0] for column in found.description]
        return _bounded(path, (dict(zip(names, values, strict=True)) for values in found))


def _bounded(path: Path, rows: Iterable[Row]) -> list[Row]:
    """The rows, within limits: a small file may stand for any number of them."""
    kept: list[Row] = []
    cells = size = 0
    for row in rows:
        cells += max(1, len(row))
        size += sum(len(value) for value in row.values() if isinstance(value, str | bytes))
        if cells > TABLE_CELLS or size > TABLE_BYTES:
            raise _too_large(path)
        kept.append(row)
    return kept


def _too_large(path: Path) -> DataError:
    return DataError(
        f"{path} cannot be read: it has more than {TABLE_CELLS:,} cells, or more text than "
        f"{TABLE_BYTES:,} bytes"
    )
