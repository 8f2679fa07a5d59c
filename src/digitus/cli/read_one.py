"""What `digitus read` does with each picture, in any of its processes.

Inside: `ReadAndShow`, which is copied to the processes that read. Not inside: sharing pictures out
(`reading.pool`), and printing (`cli.read`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from digitus.errors import DataError
from digitus.reading.options import ReadingOptions
from digitus.reading.pictures import STANDARD_INPUT
from digitus.reading.read import read_pages
from digitus.reading.result import Reading
from digitus.vision.decode import read_picture

if TYPE_CHECKING:
    from digitus.report.review import Doubts
    from digitus.report.show import Show


@dataclass(frozen=True)
class Done:
    """A file's pages as read, and what is doubtful in them, if that was asked for."""

    readings: list[Reading]
    doubts: list[Doubts]


@dataclass(frozen=True)
class ReadAndShow:
    """Reads a file's pages, and writes or collects what is to be shown of them, if anything is."""

    options: ReadingOptions
    show: Show | None
    # What came in there, or why nothing did, if - is one of the pictures.
    standard_input: bytes | DataError = b""

    def __call__(self, path: Path) -> Done:
        """What a file's pages say; raises `DigitusError` where it cannot be read or shown."""
        name = "standard input" if path == STANDARD_INPUT else str(path)
        # Read once: a pipe cannot be read again.
        content = self.standard_input if path == STANDARD_INPUT else read_picture(path)
        if isinstance(content, DataError):
            raise content
        readings = list(read_pages(content, self.options, name=name))
        doubts = self.show(path, readings, content) if self.show else []
        # The steps have been shown by now, and would be megabytes to send to another process.
        return Done([replace(reading, steps=None) for reading in readings], doubts)
