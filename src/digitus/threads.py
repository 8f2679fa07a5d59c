"""Threads: a map over batches for networks that learn nothing at the moment.

Inside: `workers`, the one place where the threads of BLAS and OpenCV are set. Not inside: learning
by several processes (`crew`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeAlias

import cv2
from threadpoolctl import threadpool_limits

Map: TypeAlias = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]


@contextmanager
def workers(threads: int, *, shards: int) -> Iterator[Map]:
    """A `map` over shards for the length of a block: by several threads, or one after the other.

    With a single shard the threads go to BLAS, with several each has one BLAS thread. OpenCV, which
    distorts batches between two steps, gets them too.
    """
    cv2.setNumThreads(threads)
    if shards == 1 or threads == 1:
        with threadpool_limits(limits=threads, user_api="blas"):
            yield map
    else:
        with threadpool_limits(limits=1, user_api="blas"), ThreadPoolExecutor(threads) as pool:
            yield pool.map
