"""The work itself, the same wherever it is done: a part of the pictures in, a file of rows out.

A `PartReader` holds the networks and is copied once to each process, or each actor of a cluster.
What it writes depends on the part alone and is put in place in one step, so that a part which is
read twice, since a process was killed, leaves the same as one that is read once.

Inside: that. Not inside: which parts there are (`job`), and who reads which (`reading.pool`,
`on_ray`).
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import chain, islice
from typing import NamedTuple, TypedDict

from digitus.bulk.containers import contents
from digitus.bulk.formats import encoded
from digitus.bulk.item import Item
from digitus.bulk.rows import DIGIT, DOUBTFUL, Origin, Row, as_text, of_error, of_reading
from digitus.bulk.sources import UNKNOWN_BYTES
from digitus.bulk.store import Store
from digitus.errors import DataError, DigitusError
from digitus.nn import torch_device as device
from digitus.reading.options import ReadingOptions
from digitus.reading.pool import LostProcessError, in_processes, quietly
from digitus.reading.read import read_pages

PART_PICTURES = 1000  # at most: as single digits they take about two seconds to read
PART_BYTES = 32 << 20  # at most: some ten photographs, so that little is lost with a process
DIGIT_BYTES = 4096  # a larger file may be a page, which takes as long as many digits, ...
PAGE_PICTURES = 16  # ... so it counts as this many pictures of a part
# Parts grow: few pictures are shared out among all cores, many are in no more parts than needed.
FIRST_PICTURES = 128  # of the first part at most, ...
MORE_PICTURES = 4  # ... and more for each that follows
DONE = "_done"  # the folder of the records of parts, which readers of Parquet pass over


class Part(NamedTuple):
    """Pictures that are read by one process and written to one file."""

    number: int
    items: Sequence[Item]

    def __str__(self) -> str:
        return f"part {self.number}"

    @property
    def name(self) -> str:
        """The name of its files, without suffix."""
        return f"part-{self.number:06d}"

    def line(self) -> str:
        """The part as JSON."""
        return json.dumps([self.number, self.items])


def of_line(line: str | bytes) -> Part:
    """A part from its JSON. Raises `ValueError` or `TypeError` where it is none."""
    number, items = json.loads(line)
    return Part(int(number), [Item(*item) for item in items])


def in_parts(items: Iterable[Item]) -> Iterator[Part]:
    """Pictures in the parts in which they are read, which grow."""
    some: list[Item] = []
    number = size = work = 0
    for item in items:
        own = item.size or UNKNOWN_BYTES
        cost = 1 if own <= DIGIT_BYTES else PAGE_PICTURES
        most = min(PART_PICTURES, FIRST_PICTURES + MORE_PICTURES * number)
        if some and (len(some) == PART_PICTURES or work + cost > most or size + own > PART_BYTES):
            yield Part(number, some)
            some, number, size, work = [], number + 1, 0, 0
        some.append(item)
        size += own
        work += cost
    if some:
        yield Part(number, some)


class Counts(TypedDict):
    """What was read, as it is kept and told."""

    pictures: int
    pages: int
    digits: int
    errors: int
    doubtful: int
    rows: int


COUNTS = tuple(Counts.__annotations__)


@dataclass
class Tally:
    """What was read: files, pages in them, digits; files with an error, files with a doubt.

    `seconds` and `bytes` are those of a part that was just read, and no part of its record.
    """

    pictures: int = 0
    pages: int = 0
    digits: int = 0
    errors: int = 0
    doubtful: int = 0
    rows: int = 0
    seconds: float = 0.0
    bytes: int = 0

    def add(self, other: Tally) -> None:
        """Adds another's counts."""
        for f in fields(self):
            setattr(self, f.name, getattr(self, f.name) + getattr(other, f.name))

    def record(self) -> Counts:
        """The counts, which do not depend on who read."""
        return {
            "pictures": self.pictures,
            "pages": self.pages,
            "digits": self.digits,
            "errors": self.errors,
            "doubtful": self.doubtful,
            "rows": self.rows,
        }


