"""What a form is: its paper, its fields, and what their values have to fulfil.

Inside: `Form`, `Field`, where the cells of a field lie, and the text that digits in cells make.
Not inside: its file (`table`), the arithmetic of check digits (`checks`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TypeAlias

from digitus.forms.checks import CHECKS, as_date

Place: TypeAlias = tuple[float, float, float, float]  # x, y, width, height in mm from the top left

PAPERS = {"A4": (210.0, 297.0), "A5": (148.0, 210.0), "letter": (215.9, 279.4)}  # mm
KINDS = ("boxes", "comb", "line", "free")
IN_CELLS = ("boxes", "comb")
# Words for a value that is not whole as it is written, whatever the field demands.
UNFINISHED = "incomplete", "unreadable"
SIGN_WIDTH = 0.5  # of a cell's width: the room of a sign between boxes
EMPTY, UNREADABLE = "", "?"  # what stands in a cell, beside "0" to "9"
DATE_LETTERS = "DMY"


@dataclass(frozen=True)
class Field:
    """One value of a form: where it stands, how it is written, and what it has to fulfil.

    `place` is in mm. In `pattern`, "#" is a digit and anything else is printed as it is; without
    one, a field of the kinds line and free takes any digits. `date` is a pattern of its own, as
    "DD.MM.YYYY". In a `full` field no box may stay empty. `cells` are the places of single digits,
    where they do not divide the field evenly.
    """

    name: str
    place: Place
    page: int = 1
    label: str = ""
    kind: str = "boxes"
    pattern: str = ""
    date: str = ""
    range: tuple[float, ...] = ()
    allowed: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    required: bool = False
    full: bool = False
    cells: tuple[Place, ...] = ()

    @property
    def signs(self) -> str:
        """The pattern, that of a date too; "" where there may be any digits."""
        if not self.date:
            return self.pattern
        return "".join("#" if c in DATE_LETTERS else c for c in self.date)

    @property
    def in_cells(self) -> bool:
        """Whether each digit has a place of its own."""
        return self.kind in IN_CELLS

    @property
    def whole(self) -> bool:
        """Whether a digit in every place is needed: all but plain numbers, which may be short."""
        others = self.signs.replace("#", "")
        number = others in ("", ".", ",") and not self.signs.startswith((".", ","))
        return self.full or bool(self.date or self.checks) or not number

    @property
    def is_number(self) -> bool:
        """Whether its values are numbers: digits, with one comma or point at most."""
        return not self.date and self.signs.replace("#", "") in ("", ".", ",")

    @property
    def most(self) -> Decimal:
        """The largest number that its pattern has room for; infinity without a pattern."""
        return Decimal(self.signs.replace("#", "9").replace(",", ".") or "Infinity")

    def has_room_for(self, text: str) -> bool:
        """Whether a text is as the pattern has it."""
        if not self.signs or self.whole:
            return UNREADABLE not in text and self._has_all_digits(text)
        point = self.signs.replace("#", "")
        least, _, decimals = self.signs.partition(point) if point else (self.signs, "", "")
        whole, comma, rest = text.partition(point) if point else (text, "", "")
        digits = whole + rest
        return (
            bool(whole and rest) >= bool(comma)
            and digits.isascii()
            and digits.isdigit()
            and len(whole) <= len(least)
            and len(rest) <= len(decimals)
        )

    @cached_property
    def digit_places(self) -> tuple[Place, ...]:
        """The cell of each digit; none for the kinds line and free."""
        return self.cells or tuple(place for sign, place in self.sign_places if sign == "#")

    @cached_property
    def sign_places(self) -> tuple[tuple[str, Place], ...]:
        """Each sign of the pattern, "#" for a digit, with its place, where there are cells."""
        if not self.in_cells or self.cells:
            return ()
        x, y, width, height = self.place
        widths = [1.0 if sign == "#" else SIGN_WIDTH for sign in self.signs]
        unit = width / sum(widths)
        places = []
        for sign, wide in zip(self.signs, widths, strict=True):
            places.append((sign, (x, y, wide * unit, height)))
            x += wide * unit
        return tuple(places)

    def text(self, cells: Sequence[str]) -> str:
        """The value that stands in cells: digits, `UNREADABLE` or `EMPTY`.

        Empty cells at both ends of a number that may be short are left out; elsewhere they are
        spaces, and such a value is not whole.
        """
        if all(cell == EMPTY for cell in cells):
            return ""
        if not self.signs:
            return "".join(cells)
        values = iter(cell or " " for cell in cells)
        text = "".join(next(values) if sign == "#" else sign for sign in self.signs)
        if self.whole:
            return text
        whole, point, decimals = _parted(text)
        if not decimals.strip():
            return whole.strip()
        return whole.lstrip() + point + decimals.rstrip()

    def wrong(self, text: str) -> str:
        """A word for the first thing that is wrong with a value; "" if none is, or it is empty."""
        if not text:
            return ""
        if not self._has_all_digits(text):
            return "incomplete"
        written = text
        if self.signs and self.whole:
            written = "".join(c for sign, c in zip(self.signs, text, strict=True) if sign == "#")
        return "unreadable" if UNREADABLE in written else self._unfulfilled(text)

    def _has_all_digits(self, text: str) -> bool:
        """Whether no digit is missing, and none stands where the pattern has a sign."""
        if not (self.signs and self.whole):
            return " " not in text.strip() and text[0] not in " .,"
        return len(text) == len(self.signs) and all(
            (is_digit(c) or c == UNREADABLE) if sign == "#" else (c == sign or not is_digit(c))
            for sign, c in zip(self.signs, text, strict=True)
        )

    def _unfulfilled(self, text: str) -> str:
        """The first of the field's rules that a whole value does not fulfil."""
        digits = "".join(filter(is_digit, text))
        if self.date and as_date(text, self.date) is None:
            return "date"
        if self.allowed and text not in self.allowed and number(text) not in self._allowed_numbers:
            return "allowed"
        for check in self.checks:
            if not CHECKS[check](digits):
                return check
        if self.range:
            value = number(text)
            if value is None or not self.range[0] <= value <= self.range[1]:
                return "range"
        return ""

    @cached_property
    def _allowed_numbers(self) -> frozenset[Decimal | None]:
        """The allowed values as numbers, where 02 is 2; none where each digit counts."""
        if self.full or not self.is_number:
            return frozenset()
        return frozenset(map(number, self.allowed)) - {None}

    @property
    def has_rules(self) -> bool:
        """Whether the field has rules that a value with all of its digits may break."""
        return bool(self.date or self.allowed or self.checks or self.range)


