"""Work at a time is bounded: what is too much is refused at once, with a time to ask again.

Inside: `WorkerPool`, threads for pictures and layers. Not inside: what is worked on, how a client
that has gone is noticed (`operation`), and recognizing single images (`batcher`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

from digitus.cancellation import Work
from digitus.limits import WORK_SECONDS, WORK_WAITING, WORKERS
from digitus.serve.responses import refusal

BUSY = "too much to do at the moment; try again in a second"

T = TypeVar("T")


class WorkerPool:
    """A few threads and a short queue before them, in which `more` tasks than usual may wait."""

    def __init__(self, more: int = 0) -> None:
        self._pool, self._most = ThreadPoolExecutor(WORKERS, "work"), WORKERS + more
        self.busy = 0  # tasks that are worked on or wait

    async def run(
        self, task: Callable[..., T], *arguments: object, timeout_seconds: float = 0.0
    ) -> T:
        """The task's result from another thread; 503 where there is too much or it takes too long.

        Where it takes too long, or whoever waits for it is cancelled, it is given up: at once if it
        has not begun, else at its next `cancellation.check`.
        """
        if self.busy >= self._most + WORK_WAITING:
            raise refusal(503, BUSY, "busy", wait=1)
        self.busy += 1
        work = Work()
        # The thread knows who is asking (`visitor`), as this request does.
        submitted = self._pool.submit(copy_context().run, work.run, task, *arguments)
        future = asyncio.wrap_future(submitted)
        future.add_done_callback(self._done)
        try:
            async with asyncio.timeout(timeout_seconds or WORK_SECONDS):
                return await asyncio.shield(future)
        except TimeoutError:
            # No Retry-After: the same would take as long again.
            most = round(timeout_seconds or WORK_SECONDS)
            raise refusal(503, f"this took longer than {most} seconds", "late", n=most) from None
        finally:
            work.cancel()
            submitted.cancel()

    def _done(self, future: asyncio.Future[T]) -> None:
        self.busy -= 1
        if not future.cancelled():
            future.exception()  # so that an exception counts as seen where the client has gone

    def close(self) -> None:
        """Starts no further task."""
        self._pool.shutdown(wait=False, cancel_futures=True)
