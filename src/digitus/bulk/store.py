"""Where sources are read and results written: folders of this machine, or whatever fsspec knows.

A store that is far away fails now and then, and now and then does not answer. What is asked of it
is asked again after a while, and given up after the last of `WAITS`; each try has
`STALLED_SECONDS`.

Inside: opening, listing, writing, asking again. Not inside: what is written (`job`, `formats`).
The extra `remote` brings fsspec; s3://, gs:// and az:// need s3fs, gcsfs, adlfs beside it.
"""

from __future__ import annotations

import importlib
import io
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

from digitus.errors import DataError, OutputError
from digitus.files import one_line, open_file, write_bytes

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

T = TypeVar("T")

WAITS = (0.2, 1.0, 5.0, 20.0)  # seconds before a store is asked again
STALLED_SECONDS = 120.0  # for one answer: a part of some tens of megabytes on a slow line
BUFFER_BYTES = 1 << 20  # of a remote file at once: each read takes a thread of its own
EXTRAS = {"http": "http", "https": "http", "s3": "s3", "gs": "gcs", "az": "abfs"}  # of fsspec
WEB = "http://", "https://"
# Errors that another try would not change.
FINAL = FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError


def is_remote(name: str) -> bool:
    """Whether it is an address, such as s3://bucket/scans, rather than a path."""
    return "://" in name


def suffix_of(name: str) -> str:
    """The ending of a file's name, in lower case; the query of an address is no part of it."""
    return os.path.splitext(without_query(name))[1].lower()


def without_query(name: str) -> str:
    """A web address without its query, which may hold a signature; any other name as it is."""
    return name.partition("?")[0] if name.startswith(WEB) else name


def file_system(address: str) -> tuple[AbstractFileSystem, str]:
    """The file system of an address, and its path there. Raises `DataError`."""
    scheme, _, place = address.partition("://")
    if not place.strip("/"):
        raise DataError(f"{address}: names no place; {scheme}://HOST-OR-BUCKET/PATH does")
    try:
        fsspec = importlib.import_module("fsspec")
    except ImportError:
        raise DataError(f"{address}: to reach it, pip install 'digitus[remote]'") from None
    try:
        return fsspec.core.url_to_fs(address)
    except ImportError as error:  # names the package that it needs
        known = EXTRAS.get(scheme)
        needs = f"to reach it, pip install 'fsspec[{known}]'" if known else one_line(str(error))
        raise DataError(f"{address}: {needs}") from None
    except ValueError:
        raise DataError(f"{address}: nothing is known to be at {scheme}://") from None


def retried(call: Callable[[], T], what: str) -> T:
    """What a call to a remote store returns, retried where it fails or stalls. Raises `OSError`."""
    for wait in (*WAITS, None):
        try:
            return _in_time(call)
        except (*FINAL, DataError, MemoryError):
            raise
        except Exception as error:  # each library has its own for what a network does
            if wait is None:
                raise OSError(None, one_line(str(error)) or type(error).__name__, what) from None
            time.sleep(wait)
    raise AssertionError  # unreachable: the last try returns or raises


def _in_time(call: Callable[[], T]) -> T:
    """What a call returns or raises, if it does so in time. Raises `TimeoutError`."""
    results: list[T] = []
    failures: list[BaseException] = []

    def answer() -> None:
        try:
            results.append(call())
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=answer, daemon=True)  # a stalled thread cannot be ended
    thread.start()
    thread.join(STALLED_SECONDS)
    if failures:
        raise failures[0]
    if not results:
        raise TimeoutError(f"no answer within {STALLED_SECONDS:g} s")
    return results[0]


def opened(name: str) -> IO[bytes]:
    """A file, here or remote, that can be read and sought. Raises `OSError`, `DataError`."""
    if not is_remote(name):
        return open_file(Path(name))
    return io.BufferedReader(_Remote(name), BUFFER_BYTES)


class _NoPartsError(DataError):
    """The store gives whole files only."""


