"""What a job has read so far, kept beside its future table, so that a killed job is resumed.

Each file's records are a line of JSON in TABLE.progress/pages.jsonl, written when the file is read.
The table itself is written once, at the end, from all lines. So no row is lost or there twice,
whenever the program is ended; a file whose line is not whole is read again. So are files that have
changed since, and all files if the forms, the networks or the version of digitus have changed.

Inside: that folder. Not inside: the table (`output`).
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TypeAlias

import msgspec
from msgspec import Struct

from digitus import __version__
from digitus.errors import OutputError
from digitus.files import UNREADABLE, reason
from digitus.forms.form import Form
from digitus.forms.pages import Record
from digitus.forms.table import to_toml
from digitus.locks import alone

PAGES = "pages.jsonl"
SYNC_SECONDS = 1.0  # at most so many seconds of reading are lost when the power fails
VERSION = 1  # of the format of these lines
# By file: its length and time of change when it was read, and what was read.
Known: TypeAlias = dict[str, tuple[list[int], list[Record]]]


class _Line(Struct, frozen=True, forbid_unknown_fields=True):
    """A line: what was read of a file."""

    file: str
    stamp: tuple[int, int]
    pages: list[Record]


class Progress:
    """The records of files that were read, and the file to which more are added."""

    def __init__(self, file: IO[bytes], known: Known) -> None:
        self._file, self._known, self._synced = file, known, time.monotonic()

    def records(self, path: Path) -> list[Record] | None:
        """The records of a file as it is now, if it was read."""
        stamp, records = self._known.get(str(path), (None, None))
        return records if stamp == _stamp(path) else None

    def add(self, path: Path, records: list[Record]) -> None:
        """Keeps what a file says. Raises `OutputError`."""
        stamp = _stamp(path)
        self._known[str(path)] = stamp, records
        line = json.dumps({"file": str(path), "stamp": stamp, "pages": records})
        try:
            self._file.write(line.encode() + b"\n")
            self._file.flush()
            if time.monotonic() - self._synced > SYNC_SECONDS:
                os.fsync(self._file.fileno())
                self._synced = time.monotonic()
        except OSError as error:
            raise OutputError(f"cannot write {self._file.name}: {reason(error)}") from None


def folder_of(table: Path) -> Path:
    """The folder with the progress of a table."""
    return table.with_name(f"{table.name}.progress")


@contextmanager
def progress(
    table: Path, forms: Sequence[Form], networks: Mapping[str, str]
) -> Iterator[tuple[Progress, Callable[[], None]]]:
    """The progress of a table, and a function that removes it once the table is written.

    `networks` are the fingerprints of those that read.
    Raises `OutputError` where another process is at work on the same table.
    """
    folder = folder_of(table)
    path = folder / PAGES
    about: dict[str, object] = {
        "version": VERSION,
        "digitus": __version__,
        "networks": dict(networks),
        "forms": _fingerprint(forms),
    }
    with alone(folder, f"reading forms into {table.name}"):
        try:
            known, end = _read(path, about)
            with path.open("r+b" if end else "wb") as file:
                file.truncate(end)
                file.seek(end)
                if not end:
                    file.write(json.dumps(about).encode() + b"\n")
                yield Progress(file, known), lambda: path.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(f"cannot write {path}: {reason(error)}") from None
    if not path.exists():
        with suppress(OSError):
            folder.rmdir()


def _read(path: Path, about: dict[str, object]) -> tuple[Known, int]:
    """The records in a file, none if it is about others, and where its last whole line ends."""
    known: Known = {}
    if not path.exists():
        return known, 0
    end = 0
    with path.open("rb") as file:
        for number, line in enumerate(file):
            if number:
                if (read := _line(line)) is None:
                    break
                known[read.file] = [*read.stamp], read.pages
            elif _json(line) != about:
                break
            end += len(line)
    return known, end


def _json(line: bytes) -> object:
    """What a whole line says, or None."""
    try:
        return json.loads(line) if line.endswith(b"\n") else None
    except UNREADABLE:
        return None


def _line(line: bytes) -> _Line | None:
    """What a whole line says of a file; None where it says anything else."""
    try:  # msgspec's own JSON reader refuses names of files that are not UTF-8
        return msgspec.convert(_json(line), _Line)
    except (msgspec.ValidationError, *UNREADABLE):
        return None


def _stamp(path: Path) -> list[int]:
    """A file's length and time of change; zeros where the system does not tell them."""
    try:
        found = path.stat()
    except OSError:
        return [0, 0]
    return [found.st_size, found.st_mtime_ns]


def _fingerprint(forms: Sequence[Form]) -> str:
    return hashlib.sha256("\n".join(map(to_toml, forms)).encode()).hexdigest()
