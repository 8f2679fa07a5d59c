"""Work that can be given up: whoever has stopped waiting says so, and it ends at its next step.

A thread cannot be stopped from outside, so long work calls `check` between its steps, some ten
times a second. Outside of any `Work`, `check` does nothing.

Not inside: who gives up what, and when (`serve.worker_pool`).
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import TypeVar

T = TypeVar("T")


class GivenUpError(Exception):
    """The work was given up: nothing is wrong, but nobody waits for it any more."""


class Work:
    """A task that one thread works on and another may give up."""

    def __init__(self) -> None:
        self.cancelled = False

    def cancel(self) -> None:
        """Gives the work up; has no effect once it is done."""
        self.cancelled = True

    def run(self, task: Callable[..., T], *arguments: object) -> T:
        """Calls `task` as this work. Raises `GivenUpError` where the work is given up."""
        token = _current.set(self)
        try:
            check()
            return task(*arguments)
        finally:
            _current.reset(token)


_current: ContextVar[Work | None] = ContextVar("work", default=None)


def check() -> None:
    """Ends work that was given up. Raises `GivenUpError`."""
    work = _current.get()
    if work is not None and work.cancelled:
        raise GivenUpError
