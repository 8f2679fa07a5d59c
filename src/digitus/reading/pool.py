"""Many pictures on all cores, in bounded memory; a bad one stops no other.

Inside: sharing pictures, or parts of very many, out to processes. Not inside: what is done with
each of them, a callable that is handed over, and what is printed (`cli`).
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from digitus.errors import DataError, DigitusError
from digitus.threads import single_threaded

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

S = TypeVar("S")
T = TypeVar("T")

PICTURES_PER_PROCESS = 8  # at least: starting a process takes as long as reading so many
PICTURES_AHEAD = 4  # for each process: at most so many are being read or wait for an earlier one


class LostProcessError(DataError):
    """The process that worked on something ended before it answered."""


def quietly() -> None:
    """Keeps what Pillow says of damaged details, such as a camera's notes, from being printed."""
    warnings.filterwarnings("ignore", module=r"PIL\.")
    logging.getLogger("PIL").addHandler(logging.NullHandler())


def read_many(
    paths: Sequence[Path], reader: Callable[[Path], T], processes: int
) -> Iterator[tuple[Path, T | DigitusError]]:
    """Each picture with its answer, in their order, while `processes` read those that follow.

    The answer is what `reader` makes of the picture, or the `DigitusError` that it raises. The
    reader is called in this process where there are few pictures, else `in_processes`.
    """
    processes = min(processes, len(paths) // PICTURES_PER_PROCESS)
    if processes <= 1:
        yield from ((path, _answer(reader, path)) for path in paths)
    else:
        yield from in_processes(paths, reader, processes)


def in_processes(
    tasks: Iterable[S], do: Callable[[S], T], processes: int, *, in_order: bool = True
) -> Iterator[tuple[S, T | DigitusError]]:
    """Each task with its answer, in their order or as soon as there is one.

    The processes get pickled copies of `do`. Tasks are asked for when a process is idle; in order,
    at most `PICTURES_AHEAD` answers a process are kept. A task whose process dies has a
    `LostProcessError` for an answer, and the others are done. (`ProcessPoolExecutor` gives up all
    tasks when a process dies, and now and then waits for ever.)
    """
    from multiprocessing.connection import wait

    numbered = enumerate(tasks)
    idle = [_Worker.start(do) for _ in range(processes)]
    busy: dict[Connection, tuple[int, _Worker]] = {}
    open_tasks: dict[int, S] = {}  # handed to a process and not yet yielded
    answers: dict[int, T | DigitusError] = {}
    yielded = 0
    try:
        while True:
            while idle and len(open_tasks) < processes * PICTURES_AHEAD:
                if (following := next(numbered, None)) is None:
                    break
                number, open_tasks[number] = following
                worker = idle.pop()
                with suppress(OSError):  # the process is dead, which receiving will tell
                    worker.link.send(open_tasks[number])
                busy[worker.link] = number, worker
            if not busy:
                return
            for link in wait(list(busy)):
                number, worker = busy.pop(cast("Connection", link))
                try:
                    answers[number] = worker.link.recv()
                except (EOFError, OSError):
                    worker.stop()
                    worker = _Worker.start(do)
                    what = "the process that read it came to its end"
                    answers[number] = LostProcessError(f"{open_tasks[number]}: {what}")
                idle.append(worker)
            for number in [*answers] if not in_order else ():
                yield open_tasks.pop(number), answers.pop(number)
            while yielded in answers:
                yield open_tasks.pop(yielded), answers.pop(yielded)
                yielded += 1
    finally:
        for worker in (*idle, *(worker for _, worker in busy.values())):
            worker.stop()


@dataclass(frozen=True)
class _Worker:
    """A process that does tasks, and the link by which it gets them and answers."""

    process: BaseProcess
    link: Connection

    @staticmethod
    def start(do: Callable[[S], object]) -> _Worker:
        import multiprocessing

        context = multiprocessing.get_context("spawn")  # "spawn" copies no thread and no lock
        link, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(do, theirs), daemon=True)
        process.start()
        theirs.close()  # so that the link ends when the process does
        return _Worker(process, link)

    def stop(self) -> None:
        self.link.close()
        self.process.kill()
        self.process.join()


def _serve(do: Callable[[S], object], link: Connection) -> None:
    """What a worker's process does: one task after the other."""
    single_threaded()
    quietly()
    with suppress(EOFError, KeyboardInterrupt):  # the program has ended, or is being ended
        while True:
            link.send(_answer(do, link.recv()))


def _answer(do: Callable[[S], T], task: S) -> T | DigitusError:
    """What is made of a task, or what is wrong with it."""
    try:
        return do(task)
    except DigitusError as error:
        return error
    except OSError as error:
        return DataError(f"{task}: cannot be read ({error.strerror or error})")
    except MemoryError:
        return DataError(f"{task}: there is not enough memory to read it")
