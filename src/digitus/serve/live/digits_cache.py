"""Digits to learn from, the latest few sets kept in memory for all runs."""

from __future__ import annotations

import threading
from collections import OrderedDict

from digitus.datasets.digits import Digits
from digitus.datasets.sources import load

CACHED_SETS = 3


class DigitsCache:
    """Sets by name and count. Any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, int], Digits] = OrderedDict()

    def digits(self, data: str, count: int) -> Digits:
        """The first `count` of a set's training part. Raises `DataError`; downloads nothing."""
        with self._lock:
            key = (data, count)
            if key not in self._kept:
                self._kept[key] = load(data, "train", download=False, count=count)
                if len(self._kept) > CACHED_SETS:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return self._kept[key]
