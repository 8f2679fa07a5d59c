"""What else can be made of a picture that was read: files to look at, and what is doubtful in it.

Inside: `Show`, which is sent along to whatever process reads the picture. Not inside: the pictures
and HTML files themselves (`annotate`, `explain`, `review`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from digitus.files import write_marked
from digitus.reading.result import Reading
from digitus.report.annotate import LARGEST_SIDE, annotate
from digitus.report.explain import explain
from digitus.report.review import Doubts, doubts_of
from digitus.vision.decode import decode_pages


@dataclass(frozen=True)
class Show:
    """Folders for annotated pictures and for explanations, and whether to collect doubts.

    `names` are the files' names in these folders, without suffix (see `distinct`).
    """

    annotate: Path | None = None
    explain: Path | None = None
    review: bool = False
    names: Mapping[Path, str] = field(default_factory=dict)

    def __call__(self, path: Path, readings: Sequence[Reading], content: bytes) -> list[Doubts]:
        """Writes what is asked for; returns the doubts of each page where they are asked for.

        `content` is what the file at `path` holds. Raises `OutputError` where a file cannot be
        written, or would take the place of one that is not ours.
        """
        doubts = []
        pages = zip(decode_pages(content, str(path), side=LARGEST_SIDE), readings, strict=True)
        for number, (decoded, reading) in enumerate(pages, 1):
            pixels = decoded.pixels
            page = f", page {number}" if len(readings) > 1 else ""
            name = self.names.get(path, path.stem) + (f"-page-{number}" if page else "")
            if self.annotate:
                write_marked(self.annotate / f"{name}.png", annotate(pixels, reading))
            if self.explain:
                title = f"{path.name}{page}"
                write_marked(self.explain / f"{name}.html", explain(pixels, reading, title))
            if self.review:
                doubts.append(doubts_of(f"{path}{page}", pixels, reading))
        return doubts


def distinct(paths: Sequence[Path]) -> dict[Path, str]:
    """A name for each picture in one folder: its own without suffix, or numbered: "a", "a-2"."""
    names: dict[Path, str] = {}
    taken: set[str] = set()
    for path in paths:
        ways = (path.stem if n == 1 else f"{path.stem}-{n}" for n in count(1))
        # Many file systems take "A" for "a".
        names[path] = next(name for name in ways if name.casefold() not in taken)
        taken.add(names[path].casefold())
    return names