@dataclass(frozen=True)
class PictureReader:
    """Reads a file of pictures to its rows; whatever goes wrong is the last of them."""

    options: ReadingOptions
    by: str
    model: str

    def __call__(self, item: Item, content: bytes | DataError) -> list[Row]:
        """The rows of a picture."""
        source = as_text(item.source)
        if isinstance(content, DataError):
            return [of_error(Origin(source, 1, None, self.model), content, self.by)]
        sha256 = hashlib.sha256(content).hexdigest()
        rows: list[Row] = []
        page = 1
        try:
            for reading in read_pages(content, self.options, name=source):
                rows += of_reading(Origin(source, page, sha256, self.model), reading, self.by)
                page += 1
        except MemoryError:
            error: Exception = DataError(f"{source}: there is not enough memory to read it")
        except DigitusError as known:
            error = known
        except Exception as bug:  # a mistake of ours: of a million pictures the others are read
            error = DataError(f"{source}: cannot be read ({type(bug).__name__}: {bug})")
        else:
            return rows
        rows.append(of_error(Origin(source, page, sha256, self.model), error, self.by))
        return rows


@dataclass(frozen=True)
class PartReader:
    """Reads a part, writes its rows and the record that it is done, and counts."""

    store: Store
    read: PictureReader
    form: str
    device: str = device.CPU

    def __call__(self, part: Part) -> Tally:
        """What was read. Raises `OutputError`."""
        device.use(self.device)  # an actor of a cluster has another environment
        quietly()
        start = time.perf_counter()
        told = ((item, self.read(item, content)) for item, content in contents(part.items))
        return self.write(part, told, start)

    def write(self, part: Part, told: Iterable[tuple[Item, list[Row]]], start: float) -> Tally:
        """Writes the rows of each picture of a part, then the record."""
        tally, rows = Tally(), []
        for item, some in told:
            tally.add(counted(some, self.read.by))
            tally.bytes += item.size
            rows += some
        content = encoded(rows, self.form, self.read.by)
        self.store.write(file_name(part, self.form), content, new_folder=False)
        about = {**tally.record(), "sha256": hashlib.sha256(content).hexdigest()}
        self.store.write(f"{DONE}/{part.name}.json", json.dumps(about).encode("ascii"))
        tally.seconds = time.perf_counter() - start
        return tally


def file_name(part: Part, form: str) -> str:
    """The file of a part's rows."""
    return f"{part.name}.{form}"


def counted(rows: list[Row], by: str) -> Tally:
    """The rows of one picture, counted."""
    digits = sum(row["number"] is not None if by == DIGIT else len(row["digits"]) for row in rows)
    pages = {row["page"] for row in rows if row["error"] is None}
    wrong = any(row["error"] is not None for row in rows)
    doubtful = any(DOUBTFUL in row["flags"] for row in rows)
    return Tally(1, len(pages), digits, int(wrong), int(doubtful), len(rows))


@dataclass(frozen=True)
class _One:
    """Reads one picture in a process of its own."""

    read: PictureReader

    def __call__(self, item: Item) -> list[Row]:
        ((item, content),) = contents([item])
        return self.read(item, content)


def here(
    parts: Iterable[Part], reader: PartReader, processes: int, *, few: int = 0
) -> Iterator[Tally]:
    """Reads parts by processes of this machine, or in this one if there are at most `few` pictures.

    Where a process dies, the pictures of its part are read one by one: the row of one that kills
    its process is an error. Raises `OutputError`.
    """
    left = iter(parts)
    begin = [*islice(left, 2)]
    if len(begin) < 2 and sum(len(part.items) for part in begin) <= few:
        yield from map(reader, begin)
        return
    for part, answer in in_processes(chain(begin, left), reader, processes, in_order=False):
        if isinstance(answer, LostProcessError):
            yield reader.write(part, _carefully(part, reader.read), time.perf_counter())
        elif isinstance(answer, DigitusError):
            raise answer
        else:
            yield answer


def _carefully(part: Part, read: PictureReader) -> Iterator[tuple[Item, list[Row]]]:
    """Reads a part picture by picture, each in a process that may end: its row says that it did."""
    for item, rows in in_processes(part.items, _One(read), 1):
        if isinstance(rows, LostProcessError):
            lost = DataError(f"{item.source}: the process that read it came to its end")
            rows = read(item, lost)
        elif isinstance(rows, DigitusError):
            raise rows
        yield item, rows
