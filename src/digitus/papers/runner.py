"""Running experiments: what is missing in the results file, several at a time, each on one core.

An experiment is named, has settings that JSON can hold, and belongs to a function
`module.function(settings, workspace)` of `experiments`. Each runs in a process of its own with one
BLAS thread: the networks of the papers are too small for several, and so a record does not depend
on the number of cores. Long experiments keep checkpoints in the workspace's folder.

Inside: choosing what to run, the processes. Not inside: what experiments do (`gopa`, `shao` ...).
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from importlib import import_module
from multiprocessing import active_children, get_context
from pathlib import Path

from digitus.papers.store import Record, Store


@dataclass(frozen=True)
class Experiment:
    """One record to be made. `after` names experiments whose files it needs."""

    name: str
    function: str  # "gopa.curves"
    settings: Record = field(default_factory=dict)
    after: tuple[str, ...] = ()


Told = Callable[[str], None]


def missing(experiments: Sequence[Experiment], store: Store) -> list[Experiment]:
    """The experiments that have no record with their settings, in their order."""
    return [e for e in experiments if not store.has(e.name, e.settings)]


def perform(
    experiments: Sequence[Experiment],
    store: Store,
    folder: Path,
    data_dir: Path | None,
    *,
    threads: int,
    tell: Told = lambda line: None,
) -> None:
    """Carries out what is missing and keeps each record as soon as it is there.

    Raises whatever an experiment raises, and ends the others that had begun.
    """
    waiting = missing(experiments, store)
    if not waiting:
        return
    unfinished = {e.name for e in waiting}
    running: dict[Future[tuple[Record, float]], Experiment] = {}
    clock, count = time.monotonic(), len(waiting)
    # Processes are started afresh ("spawn"): a fork would copy OpenCV's and BLAS's threads.
    pool = ProcessPoolExecutor(
        min(threads, count), mp_context=get_context("spawn"), initializer=ignore_interrupts
    )
    try:
        while waiting or running:
            ready = [e for e in waiting if not unfinished.intersection(e.after)]
            for e in ready[: threads - len(running)]:
                waiting.remove(e)
                future = pool.submit(carry_out, e.function, e.settings, str(folder), data_dir)
                running[future] = e
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                e = running.pop(future)
                result, seconds = future.result()
                store.put(e.name, e.settings, result, seconds)
                unfinished.discard(e.name)
                done = count - len(waiting) - len(running)
                tell(
                    f"{done} of {count}  {e.name}  {seconds:.0f} s"
                    f"  ({(time.monotonic() - clock) / 60:.1f} min so far)"
                )
    except BaseException:  # on Ctrl-C too: unfinished experiments are not worth waiting for
        pool.shutdown(wait=False, cancel_futures=True)
        for process in active_children():
            process.terminate()
        raise
    pool.shutdown()


def ignore_interrupts() -> None:
    """Ctrl-C is for the process that waits, which ends this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def carry_out(
    function: str, settings: Record, folder: str, data_dir: Path | None
) -> tuple[Record, float]:
    """One experiment in this process: its result and its seconds."""
    from digitus.papers.experiments.workspace import Workspace
    from digitus.threads import limited

    module, name = function.split(".")
    experiment: Callable[[Record, Workspace], Record] = getattr(
        import_module(f"digitus.papers.experiments.{module}"), name
    )
    with limited(1, opencv=1):
        clock = time.perf_counter()
        result = experiment(settings, Workspace(Path(folder), data_dir))
        return result, time.perf_counter() - clock
