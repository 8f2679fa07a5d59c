"""Work at a time is bounded: what is too much is refused at once, with the time to come back.

Inside: `WorkerPool`, threads for pictures and layers. Not inside: what is worked on, and
recognizing single images (`batcher`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from digitus.serve.responses import refusal

T = TypeVar("T")

THREADS = 2  # a picture's memory is hundreds of megabytes at worst
MOST_TASKS_WAITING = 8  # tasks that wait for one of them
WAIT_SECONDS = 20.0  # a request waits no longer


class WorkerPool:
    """A few threads and a short queue before them."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, "work")
        self.busy = 0  # tasks that are worked on or wait

    async def run(self, task: Callable[..., T], *arguments: Any, timeout_seconds: float = 0.0) -> T:
        """The task's result from another thread; 503 where there is too much or it takes too long.

        Nothing stops a thread, so a task that took too long keeps its place until it has ended.
        """
        if self.busy >= THREADS + MOST_TASKS_WAITING:
            raise refusal(
                503, "too much to do at the moment; try again in a second", Retry_After="1"
            )
        self.busy += 1
        future = asyncio.get_running_loop().run_in_executor(self._pool, task, *arguments)
        future.add_done_callback(self._done)
        try:
            async with asyncio.timeout(timeout_seconds or WAIT_SECONDS):
                return await asyncio.shield(future)
        except TimeoutError:
            raise refusal(
                503,
                f"this took longer than {timeout_seconds or WAIT_SECONDS:.0f} seconds",
                Retry_After="10",
            ) from None

    def _done(self, future: asyncio.Future[Any]) -> None:
        self.busy -= 1
        if not future.cancelled():
            future.exception()  # whoever asked may have gone; then nobody else looks at it

    def close(self) -> None:
        """Begins nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)
