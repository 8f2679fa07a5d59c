"""Files of rows: Parquet, CSV, JSON lines and SQLite.

Parts are written in their own form where the result is a folder of them. A result that is one file
is put together at the end from parts in JSON lines. Inside: rows to bytes, parts to one file. Not
inside: when (`run`).
"""

from __future__ import annotations

import csv
import importlib
import io
import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from types import ModuleType

from digitus.bulk.rows import Row, columns
from digitus.errors import DataError

PARQUET, CSV, JSONL, SQLITE = "parquet", "csv", "jsonl", "sqlite"
SUFFIXES = {
    ".parquet": PARQUET, ".csv": CSV, ".jsonl": JSONL, ".ndjson": JSONL,
    ".sqlite": SQLITE, ".sqlite3": SQLITE, ".db": SQLITE,
}  # fmt: skip
ROWS_AT_ONCE = 1000
WHOLE = ("page", "number", "value", "x", "y", "width", "height", "line")
BETWEEN = {"flags": ",", "lines": "\n"}
KINDS = dict.fromkeys(WHOLE, "INTEGER") | {"confidence": "REAL"}


def encoded(rows: Iterable[Row], form: str, by: str) -> bytes:
    """Rows as a file of a form that a part can have."""
    if form == PARQUET:
        return _parquet(rows, by)
    if form == CSV:
        return _csv(rows, by, head=True).encode("utf-8", "surrogateescape")
    return "".join(json.dumps(row) + "\n" for row in rows).encode("ascii")


def check_form(form: str) -> None:
    """Raises `DataError` where a form needs a library that is not installed."""
    if form == PARQUET:
        _arrow()


def joined(parts: Iterable[bytes], path: Path, form: str, by: str) -> None:
    """Parts in JSON lines as one file."""
    rows = (json.loads(line) for part in parts for line in part.splitlines())
    if form == PARQUET:
        arrow = _arrow()
        with arrow.parquet.ParquetWriter(path, _schema(by)) as file:
            for some in _batches(rows):
                file.write_table(arrow.Table.from_pylist(some, _schema(by)))
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
    return json.dumps(value) if name == "digits" else BETWEEN[name].join(value)


def _csv(rows: Iterable[Row], by: str, *, head: bool = False) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if head:
        writer.writerow(columns(by))
    writer.writerows(_flat(row, by) for row in rows)
    return text.getvalue()


def _sqlite(rows: Iterator[Row], path: Path, by: str) -> None:
    """A table `pictures` or `digits`."""
    table = f"{by}s"
    named = ", ".join(f"{name} {KINDS.get(name, 'TEXT')}" for name in columns(by))
    places = ", ".join("?" * len(columns(by)))
    with closing(sqlite3.connect(path)) as base:
        base.execute(f"CREATE TABLE {table} ({named})")
        for some in _batches(rows):
            base.executemany(f"INSERT INTO {table} VALUES ({places})", (_flat(r, by) for r in some))
        base.execute(f"CREATE INDEX {table}_source ON {table} (source)")
        base.commit()


def _arrow() -> ModuleType:
    """pyarrow with what it has for Parquet. Raises `DataError`."""
    try:
        importlib.import_module("pyarrow.parquet")
        return importlib.import_module("pyarrow")
    except ImportError:
        raise DataError(
            "to write Parquet, pip install 'digitus[parquet]'; or --to FILE.csv, .jsonl, .sqlite"
        ) from None


def _schema(by: str) -> object:
    arrow = _arrow()
    small, wide, text = arrow.int16(), arrow.int32(), arrow.string()
    digit = {
        "value": small,
        "confidence": arrow.float64(),
        "box": arrow.list_(wide),
        "line": wide,
    }
    kinds = {
        **dict.fromkeys(WHOLE, wide),
        "value": small,
        "confidence": arrow.float64(),
        "lines": arrow.list_(text),
        "flags": arrow.list_(text),
        "digits": arrow.list_(arrow.struct(digit)),
    }
    return arrow.schema([(name, kinds.get(name, text)) for name in columns(by)])


def _parquet(rows: Iterable[Row], by: str) -> bytes:
    arrow, file = _arrow(), io.BytesIO()
    arrow.parquet.write_table(arrow.Table.from_pylist([*rows], _schema(by)), file)
    return file.getvalue()
