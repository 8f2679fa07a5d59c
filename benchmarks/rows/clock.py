"""The clock: everyone in turn, again and again, with a pause in between.

The pause lets the waiting threads of the last one fall asleep (OpenMP, OpenBLAS and ONNX Runtime
let them spin for a while, OpenBLAS for 0.1 s), so that nobody pays for another.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

PAUSE = 0.3


def alternate(
    works: dict[str, Callable[[int], Any]],
    repeats: int,
    prepare: dict[str, Callable[[], Any]] | None = None,
) -> dict[str, list[float]]:
    """Seconds of each turn of everyone. `works` are told the number of the turn; 0 is not timed."""
    prepare = prepare or {}
    turns: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(repeats + 1):
        for name, work in works.items():
            if name in prepare:
                prepare[name]()
            if turn:
                time.sleep(PAUSE)
            start = time.perf_counter()
            work(turn)
            if turn:
                turns[name].append(time.perf_counter() - start)
    return turns
