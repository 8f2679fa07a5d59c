"""Many pictures over all cores, in bounded memory, in their order; one bad one stops no other.

Inside: sharing pictures out to processes. Not inside: reading one (`reader`), and what is printed
(`cli`).
"""

from __future__ import annotations

import logging
import multiprocessing
import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast

from digitus.errors import DataError, DigitusError
from digitus.reading.read import read_pages
from digitus.reading.result import Reading
from digitus.recognizer import Recognizer
from digitus.threads import single_threaded

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
    answer, and the others are read. (`ProcessPoolExecutor` gives up all pictures in work when a
    process dies, and now and then waits for ever.)
    """
    processes = min(processes, len(paths) // FEW)
    if processes <= 1:
        yield from ((path, job(path)) for path in paths)
        return
    idle = [_Worker.start(job) for _ in range(processes)]
    busy: dict[Connection, tuple[int, _Worker]] = {}
    answers: dict[int, Answer] = {}
    given = told = 0
    try:
        while told < len(paths):
            while idle and given < min(len(paths), told + processes * AHEAD):
                worker = idle.pop()
                with suppress(OSError):  # it is dead; receiving will say so
                    worker.link.send(paths[given])
                busy[worker.link] = given, worker
                given += 1
            for link in wait(list(busy)):
                number, worker = busy.pop(cast(Connection, link))
                try:
                    answers[number] = worker.link.recv()
                except (EOFError, OSError):
                    worker.stop()
                    worker = _Worker.start(job)
                    what = "the process that read it came to its end"
                    answers[number] = DataError(f"{paths[number]}: {what}")
                idle.append(worker)
            while told in answers:
                yield paths[told], answers.pop(told)
                told += 1
    finally:
        for worker in (*idle, *(worker for _, worker in busy.values())):
            worker.stop()


@dataclass(frozen=True)
class _Worker:
    """A process that reads pictures, and the link on which it is told which."""

    process: BaseProcess
    link: Connection

    @staticmethod
    def start(job: Job) -> _Worker:
        context = multiprocessing.get_context("spawn")  # with it, no thread or lock is copied
        link, theirs = context.Pipe()
        process = context.Process(target=_work, args=(job, theirs), daemon=True)
        process.start()
        theirs.close()  # so that the link ends when the process does
        return _Worker(process, link)

    def stop(self) -> None:
        self.link.close()
        self.process.kill()
        self.process.join()


def _work(job: Job, link: Connection) -> None:
    """Reads one picture after the other, in a process of its own."""
    single_threaded()
    quietly()
    with suppress(EOFError, KeyboardInterrupt):  # the program has ended, or is being ended
        while True:
            link.send(job(link.recv()))
