"""A disk that fails once: the nth write, fsync, rename, open or mapping of what lies in a folder.

As SQLite is tested: an operation is done once while its calls are counted, then once for each of
them, which fails, with each reason that a system gives. Only calls that the operation itself makes
in its folder count, whoever makes them: Python's own libraries are left alone.

Nothing that was there may be lost, whatever went wrong is one line, and the next try ends as if
nothing had happened.

Inside: `Disk`, which counts and fails, and `ordeal`, which tries an operation on it. Not inside:
the operations (`operations`).
"""

from __future__ import annotations

import builtins
import errno
import io
import mmap
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import IO, Any
from unittest.mock import patch

import safetensors

KINDS = "open", "write", "fsync", "rename", "mmap"
REASONS = errno.ENOSPC, errno.EIO, errno.EMFILE, errno.EACCES


@dataclass(frozen=True)
class Fault:
    """The call that fails, counted from 1 among those of its kind, and why."""

    kind: str
    number: int
    reason: int

    def __str__(self) -> str:
        return f"{self.kind} {self.number}: {errno.errorcode[self.reason]}"


class Disk:
    """Counts the calls below a folder, and lets one of them fail; any thread may make them."""

    def __init__(self, folder: Path, fault: Fault | None = None) -> None:
        self.folder, self.fault = f"{os.path.realpath(folder)}{os.sep}", fault
        self.calls: Counter[str] = Counter()
        self.failed = False
        self._lock = Lock()

    def call(self, kind: str, path: Any) -> None:
        """Notes a call; raises the fault where it is this one's turn."""
        if isinstance(path, int):
            path = os.readlink(f"/proc/self/fd/{path}")
        if not os.path.realpath(os.fsdecode(path)).startswith(self.folder):
            return
        with self._lock:
            self.calls[kind] += 1
            fault = self.fault
            if fault and (kind, self.calls[kind]) == (fault.kind, fault.number):
                self.failed = True
                raise OSError(fault.reason, os.strerror(fault.reason), os.fsdecode(path))


@contextmanager
def failing(folder: Path, fault: Fault | None = None) -> Iterator[Disk]:
    """A disk for the length of a block, for everything in this process."""
    disk = Disk(folder, fault)
    opened, safe_open = io.open, safetensors.safe_open

    class Raw(io.FileIO):
        def write(self, content: Any) -> int:
            disk.call("write", self.fileno())
            return super().write(content)

    def open_(
        file: Any,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        closefd: bool = True,
        opener: Any = None,
    ) -> IO[Any]:
        if not isinstance(file, int):
            disk.call("open", file)
        if isinstance(file, int) or not set(mode) & set("wax+"):
            return opened(file, mode, buffering, encoding, errors, newline, closefd, opener)
        raw = Raw(file, mode.replace("b", "").replace("t", ""), closefd, opener)
        whole = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        return whole if "b" in mode else io.TextIOWrapper(whole, encoding, errors, newline)

    def open_arrays(path: Any, **named: Any) -> Any:
        disk.call("open", path)
        disk.call("mmap", path)
        return safe_open(path, **named)

    def counted(kind: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(first: Any, *arguments: Any, **named: Any) -> Any:
            disk.call(kind, first)
            return function(first, *arguments, **named)

        return call

    with ExitStack() as patches:
        for where, name, replaced in (
            (builtins, "open", open_),
            (io, "open", open_),
            (os, "open", counted("open", os.open)),
            (os, "write", counted("write", os.write)),
            (os, "fsync", counted("fsync", os.fsync)),
            (os, "rename", counted("rename", os.rename)),
            (os, "replace", counted("rename", os.replace)),
            (mmap, "mmap", counted("mmap", mmap.mmap)),
            (safetensors, "safe_open", open_arrays),
        ):
            patches.enter_context(patch.object(where, name, replaced))
        yield disk


def faults(calls: Counter[str], reasons: tuple[int, ...] = REASONS) -> Iterator[Fault]:
    """Every call of those that were counted, with every reason."""
    for kind in KINDS:
        for number in range(1, calls[kind] + 1):
            yield from (Fault(kind, number, reason) for reason in reasons)


Told = tuple[int, list[str]]  # the exit code, and each line about what went wrong


@dataclass(frozen=True)
class Operation:
    """`prepare` makes what is there before, `act` does it or goes on with it.

    `intact` fails where something was lost or is half, `done` also where something is missing.
    """

    prepare: Callable[[Path], None]
    act: Callable[[Path], Told]
    intact: Callable[[Path], None]
    done: Callable[[Path], None]


def ordeal(operation: Operation, folder: Path, fault: Fault) -> bool:
    """Does an operation while a call fails, and again; whether the call was made at all."""
    operation.prepare(folder)
    with failing(folder, fault) as disk:
        code, lines = operation.act(folder)
    operation.intact(folder)
    if code:
        assert len(lines) == 1, (fault, lines)
        assert lines[0].isprintable(), lines
        code, lines = operation.act(folder)
        assert (code, lines) == (0, []), (fault, lines)
    operation.done(folder)
    return disk.failed
