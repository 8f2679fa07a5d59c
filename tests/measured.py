"""How much memory a block of a test takes at its peak, as the system counts it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass
class Growth:
    """`bytes` more than before the block, at the peak."""

    bytes: int = 0


@contextmanager
def growth() -> Iterator[Growth]:
    """Of this process, all its libraries included; memory that it had free already costs nothing.

    Where the system does not tell, as outside of Linux, 0: then only the answers are tested.
    """
    grown = Growth()
    gc.collect()
    before = _restarted()
    yield grown
    if before is not None:
        grown.bytes = _kilobytes("VmHWM") * 1024 - before


def resident() -> int:
    """Bytes of memory that this process has now. Only where the system is Linux."""
    return _kilobytes("VmRSS") * 1024


def _restarted() -> int | None:
    """What the process takes now, from where on its peak is counted."""
    try:
        RESET.write_text("5")
        return resident()
    except OSError:
        return None


def _kilobytes(name: str) -> int:
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(name))
    return int(line.split()[1])