class _Remote(io.RawIOBase):
    """A remote file, of which every read is asked again where it fails or stalls.

    Where the store gives no parts of files, as simple servers of the web do not, all of it is
    copied here when the first part is asked for.
    """

    def __init__(self, name: str) -> None:
        self.file: IO[bytes] | None = None  # first: `close` looks at it also where the rest fails
        self.name = name
        self.system, self.path = file_system(name)
        self.at = 0
        self.file = retried(lambda: self.system.open(self.path, "rb"), name)
        self.size: int | None = None

    def close(self) -> None:
        """Closes the store's file as well, if it is not waited for."""
        file, self.file = self.file, None
        if file is not None:
            file.close()
        super().close()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Goes there; the store is asked only where the end has to be known."""
        if whence == os.SEEK_END and self.size is None:
            self.size = int(retried(lambda: self.system.size(self.path), self.name))
        start = {os.SEEK_CUR: self.at, os.SEEK_END: self.size or 0}.get(whence, 0)
        self.at = start + offset
        return self.at

    def readinto(self, buffer: Any) -> int:  # whatever can be written into
        """Reads from where it is. Raises `OSError`."""
        at, into = self.at, memoryview(buffer)
        wanted = into.nbytes
        try:
            found = retried(lambda: self._read(at, wanted), self.name)
        except _NoPartsError:
            self._copy()
            found = self._read(at, wanted)
        into[: len(found)] = found
        self.at = at + len(found)
        return len(found)

    def _read(self, at: int, wanted: int) -> bytes:
        """One try. A file that stalls is still waited for by its thread: the next opens another."""
        file, self.file = self.file, None
        file = self.system.open(self.path, "rb") if file is None else file
        try:
            file.seek(at)
            found = file.read(wanted)
        except ValueError:  # fsspec's, where a server gives a file from its beginning alone
            file.close()
            raise _NoPartsError(self.name) from None
        self.file = file
        return found

    def _copy(self) -> None:
        """Copies all of it to a temporary file, which goes with this one. Raises `OSError`.

        It may take any time: a copy that was given up would have to begin anew.
        """
        copy = tempfile.TemporaryFile()  # noqa: SIM115 (it is closed with this one)
        more = {"block_size": 0} if self.name.startswith(WEB) else {}
        try:
            with self.system.open(self.path, "rb", **more) as file:
                shutil.copyfileobj(file, copy, BUFFER_BYTES)
        except Exception as error:  # each library has its own for what a network does
            copy.close()
            raise OSError(None, one_line(str(error)) or type(error).__name__, self.name) from None
        self.file = copy


def content(name: str, most: int) -> bytes:
    """The first `most` bytes of a remote file, or all of it. Raises `OSError`, `DataError`."""
    system, path = file_system(name)

    def read() -> bytes:
        with system.open(path, "rb") as file:
            return file.read(most)

    return retried(read, name)


@dataclass(frozen=True)
class Store:
    """A folder of this machine, or a prefix of a remote store; each file in it is written whole."""

    root: str

    def address(self, name: str) -> str:
        """The path or address of a file in it."""
        return (
            f"{self.root.rstrip('/')}/{name}"
            if is_remote(self.root)
            else os.path.join(self.root, name)
        )

    def write(self, name: str, content: bytes, *, new_folder: bool = True) -> None:
        """Writes a file in one step. Raises `OutputError`."""
        address = self.address(name)
        if not is_remote(address):
            write_bytes(Path(address), content, new_folder=new_folder)
            return
        system, path = file_system(address)
        try:
            retried(lambda: system.pipe_file(path, content), address)
        except OSError as error:
            raise OutputError(f"cannot write {address}: {error.strerror or error}") from None

    def read(self, name: str) -> bytes | None:
        """A file, or None where it is not there. Raises `DataError`."""
        address = self.address(name)
        try:
            if not is_remote(address):
                with open_file(Path(address)) as file:
                    return file.read()
            system, path = file_system(address)
            return retried(lambda: system.cat_file(path), address)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise DataError(f"{address}: cannot be read ({error.strerror or error})") from None

    def names(self, folder: str = "") -> list[str]:
        """What lies in a folder of it, in order; nothing where there is none."""
        address = self.address(folder) if folder else self.root
        try:
            if not is_remote(address):
                return sorted(os.listdir(address))
            system, path = file_system(address)

            def listed() -> list[str]:
                system.invalidate_cache()
                return [os.path.basename(found.rstrip("/")) for found in system.ls(path, False)]

            return sorted(retried(listed, address))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise DataError(f"{address}: cannot be listed ({error.strerror or error})") from None
