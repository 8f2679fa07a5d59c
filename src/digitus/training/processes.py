"""A group of processes that share memory and take each training step together, on all cores.

Python runs one thread at a time, and a thread that comes back from a short operation waits for its
turn; processes do not wait for one another. Each has one BLAS thread and computes the gradient of
its shards of the batch; then each sums the gradients of its own rows of the parameters and updates
these. A step has three barriers, and one more where gradients are clipped. A run repeats bit for
bit on the same machine with the same number of processes.

Inside: `ProcessGroup` and its `Worker`s. Not inside: the step itself (`step`), which knows nothing
of processes; the memory (`shared_memory`); threads (`digitus.threads`).
"""

from __future__ import annotations

import math
import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import numpy as np

from digitus.errors import TrainingError
from digitus.nn.arrays import bounds
from digitus.threads import BLAS_VARIABLES
from digitus.training.memory import kept
from digitus.training.shared_memory import CACHE_LINE_BYTES, ArrayShapes, SharedArrays, as_rows
from digitus.training.source import ArrayShape, Batch, Tally
from digitus.training.step import TrainStep, add, shard_size
from digitus.types import Numbers, Params

SPIN_SECONDS = 1e-3  # waiting without sleep: a process that sleeps wakes too late for the next step
LONGEST_SLEEP_SECONDS = 2e-3  # waking through a pipe would start a process on its caller's core
YIELD_PROCESSOR = getattr(os, "sched_yield", lambda: time.sleep(0))  # not on every Unix
START_WORKER = (
    "import pickle, sys; load = pickle.load; sys.path[:] = load(sys.stdin.buffer); "
    "from digitus.training.processes import run_worker; run_worker(*load(sys.stdin.buffer))"
)


