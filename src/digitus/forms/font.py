"""How many characters a TrueType font says that it has, before ReportLab goes through them.

A range of characters takes a few bytes of a font's file and may be as long as 2^31; ReportLab loops
over it. So the ranges are added up first, in every table of characters that it might take.

Inside: that. Not inside: the font otherwise, which ReportLab reads (`pdf`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from digitus.limits import FONT_BYTES, FONT_CHARACTERS, FONT_TABLES


def check_font(content: bytes, start: int) -> None:
    """Raises `ValueError` for a font that is too large, has too many characters, or is damaged.

    `start` is the offset of its tables of characters (cmap).
    """
    if len(content) > FONT_BYTES:
        raise ValueError(f"it has more than {FONT_BYTES:,} bytes")
    # Version and count of tables: ReportLab accepts them swapped, too.
    count = max(map(int, _numbers(content, ">u2", start, 2)))
    if count > FONT_TABLES:
        raise ValueError(f"it has more than {FONT_TABLES} tables of characters")
    records = _numbers(content, ">u4", start + 4, 2 * count)
    for offset in set(map(int, records[1::2])):
        if _characters(content, start + offset) > FONT_CHARACTERS:
            raise ValueError(f"it has more than {FONT_CHARACTERS:,} characters")


def _characters(content: bytes, at: int) -> int:
    """How often ReportLab's loop over a table runs, where the file's size does not bound that."""
    (form,) = _numbers(content, ">u2", at, 1)
    if form == 4:
        count = int(_numbers(content, ">u2", at + 6, 1)[0]) // 2
        last = _numbers(content, ">u2", at + 14, count)
        return _sum(_numbers(content, ">u2", at + 16 + 2 * count, count), last)
    if form in (12, 13):
        (groups,) = _numbers(content, ">u4", at + 12, 1)
        first, last, _ = _numbers(content, ">u4", at + 16, 3 * int(groups)).reshape(-1, 3).T
        return _sum(first, last)
    if form == 2:
        keys = _numbers(content, ">u2", at + 6, 256)
        heads = _numbers(content, ">u2", at + 518, 4 * (int(keys.max()) + 1)).reshape(-1, 4)
        return int(heads[keys[keys > 0], 1].sum(dtype=np.int64))
    return 0


def _sum(first: NDArray[np.int64], last: NDArray[np.int64]) -> int:
    return int(np.maximum(last - first + 1, 0).sum())


def _numbers(content: bytes, kind: str, at: int, count: int) -> NDArray[np.int64]:
    """Numbers of a font. Raises `ValueError` where it ends before."""
    return np.frombuffer(content, kind, count, at).astype(np.int64)
