"""Small files of fonts that claim to be endless, and fonts that are merely large."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from budgets_fonts import (
    SIMPLE,
    composite,
    good,
    groups,
    with_characters,
    with_outlines,
    with_places,
    with_table,
)
from digitus.errors import FormError
from digitus.forms import font
from digitus.forms.pdf import as_pdf
from filled_forms import FORM
from measured import growth

GOOD = good()
LETTERS = with_characters(GOOD, groups(13, [(65, 90, 1)]))  # A to Z, with one outline


def refused(folder: Path, content: bytes, why: str) -> None:
    """The font is refused with those words, before it takes much memory."""
    path = folder / "font.ttf"
    path.write_bytes(content)
    with growth() as grown, pytest.raises(FormError) as caught:
        as_pdf(FORM, path)
    assert str(caught.value) == f"font {path} cannot be used: {why}"
    assert grown.bytes < 3 * len(content) + 50 * 10**6


def printed(folder: Path, content: bytes) -> bytes:
    """The form in that font."""
    path = folder / "font.ttf"
    path.write_bytes(content)
    return as_pdf(FORM, path)


def segments(ranges: Sequence[tuple[int, int]]) -> bytes:
    first, last = zip(*ranges, strict=True)
    count = len(ranges)
    numbers = [4, 0, 0, 2 * count, 0, 0, 0, *last, 0, *first, *[0] * 2 * count]
    return struct.pack(f">{len(numbers)}H", *numbers)


def parts_of_two_bytes() -> bytes:
    keys, heads = [8 * (i > 0) for i in range(256)], [(0, 0xFFFF, 0, 0)] * 9
    numbers = [2, 0xFFFF, 0, *keys, *(number for head in heads for number in head)]
    return struct.pack(f">{len(numbers)}H", *numbers)


@pytest.mark.parametrize(
    "tables",
    [
        [groups(12, [(0, 0x7FFFFFFF, 0)])],
        [groups(13, [(0, 0x7FFFFFFF, 0)])],
        [groups(12, [(0, 9999, 0)] * 100)],
        [groups(12, [(1, 0, 0)] * 300_001)],
        [struct.pack(">HHIIII", 10, 0, 0, 0, 0, 300_001) + bytes(600_002)],
        [segments([(0, 0xFFFE)] * 1000)],
        [parts_of_two_bytes()],
        [groups(12, [(0, 0x7FFFFFFF, 0)]), groups(12, [(32, 126, 0)])],
    ],
    ids=[
        "one range", "of one glyph", "many ranges", "empty ranges", "one after another", "segments",
        "two bytes", "the first of two",
    ],
)  # fmt: skip
def test_a_font_of_endless_characters(tmp_path: Path, tables: list[bytes]) -> None:
    refused(tmp_path, with_characters(GOOD, *tables), "it has more than 300,000 characters")


def test_a_font_of_too_many_tables_names_or_fonts(tmp_path: Path) -> None:
    many = with_characters(GOOD, *[groups(12, [(32, 126, 0)])] * 101)
    refused(tmp_path, many, "it has more than 100 tables of characters")
    names = with_table(GOOD, b"name", struct.pack(">3H", 0, 5001, 6) + bytes(12 * 5001))
    refused(tmp_path, names, "it has more than 5,000 names")
    fonts = b"ttcf" + struct.pack(">II", 0x10000, 1001) + bytes(4 * 1001)
    refused(tmp_path, fonts, "it has more than 1,000 fonts")


def test_a_font_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert printed(tmp_path, GOOD).startswith(b"%PDF")
    monkeypatch.setattr(font, "FONT_BYTES", len(GOOD) - 1)
    refused(tmp_path, GOOD, f"it has more than {len(GOOD) - 1:,} bytes")


@pytest.mark.parametrize(
    "table", [groups(12, [(32, 126, 3)]), segments([(32, 126), (0xFFFF, 0xFFFF)])]
)
def test_a_font_of_few_characters_is_used(tmp_path: Path, table: bytes) -> None:
    assert printed(tmp_path, with_characters(GOOD, table)).startswith(b"%PDF")


def many_in_one_place() -> bytes:
    """Each letter's outline is the whole table."""
    apart = with_characters(GOOD, groups(12, [(i, i, 2 * (i - 65)) for i in range(65, 91)]))
    content = SIMPLE + bytes(10**6)
    return with_table(with_places(apart, [0, len(content)] * 26), b"glyf", content)


def large_hints() -> bytes:
    """The hinting program that belongs to every letter is long."""
    return with_table(GOOD, b"prep", bytes(21 * 10**6))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (with_outlines(LETTERS, [SIMPLE, SIMPLE + bytes(10**6)]), "more than 20,000,000 bytes"),
        (many_in_one_place(), "more than 20,000,000 bytes"),
        (large_hints(), "more than 20,000,000 bytes"),
        (with_outlines(LETTERS, [SIMPLE, composite([2] * 101), SIMPLE]), "more than 100 parts"),
        (
            with_outlines(LETTERS, [SIMPLE, *(composite([i + 1]) for i in range(1, 110)), SIMPLE]),
            "more than 100 parts",
        ),
    ],
    ids=["long", "many in one place", "hints", "of one part, often", "parts of parts"],
)
def test_a_font_whose_letters_are_too_large(tmp_path: Path, content: bytes, why: str) -> None:
    whose = "its letters of this form have" if "bytes" in why else "a letter of it has"
    refused(tmp_path, content, f"{whose} {why}")


@pytest.mark.parametrize(
    "content",
    [
        with_outlines(LETTERS, [SIMPLE]),
        with_outlines(LETTERS, [SIMPLE, composite([9]), SIMPLE]),
        with_outlines(LETTERS, [SIMPLE, composite([2, 2])[:-6], SIMPLE]),
        with_outlines(LETTERS, [SIMPLE, b"\xff", SIMPLE]),
        with_places(LETTERS, [0, 10, 9]),
        with_places(LETTERS, [0, 0, 10**9]),
    ],
    ids=["none", "no such part", "parts without end", "one byte", "backwards", "beyond the end"],
)
def test_a_font_whose_outlines_are_damaged(tmp_path: Path, content: bytes) -> None:
    refused(tmp_path, content, "its outlines are damaged")


def test_letters_of_parts_are_printed(tmp_path: Path) -> None:
    outlines = [SIMPLE, composite([2] * 98 + [3]), composite([3]), SIMPLE]
    assert b"FontFile2" in printed(tmp_path, with_outlines(LETTERS, outlines))


def test_a_form_of_very_many_letters(tmp_path: Path) -> None:
    path = tmp_path / "font.ttf"
    path.write_bytes(with_characters(GOOD, groups(13, [(0x4E00, 0x4E00 + 10_000, 1)])))
    most = replace(FORM, title="".join(map(chr, range(0x4E00, 0x4E00 + 10_000))))
    assert as_pdf(most, path).startswith(b"%PDF")
    with pytest.raises(FormError, match="the form has more than 10,000 different letters"):
        as_pdf(replace(most, title=most.title + chr(0x4E00 + 10_000)), path)


def test_each_form_has_the_font_that_it_asks_for(tmp_path: Path) -> None:
    """ReportLab knows fonts by name, and keeps the first of each."""
    plain = printed(tmp_path, GOOD)
    other = printed(tmp_path, with_outlines(LETTERS, [SIMPLE, SIMPLE]))
    assert other != plain
    assert printed(tmp_path, GOOD) == plain
