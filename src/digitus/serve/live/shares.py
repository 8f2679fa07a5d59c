"""Shares of the cores: the run that has computed least takes the next step, and answers come first.

At most as many steps are computed at a time as there are cores, less those at work on somebody's
drawing or picture: a training thread that needs Python's lock (the GIL) holds up an answer at each
of the hundred places where the answer releases it. So that training is never starved, a step waits
for answers no longer than `PATIENCE_SECONDS`.

Inside: that. Not inside: which runs train at all (`places`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from digitus.threads import cores

PATIENCE_SECONDS = 0.5
LOOK_SECONDS = 0.004  # after which the next in turn looks again whether answers are at work
OTHERS_LOOK_SECONDS = 0.2  # the same for those behind it


class Shares:
    """Any thread may take a step; `answers` tells how many answers are being worked on."""

    def __init__(self, answers: Callable[[], int]) -> None:
        self._answers, self._cores = answers, cores()
        self._changed = threading.Condition()
        self._used: dict[str, float] = {}  # seconds computed, by run
        self._waiting: set[str] = set()
        self._computing = 0

    @contextmanager
    def step(self, run: str) -> Iterator[None]:
        """Waits for its turn, then lets the block take a step."""
        with self._changed:
            self._wait(run)
            self._computing += 1
        begun = time.monotonic()
        try:
            yield
        finally:
            with self._changed:
                self._used[run] += time.monotonic() - begun
                self._computing -= 1
                self._changed.notify_all()

    def _wait(self, run: str) -> None:
        # A newcomer begins with the least that any other has used: it has nothing to catch up.
        self._used.setdefault(run, min(self._used.values(), default=0.0))
        self._waiting.add(run)
        late = time.monotonic() + PATIENCE_SECONDS
        while not self._may(run, late):
            first = self._first() == run
            self._changed.wait(LOOK_SECONDS if first else OTHERS_LOOK_SECONDS)
        self._waiting.discard(run)
        self._changed.notify_all()

    def _may(self, run: str, late: float) -> bool:
        if self._first() != run or self._computing >= self._cores:
            return False
        return self._computing + self._answers() < self._cores or time.monotonic() >= late

    def _first(self) -> str:
        return min(self._waiting, key=self._used.__getitem__)

    def leave(self, run: str) -> None:
        """Forgets a run that takes no more steps for now."""
        with self._changed:
            self._used.pop(run, None)
