"""The worst font that is let in, as an input of `budgets`; fonts made for it, and for tests.

Inside: a good font with some of its tables changed. Not inside: measuring (`budgets`), and what is
refused (the tests).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from digitus import limits

FONT = "a font, for a form that is printed"
FIRST = 0x4E00  # of the letters that it has
SIMPLE = struct.pack(">5h", 1, 0, 0, 0, 0)  # the least that an outline is


def good() -> bytes:
    """The font that comes with ReportLab."""
    import reportlab

    return Path(reportlab.__file__).with_name("fonts").joinpath("Vera.ttf").read_bytes()


def table(font: bytes, tag: bytes) -> bytes:
    """A table of a font."""
    start, length = struct.unpack_from(">II", font, _record(font, tag) + 8)
    return font[start : start + length]


def with_table(font: bytes, tag: bytes, content: bytes) -> bytes:
    """The font with another table of that name, at its end."""
    made = bytearray(font)
    struct.pack_into(">II", made, _record(font, tag) + 8, len(font), len(content))
    return bytes(made) + content


def _record(font: bytes, tag: bytes) -> int:
    (count,) = struct.unpack_from(">H", font, 4)
    return next(i for i in range(12, 12 + 16 * count, 16) if font[i : i + 4] == tag)


def with_characters(font: bytes, *tables: bytes) -> bytes:
    """The font with these tables of characters for its own."""
    ends = [4 + 8 * len(tables) + sum(map(len, tables[:i])) for i in range(len(tables))]
    records = b"".join(struct.pack(">HHI", 3, 10, end) for end in ends)
    return with_table(
        font, b"cmap", struct.pack(">HH", 0, len(tables)) + records + b"".join(tables)
    )


def groups(form: int, ranges: Sequence[tuple[int, int, int]]) -> bytes:
    """A table of characters: ranges of them, first and last, and each one's first outline."""
    told = b"".join(struct.pack(">III", *one) for one in ranges)
    return struct.pack(">HHIII", form, 0, 16 + len(told), 0, len(ranges)) + told


def with_outlines(font: bytes, outlines: Sequence[bytes], padding: int = 0) -> bytes:
    """The font with these outlines for its own, one after another."""
    places = [0]
    for outline in outlines:
        places.append(places[-1] + len(outline))
    font = with_places(font, places)
    return with_table(font, b"glyf", b"".join(outlines) + bytes(padding))


def with_places(font: bytes, places: Sequence[int]) -> bytes:
    """The font with its outlines beginning there; the last place is where the last one ends."""
    count = len(places) - 1
    changes = {b"head": (50, 1), b"hhea": (34, 1), b"maxp": (4, count)}
    for tag, (at, value) in changes.items():
        changed = bytearray(table(font, tag))
        struct.pack_into(">H", changed, at, value)
        font = with_table(font, tag, bytes(changed))
    font = with_table(font, b"hmtx", bytes(4 + 2 * (count - 1)))
    return with_table(font, b"loca", struct.pack(f">{len(places)}I", *places))


def composite(parts: Sequence[int]) -> bytes:
    """An outline that consists of others."""
    more = [0x20] * (len(parts) - 1) + [0]
    told = [struct.pack(">HHBB", says, part, 0, 0) for says, part in zip(more, parts, strict=True)]
    return struct.pack(">5h", -1, 0, 0, 0, 0) + b"".join(told)


def worst(folder: Path) -> Callable[[], object]:
    """As many characters, letters, parts and bytes as there may be."""
    from budgets_forms import largest_form
    from digitus.forms.pdf import as_pdf

    letters, most = limits.FONT_LETTERS, 0xFFFE
    parts = [letters + 1 + i % (most - letters - 1) for i in range(99 * letters)]
    outlines = [SIMPLE] + [composite(parts[99 * i : 99 * i + 99]) for i in range(letters)]
    outlines += [SIMPLE] * (most - len(outlines))
    others = limits.FONT_CHARACTERS - letters
    characters = [(FIRST, FIRST + letters - 1, 1), (0x10000, 0x10000 + others - 1, 1)]
    font = with_characters(good(), groups(12, characters))
    padding = limits.FONT_BYTES - len(font) - sum(map(len, outlines)) - 10**6
    path = folder / "worst.ttf"
    path.write_bytes(with_outlines(font, outlines, padding))
    title = "".join(map(chr, range(FIRST, FIRST + letters)))
    form = replace(largest_form("boxes"), title=title)
    return lambda: as_pdf(form, path)


CASES: dict[str, tuple[str, Callable[[Path], Callable[[], object]], int]] = {
    "a font as large as can be": (FONT, worst, 1),
}
