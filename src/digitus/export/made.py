"""What each kind of export makes: the content of its files, and a way to run it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from digitus.types import Images, Matrix


@dataclass(frozen=True, eq=False)
class Made:
    """The content of each file by its ending, and a way to run it, or why there is none here."""

    files: Mapping[str, bytes]
    run: Callable[[Images], Matrix] | None
    why_not: str = ""
