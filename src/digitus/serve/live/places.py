"""Places to train in: only so many runs train at a time, the others stand in a line.

A run whose turn has lasted `TURN_SECONDS` gives its place to the first in the line and goes to the
line's end, so the cores are shared fairly however long somebody's run is, and nobody waits long. A
paused run holds no place.

Inside: that. Not inside: the cores, step by step (`shares`), training (`run`), and how many runs
there may be (`runs`).
"""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable

from digitus.serve.live.shares import Shares

TURN_SECONDS = 4.0
LOOK_SECONDS = 0.1  # seconds after which a run in the line looks whether it still wants a place


class Places:
    """Any thread may ask; a run is known by its id."""

    def __init__(self, count: int, shares: Shares) -> None:
        self._count, self.shares = count, shares
        self._changed = threading.Condition()
        self._turns: dict[str, float] = {}  # the runs that have a place, with when they got it
        self._line: list[str] = []

    def keeps(self, run: str) -> bool:
        """Whether a run may go on without waiting: it has a place, or there is a free one."""
        with self._changed:
            begun = self._turns.get(run)
            if begun is None:
                if self._line or len(self._turns) >= self._count:
                    return False
                self._turns[run] = time.monotonic()
            elif self._line and time.monotonic() - begun >= TURN_SECONDS:
                self._free(run)
                return False
            return True

    def wait(self, run: str, wanted: Callable[[], bool]) -> None:
        """Stands in the line until there is a place, or none is `wanted` any more."""
        with self._changed:
            self._line.append(run)
            while wanted() and not (self._line[0] == run and len(self._turns) < self._count):
                self._changed.wait(LOOK_SECONDS)
            if wanted():
                self._turns[run] = time.monotonic()
            self._line.remove(run)
            self._changed.notify_all()

    def leave(self, run: str) -> None:
        """Gives a place back, if the run has one."""
        self.shares.leave(run)
        with self._changed:
            self._free(run)

    def _free(self, run: str) -> None:
        self._turns.pop(run, None)
        self._changed.notify_all()

    def seconds(self, run: str) -> float | None:
        """How long one in the line waits at most; None where it does not stand there."""
        now = time.monotonic()
        with self._changed:
            if run not in self._line:
                return None
            ends = [max(0.0, TURN_SECONDS - (now - begun)) for begun in self._turns.values()]
            ahead = self._line.index(run)
        heapq.heapify(ends)
        for _ in range(ahead):  # those before it in the line take the places that are free first
            heapq.heapreplace(ends, ends[0] + TURN_SECONDS)
        return round(ends[0], 1) if ends else 0.0
