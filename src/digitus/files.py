"""Files: named arrays with JSON beside them, in the safetensors format; reading, atomic writing.

A model file holds the parameters of a network; its metadata holds the recipe and the history. A
checkpoint holds the whole state of a training run in the same way. Nothing in either can run code.
Files come from strangers: header and sizes are checked before anything is allocated, and whatever
is wrong with one is one line of `ModelError`.

Inside: reading and writing such a file, opening any file without waiting for ever, writing any file
atomically, and what may be replaced. Not inside: what the metadata mean (`recognizer`,
`training.run_folder`), and who may write to a folder (`locks`).
"""

from __future__ import annotations

import errno
import io
import json
import os
import stat
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import numpy as np

from digitus.errors import ModelError, OutputError
from digitus.limits import MODEL_HEADER_BYTES
from digitus.types import Numbers, Params

VERSION = 1
KINDS = "model", "checkpoint", "page network", "close-up network"
LONGEST_TEXT = 300  # characters of a stranger's file that a message repeats
# What looking for something in the metadata of a stranger's file can raise.
UNREADABLE = (KeyError, TypeError, ValueError, OverflowError, AttributeError, RecursionError)
LONGEST_WRITE = 600  # seconds: the writer of an older temporary file is gone
FULL = errno.ENOSPC, errno.EDQUOT
WRITER_SECONDS = 10.0  # for somebody to open a pipe and begin to write
# One of these is at the beginning of every web page and picture that is written for a person.
MARKS = b'name="generator" content="digitus"', b"Software\0digitus"
MARKED_WITHIN = 4096  # bytes


def open_file(path: Path) -> IO[bytes]:
    """A file opened for reading. Raises `OSError`, also for a folder, a pipe or a device."""
    file = _open_at_once(path)
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "is not a file", str(path))
    return file


def open_text(path: Path) -> io.TextIOWrapper:
    """CSV opened for reading, also as spreadsheets save it. Raises as `open_file` does."""
    return io.TextIOWrapper(open_file(path), "utf-8-sig", newline="")


def read_at_most(path: Path, size: int) -> bytes:
    """At most `size` bytes of a file, or of a pipe that somebody writes to. Raises `OSError`."""
    with _open_at_once(path) as file:
        if stat.S_ISFIFO(os.fstat(file.fileno()).st_mode):
            return _read_pipe(file, size)
        os.set_blocking(file.fileno(), True)
        return file.read(size)


def _open_at_once(path: Path) -> IO[bytes]:
    """Opens a file for reading, a pipe without waiting for its writer."""
    at_once = getattr(os, "O_NONBLOCK", 0)
    return open(path, "rb", opener=lambda name, flags: os.open(name, flags | at_once))


def _read_pipe(file: IO[bytes], size: int) -> bytes:
    """What comes through a pipe, as soon as there is somebody to write."""
    descriptor, deadline = file.fileno(), time.monotonic() + WRITER_SECONDS
    first = b""
    while not first and time.monotonic() < deadline:
        try:
            first = os.read(descriptor, 1)
        except BlockingIOError:  # somebody is there who has not written yet
            break
        if not first:
            time.sleep(0.01)
    else:
        if not first:
            raise OSError(errno.EPIPE, "is a pipe into which nobody writes", file.name)
    os.set_blocking(descriptor, True)
    return first + file.read(size - len(first))


def make_folder(path: Path, mode: int = 0o777) -> None:
    """Makes a folder, and those above it, where there is none.

    Raises `OSError`, which says what is there instead: "File exists" is no help to anybody.
    """
    try:
        path.mkdir(mode, parents=True, exist_ok=True)
    except FileExistsError as error:
        number, why = errno.ENOTDIR, "is not a folder"
        try:
            os.stat(error.filename)
        except FileNotFoundError:
            number, why = errno.ENOENT, "is a symbolic link to what is not there"
        except OSError as circle:
            number, why = circle.errno or errno.ELOOP, "is a symbolic link that leads in a circle"
        raise OSError(number, why, error.filename) from None


def write_atomically(
    path: Path, write: Callable[[Path], object], *, new_folder: bool = True
) -> None:
    """Lets `write` fill a file beside `path`, then puts it in place in one step.

    Whoever looks at `path`, also after a crash or a full disk, sees the old file or the new one,
    never a part; of several writers the last one wins. With `new_folder` the folder is made where
    there is none. Raises `OutputError` where it cannot be written.
    """
    if path.name in ("", ".."):  # so are "." and "/"
        raise OutputError(f"cannot write {path}: is a folder")
    check_place(path)
    beside = path.with_name(f".{path.name}.{os.urandom(8).hex()}.part")
    try:
        if new_folder:
            make_folder(path.parent)
        write(beside)
        with beside.open("rb+") as file:
            os.fsync(file.fileno())  # the bytes before the name: else a power cut leaves it empty
        beside.replace(path)
        _remove_left_over(path)
    except OSError as error:
        raise not_written(path, error) from None
    finally:
        with suppress(OSError):
            beside.unlink()


def check_place(path: Path) -> None:
    """Raises `OutputError` where a file would take the place of a pipe or a device."""
    try:
        mode = os.stat(path).st_mode
    except OSError:  # nothing is there, or writing will tell
        return
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise OutputError(f"cannot write {path}: is a pipe or a device")


def _remove_left_over(path: Path) -> None:
    """Removes what writers of `path` that were killed have left behind; one at work is younger."""
    import glob  # most programs write nothing

    for part in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        with suppress(OSError):  # another writer may have removed it
            if time.time() - part.stat().st_mtime > LONGEST_WRITE:
                part.unlink()


