"""The clock: everyone in turn, again and again, with a pause in between.

The pause lets the waiting threads of the last one fall asleep (OpenMP, OpenBLAS and ONNX Runtime
let them spin for a while, OpenBLAS for 0.1 s), so that nobody pays for another.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

PAUSE = 0.15  # seconds
SHORT = 0.1  # seconds: work that takes less is not timed as the first after a pause


def alternate(
    works: dict[str, Callable[[int], Any]],
    repeats: int,
    prepare: dict[str, Callable[[], Any]] | None = None,
) -> dict[str, list[float]]:
    """Seconds of everyone's turns. `works` are given the number of the turn; turn 0 is not timed.

    Short work is done once untimed after the pause, so that nobody's threads are asleep.
    """
    prepare = prepare or {}
    turns: dict[str, list[float]] = {name: [] for name in works}
    short: dict[str, bool] = {}

    def once(name: str, turn: int) -> float:
        start = time.perf_counter()
        works[name](turn)
        return time.perf_counter() - start

    for turn in range(repeats + 1):
        for name in works:
            ready = prepare.get(name, lambda: None)
            ready()
            if turn:
                time.sleep(PAUSE)
                if short[name]:
                    once(name, turn)
                    ready()
                turns[name].append(once(name, turn))
            else:
                once(name, turn)
                ready()
                short[name] = once(name, turn) < SHORT
    return turns
