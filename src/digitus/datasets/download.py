"""Downloads: a file whose checksum and size are known, from the first mirror that really has it.

Inside: mirrors, retries, and the progress bar. A mirror that answers with a web page, with another
file, with half of the right one or more than all of it, or too slowly, is a mirror that failed.
What comes is written to a file beside the right place, put there only if it is right, and removed
otherwise. Not inside: which files there are (`catalogue`).
"""

from __future__ import annotations

import hashlib
import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from digitus.errors import DownloadError, OutputError
from digitus.files import write_atomically
from digitus.limits import DOWNLOAD_BYTES_PER_SECOND, DOWNLOAD_SECONDS, LARGEST_DOWNLOAD

log = logging.getLogger("digitus.datasets")
TIMEOUT = 5.0, 20.0  # seconds to connect and between answers, after which a mirror has failed
RETRIES = 1  # of each mirror, after the first try; the next mirror is the better remedy
PAUSE_SECONDS = 1.0  # seconds before it is tried again
CHUNK = 2**16  # bytes
UNPACKED = {"Accept-Encoding": "identity"}  # the files are compressed already


@dataclass(frozen=True)
class RemoteFile:
    """A file that can be fetched, with the SHA-256 that tells it from all others, and its size."""

    name: str
    sha256: str
    size: int = LARGEST_DOWNLOAD  # bytes: no more are taken

    def is_at(self, path: Path) -> bool:
        """Whether the file at that path is this one, to the byte."""
        try:
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == self.sha256
        except OSError:
            return False


class _FailedError(Exception):
    """What is wrong with a mirror, in a few words."""


def fetch(file: RemoteFile, mirrors: tuple[str, ...], folder: Path, hint: str) -> Path:
    """The file's path in `folder`, downloaded unless it is already there, and in either case whole.

    `mirrors` are addresses to which the file's name is added; they are tried in turn, each
    `RETRIES` times again. `hint` ends the error: how to work offline.

    Raises `DownloadError` where no mirror has the file, naming each with its reason.
    """
    path = folder / file.name
    if file.is_at(path):
        return path
    failures: list[str] = []
    with _progress(file) as told:
        for mirror in mirrors:
            try:
                log.info("fetching %s from %s", file.name, urlsplit(mirror).netloc)
                _from(mirror, file, path, told)
                return path
            except _FailedError as error:
                failures.append(f"{urlsplit(mirror).netloc}: {error}")
            except OutputError as error:
                failures.append(str(error))
                break
    raise DownloadError(
        f"cannot download {file.name}: {'; '.join(failures)}; to work offline, {hint}"
    )


def _from(mirror: str, file: RemoteFile, path: Path, told: Callable[[int], object]) -> None:
    """Fetches a file from one mirror. Raises `_FailedError`, and `OutputError` for our own disk."""

    def write(beside: Path) -> None:
        with beside.open("wb") as out:
            size = 0
            for part in _parts(mirror + file.name, file.size):
                out.write(part)
                size += len(part)
                told(size)
        if not file.is_at(beside):
            raise _FailedError("sent something else (its SHA-256 is wrong)")

    for attempt in range(RETRIES + 1):
        try:
            write_atomically(path, write)
            return
        except _FailedError:
            if attempt == RETRIES:
                raise
            time.sleep(PAUSE_SECONDS)


def _parts(url: str, most: int) -> Iterator[bytes]:
    """What a mirror sends, as long as it is fast enough and not too much. Raises `_FailedError`."""
    import requests
    from urllib3.exceptions import HTTPError, ReadTimeoutError

    start, size = time.monotonic(), 0
    try:
        with requests.get(url, stream=True, timeout=TIMEOUT, headers=UNPACKED) as answer:
            answer.raise_for_status()
            while part := answer.raw.read1(CHUNK, decode_content=False):
                size += len(part)
                if size > most:
                    raise _FailedError(f"sent more than the {most:,} bytes that it has")
                seconds = time.monotonic() - start - DOWNLOAD_SECONDS
                if size < seconds * DOWNLOAD_BYTES_PER_SECOND:
                    raise _FailedError(
                        f"sent only {size:,} bytes in {time.monotonic() - start:.0f} s"
                    )
                yield part
    except ReadTimeoutError:
        raise _FailedError("no answer in time") from None
    except HTTPError:
        raise _FailedError("the transfer broke off") from None
    except requests.RequestException as error:
        raise _FailedError(_reason(error)) from None


def _reason(error: Exception) -> str:
    """A few words; the messages of `requests` are long and full of addresses in memory."""
    import requests

    match error:
        case requests.HTTPError(response=requests.Response(status_code=status)):
            return f"HTTP {status}"
        case requests.Timeout():
            return "no answer in time"
        case requests.ConnectionError():
            return "no connection"
    return type(error).__name__


@contextmanager
def _progress(file: RemoteFile) -> Iterator[Callable[[int], object]]:
    """A function to call with the bytes so far: a bar on standard error, if that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda size: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(file.name, total=file.size)
        yield lambda size: progress.update(task, completed=size)
