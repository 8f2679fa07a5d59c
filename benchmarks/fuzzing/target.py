"""A target: something that takes bytes from strangers, and what may become of them.

It reads them, or refuses them by a `DigitusError` of one line. Anything else is a find: another
exception, more than `SLOW` seconds of processor time, more memory than its budget. Not inside: who
makes up the bytes (`child`), and the targets themselves.
"""

from __future__ import annotations

import random
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from digitus.errors import DigitusError

SLOW = 5.0  # seconds of processor time that one input may take
LONGEST_LINE = 1000  # characters of an error


@dataclass(frozen=True)
class Target:
    """`read` takes the bytes; `seeds` are inputs as they should be, from which others are made.

    `mutate`, where there is one, makes another input of one in a way of its own, since bytes
    changed at random would seldom get past a checksum.
    """

    read: Callable[[bytes], object]
    seeds: Callable[[], Iterable[bytes]]
    mutate: Callable[[bytes, random.Random], bytes] | None = None
    most_bytes: int = 4096
    most_megabytes: int = 300  # that one input may take


def outcome(target: Target, data: bytes) -> str:
    """What became of an input: "read" or "refused". Raises whatever else happens."""
    try:
        target.read(data)
    except DigitusError as error:
        text = str(error)
        if not text or not text.isprintable() or len(text) > LONGEST_LINE:
            raise AssertionError(f"not an error of one line: {text[:200]!r}") from error
        return "refused"
    return "read"


def place(error: BaseException) -> str:
    """The kind of an exception and where it came from, in a line: the same for the same fault."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"
