"""Pictures in archives and tables: which a tar, a zip or a Parquet file holds, and their bytes.

A tar file is looked through once, when a job is planned; then each picture is taken from its place.
Of a WebDataset's members only those that are pictures count. A row of a Parquet file is a picture
where the file has a column of them, as Hugging Face publishes sets.

Inside: that. Not inside: opening pictures (`vision.decode`).
"""

from __future__ import annotations

import os
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

from digitus.bulk.item import Item
from digitus.bulk.store import content, is_remote, opened, suffix_of
from digitus.datasets.parquet import IMAGES, picture_bytes
from digitus.errors import DataError
from digitus.files import one_line
from digitus.limits import PICTURE_BYTES
from digitus.table_files import arrow
from digitus.vision.decode import SUFFIXES, read_picture

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

KINDS = {
    ".tar": "tar", ".zip": "zip", ".parquet": "parquet",
    ".tgz": "compressed", ".gz": "compressed", ".bz2": "compressed", ".xz": "compressed",
}  # fmt: skip
ROWS_AT_ONCE = 32  # of a Parquet file: pictures are large


class Found(NamedTuple):
    """A picture in an archive: its name there, where it lies, its size in bytes.

    `at` is its offset [bytes] in a tar file, its name in a zip file, its [row group, row] in a
    Parquet file.
    """

    name: str
    at: str | list[int]
    size: int


def kind_of(name: str) -> str | None:
    """The kind of archive or table that a file is by its name, None for any other file."""
    return KINDS.get(suffix_of(name))


def members(name: str, kind: str) -> Iterator[Found]:
    """The pictures in an archive or a table. Raises `DataError`."""
    look = {"tar": _in_tar, "zip": _in_zip, "parquet": _in_parquet}.get(kind)
    if look is None:
        raise DataError(f"{name}: is compressed as a whole; unpack it, its pictures already are")
    none = True
    with _as_data_error(name), opened(name) as file:
        for found in look(name, file):
            none = False
            yield found
    if none:
        raise DataError(f"{name}: holds no pictures")


def contents(items: Iterable[Item]) -> Iterator[tuple[Item, bytes | DataError]]:
    """The bytes of each picture, or what is wrong with it; neighbours share one open archive."""
    with closing(_Opened()) as archive:
        for item in items:
            try:
                yield item, _content(item, archive)
            except DataError as error:
                yield item, error
            except MemoryError:
                yield item, DataError(f"{item.source}: there is not enough memory to read it")


def _content(item: Item, archive: _Opened) -> bytes:
    if item.kind == "error":
        raise DataError(str(item.at))
    if item.kind == "file" and not is_remote(item.file):
        return read_picture(Path(item.file))
    if item.size > PICTURE_BYTES:
        raise DataError(f"{item.source}: is larger than {PICTURE_BYTES // 10**6} MB")
    with _as_data_error(item.source):
        if item.kind == "file":
            return content(item.file, PICTURE_BYTES + 1)
        return archive.picture(item)


@contextmanager
def _as_data_error(name: str) -> Iterator[None]:
    """Turns whatever archives and stores raise into a `DataError`, one line for a person."""
    try:
        yield
    except (DataError, MemoryError):
        raise
    except OSError as error:
        why = f"cannot be read ({error.strerror or one_line(str(error))})"
    except Exception as error:  # a damaged archive makes its readers raise nearly anything
        why = f"is damaged, or has a password ({one_line(str(error))[:100]})"
    else:
        return
    raise DataError(f"{name}: {why}")


class _Opened:
    """The archive that was opened last, which neighbouring pictures share; how far it is read."""

    def __init__(self) -> None:
        self.name = ""
        self.file: IO[bytes] | None = None
        self.zip: zipfile.ZipFile | None = None
        self.rows: Iterator[tuple[list[int], object]] | None = None

    def close(self) -> None:
        """Closes the archive."""
        if self.file is not None:
            self.file.close()
        self.name, self.file, self.zip, self.rows = "", None, None, None

    def picture(self, item: Item) -> bytes:
        """The bytes of a picture; opens its archive if that is another one."""
        if self.name != item.file:
            self.close()
            self.file = opened(item.file)
            self.name = item.file
        assert self.file is not None
        if item.kind == "zip":
            self.zip = self.zip or zipfile.ZipFile(self.file)
            with self.zip.open(str(item.at)) as member:
                return member.read(PICTURE_BYTES + 1)
        assert isinstance(item.at, list)
        if item.kind == "tar":
            self.file.seek(item.at[0])
            found = self.file.read(item.size)
            if len(found) < item.size:
                raise DataError(f"{item.source}: is cut off")
            return found
        return self._row(item.source, item.at)

    def _row(self, source: str, at: list[int]) -> bytes:
        """The picture in a row group and row of a Parquet file; those before it are passed over."""
        assert self.file is not None
        if self.rows is None:
            self.rows = _rows(self.name, self.file, at[0])
        for place, held in self.rows:
            if place == at:
                return picture_bytes(held, source)
            if place > at:
                break
        self.rows = _rows(self.name, self.file, at[0])  # not in the order of the file
        return next((picture_bytes(held, source) for place, held in self.rows if place == at), b"")


def _is_picture(name: str) -> bool:
    base = name.rpartition("/")[2]
    return not base.startswith(".") and os.path.splitext(base)[1].lower() in SUFFIXES


def _in_tar(name: str, file: IO[bytes]) -> Iterator[Found]:
    with tarfile.open(fileobj=file, mode="r:") as tar:
        for member in tar:
            vars(tar)["members"] = []  # it keeps all of them otherwise
            if member.isreg() and not member.issparse() and _is_picture(member.name):
                yield Found(member.name, [member.offset_data], member.size)


def _in_zip(name: str, file: IO[bytes]) -> Iterator[Found]:
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            if not member.is_dir() and _is_picture(member.filename):
                yield Found(member.filename, member.filename, member.file_size)


def _in_parquet(name: str, file: IO[bytes]) -> Iterator[Found]:
    """Rows are counted from 1, as in messages."""
    table = _table(name, file)
    _column(name, table)
    number = 0
    for group in range(table.metadata.num_row_groups):
        about = table.metadata.row_group(group)
        size = about.total_byte_size // max(1, about.num_rows)
        for row in range(about.num_rows):
            number += 1
            yield Found(str(number), [group, row], size)


def _rows(name: str, file: IO[bytes], first: int) -> Iterator[tuple[list[int], object]]:
    """What the column of pictures holds, from a row group on: its place, a struct or bytes."""
    table = _table(name, file)
    column = _column(name, table)
    for group in range(first, table.metadata.num_row_groups):
        row = 0
        for batch in table.iter_batches(ROWS_AT_ONCE, row_groups=[group], columns=[column]):
            for held in batch.to_pydict()[column]:
                yield [group, row], held
                row += 1


def _table(name: str, file: IO[bytes]) -> ParquetFile:
    found: ParquetFile = arrow(f"{name}: to read Parquet").parquet.ParquetFile(file)
    return found


def _column(name: str, table: ParquetFile) -> str:
    """The column of pictures. Raises `DataError`."""
    names = {name.lower(): name for name in table.schema_arrow.names}
    for image in IMAGES:
        if image in names:
            return str(names[image])
    held = ", ".join(names.values()) or "none"
    raise DataError(f"{name}: has the columns {held}; expected one of pictures, image")