def not_written(path: Path, error: OSError, doing: str = "write") -> OutputError:
    """What to raise where the system did not let us write to `path`."""
    why = f"cannot {doing} {path}: {reason(error)}"
    if error.errno in FULL:
        return OutputError(why, "disk-full")
    return OutputError(why, "not-written")


def check_replaceable(
    path: Path, marks: Sequence[bytes] = MARKS, within: int = MARKED_WITHIN
) -> None:
    """Raises `OutputError` where a file would take the place of what is none of ours.

    A file of ours has one of `marks` in its first `within` bytes; by default, those of web pages
    and pictures.
    """
    try:
        with open_file(path) as file:
            start = file.read(within)
        if not start or any(mark in start for mark in marks):
            return
        what = "page or picture" if marks is MARKS else "file"
        why = f"it is there already and is no {what} that digitus wrote; name another file"
    except FileNotFoundError:
        return
    except OSError as error:
        why = reason(error)
    raise OutputError(f"cannot write {path}: {why}")


def write_marked(path: Path, content: str | bytes) -> None:
    """Writes a web page or a picture, which holds one of `MARKS`, over nothing but an older one.

    Raises `OutputError`.
    """
    check_replaceable(path)
    write_bytes(path, content if isinstance(content, bytes) else content.encode("utf-8", "replace"))


def write_bytes(path: Path, content: bytes, *, new_folder: bool = True) -> None:
    """Writes a file atomically. Raises `OutputError`."""
    write_atomically(path, lambda beside: beside.write_bytes(content), new_folder=new_folder)


def write_text(path: Path, text: str, *, new_folder: bool = True) -> None:
    """Writes a text file atomically, "?" for what is no character. Raises `OutputError`."""
    write_bytes(path, text.encode("utf-8", "replace"), new_folder=new_folder)


def write_arrays(
    path: Path,
    arrays: Params,
    kind: str,
    metadata: Mapping[str, object],
    *,
    new_folder: bool = True,
) -> None:
    """Writes arrays and their metadata (anything JSON can hold). Raises `OutputError`."""
    from safetensors.numpy import save

    about = {"kind": kind, "version": str(VERSION), "about": json.dumps(metadata)}
    whole = {name: np.ascontiguousarray(a) for name, a in arrays.items()}
    write_bytes(path, save(whole, about), new_folder=new_folder)


def read_arrays(path: Path, kind: str) -> tuple[Params, dict[str, Any]]:
    """The arrays and the metadata of a file of the given kind, one of `KINDS`.

    Raises `ModelError` for one that is missing, damaged, of another kind or from a newer version.
    """
    from safetensors import SafetensorError, safe_open

    try:
        _check_header(path)
        with safe_open(path, framework="numpy") as file:
            header = file.metadata() or {}
            metadata = _metadata(path, header, kind)
            names = list(file.keys())
            for name in names:  # before NumPy is asked for a type that it does not know
                if file.get_slice(name).get_dtype() not in ("I8", "F16", "F32", "F64"):
                    raise ValueError(f"{name} holds something other than floats or bytes")
            arrays = {name: _wide(file.get_tensor(name)) for name in names}
    except (OSError, SafetensorError, TypeError, ValueError) as error:
        raise ModelError(f"{path} cannot be read: {reason(error)}") from None
    for name, a in arrays.items():
        if not np.isfinite(a).all():
            raise ModelError(f"{path} is damaged: {one_line(name)} holds what is not a number")
    return arrays, metadata


def _wide(a: Numbers) -> Numbers:
    """float16 is for files; what is computed with has 24 bits at least."""
    return a.astype(np.float32) if a.dtype == np.float16 else a


def _check_header(path: Path) -> None:
    """The length of the header must fit the file and be of a sensible size."""
    with open_file(path) as file:
        size = os.fstat(file.fileno()).st_size
        first = file.read(8)
    length = int.from_bytes(first, "little")
    if len(first) < 8 or length > size - 8:
        raise ModelError(f"{path} is truncated, or not a safetensors file ({size} bytes)")
    if length > MODEL_HEADER_BYTES:
        raise ModelError(
            f"{path} has a header of {length} bytes; at most {MODEL_HEADER_BYTES} are read"
        )


def _metadata(path: Path, header: dict[str, str], kind: str) -> dict[str, Any]:
    found, version = header.get("kind"), header.get("version", "")
    if found != kind:
        what = f"a digitus {found}" if found in KINDS else "not made by digitus"
        raise ModelError(f"{path} is {what}; a {kind} is needed here")
    if not version.isdecimal() or int(version) > VERSION:
        raise ModelError(
            f"{path} is from a newer digitus (file version {version[:20]!r}, this one reads up to "
            f"{VERSION}); update digitus to read it"
        )
    try:
        about = json.loads(header.get("about", ""))
    except (ValueError, RecursionError):
        about = None
    if not isinstance(about, dict):
        raise ModelError(f"{path} is damaged: its metadata are not readable")
    return about


def reason(error: Exception) -> str:
    """What went wrong, without the machinery that noticed."""
    return getattr(error, "strerror", None) or one_line(str(error)) or type(error).__name__


def one_line(text: str) -> str:
    """A text from a stranger's file as a line that a terminal can show: printable and short."""
    line = "".join(c if c.isprintable() else "?" for c in " ".join(text.split()))
    return line if len(line) <= LONGEST_TEXT else line[:LONGEST_TEXT] + " ..."
