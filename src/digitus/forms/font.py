"""What a user's TrueType font would cost, counted before ReportLab works through it.

A few bytes of a font's file may stand for very much: a range of characters may be as long as 2^31,
many outlines may lie in the same place, and one may consist of others, which consist of others.
ReportLab loops over all of it. So whatever it would go through is counted first.

Inside: that. Not inside: reading the font, which ReportLab does (`pdf`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from struct import unpack_from
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from digitus.limits import (
    FONT_BYTES,
    FONT_CHARACTERS,
    FONT_FACES,
    FONT_LETTERS,
    FONT_NAMES,
    FONT_OUTLINES,
    FONT_PARTS,
    FONT_TABLES,
)

ALWAYS = range(32, 128)  # characters that ReportLab writes whether a form has them or not
LETTERS_AT_ONCE = 255  # that ReportLab writes as one font
REPEATED = ("name", "OS/2", "cvt ", "fpgm", "prep", "hhea", "head", "maxp")  # in each of these
MISSING = 0  # the outline in place of missing letters; it is in each of these, too
PARTS_AT = 10  # bytes of an outline before its parts
WORDS, SCALE, TWO_SCALES, MATRIX, MORE = 1, 8, 64, 128, 32  # flags of a part, a bit each
DAMAGED = "its outlines are damaged"


class Face(Protocol):
    """What ReportLab has read of a font, by its names there."""

    charToGlyph: Mapping[int, int]  # noqa: N815
    glyphPos: Sequence[int]  # noqa: N815
    table: Mapping[str, object]
    _full_font: bool  # whether no part of it may be written alone

    def get_table(self, tag: str) -> bytes:
        """The content of a table."""

    def get_table_pos(self, tag: str) -> tuple[int, int]:
        """Where a table begins, and its bytes."""


def check_file(content: bytes) -> None:
    """Raises `ValueError` for a font that is too large, or too many in one file."""
    if len(content) > FONT_BYTES:
        raise ValueError(f"it has more than {FONT_BYTES:,} bytes")
    if content.startswith(b"ttcf") and int(_numbers(content, ">u4", 8, 1)[0]) > FONT_FACES:
        raise ValueError(f"it has more than {FONT_FACES:,} fonts")


def check_tables(content: bytes, characters: int, names: int) -> None:
    """Raises `ValueError` for a font that is damaged or has too many characters or names.

    `characters` and `names` are the offsets of the tables cmap and name.
    """
    if int(_numbers(content, ">u2", names + 2, 1)[0]) > FONT_NAMES:
        raise ValueError(f"it has more than {FONT_NAMES:,} names")
    # Version and count of tables: ReportLab accepts them swapped, too.
    count = max(map(int, _numbers(content, ">u2", characters, 2)))
    if count > FONT_TABLES:
        raise ValueError(f"it has more than {FONT_TABLES} tables of characters")
    records = _numbers(content, ">u4", characters + 4, 2 * count)
    for offset in set(map(int, records[1::2])):
        if _characters(content, characters + offset) > FONT_CHARACTERS:
            raise ValueError(f"it has more than {FONT_CHARACTERS:,} characters")


def check_outlines(face: Face, letters: Collection[int]) -> None:
    """Raises `ValueError` if a font is too large for a form's letters (code points).

    What ReportLab writes is counted: for each letter its outline with all of its parts, and for
    every `LETTERS_AT_ONCE` letters the tables that belong to any font.
    """
    whole = face.charToGlyph if face._full_font else ()
    drawn = {*letters, *ALWAYS, *whole} & face.charToGlyph.keys()
    if len(drawn) > FONT_LETTERS:
        raise ValueError(f"the form has more than {FONT_LETTERS:,} different letters")
    outlines = _Outlines(face.get_table("glyf"), face.glyphPos)
    fonts = len(drawn) // LETTERS_AT_ONCE + 1
    tables = sum(face.get_table_pos(name)[1] for name in REPEATED if name in face.table)
    total = fonts * (tables + outlines.size(MISSING))
    for letter in drawn:
        total += outlines.size(face.charToGlyph[letter])
        if total > FONT_OUTLINES:
            raise ValueError(f"its letters of this form have more than {FONT_OUTLINES:,} bytes")


@dataclass(frozen=True)
class _Outlines:
    """The outlines of a font, one after another; `places` are where each begins, and the end."""

    content: bytes
    places: Sequence[int]

    def size(self, outline: int) -> int:
        """The bytes of an outline with all of its parts, each as often as ReportLab goes to it."""
        known, waiting = {outline}, [outline]
        size = count = 0
        while waiting:
            start, end = self._place(waiting.pop())
            size += end - start
            for part in self._parts(start, end):
                count += 1
                if count > FONT_PARTS:
                    raise ValueError(f"a letter of it has more than {FONT_PARTS} parts")
                if part not in known:
                    known.add(part)
                    waiting.append(part)
        return size

    def _place(self, outline: int) -> tuple[int, int]:
        start, *end = self.places[outline : outline + 2] or (0,)
        if not end or not start <= end[0] <= len(self.content):
            raise ValueError(DAMAGED)
        return start, end[0]

    def _parts(self, start: int, end: int) -> Iterator[int]:
        """The outlines that one consists of, if it does not have contours of its own."""
        if start == end:
            return
        if end - start < 2:
            raise ValueError(DAMAGED)
        if unpack_from(">h", self.content, start)[0] >= 0:
            return
        at, flags = start + PARTS_AT, MORE
        while flags & MORE:
            if at + 4 > end:
                raise ValueError(DAMAGED)
            flags, part = unpack_from(">HH", self.content, at)
            at += 8 if flags & WORDS else 6
            at += 2 if flags & SCALE else 4 if flags & TWO_SCALES else 8 if flags & MATRIX else 0
            yield part


def _characters(content: bytes, at: int) -> int:
    """How often ReportLab's loops over a table run, where the file's size does not bound that."""
    (kind,) = _numbers(content, ">u2", at, 1)  # the format of this table of cmap
    if kind == 4:
        count = int(_numbers(content, ">u2", at + 6, 1)[0]) // 2
        last = _numbers(content, ">u2", at + 14, count)
        return _sum(_numbers(content, ">u2", at + 16 + 2 * count, count), last)
    if kind == 10:
        return int(_numbers(content, ">u4", at + 16, 1)[0])
    if kind in (12, 13):
        groups = int(_numbers(content, ">u4", at + 12, 1)[0])
        if groups > FONT_CHARACTERS:
            return groups
        first, last, _ = _numbers(content, ">u4", at + 16, 3 * groups).reshape(-1, 3).T
        return _sum(first, last)
    if kind == 2:
        keys = _numbers(content, ">u2", at + 6, 256)
        heads = _numbers(content, ">u2", at + 518, 4 * (int(keys.max()) + 1)).reshape(-1, 4)
        return int(heads[keys[keys > 0], 1].sum(dtype=np.int64))
    return 0


def _sum(first: NDArray[np.int64], last: NDArray[np.int64]) -> int:
    return int(np.maximum(last - first + 1, 0).sum())


def _numbers(content: bytes, kind: str, at: int, count: int) -> NDArray[np.int64]:
    """Numbers of a font. Raises `ValueError` where it ends before them."""
    return np.frombuffer(content, kind, count, at).astype(np.int64)
