"""Downloads: a file whose checksum is known, from the first mirror that really has it.

Inside: mirrors, retries, and the progress bar, around `pooch`, which downloads to a temporary file
and moves it into place only if the checksum is right. A mirror that answers with a page of HTML, a
stranger's file or half of the right one is therefore a mirror that failed. Not inside: which files
there are (`catalogue`).
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from digitus.errors import DownloadError

TIMEOUT = 5.0, 20.0  # seconds to connect and between answers, after which a mirror has failed
RETRIES = 1  # of each mirror; the next one is the better remedy
CHUNK = 2**16  # bytes


@dataclass(frozen=True)
class RemoteFile:
    """A file that can be fetched, and the SHA-256 that tells it from all others."""

    name: str
    sha256: str

    def is_at(self, path: Path) -> bool:
        """Whether the file at that path is this one, to the byte."""
        try:
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == self.sha256
        except OSError:
            return False


def fetch(file: RemoteFile, mirrors: tuple[str, ...], folder: Path, hint: str) -> Path:
    """The file's path in `folder`, downloaded unless it is already there, and in either case whole.

    `mirrors` are addresses to which the file's name is added; they are tried in turn, each
    `RETRIES` times again. `hint` ends the error: how to work offline.

    Raises `DownloadError` where no mirror has the file, naming each with its reason.
    """
    if file.is_at(folder / file.name):
        return folder / file.name

    import pooch
    import requests

    pooch.get_logger().setLevel("WARNING")  # the bar says what is going on
    failures = []
    for mirror in mirrors:
        store = pooch.create(
            folder, mirror, registry={file.name: file.sha256}, retry_if_failed=RETRIES
        )
        try:
            with _progress(file.name) as bar:
                downloader = pooch.HTTPDownloader(bar, chunk_size=CHUNK, timeout=TIMEOUT)
                return Path(store.fetch(file.name, downloader=downloader))
        except (ValueError, requests.RequestException) as error:
            failures.append(f"{urlsplit(mirror).netloc}: {_reason(error)}")
        except OSError as error:
            failures.append(f"{folder} cannot be written ({error.strerror or error})")
            break
    raise DownloadError(
        f"cannot download {file.name}: {'; '.join(failures)}; to work offline, {hint}"
    )


def _reason(error: Exception) -> str:
    """A few words; the messages of `requests` are long and full of addresses in memory."""
    import requests

    match error:
        case requests.HTTPError(response=requests.Response(status_code=status)):
            return f"HTTP {status}"
        case requests.Timeout():
            return "no answer in time"
        case requests.exceptions.ChunkedEncodingError():
            return "the transfer broke off"
        case requests.ConnectionError():
            return "no connection"
        case requests.RequestException():
            return type(error).__name__
    return "sent something else (its SHA-256 is wrong)"


@contextmanager
def _progress(name: str) -> Iterator[Any]:
    """A bar on standard error, in the form that pooch asks for; False where nobody would see it."""
    if not sys.stderr.isatty():
        yield False
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield _Bar(progress, progress.add_task(name, total=None))


class _Bar:
    """The few names of tqdm that pooch uses, on a bar of rich; a new total starts it again."""

    def __init__(self, progress: Any, task: Any) -> None:
        self._progress, self._task = progress, task

    @property
    def total(self) -> int:
        return int(self._progress.tasks[self._task].total or 0)

    @total.setter
    def total(self, size: int) -> None:
        self._progress.reset(self._task, total=size or None)

    def update(self, amount: int) -> None:
        self._progress.advance(self._task, amount)

    def reset(self) -> None:
        self._progress.reset(self._task)

    def close(self) -> None:
        self._progress.refresh()