class Worker:
    """The process of one `rank` among `count`, at work on the shared arrays. Rank 0 leads."""

    def __init__(
        self,
        definition: TrainStep,
        rank: int,
        count: int,
        shared: SharedArrays,
        check_alive: Callable[[], None],
    ) -> None:
        """`check_alive` is called while it waits, and does not return if waiting is in vain."""
        self.definition, self.rank, self.count = definition, rank, count
        self.shared, self.check_alive = shared, check_alive
        arrays = shared.arrays
        self.params, self.gradient = shared.group("params"), shared.group(f"gradient {rank}")
        self.batch = Batch(**shared.group("batch"))
        self.order, self.rate, self.tallies = arrays["order"], arrays["rate"], arrays["tallies"]
        self.sums = arrays["sums"]
        self.arrived = arrays["arrived"].data.cast("B").cast("q")
        self.lock = threading.Lock()
        self.waited = 0.0  # seconds spent waiting for the others
        self.own = {
            group: {name: self.rows(a) for name, a in shared.group(group).items()}
            for group in ("params", "average", *(f"gradient {i}" for i in range(count)))
        }
        self.others = [  # the rows of its gradient that others change
            (name, rows, as_rows(g)[rows])
            for name, g in self.gradient.items()
            for rows in self.rest(len(as_rows(g)))
        ]
        self.memory: dict[str, Params] = {name: {} for name in self.gradient}
        for name, a in shared.group("memory").items():
            parameter, _, key = name.rpartition("/")
            self.memory[parameter][key] = self.rows(a)

    def rows(self, a: Numbers) -> Numbers:
        """The part of an array that this worker changes."""
        return as_rows(a)[self.share(len(as_rows(a)))]

    def share(self, length: int) -> slice:
        """The worker's share of `length` things in a row."""
        return slice(length * self.rank // self.count, length * (self.rank + 1) // self.count)

    def rest(self, length: int) -> tuple[slice, slice]:
        """What is before and after its share."""
        own = self.share(length)
        return slice(own.start), slice(own.stop, None)

    def step(self) -> None:
        """Its part of one step, from the gradient to the parameters."""
        examples, size, step = (int(v) for v in self.order)
        shards = list(bounds(examples, size))
        shards = shards[self.share(len(shards))]
        some = self.batch.part(slice(examples))
        tally, gradients = self.definition.gradient(self.params, some, step, shards)
        self.tallies[self.rank] = tally
        if not shards:  # the last batch of an epoch may be too small to give every worker one
            gradients = {name: np.zeros_like(g) for name, g in self.gradient.items()}
        for name, rows, shared in self.others:
            np.copyto(shared, as_rows(gradients[name])[rows])
        self.barrier()
        if math.isfinite(self.tallies[:, 0].sum()):
            parts = [self.own[f"gradient {i}"] for i in range(self.count)]
            parts[self.rank] = {name: self.rows(gradients[name]) for name in self.gradient}
            total: Params = {}
            for part in parts:
                add(total, part)
            params, average, rate = self.own["params"], self.own["average"], float(self.rate[0])
            self.definition.update(
                params, total, self.memory, average or None, rate=rate, step=step, total=self.total
            )

    def total(self, own: float) -> float:
        """The sum over all workers of one number of each; every worker has to call this."""
        self.sums[self.rank] = own
        self.barrier()
        return float(self.sums.sum())

    def barrier(self) -> None:
        """Waits until all workers have arrived."""
        number = self.arrive()
        for rank in range(self.count):
            self.wait(rank, number)

    def arrive(self) -> int:
        """Tells the others that it is at the next barrier, and returns the number of that."""
        self._fence()
        place = self.rank * CACHE_LINE_BYTES // 8
        self.arrived[place] += 1
        return self.arrived[place]

    def wait(self, rank: int, number: int) -> None:
        """Waits until that worker has arrived at the barrier of this number."""
        arrived, place = self.arrived, rank * CACHE_LINE_BYTES // 8
        if arrived[place] < number:
            start = time.perf_counter()
            while arrived[place] < number:
                waited = time.perf_counter() - start
                if waited < SPIN_SECONDS:
                    YIELD_PROCESSOR()
                else:
                    self.check_alive()
                    time.sleep(min(waited / 8, LONGEST_SLEEP_SECONDS))
            self.waited += time.perf_counter() - start
        self._fence()

    def _fence(self) -> None:
        """A memory fence: what was written before it is seen before what is written after it.

        Releasing a lock and acquiring one keep their order, and each keeps that of everything on
        its inner side.
        """
        for _ in range(2):
            with self.lock:
                pass


def run_worker(
    definition: TrainStep, rank: int, count: int, shapes: ArrayShapes, file: int, parent: int
) -> None:
    """What a worker's process does until it or its leader is ended."""

    def check_alive() -> None:
        if os.getppid() != parent:
            os._exit(1)

    worker = Worker(definition, rank, count, SharedArrays(shapes, file), check_alive)
    with kept():
        while True:
            worker.wait(0, worker.arrive())  # the leader arrives when there is a batch
            worker.step()
            worker.arrive()


class ProcessGroup:
    """Takes the steps of a run in several processes, of which this is one.

    The arrays of the run's state lie in shared memory until `close`.
    """

    def __init__(
        self,
        definition: TrainStep,
        processes: int,
        params: Params,
        memory: dict[str, Params],
        average: Params | None,
        largest: dict[str, ArrayShape],
    ) -> None:
        """Starts the others. `largest` says how large the arrays of a batch can be."""
        self.definition, self.parameters = definition, sum(a.size for a in params.values())
        self.groups = {"params": params, "average": average or {}}
        self.groups |= {f"memory/{name}": kept for name, kept in memory.items()}
        shapes = self._shapes(processes, list(memory), largest)
        shared = SharedArrays(shapes)
        for group, arrays in self.groups.items():
            for name, a in arrays.items():
                arrays[name] = shared.arrays[f"{group}/{name}"]
                np.copyto(arrays[name], a)
        self.copied: dict[str, Numbers] = {}
        self.others: list[subprocess.Popen[bytes]] = []
        self.leader = Worker(definition, 0, processes, shared, self._check_alive)
        try:
            for rank in range(1, processes):
                self._start(rank, processes, shapes, shared.file)
        except BaseException:
            self.close()
            raise
        finally:
            os.close(shared.file)

    def _shapes(
        self, processes: int, trained: list[str], largest: dict[str, ArrayShape]
    ) -> ArrayShapes:
        """All that is shared: the state, a gradient for each process, the batch, the barrier."""
        shapes: ArrayShapes = {
            f"{group}/{name}": (a.shape, a.dtype.str)
            for group, arrays in self.groups.items()
            for name, a in arrays.items()
        }
        for rank in range(processes):
            shapes |= {f"gradient {rank}/{name}": shapes[f"params/{name}"] for name in trained}
        shapes |= {f"batch/{name}": shape for name, shape in largest.items()}
        return shapes | {
            "order": ((3,), "i8"),  # examples, size of a shard, number of the step
            "rate": ((1,), "f8"),
            "tallies": ((processes, len(Tally._fields)), "f8"),
            "sums": ((processes,), "f8"),
            "arrived": ((processes, CACHE_LINE_BYTES // 8), "i8"),
        }

    def _start(self, rank: int, processes: int, shapes: ArrayShapes, file: int) -> None:
        process = subprocess.Popen(
            [sys.executable, "-c", START_WORKER],
            stdin=subprocess.PIPE,
            env=os.environ | dict.fromkeys(BLAS_VARIABLES, "1"),
            pass_fds=[file],
            start_new_session=True,  # Ctrl-C is for the leader
        )
        self.others.append(process)
        assert process.stdin
        # A process that ended at once no longer listens; waiting for it will tell.
        with suppress(BrokenPipeError), process.stdin as pipe:
            pickle.dump(sys.path, pipe)
            pickle.dump((self.definition, rank, processes, shapes, file, os.getpid()), pipe)

    def step(self, batch: Batch, *, step: int, rate: float) -> Tally:
        """As `SingleProcess.step`. Raises `TrainingError` if a process has died."""
        leader, n = self.leader, len(batch.inputs)
        for name, a in batch._asdict().items():
            if a is not None and not self._is_copied(name, a):
                np.copyto(getattr(leader.batch, name)[:n], a)
                self.copied[name] = a
        size = shard_size(self.definition.network, n, leader.count, self.parameters)
        leader.order[:] = n, size, step
        leader.rate[0] = rate
        leader.barrier()
        leader.step()
        leader.barrier()
        return Tally(*(float(total) for total in leader.tallies.sum(axis=0)))

    @property
    def waited(self) -> float:
        """Seconds that this process waited for the others."""
        return self.leader.waited

    def _is_copied(self, name: str, a: Numbers) -> bool:
        """Whether it is the same memory as in the last step: a whole set is copied only once."""
        last = self.copied.get(name)
        return last is not None and a.__array_interface__ == last.__array_interface__

    def _check_alive(self) -> None:
        for process in self.others:
            if process.poll() is not None:
                raise TrainingError(
                    f"a process that helped to train ended with status {process.returncode}; "
                    "with --threads 1 there is none"
                )

    def close(self) -> None:
        """Ends the others; the state's arrays are this process's own again."""
        for process in self.others:
            process.kill()
        for process in self.others:
            process.wait()
        for arrays in self.groups.values():
            for name, a in arrays.items():
                arrays[name] = a.copy()


def available() -> bool:
    """Whether a group can be started: on Unix, by an interpreter that can be started again."""
    return os.name == "posix" and bool(sys.executable)
