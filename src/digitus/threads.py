"""How many threads BLAS and OpenCV may use: a setting of the whole process, changed here alone.

Several runs may go on in turns, and end in any order. So whoever needs a number of threads claims
it for a while: the latest claim that still stands is in force, and when the last has ended,
the process has again what it had before the first.

Inside: claims; `cores`, how many there are to use; and `workers`, a map over batches for networks
that learn nothing at the moment. Not inside: learning by several processes (`training.processes`),
PyTorch's threads (`training.device`).
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from ctypes import CDLL

QUOTA = Path("/sys/fs/cgroup/cpu.max")  # a container's share: "200000 100000" is two cores
NICENESS = 10  # added: a tenth of the weight, where both want a core
BLAS_VARIABLES = tuple(f"{blas}_NUM_THREADS" for blas in ("OPENBLAS", "MKL", "OMP"))

Item = TypeVar("Item")
Made = TypeVar("Made")
Value = TypeVar("Value")


class Map(Protocol):
    """`map`, or one whose calls go on side by side."""

    def __call__(self, do: Callable[[Item], Made], items: Iterable[Item], /) -> Iterable[Made]:
        """What `do` makes of each item, in their order."""


class Claims(Generic[Value]):
    """A setting of the whole process, and everybody who claims a value for it."""

    def __init__(self, get: Callable[[], Value], put: Callable[[Value], object]) -> None:
        self._get, self._put = get, put
        self._lock = threading.Lock()
        self._standing: dict[object, Value] = {}  # in the order in which the claims were made

    def claim(self, value: Value) -> AbstractContextManager[None]:
        """Puts `value` in force for the length of a block, or until somebody claims another."""
        return _Claim(self, value)

    def begin(self, ticket: object, value: Value) -> None:
        """Makes the claim."""
        with self._lock:
            if not self._standing:
                self._before = self._get()
            self._standing[ticket] = value
            self._put(value)

    def end(self, ticket: object) -> None:
        """Ends the claim."""
        with self._lock:
            del self._standing[ticket]
            self._put(next(reversed(self._standing.values()), self._before))


class _Claim(AbstractContextManager[None]):
    """A claim as a block; a class, since a step of training makes two and generators are slower."""

    def __init__(self, claims: Claims[Value], value: Value) -> None:
        self._claims, self._value = claims, value

    def __enter__(self) -> None:
        self._claims.begin(self, self._value)

    def __exit__(self, *error: object) -> None:
        self._claims.end(self)


class Both(AbstractContextManager[None]):
    """Two claims as one block, the second within the first."""

    def __init__(
        self, first: AbstractContextManager[None], second: AbstractContextManager[None]
    ) -> None:
        self._first, self._second = first, second

    def __enter__(self) -> None:
        self._first.__enter__()
        try:
            self._second.__enter__()
        except BaseException:
            self._first.__exit__(None, None, None)
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._second.__exit__(kind, error, traceback)
        self._first.__exit__(kind, error, traceback)


class _Blas:
    """The number of threads of each BLAS that the process has loaded, by its file."""

    def __init__(self) -> None:
        self._modules = 0
        self._libraries: dict[str, tuple[Callable[[], int], Callable[[int], object]]] = {}

    def get(self) -> dict[str, int]:
        """The numbers in force now."""
        return {file: get() for file, (get, _) in self._loaded().items()}

    def put(self, threads: int | dict[str, int]) -> None:
        """Sets the same number for all, or restores what `get` found."""
        for file, (_, put) in self._loaded().items():
            if isinstance(threads, int):
                put(threads)
            elif file in threads:
                put(threads[file])

    def _loaded(self) -> dict[str, tuple[Callable[[], int], Callable[[int], object]]]:
        """Looked for again (2 ms) if anything was imported, since that may have loaded one more."""
        if self._modules != len(sys.modules):
            try:
                from threadpoolctl import ThreadpoolController  # a network in use claims nothing
            except ImportError:  # as in a browser, whose NumPy has no BLAS with threads
                return {}
            self._modules = len(sys.modules)
            found = ThreadpoolController().select(user_api="blas").lib_controllers
            self._libraries = {library.filepath: _functions(library) for library in found}
        return self._libraries


class _Library(Protocol):
    """What we use of a library that `threadpoolctl` found, which has no types."""

    internal_api: str
    threading_layer: str
    check_symbols: Iterable[str]
    dynlib: CDLL

    def get_num_threads(self) -> int: ...

    def set_num_threads(self, threads: int) -> object: ...


def _functions(library: _Library) -> tuple[Callable[[], int], Callable[[int], object]]:
    """How many threads a library has, and the way to change that.

    Newer versions of `threadpoolctl` leave OpenBLAS to the thread that set it first and ignore what
    others ask for, and each call takes 3 µs. So the functions of OpenBLAS itself are called.
    """
    if library.internal_api == "openblas" and library.threading_layer == "pthreads":
        for name in library.check_symbols:
            if hasattr(library.dynlib, name):
                get = getattr(library.dynlib, name)
                return get, getattr(library.dynlib, name.replace("_get_", "_set_"))
    return library.get_num_threads, library.set_num_threads


_blas = _Blas()
BLAS: Claims[int | dict[str, int]] = Claims(_blas.get, _blas.put)


def _opencv_threads() -> int:
    try:
        import cv2  # imported when claimed: a network alone does not need OpenCV
    except ImportError:
        return 1
    threads: int = cv2.getNumThreads()
    return threads


def _set_opencv_threads(threads: int) -> None:
    with suppress(ImportError):
        import cv2

        cv2.setNumThreads(threads)


OPENCV: Claims[int] = Claims(_opencv_threads, _set_opencv_threads)
_for_good = ExitStack()


def cores(threads: int = 0) -> int:
    """How many threads to use: as asked, or one for each core this process may run on.

    A container's quota counts: more threads than cores make a product of matrices wait for threads
    that are not running, and training many times slower.
    """
    if threads:
        return threads
    allowed = getattr(os, "sched_getaffinity", lambda _: range(os.cpu_count() or 1))(0)
    try:
        quota, period = QUOTA.read_text("ascii").split()
        return max(1, min(len(allowed), int(quota) // int(period)))
    except (OSError, ValueError):  # no such file, or "max": no quota
        return len(allowed)


def give_way() -> None:
    """Lowers the priority of the calling thread, so that it works when others have little to do.

    On Linux, where threads have priorities of their own; elsewhere nothing changes.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        niceness = os.getpriority(os.PRIO_PROCESS, thread) + NICENESS
        os.setpriority(os.PRIO_PROCESS, thread, niceness)


