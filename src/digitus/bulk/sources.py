"""Which pictures are meant: SOURCEs in, an `Item` out for each file that holds a page or several.

A source is a picture, a PDF, a folder with all that is in it, a pattern (`scans/**/*.jpg`), a list
of sources (`.txt`, one a line), a tar or zip file as WebDataset has them, or a Parquet file with a
column of pictures; each of them here or at an address of fsspec. What cannot be used is an item
too, whose error becomes a row.

Inside: that. Not inside: what archives and tables hold (`containers`).
"""

from __future__ import annotations

import errno
import glob
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from digitus.bulk.containers import Found, kind_of, members
from digitus.bulk.item import Item
from digitus.bulk.store import content, file_system, is_remote, retried, suffix_of, without_query
from digitus.errors import DataError
from digitus.files import read_at_most, reason
from digitus.reading.pictures import natural
from digitus.vision.decode import SUFFIXES

LIST = ".txt"
LIST_BYTES = 1 << 30
UNKNOWN_BYTES = 1 << 18  # bytes assumed of a picture of unknown size


def items(sources: Iterable[str]) -> Iterator[Item]:
    """The pictures of all sources; a file that several of them name comes once.

    Raises `DataError` for an address that cannot be reached for want of a library.
    """
    seen: set[str] = set()
    for name, size in _files(sources):
        if name in seen:
            continue
        seen.add(name)
        yield from _of_file(name, size)


def _of_file(name: str, size: int | DataError) -> Iterator[Item]:
    if isinstance(size, DataError):
        yield Item(name, "error", name, str(size), 0)
        return
    kind = kind_of(name)
    if kind is None:
        yield Item(name, "file", name, None, size)
        return
    try:
        yield from (_inside(name, kind, found) for found in members(name, kind))
    except DataError as error:
        yield Item(name, "error", name, str(error), 0)


def _inside(name: str, kind: str, found: Found) -> Item:
    return Item(f"{name}/{found.name}", kind, name, found.at, found.size)


def _files(sources: Iterable[str]) -> Iterator[tuple[str, int | DataError]]:
    """The files that are named, with their sizes, or what is wrong with them."""
    for source in sources:
        for named in _listed(source) if suffix_of(source) == LIST else [source]:
            if suffix_of(named) == LIST:
                yield named, DataError(f"{named}: is a list in a list; name it beside that one")
            elif is_remote(named):
                yield from _remote(named)
            else:
                yield from _local(named)


def _listed(source: str) -> list[str]:
    """The lines of a list. Raises `DataError`."""
    try:
        if is_remote(source):
            whole = content(source, LIST_BYTES + 1)
        else:
            whole = read_at_most(Path(source), LIST_BYTES + 1)
    except OSError as error:
        raise DataError(f"{source}: cannot be read ({error.strerror or error})") from None
    if len(whole) > LIST_BYTES:
        raise DataError(f"{source}: is longer than {LIST_BYTES:,} bytes; make several lists of it")
    lines = whole.decode("utf-8", "surrogateescape").splitlines()
    return [line.strip() for line in lines if line.strip()]


def _local(source: str) -> Iterator[tuple[str, int | DataError]]:
    found: Iterable[str] = [source]
    if not os.path.lexists(source):
        if not glob.has_magic(source):
            yield source, DataError(f"{source}: cannot be read ({os.strerror(errno.ENOENT)})")
            return
        found = sorted(glob.iglob(source, recursive=True), key=lambda name: natural(Path(name)))
        if not found:
            yield source, DataError(f"{source}: nothing has such a name")
    for name in found:
        if os.path.isdir(name):
            yield from _local_folder(name)
        else:
            yield name, _size(name)


def _local_folder(folder: str) -> Iterator[tuple[str, int | DataError]]:
    """The files in it that hold pictures, in natural order, folder by folder."""
    failures: list[OSError] = []
    empty = True
    for root, folders, files in os.walk(folder, onerror=failures.append):
        folders[:] = sorted(_shown(folders), key=lambda name: natural(Path(name)))
        for name in sorted(filter(_wanted, _shown(files)), key=lambda name: natural(Path(name))):
            empty = False
            path = os.path.join(root, name)
            yield path, _size(path)
    for failure in failures:
        why = DataError(f"{failure.filename}: cannot be read ({reason(failure)})")
        yield str(failure.filename), why
    if empty and not failures:
        yield folder, DataError(f"{folder}: is a folder without pictures")


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:  # reported when it is read
        return 0


def _remote(source: str) -> Iterator[tuple[str, int | DataError]]:
    """As `_local`, at an address."""
    system, path = file_system(source)
    pattern = glob.has_magic(without_query(path))
    if suffix_of(path) and not pattern:  # one file; reading tells its size
        yield source, UNKNOWN_BYTES
        return
    try:
        if pattern:
            known = retried(lambda: system.glob(path, detail=True), source)
        else:
            known = retried(lambda: system.find(path, detail=True), source)
    except OSError as error:
        yield source, DataError(f"{source}: cannot be listed ({error.strerror or error})")
        return
    names = [
        name
        for name, about in known.items()
        if about.get("type") != "directory" and _wanted(name) and _shown([os.path.basename(name)])
    ]
    if not names:
        yield source, DataError(f"{source}: holds no pictures")
    for name in sorted(names, key=lambda name: natural(Path(name))):
        yield system.unstrip_protocol(name), known[name].get("size") or UNKNOWN_BYTES


def _shown(names: Iterable[str]) -> list[str]:
    """Without hidden files."""
    return [name for name in names if not name.startswith(".")]


def _wanted(name: str) -> bool:
    return suffix_of(name) in SUFFIXES or kind_of(name) is not None
