"""Learning by several processes that share memory: one step of training on all cores.

Python runs one thread at a time, and one that comes back from a short operation waits for its turn;
processes do not wait for one another. Each works on its shards of a batch with one BLAS thread;
then each adds up the gradients of its own rows of the parameters and changes these: three meetings
in a step. What they share lies in memory without a name, which goes with the last of them. So a run
repeats bit for bit on the same machine with the same number of processes.

Inside: `Crew` and what its members do. Not inside: the step itself (`step`), which knows nothing of
processes; threads (`parallel`).
"""

from __future__ import annotations

import math
import mmap
import os
import pickle
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from digitus.datasets.digits import CLASSES
from digitus.errors import TrainingError
from digitus.nn.arrays import bounds
from digitus.training.step import Method, Targets, add, gradient, shard_size, update
from digitus.types import Bytes, Images, Labels, Numbers, Params

Shapes: TypeAlias = dict[str, tuple[tuple[int, ...], str]]  # and the type of the numbers
LINE = 64  # bytes that processors pass on at a time: what two write lies in different ones
SPIN = 1e-3  # seconds of waiting without sleep: a member wakes up too late for the next step
LONGEST_SLEEP = 2e-3  # seconds; one that is woken through a pipe starts on the core of its caller
YIELD = getattr(os, "sched_yield", lambda: time.sleep(0))  # not on every Unix
BLAS_THREADS = tuple(f"{blas}_NUM_THREADS" for blas in ("OPENBLAS", "MKL", "OMP"))
START = (
    "import pickle, sys; load = pickle.load; sys.path[:] = load(sys.stdin.buffer); "
    "from digitus.training.processes import work; work(*load(sys.stdin.buffer))"
)