def _parted(text: str) -> tuple[str, str, str]:
    """A number, split at its point or comma."""
    return text.partition("," if "," in text else ".")


def is_digit(c: str) -> bool:
    """Whether a character is one of 0 to 9: `str.isdigit` takes ² for one, too."""
    return c.isascii() and c.isdigit()


def number(text: str) -> Decimal | None:
    """The number that a text stands for, with a point or a comma; None for anything else."""
    plain = text.replace(",", ".")
    digits = plain.replace(".", "", 1)
    return Decimal(plain) if digits.isascii() and digits.isdigit() else None


@dataclass(frozen=True)
class Sum:
    """The value of the field `total` is the sum of those of the fields `of`."""

    total: str
    of: tuple[str, ...]


@dataclass(frozen=True)
class Rising:
    """The value of a field never falls from one sheet to the next, as a meter's reading.

    With `of`, a field such as the meter's number, only sheets with the same value there follow each
    other. With a field `day`, they follow in the order of their days, and the value may rise by
    `most` a day, unless that is 0.
    """

    field: str
    of: str = ""
    day: str = ""
    most: float = 0.0


@dataclass(frozen=True)
class Form:
    """A form: its paper in mm, its fields in the order of the table, and the rules that join them.

    `blank` are the pictures of its pages where it was not printed by digitus.
    """

    name: str
    fields: tuple[Field, ...]
    title: str = ""
    paper: tuple[float, float] = PAPERS["A4"]
    sums: tuple[Sum, ...] = ()
    risings: tuple[Rising, ...] = ()
    blank: tuple[str, ...] = ()

    @cached_property
    def pages(self) -> int:
        """How many pages the form has."""
        return max((field.page for field in self.fields), default=1)

    def on_page(self, page: int) -> tuple[Field, ...]:
        """The fields of a page."""
        return tuple(field for field in self.fields if field.page == page)

    def field(self, name: str) -> Field:
        """The field of that name."""
        return next(field for field in self.fields if field.name == name)
