"""Memory that a step of training frees is kept for the next one, which needs as much again.

The C library gives large blocks back to the system as soon as they are freed, and new memory costs
a page fault for every 4 KB: of the recipe `cnn`, 10,000 a step and a fifth of its time.

Inside: telling glibc. Not inside: memory that processes share (`shared_memory`), buffers that the
layers keep (`nn.products`).
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager, suppress

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # as in malloc.h
KEPT = 2**31 - 1  # bytes that may lie free: any number
LARGEST = 32 * 2**20  # bytes of a block that is not mapped by itself: glibc takes no larger number


@contextmanager
def kept() -> Iterator[None]:
    """Freed memory stays with the process for the length of a block; then it is given back.

    Other C libraries, such as that of macOS, have no such call and are left alone.
    """
    with suppress(OSError, AttributeError, TypeError):  # a C library without that call
        library = ctypes.CDLL(None)
        library.mallopt(M_MMAP_THRESHOLD, LARGEST)
        library.mallopt(M_TRIM_THRESHOLD, KEPT)
    try:
        yield
    finally:
        with suppress(OSError, AttributeError, TypeError):
            ctypes.CDLL(None).malloc_trim(0)