class Shared:
    """Arrays by name in memory that several processes see."""

    def __init__(self, shapes: Shapes, file: int | None = None) -> None:
        """New memory, or that of a file descriptor."""
        places, size = {}, 0
        for name, (shape, dtype) in shapes.items():
            places[name] = size
            size += -(-math.prod(shape) * np.dtype(dtype).itemsize // LINE) * LINE
        self.file = _without_name(max(size, 1)) if file is None else file
        memory = mmap.mmap(self.file, max(size, 1))
        self.arrays: dict[str, Numbers] = {
            name: np.ndarray(shape, dtype, memory, places[name])
            for name, (shape, dtype) in shapes.items()
        }

    def group(self, name: str) -> Params:
        """The arrays whose names begin with "name/", without that."""
        return {
            key.removeprefix(f"{name}/"): a
            for key, a in self.arrays.items()
            if key.startswith(f"{name}/")
        }


def _without_name(size: int) -> int:
    """A descriptor of memory: of no file where the system can (Linux), else of one that is gone."""
    if hasattr(os, "memfd_create"):
        file = os.memfd_create("digitus")
    else:
        with tempfile.TemporaryFile() as temporary:
            file = os.dup(temporary.fileno())
    os.ftruncate(file, size)
    return file


class Member:
    """One of `count` processes at work on the shared arrays, the first of which leads."""

    def __init__(
        self, method: Method, number: int, count: int, shared: Shared, alive: Callable[[], None]
    ) -> None:
        self.method, self.number, self.count, self.alive = method, number, count, alive
        self.shared, arrays = shared, shared.arrays
        self.params, self.gradient = shared.group("params"), shared.group(f"gradient {number}")
        self.images, self.labels, self.order = arrays["images"], arrays["labels"], arrays["order"]
        self.taught, self.rate, self.sums = arrays["taught"], arrays["rate"], arrays["sums"]
        self.met = arrays["met"].data.cast("B").cast("q")
        self.lock = threading.Lock()
        self.own = {
            group: {name: self.rows(a) for name, a in shared.group(group).items()}
            for group in ("params", "average", *(f"gradient {i}" for i in range(count)))
        }
        self.memory: dict[str, Params] = {name: {} for name in self.gradient}
        for name, a in shared.group("memory").items():
            owner, _, key = name.rpartition("/")
            self.memory[owner][key] = self.rows(a)

    def rows(self, a: Numbers) -> Numbers:
        """The part of an array that this member changes. The last axis of a kernel stays whole."""
        a = a.reshape(-1, a.shape[-1]) if a.ndim > 2 else a
        return a[self.share(len(a))]

    def share(self, length: int) -> slice:
        """Its share of so many things in a row."""
        return slice(length * self.number // self.count, length * (self.number + 1) // self.count)

    def step(self) -> None:
        """Its part of one step, from the gradient to the parameters."""
        method, (examples, size, step, by_teacher) = self.method, (int(v) for v in self.order)
        parts = list(bounds(examples, size))
        parts = parts[self.share(len(parts))]
        self.sums[self.number] = 0
        if parts:
            images, labels = self.images[:examples], self.labels[:examples]
            mean, right, found = gradient(
                method.network,
                method.loss,
                self.params,
                images,
                labels,
                taught=self.taught[:examples] if by_teacher else None,
                seed=method.seed,
                step=step,
                parts=parts,
            )
            self.sums[self.number] = mean, right
            for name, g in found.items():
                np.copyto(self.gradient[name], g)
        else:  # the last batch of an epoch may be too small for all
            for g in self.gradient.values():
                g.fill(0)
        self.meet()
        if math.isfinite(self.sums[:, 0].sum()):
            total, params = self.own["gradient 0"], self.own["params"]
            for i in range(1, self.count):
                add(total, self.own[f"gradient {i}"])
            average, rate = self.own["average"] or None, float(self.rate[0])
            update(method, params, total, self.memory, average, rate=rate, t=step + 1)

    def meet(self) -> None:
        """Waits until all have come as far."""
        goal = self.arrive()
        for i in range(self.count):
            self.wait(i, goal)

    def arrive(self) -> int:
        """Tells the others that it has come to the next meeting, and returns its number."""
        self._fence()
        goal = self.met[self.number * LINE // 8] + 1
        self.met[self.number * LINE // 8] = goal
        return goal

    def wait(self, other: int, goal: int) -> None:
        """Until another has come to a meeting."""
        met, place = self.met, other * LINE // 8
        if met[place] < goal:
            start = time.perf_counter()
            while met[place] < goal:
                waited = time.perf_counter() - start
                if waited < SPIN:
                    YIELD()
                else:
                    self.alive()
                    time.sleep(min(waited / 8, LONGEST_SLEEP))
        self._fence()

    def _fence(self) -> None:
        """What was written before is seen before what is written after, on any processor.

        A lock that is let go and one that is taken keep their order, and each keeps that of
        everything on its inner side.
        """
        for _ in range(2):
            with self.lock:
                pass


def work(method: Method, number: int, count: int, shapes: Shapes, file: int, parent: int) -> None:
    """What a process of the crew does until it is ended, or its leader is."""

    def alive() -> None:
        if os.getppid() != parent:
            os._exit(1)

    member = Member(method, number, count, Shared(shapes, file), alive)
    while True:
        member.wait(0, member.arrive())  # the leader comes when there is a batch
        member.step()
        member.arrive()


class Crew:
    """Processes, of which one is this, at work on a state's arrays: shared until `close`."""

    def __init__(
        self,
        method: Method,
        processes: int,
        params: Params,
        memory: dict[str, Params],
        average: Params | None,
        batch: tuple[int, ...],
    ) -> None:
        """Starts the others. `batch` is the shape [n h w] of the largest one."""
        self.groups = {"params": params, "average": average or {}}
        self.groups |= {f"memory/{name}": kept for name, kept in memory.items()}
        shapes: Shapes = {
            f"{group}/{name}": (a.shape, a.dtype.str)
            for group, arrays in self.groups.items()
            for name, a in arrays.items()
        }
        for i in range(processes):
            shapes |= {f"gradient {i}/{name}": shapes[f"params/{name}"] for name in memory}
        shapes |= {
            "images": (batch, "u1"),
            "labels": (batch[:1], "u1"),
            "taught": ((batch[0], CLASSES), "f4"),
            "order": ((4,), "i8"),
            "rate": ((1,), "f8"),
            "sums": ((processes, 2), "f8"),
            "met": ((processes, LINE // 8), "i8"),
        }
        self.method, self.parameters = method, sum(a.size for a in params.values())
        shared = Shared(shapes)
        for group, arrays in self.groups.items():
            for name, a in arrays.items():
                arrays[name] = shared.arrays[f"{group}/{name}"]
                np.copyto(arrays[name], a)
        self.last: Bytes | None = None
        self.others: list[subprocess.Popen[bytes]] = []
        self.leader = Member(method, 0, processes, shared, self._alive)
        try:
            for i in range(1, processes):
                self._start(i, processes, shapes, shared.file)
        except BaseException:
            self.close()
            raise
        finally:
            os.close(shared.file)

    def _start(self, number: int, processes: int, shapes: Shapes, file: int) -> None:
        process = subprocess.Popen(
            [sys.executable, "-c", START],
            stdin=subprocess.PIPE,
            env=os.environ | dict.fromkeys(BLAS_THREADS, "1"),
            pass_fds=[file],
            start_new_session=True,  # Ctrl-C is for the leader
        )
        self.others.append(process)
        assert process.stdin
        with process.stdin as told:
            pickle.dump(sys.path, told)
            pickle.dump((self.method, number, processes, shapes, file, os.getpid()), told)

    def step(
        self,
        images: Images,
        labels: Labels,
        taught: Targets | None = None,
        *,
        step: int,
        rate: float,
    ) -> tuple[float, int]:
        """As `Alone.step`. Raises `TrainingError` where a process has died."""
        leader, n = self.leader, len(images)
        if not self._same(images):
            np.copyto(leader.images[:n], images)
            self.last = images
        leader.labels[:n] = labels
        if taught is not None:
            leader.taught[:n] = taught
        size = shard_size(self.method.network, n, leader.count, self.parameters)
        leader.order[:] = n, size, step, taught is not None
        leader.rate[0] = rate
        leader.meet()
        leader.step()
        leader.meet()
        loss, right = leader.sums.sum(axis=0)
        return float(loss), int(right)

    def _same(self, images: Images) -> bool:
        """Whether it is the memory of the batch before: a whole set, which need not be copied."""
        last = self.last
        return last is not None and images.__array_interface__ == last.__array_interface__

    def _alive(self) -> None:
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


def possible() -> bool:
    """Whether there can be a crew: on Unix, from an interpreter that can be started again."""
    return os.name == "posix" and bool(sys.executable)
