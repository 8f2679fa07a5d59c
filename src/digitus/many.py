"""Many pictures over all cores, in bounded memory, in their order; one bad one stops no other.

Inside: sharing pictures out to processes. Not inside: reading one (`reader`), and what is printed
(`cli`).
"""

from __future__ import annotations

import logging
import multiprocessing
import warnings
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import cv2
from threadpoolctl import threadpool_limits

from digitus.errors import DataError, DigitusError
from digitus.reader import read_pages
from digitus.reading import Reading
from digitus.recognizer import Recognizer

if TYPE_CHECKING:
    from digitus.report.review import Doubts
    from digitus.report.show import Show


@dataclass(frozen=True)
class Done:
    """A file's pages as read, and what is doubtful in them, if that was asked for."""

    readings: list[Reading]
    doubts: list[Doubts]


Answer: TypeAlias = Done | DigitusError

FEW = 8  # pictures: to start another process takes as long as reading so many
AHEAD = 4  # pictures that each process may be ahead of the one that is waited for


@dataclass(frozen=True)
class Job:
    """How pictures are to be read: the arguments of `reader.read`, and what to show of them."""

    recognizer: Recognizer
    pattern: str | None = None
    min_confidence: float | None = None
    show: Show | None = None

    def __call__(self, path: Path) -> Answer:
        """The readings of a file's pages, or what is wrong with it."""
        try:
            readings = list(
                read_pages(
                    path,
                    recognizer=self.recognizer,
                    pattern=self.pattern,
                    min_confidence=self.min_confidence,
                    keep_steps=bool(self.show and self.show.explain),
                )
            )
            doubts = self.show(path, readings) if self.show else []
            # The steps are shown; they would be megabytes to send to another process.
            return Done([replace(reading, steps=None) for reading in readings], doubts)
        except DigitusError as error:
            return error
        except MemoryError:
            return DataError(f"{path}: there is not enough memory to read it")


def quietly() -> None:
    """Keeps what Pillow says of damaged details, such as a camera's notes, from being printed."""
    warnings.filterwarnings("ignore", module=r"PIL\.")
    logging.getLogger("PIL").addHandler(logging.NullHandler())


def read_many(paths: Sequence[Path], job: Job, processes: int) -> Iterator[tuple[Path, Answer]]:
    """Each picture with its answer, in their order, while `processes` read those that follow.

    At most `AHEAD` answers a process are kept. A picture whose process dies has an error for an
    answer, and the others are read.
    """
    processes = min(processes, len(paths) // FEW)
    if processes <= 1:
        yield from ((path, job(path)) for path in paths)
        return
    left = deque(paths)
    while left:
        try:
            yield from _shared_out(left, job, processes)
        except BrokenProcessPool:  # of those in work, it was perhaps not the first: try it alone
            first = left.popleft()
            try:
                yield from _shared_out(deque([first]), job, 1)
            except BrokenProcessPool:
                yield first, DataError(f"{first}: the process that read it came to its end")


def _shared_out(left: deque[Path], job: Job, processes: int) -> Iterator[tuple[Path, Answer]]:
    """Reads what is `left`, and takes from it what is done."""
    pool = ProcessPoolExecutor(
        processes,
        multiprocessing.get_context("spawn"),  # the only way that no thread or lock is copied
        initializer=_begin,
        initargs=(job,),
    )
    try:
        going: deque[Future[Answer]] = deque()
        while left:
            while len(going) < min(len(left), processes * AHEAD):
                going.append(pool.submit(_work, left[len(going)]))
            answer = going.popleft().result()
            yield left.popleft(), answer
    finally:
        pool.shutdown(cancel_futures=True)


_job: Job | None = None  # in a process of its own


def _begin(job: Job) -> None:
    global _job  # noqa: PLW0603
    _job = job
    cv2.setNumThreads(1)
    threadpool_limits(1)
    quietly()


def _work(path: Path) -> Answer:
    assert _job is not None
    return _job(path)
