"""Libraries that are imported when a test first asks them for something.

Every process of a run collects every file, and one of them runs its tests: what only these need
would be imported by all, which takes PyTorch two seconds and others some tenths.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any


class Later:
    """A module by its name; `check` may skip the test where it is not there."""

    def __init__(self, name: str, check: Callable[[], object] = lambda: None) -> None:
        self._name, self._check = name, check

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("_"):  # pytest asks everything that it collects for such
            raise AttributeError(attribute)
        self._check()
        return getattr(import_module(self._name), attribute)