def begin_with_one() -> None:
    """Has BLAS begin with one thread; for our own commands, before they load NumPy.

    OpenBLAS starts all its threads as soon as it is loaded, and most commands never need a second
    one. Claims give it more. Whoever set a number of threads in the environment is obeyed.
    """
    if not os.environ.keys() & set(BLAS_VARIABLES):
        os.environ["OPENBLAS_NUM_THREADS"] = "1"


def limited(threads: int, *, opencv: int | None = None) -> AbstractContextManager[None]:
    """So many threads for BLAS, and `opencv` for OpenCV if given, for the length of a block."""
    blas = BLAS.claim(threads)
    return blas if opencv is None else Both(blas, OPENCV.claim(opencv))


def single_threaded() -> None:
    """One thread for BLAS and OpenCV, for as long as this process lives: it is one of several."""
    _for_good.enter_context(limited(1, opencv=1))


@contextmanager
def workers(threads: int, *, shards: int) -> Iterator[Map]:
    """A `map` over shards for the length of a block: by several threads, or one after the other.

    With a single shard the threads go to BLAS, with several each has one BLAS thread. OpenCV, which
    distorts batches between two steps, gets them too.
    """
    if shards == 1 or threads == 1:
        with limited(threads, opencv=threads):
            yield map
    else:
        from concurrent.futures import ThreadPoolExecutor

        with limited(1, opencv=threads), ThreadPoolExecutor(threads) as pool:
            yield pool.map
