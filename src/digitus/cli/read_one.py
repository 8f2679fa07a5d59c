"""What `digitus read` does with each picture, in whatever process that happens.

Inside: `ReadAndShow`, which is copied to the processes that read. Not inside: sharing pictures out
(`reading.bulk`), and printing (`cli.read`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from digitus.reading.options import ReadingOptions
from digitus.reading.read import read_pages
from digitus.reading.result import Reading

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

    def __call__(self, path: Path) -> Done:
        """What a file's pages say; raises `DigitusError` where it cannot be read or shown."""
        readings = list(read_pages(path, self.options))
        doubts = self.show(path, readings) if self.show else []
        # The steps are shown; they would be megabytes to send to another process.
        return Done([replace(reading, steps=None) for reading in readings], doubts)
