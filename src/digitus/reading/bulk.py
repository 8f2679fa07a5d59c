"""Many pictures over all cores, in bounded memory, in their order; one bad one stops no other.

Inside: sharing pictures out to processes. Not inside: what is done with each of them, which is
whatever callable is handed over, and what is printed (`cli`).
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from digitus.errors import DataError, DigitusError
from digitus.threads import single_threaded

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

T = TypeVar("T")

PICTURES_PER_PROCESS = 8  # at least: to start another process takes as long as reading so many
PICTURES_AHEAD = 4  # by which each process may be ahead of the one that is waited for


def quietly() -> None:
    """Keeps what Pillow says of damaged details, such as a camera's notes, from being printed."""
    warnings.filterwarnings("ignore", module=r"PIL\.")
    logging.getLogger("PIL").addHandler(logging.NullHandler())


def read_many(
    paths: Sequence[Path], reader: Callable[[Path], T], processes: int
) -> Iterator[tuple[Path, T | DigitusError]]:
    """Each picture with its answer, in their order, while `processes` read those that follow.

    The answer is what `reader` makes of the picture, or the `DigitusError` that it raises. The
    processes get copies of `reader`, so pickle has to be able to make them; it is called here
    where there are few pictures.

    At most `PICTURES_AHEAD` answers a process are kept. A picture whose process dies has an error
    for an answer, and the others are read. (`ProcessPoolExecutor` gives up all pictures in work
    when a process dies, and now and then waits for ever.)
    """
    processes = min(processes, len(paths) // PICTURES_PER_PROCESS)
    if processes <= 1:
        yield from ((path, _answer(reader, path)) for path in paths)
        return
    from multiprocessing.connection import wait

    idle = [_Worker.start(reader) for _ in range(processes)]
    busy: dict[Connection, tuple[int, _Worker]] = {}
    answers: dict[int, T | DigitusError] = {}
    given = told = 0
    try:
        while told < len(paths):
            while idle and given < min(len(paths), told + processes * PICTURES_AHEAD):
                worker = idle.pop()
                with suppress(OSError):  # it is dead; receiving will say so
                    worker.link.send(paths[given])
                busy[worker.link] = given, worker
                given += 1
            for link in wait(list(busy)):
                number, worker = busy.pop(cast("Connection", link))
                try:
                    answers[number] = worker.link.recv()
                except (EOFError, OSError):
                    worker.stop()
                    worker = _Worker.start(reader)
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
    def start(reader: Callable[[Path], object]) -> _Worker:
        import multiprocessing

        context = multiprocessing.get_context("spawn")  # with it, no thread or lock is copied
        link, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(reader, theirs), daemon=True)
        process.start()
        theirs.close()  # so that the link ends when the process does
        return _Worker(process, link)

    def stop(self) -> None:
        self.link.close()
        self.process.kill()
        self.process.join()


def _serve(reader: Callable[[Path], object], link: Connection) -> None:
    """Reads one picture after the other, in a process of its own."""
    single_threaded()
    quietly()
    with suppress(EOFError, KeyboardInterrupt):  # the program has ended, or is being ended
        while True:
            link.send(_answer(reader, link.recv()))


def _answer(reader: Callable[[Path], T], path: Path) -> T | DigitusError:
    """What the reader makes of a picture, or what is wrong with it."""
    try:
        return reader(path)
    except DigitusError as error:
        return error
    except OSError as error:
        return DataError(f"{path}: cannot be read ({error.strerror or error})")
    except MemoryError:
        return DataError(f"{path}: there is not enough memory to read it")
