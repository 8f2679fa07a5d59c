"""What a step frees is there for the next one, and the system has it back after the run."""

from __future__ import annotations

import ctypes
import resource
import sys

import numpy as np
import pytest

from digitus.training.memory import kept
from measured import resident

MEGABYTE = 2**20


@pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "mallopt"),
    reason="only the allocator of glibc can be told to keep what is freed, by mallopt",
)
def test_freed_memory_is_kept_for_the_length_of_a_run() -> None:
    def faults() -> int:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        arrays = [np.ones(8 * MEGABYTE, np.uint8) for _ in range(8)]
        del arrays
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

    with kept():
        faults()
        assert faults() < 64 * MEGABYTE / resource.getpagesize() / 100
        during = resident()
    assert during - resident() > 32 * MEGABYTE
