"""Which pictures are meant by what somebody names: files, folders of them, standard input.

Not inside: reading them (`read`), and sharing them out (`pool`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from digitus.errors import DataError
from digitus.files import reason
from digitus.vision.decode import SUFFIXES

STANDARD_INPUT = Path("-")


def picture_path(name: str) -> Path:
    """The path of a name: "-" is standard input, "./-" a file, though `Path` makes them equal."""
    path = Path(name)
    return path.absolute() if path == STANDARD_INPUT and name != "-" else path


def named(
    names: Iterable[Path], *, recursive: bool = False
) -> Iterator[tuple[Path, DataError | None]]:
    """The pictures: of a folder those in it, `recursive` also those in its folders.

    Those of a folder come in natural order, "scan 9" before "scan 10"; hidden files and other kinds
    of files are passed over. A folder that cannot be listed, or holds no picture, stands in the
    place of its pictures with an error.
    """
    for name in names:
        if name == STANDARD_INPUT or not os.path.isdir(name):
            yield name, None
            continue
        failures: list[OSError] = []
        found = sorted(_inside(name, recursive, failures), key=natural)
        yield from ((path, None) for path in found)
        for failure in failures:
            where = Path(failure.filename)
            yield where, DataError(f"{where}: cannot be read ({reason(failure)})")
        if not found and not failures:
            kinds = ", ".join(sorted(SUFFIXES))
            yield name, DataError(f"{name}: is a folder without pictures ({kinds})")


def _inside(folder: Path, recursive: bool, failures: list[OSError]) -> Iterator[Path]:
    for root, folders, files in os.walk(folder, onerror=failures.append):
        folders[:] = [name for name in folders if recursive and not name.startswith(".")]
        for name in files:
            if not name.startswith(".") and os.path.splitext(name)[1].lower() in SUFFIXES:
                yield Path(root, name)


def natural(path: Path) -> list[list[tuple[bool, int, str]]]:
    """The key of natural order, in which numbers count as numbers: "b2" before "b10"."""
    return [
        [(not part.isdecimal(), int(part) if part.isdecimal() else 0, part.casefold())
         for part in re.split(r"(\d+)", piece) if part]
        for piece in path.parts
    ]  # fmt: skip
