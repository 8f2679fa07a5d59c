"""What the settings of a form's file may hold: readers that check, and say what is wrong.

Inside: readers of single values, and which of them each setting of a field has. Not inside: which
settings make sense together (`table`).
"""

from __future__ import annotations

import math
import reprlib
from collections.abc import Callable, Iterable
from typing import Any

from digitus.errors import FormError
from digitus.forms.checks import CHECKS
from digitus.forms.form import DATE_LETTERS, KINDS, PAPERS
from digitus.recipe import nearest

MOST_PAGES = 100
SHORTEST_SIDE, LONGEST_SIDE = 20.0, 1200.0  # mm of a paper; the longest is A0's
LONGEST_NAME = 60  # characters


def known_settings(table: object, keys: Iterable[str], where: str) -> dict[str, object]:
    """A table's settings. Raises `FormError` for what is no table, and for an unknown setting."""
    if not isinstance(table, dict):
        raise FormError(f"{where} must be a table of settings, not {reprlib.repr(table)}")
    for key in table:
        if key not in keys:
            raise FormError(f"{where} has no setting {reprlib.repr(key)}{nearest(key, keys)}")
    return table


def as_text(value: object, where: str, *, empty: bool = False) -> str:
    """A text in one line."""
    if not isinstance(value, str) or not (value or empty) or not value.isprintable():
        raise FormError(f"{where} must be text in a line, not {reprlib.repr(value)}")
    return value


def as_texts(value: object, where: str) -> tuple[str, ...]:
    """A list of texts."""
    if not isinstance(value, list):
        raise FormError(f"{where} must be a list of texts, not {reprlib.repr(value)}")
    return tuple(as_text(v, where) for v in value)


def as_text_or_empty(value: object, where: str) -> str:
    """A text that may be empty."""
    return as_text(value, where, empty=True)


def as_date(value: object, where: str) -> str:
    """The pattern of a date."""
    date = as_text(value, where, empty=True)
    if date and [date.count(letter) for letter in DATE_LETTERS] not in ([2, 2, 2], [2, 2, 4]):
        raise FormError(f'{where} is made of DD, MM and YYYY or YY, as "DD.MM.YYYY", not {date!r}')
    return date


def as_name(value: object, where: str) -> str:
    """The name of a field, and of its column in the table."""
    name = as_text(value, where)
    if not name.isidentifier() or len(name) > LONGEST_NAME:
        raise FormError(
            f"{where} must be letters, digits and _, {LONGEST_NAME} at most, beginning with no "
            f"digit, not {name[:80]!r}",
            "form-name",
            name=name[:80],
            most=LONGEST_NAME,
        )
    return name


def as_one_of(value: object, known: Iterable[str], where: str) -> str:
    """One of several words."""
    if value not in tuple(known):
        near = nearest(value if isinstance(value, str) else "", known)
        raise FormError(f"{where}: no {reprlib.repr(value)}{near}")
    return str(value)


def as_checks(value: object, where: str) -> tuple[str, ...]:
    """The names of checks."""
    return tuple(as_one_of(v, CHECKS, where) for v in as_texts(value, where))


def as_numbers(value: object, where: str) -> tuple[float, ...]:
    """A list of finite numbers."""
    if not isinstance(value, list) or not all(
        isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v) for v in value
    ):
        raise FormError(f"{where} must be a list of numbers, not {reprlib.repr(value)}")
    return tuple(map(float, value))


def as_amount(value: object, where: str) -> float:
    """A number that is not negative."""
    (found,) = as_numbers([value], where)
    if found < 0:
        raise FormError(f"{where} is a number from 0 on, not {value}")
    return found


def as_place(value: object, where: str) -> tuple[float, ...]:
    """x, y, width and height."""
    found = as_numbers(value, where)
    if len(found) != 4:
        raise FormError(f"{where} is [x, y, width, height], not {reprlib.repr(value)}")
    return found


def as_places(value: object, where: str) -> tuple[tuple[float, ...], ...]:
    """A list of places."""
    if not isinstance(value, list):
        raise FormError(f"{where} must be a list of places, not {reprlib.repr(value)}")
    return tuple(as_place(v, where) for v in value)


def as_page(value: object, where: str) -> int:
    """The number of a page."""
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_PAGES:
        raise FormError(f"{where} is from 1 to {MOST_PAGES}, not {reprlib.repr(value)}")
    return value


def as_flag(value: object, where: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise FormError(f"{where} is true or false, not {reprlib.repr(value)}")
    return value


def is_side(side: float) -> bool:
    """Whether paper may be that wide or high, in mm."""
    return SHORTEST_SIDE <= side <= LONGEST_SIDE


def as_paper(value: object, where: str) -> tuple[float, float]:
    """A paper by its name, or its width and height in mm."""
    if isinstance(value, str):
        return PAPERS[as_one_of(value, PAPERS, where)]
    sides = as_numbers(value, where)
    if len(sides) != 2 or not all(map(is_side, sides)):
        raise FormError(f"{where} is a name or [width, height] in mm, not {list(sides)}")
    return sides[0], sides[1]


READERS: dict[str, Callable[[object, str], Any]] = {
    "name": as_name, "place": as_place, "page": as_page, "label": as_text_or_empty,
    "pattern": as_text_or_empty, "date": as_date, "range": as_numbers, "allowed": as_texts,
    "checks": as_checks, "required": as_flag, "full": as_flag, "cells": as_places,
    "kind": lambda value, where: as_one_of(value, KINDS, where),
}  # fmt: skip
