"""Files of rows: Parquet, CSV, JSON lines and SQLite.

Where the result is a folder, its parts are written in its form. A result that is one file is put
together at the end from parts in JSON lines. Inside: rows to bytes, parts to one file. Not inside:
when (`job`).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

from digitus.bulk.rows import Row, columns
from digitus.table_files import arrow, write_sqlite

PARQUET, CSV, JSONL, SQLITE = "parquet", "csv", "jsonl", "sqlite"
SUFFIXES = {
    ".parquet": PARQUET, ".csv": CSV, ".jsonl": JSONL, ".ndjson": JSONL,
    ".sqlite": SQLITE, ".sqlite3": SQLITE, ".db": SQLITE,
}  # fmt: skip
ROWS_AT_ONCE = 1000
WHOLE_NUMBERS = ("page", "number", "value", "x", "y", "width", "height", "line")
SEPARATORS = {"flags": ",", "lines": "\n"}
SQL_TYPES = dict.fromkeys(WHOLE_NUMBERS, "INTEGER") | {"confidence": "REAL"}


def encoded(rows: Iterable[Row], form: str, by: str) -> bytes:
    """Rows as a file in one of the forms of parts: Parquet, CSV, JSON lines."""
    if form == PARQUET:
        return _parquet(rows, by)
    if form == CSV:
        return _csv(rows, by, head=True).encode("utf-8")
    return "".join(json.dumps(row) + "\n" for row in rows).encode("ascii")


def check_form(form: str) -> None:
    """Raises `DataError` where a form needs a library that is not installed."""
    if form == PARQUET:
        _arrow()


def joined(parts: Iterable[bytes], path: Path, form: str, by: str) -> None:
    """Parts in JSON lines as one file."""
    rows = (json.loads(line) for part in parts for line in part.splitlines())
    if form == PARQUET:
        library = _arrow()
        with library.parquet.ParquetWriter(path, _schema(by)) as file:
            for some in _batches(rows):
                file.write_table(library.Table.from_pylist(some, _schema(by)))
    elif form == SQLITE:
        _sqlite(rows, path, by)
    else:
        with path.open("wb") as file:
            file.write(encoded([], form, by))
            for some in _batches(rows):
                text = _csv(some, by) if form == CSV else None
                file.write(encoded(some, form, by) if text is None else text.encode("utf-8"))


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    some: list[Row] = []
    for row in rows:
        some.append(row)
        if len(some) == ROWS_AT_ONCE:
            yield some
            some = []
    if some:
        yield some


def _flat(row: Row, by: str) -> list[object]:
    """A row for tables without lists: lines as text, digits as JSON, flags with commas between."""
    return [_cell(name, row[name]) for name in columns(by)]


def _cell(name: str, value: object) -> object:
    if not isinstance(value, list):
        return value
    return json.dumps(value) if name == "digits" else SEPARATORS[name].join(value)


def _csv(rows: Iterable[Row], by: str, *, head: bool = False) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if head:
        writer.writerow(columns(by))
    writer.writerows(_flat(row, by) for row in rows)
    return text.getvalue()


def _sqlite(rows: Iterator[Row], path: Path, by: str) -> None:
    """A table `pictures` or `digits`."""
    kinds = {name: SQL_TYPES.get(name, "TEXT") for name in columns(by)}
    write_sqlite(path, f"{by}s", kinds, (_flat(row, by) for row in rows), "source")


def _arrow() -> ModuleType:
    """pyarrow. Raises `DataError` where it is missing."""
    return arrow("to write Parquet", "; or --to FILE.csv, .jsonl, .sqlite")


def _schema(by: str) -> object:
    library = _arrow()
    small, wide, text = library.int16(), library.int32(), library.string()
    digit = {
        "value": small,
        "confidence": library.float64(),
        "box": library.list_(wide),
        "line": wide,
    }
    kinds = {
        **dict.fromkeys(WHOLE_NUMBERS, wide),
        "value": small,
        "confidence": library.float64(),
        "lines": library.list_(text),
        "flags": library.list_(text),
        "digits": library.list_(library.struct(digit)),
    }
    return library.schema([(name, kinds.get(name, text)) for name in columns(by)])


def _parquet(rows: Iterable[Row], by: str) -> bytes:
    library, file = _arrow(), io.BytesIO()
    library.parquet.write_table(library.Table.from_pylist([*rows], _schema(by)), file)
    return file.getvalue()
