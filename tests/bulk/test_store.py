"""Stores that are far away: they fail and stall now and then, and nothing is lost by it."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from bulked import finish, in_this_process, job_of, rows_of
from digitus.bulk import parts, store
from digitus.bulk.sources import items
from digitus.bulk.store import Store, retried
from digitus.errors import DataError, OutputError


class Faltering:
    """A file of a store, each read of which is asked of the store."""

    def __init__(self, file: Any, ask: Callable[[], None]) -> None:
        self.file, self.ask = file, ask

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)

    def __enter__(self) -> Faltering:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def read(self, size: int = -1) -> bytes:
        self.ask()
        return bytes(self.file.read(size))


class Unreliable(MemoryFileSystem):
    """Of its answers each third fails, and each 25th comes too late."""

    protocol = "unreliable"
    store: dict[str, Any] = {}  # noqa: RUF012 (as in the class above)
    pseudo_dirs = [""]  # noqa: RUF012
    asked = itertools.count(1)
    late = threading.Event()
    stalled = 0

    def _now_and_then(self) -> None:
        number = next(self.asked)
        if number % 25 == 0:
            type(self).stalled += 1
            self.late.wait(60)
        if number % 3 == 0:
            raise RuntimeError("503 Slow Down")

    def open(self, *given: Any, **more: Any) -> Any:
        self._now_and_then()
        file = super().open(*given, **more)
        return Faltering(file, self._now_and_then) if "rb" in given else file

    def pipe_file(self, *given: Any, **more: Any) -> Any:
        self._now_and_then()
        return super().pipe_file(*given, **more)

    def cat_file(self, *given: Any, **more: Any) -> Any:
        self._now_and_then()
        return super().cat_file(*given, **more)

    def find(self, *given: Any, **more: Any) -> Any:
        self._now_and_then()
        return super().find(*given, **more)

    def ls(self, *given: Any, **more: Any) -> Any:
        return super().ls(*given, **more)


@pytest.fixture
def unreliable(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(store, "WAITS", (0.0, 0.0, 0.0, 0.0))
    monkeypatch.setattr(store, "STALLED_SECONDS", 0.5)  # longer than any other answer takes
    fsspec.register_implementation("unreliable", Unreliable, clobber=True)
    yield fsspec.filesystem("unreliable")
    Unreliable.late.set()
    Unreliable.late = threading.Event()
    Unreliable.store.clear()


def test_from_and_to_a_store_that_fails_and_stalls(
    pictures: Path, unreliable: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "PART_PICTURES", 5)
    finish("whole")
    for path in pictures.rglob("*"):
        if path.is_file():
            Store("unreliable://in").write(str(path.relative_to(pictures)), path.read_bytes())
    job, reader = job_of(["unreliable://in"], "unreliable://out/read")
    assert job.finished() is None
    [*job.carry_out(in_this_process, reader)]
    again, _ = job_of(["unreliable://in"], "unreliable://out/read")
    about = again.finished()
    assert about is not None
    assert (about["pictures"], about["errors"]) == (13, 1)
    assert Unreliable.stalled > 1
    Path("copy").mkdir()
    for name in job.store.names():
        if name.startswith("part-"):
            Path("copy", name).write_bytes(job.store.read(name) or b"")
    here_and_there = [
        [(row["source"].rpartition("in/")[2], row["sha256"], row["lines"]) for row in rows]
        for rows in (rows_of("whole"), rows_of("copy"))
    ]
    assert sorted(here_and_there[0]) == sorted(here_and_there[1])


def test_what_is_at_an_address(pictures: Path, unreliable: Any) -> None:
    for name in ("a/1.png", "a/10.png", "a/9.png", "a/notes.md"):
        Store("unreliable://box").write(name, b"-")
    Store("unreliable://box").write("list.txt", b"unreliable://box/a/9.png\n")
    found = [item.source for item in items(["unreliable://box/list.txt", "unreliable://box/a"])]
    assert [name.rpartition("box/")[2] for name in found] == ["a/9.png", "a/1.png", "a/10.png"]
    (absent,) = items(["unreliable://box/none"])
    assert absent.kind == "error"


def test_what_never_answers_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "WAITS", (0.0,))
    monkeypatch.setattr(store, "STALLED_SECONDS", 0.02)
    calls = []

    def stalls() -> None:
        calls.append(1)
        time.sleep(0.5)

    with pytest.raises(OSError, match=r"no answer within 0\.02 s"):
        retried(stalls, "there")
    assert len(calls) == 2

    def refused() -> None:
        calls.append(1)
        raise PermissionError(13, "Permission denied")

    with pytest.raises(PermissionError):  # it would be refused again
        retried(refused, "there")
    assert len(calls) == 3


def test_an_address_that_nobody_knows() -> None:
    with pytest.raises(DataError, match="nowhere://x"):
        store.file_system("nowhere://x")


def test_an_address_whose_library_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    fsspec = pytest.importorskip("fsspec")

    def needs(address: str) -> None:
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr(fsspec.core, "url_to_fs", needs)
    with pytest.raises(DataError, match=r"s3://bucket/x: .* pip install 'fsspec\[s3\]'"):
        store.file_system("s3://bucket/x")
    with pytest.raises(DataError, match="Install s3fs"):
        store.file_system("odd://bucket/x")


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError):
        Store(str(tmp_path / "file")).write("a", b"")
    assert Store(str(tmp_path / "absent")).names() == []
    assert Store(str(tmp_path)).read("absent") is None


class Forward(Faltering):
    """A file that a server gives from its beginning alone, as fsspec has it."""

    def seek(self, offset: int, whence: int = 0) -> int:
        if (offset, whence) != (0, 0):
            raise ValueError("The HTTP server doesn't appear to support range requests")
        return int(self.file.seek(0))


class WithoutParts(MemoryFileSystem):
    """A store that gives whole files."""

    protocol = "withoutparts"
    store: dict[str, Any] = {}  # noqa: RUF012
    pseudo_dirs = [""]  # noqa: RUF012
    opened = 0

    def open(self, *given: Any, **more: Any) -> Any:
        type(self).opened += 1
        return Forward(super().open(*given, **more), lambda: None)


def test_archives_of_a_store_that_gives_no_parts_are_copied_first(
    pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A zip file was damaged, and a Parquet file took two minutes to say nothing of use."""
    fsspec.register_implementation("withoutparts", WithoutParts, clobber=True)
    monkeypatch.setattr(store, "WAITS", ())
    names = "shard.tar", "some.zip", "table.parquet"
    for name in names:
        Store("withoutparts://box").write(name, Path("in", name).read_bytes())
    whole = finish("whole", sources=tuple(f"in/{name}" for name in names))
    WithoutParts.opened = 0
    far = tuple(f"withoutparts://box/{name}" for name in names)
    assert finish("far", sources=far) == whole
    assert WithoutParts.opened <= 4 * len(names)  # to list and to read, and each copied once a part
    assert [row["lines"] for row in rows_of("far")] == [row["lines"] for row in rows_of("whole")]
