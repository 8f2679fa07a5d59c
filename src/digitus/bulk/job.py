"""A bulk job: its plan, what of it is done, its manifest; begun again, it goes on.

::

    OUT/                      a folder, or a prefix of a remote store
      part-000000.parquet     the rows of a part, written in one step
      _done/part-000000.json  the record that it is done: counts, SHA-256
      _plan.jsonl             what was asked for, then each part with its pictures
      _manifest.json          what was read with which networks; there once all is done

Where OUT is one file, all this is in OUT.parts beside it until the file is put together from it,
and the manifest is OUT.manifest.json. The plan is made once: pictures that come later are not of
this job.

Inside: that. Not inside: the work (`parts`), and who is asked to do it (`on_ray`, `cli.bulk`).
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from digitus import __version__
from digitus.bulk.formats import JSONL, joined
from digitus.bulk.parts import (
    COUNTS,
    DONE,
    Counts,
    Part,
    PartReader,
    Tally,
    file_name,
    in_parts,
    of_line,
)
from digitus.bulk.sources import items
from digitus.bulk.store import Store, is_remote
from digitus.errors import DataError, OutputError
from digitus.files import UNREADABLE, write_atomically
from digitus.locks import alone

PLAN, MANIFEST = "_plan.jsonl", "_manifest.json"
# What is said where OUT was begun with something else than is asked for now.
CHANGED = {
    "digitus": "another version of digitus",
    "sources": "other sources",
    "by": "another --by",
    "form": "another format",
    "reading": "other options of reading",
    "networks": "other networks",
}
Engine = Callable[[Iterable[Part], PartReader], Iterator[Tally]]


@dataclass(frozen=True)
class BulkOptions:
    """What decides the rows: sources, how they are read and by which networks, the form."""

    sources: list[str]
    by: str
    form: str
    reading: Mapping[str, object]
    networks: dict[str, str]

    def record(self) -> dict[str, object]:
        """As it is kept in the plan and the manifest."""
        return {"digitus": __version__, **{f.name: getattr(self, f.name) for f in fields(self)}}


class Manifest(Counts):
    """What a job that has ended tells: its `BulkOptions`, the counts, when it ended."""

    digitus: str
    sources: list[str]
    by: str
    form: str
    reading: dict[str, object]
    networks: dict[str, str]
    parts: int
    finished: str


class BulkJob:
    """The job that fills OUT; `single` where that is one file."""

    def __init__(self, out: str, asked: BulkOptions, *, single: bool) -> None:
        self.out, self.asked, self.single = out, asked, single
        self.store = Store(f"{out}.parts" if single else out)
        self.part_form = JSONL if single else asked.form
        self.tally = Tally()  # the counts of the parts that are done
        self.pictures = self.parts = 0  # how many are planned
        self.resumed = False

    @property
    def manifest(self) -> tuple[Store, str]:
        """Where the manifest is."""
        if not self.single:
            return self.store, MANIFEST
        store, name = self._file()
        return store, f"{name}.manifest.json"

    def _file(self) -> tuple[Store, str]:
        """Where the one file is."""
        folder, name = os.path.split(self.out)
        return Store(folder or "."), name

    def finished(self) -> Manifest | None:
        """The manifest, where the job has ended before.

        Raises `OutputError` where OUT holds something that is not of this job.
        """
        store, name = self.manifest
        told = store.read(name)
        if told is not None and not (self.single and not self._occupied()):
            with self._undamaged(store.address(name), alone=not self.single):
                about: Manifest = _object(told)
                _counts(about), about["finished"]  # a whole one has both
            self._same(about)
            if self.single:
                self._clear()
            return about
        if self.store.read(PLAN) is None and self._occupied():
            raise OutputError(f"{self.out} is there already and is not of this job; name another")
        return None

    def _occupied(self) -> bool:
        if self.single:
            store, name = self._file()
            return name in store.names()
        return any(not name.startswith(".") for name in self.store.names())

    def locked(self) -> AbstractContextManager[None]:
        """Keeps a second job from the same OUT, by a lock there where it is on this machine."""
        if is_remote(self.store.root):
            return nullcontext()
        return alone(Path(self.store.root), "digitus bulk")

    def carry_out(self, engine: Engine, reader: PartReader) -> Iterator[Tally]:
        """Does what is left to do, and tells of each part; at the end all is written.

        Raises `DataError` where there is nothing to read, `OutputError`.
        """
        plan = self._plan()
        done = self._done()
        self.resumed = bool(done)
        yield self.tally
        for tally in engine((part for part in plan() if part.name not in done), reader):
            self.tally.add(tally)
            yield tally
        if self.tally.pictures != self.pictures:
            missing = self.pictures - self.tally.pictures
            raise OutputError(f"{missing:,} pictures were not read; begin again to go on")
        self._finish(plan)

    def _plan(self) -> Callable[[], Iterator[Part]]:
        """The parts, as they were planned when the job began, or now. Counts them."""
        told = self.store.read(PLAN)
        if told is None:
            if self.store.names(DONE):  # nobody knows any more what was asked for
                raise OutputError(
                    f"{self.store.root} holds parts without their plan; remove "
                    f"{self._begun_there()} to begin anew"
                )
            parts = [part.line() for part in in_parts(items(self.asked.sources))]
            self._count(map(of_line, parts))
            text = "\n".join([json.dumps(self.asked.record()), *parts, ""])
            self.store.write(PLAN, text.encode("ascii"))
            told = text.encode("ascii")
        head, *lines = told.splitlines() or [b""]
        with self._undamaged(self.store.address(PLAN)):
            about = _object(head)
        self._same(about)
        if not self.parts:
            with self._undamaged(self.store.address(PLAN)):
                self._count(map(of_line, lines))
        return lambda: map(of_line, lines)

    def _count(self, parts: Iterable[Part]) -> None:
        kinds: set[str] = set()
        first = ""
        for part in parts:
            self.parts += 1
            self.pictures += len(part.items)
            kinds |= {item.kind for item in part.items}
            first = first or str(part.items[0].at)
        if kinds <= {"error"}:
            raise DataError(first or "no pictures are named")

    def _same(self, about: Mapping[str, object]) -> None:
        """Raises `OutputError` where something else was asked for when OUT was begun."""
        asked = json.loads(json.dumps(self.asked.record()))
        for name, value in asked.items():
            if about.get(name) != value:
                raise OutputError(
                    f"{self.out} was begun with {CHANGED[name]}; name another, or remove "
                    f"{self._begun_there()} to begin anew"
                )

    def _begun_there(self) -> str:
        """What has to go for the job to begin anew."""
        if not self.single:
            return self.out
        parts = any(not name.startswith(".") for name in self.store.names())
        there = {self.out: self._occupied(), self.store.root: parts}
        return " and ".join(name for name, is_there in there.items() if is_there)

    @contextmanager
    def _undamaged(self, name: str, *, alone: bool = False) -> Iterator[None]:
        """Raises `DataError` where a file of ours is not as we write it.

        The error says what has to go: that file `alone`, if the job goes on without it, or all that
        was begun.
        """
        try:
            yield
        except (*UNREADABLE, IndexError):
            remedy = "it to go on" if alone else f"{self._begun_there()} to begin anew"
            raise DataError(f"{name}: is damaged; remove {remedy}") from None

    def _done(self) -> set[str]:
        """The names of the parts that are done, whose counts it adds up."""
        done: set[str] = set()
        for name in self.store.names(DONE):
            told = self.store.read(f"{DONE}/{name}") if name.startswith("part-") else None
            if told is None:
                continue
            with self._undamaged(self.store.address(f"{DONE}/{name}"), alone=True):
                self.tally.add(Tally(**_counts(_object(told))))
            done.add(name.removesuffix(".json"))
        return done

    def _finish(self, plan: Callable[[], Iterator[Part]]) -> None:
        """Puts the one file together, and writes the manifest."""
        if self.single:
            self._join(plan())
        about = {
            **self.asked.record(),
            **self.tally.record(),
            "parts": self.parts,
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        store, name = self.manifest
        store.write(name, (json.dumps(about, indent=1) + "\n").encode("ascii"))
        if self.single:
            self._clear()

    def _join(self, parts: Iterable[Part]) -> None:
        def fill(path: Path) -> None:
            rows = (self.store.read(file_name(part, JSONL)) or b"" for part in parts)
            joined(rows, path, self.asked.form, self.asked.by)

        if not is_remote(self.out):
            write_atomically(Path(self.out), fill)
            return
        store, name = self._file()
        with tempfile.TemporaryDirectory() as here:
            path = Path(here, "whole")
            fill(path)
            store.write(name, path.read_bytes())

    def _clear(self) -> None:
        """Removes the parts of a file that is whole."""
        if not is_remote(self.store.root):
            with suppress(OSError):
                if os.path.isfile(self.store.address(PLAN)):
                    shutil.rmtree(self.store.root)


def _object(text: bytes) -> Any:
    """A JSON object of ours, whichever. Raises one of `UNREADABLE` where it is none."""
    return dict(json.loads(text))


def _counts(about: Mapping[str, Any]) -> dict[str, int]:
    """The counts in an object of ours. Raises one of `UNREADABLE` where it lacks one."""
    return {count: int(about[count]) for count in COUNTS}
