"""Check digits, and dates and times that exist.

Inside: each check as a function of the digits of a value. Not inside: which field has which
(`form`), and what they decide (`choose`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from itertools import cycle

CENTURY = 2000  # of a year that is written with two digits


def luhn(digits: str) -> bool:
    """Luhn 1960 (ISO/IEC 7812): cards, IMEI, many customer numbers."""
    doubled = (2 * int(c) for c in digits[-2::-2])
    total = sum(map(int, digits[-1::-2])) + sum(d - 9 * (d > 9) for d in doubled)
    return len(digits) > 1 and total % 10 == 0


def ean(digits: str) -> bool:
    """The article numbers of GS1: 8, 12, 13 or 14 digits, weighted by 1 and 3 from the right."""
    total = sum(w * int(c) for w, c in zip(cycle((1, 3)), reversed(digits), strict=False))
    return len(digits) in (8, 12, 13, 14) and total % 10 == 0


def isbn(digits: str) -> bool:
    """A book's number of 13 digits, or of 10 whose check digit is no X."""
    if len(digits) == 10:
        return sum(w * int(c) for w, c in enumerate(reversed(digits), 1)) % 11 == 0
    return len(digits) == 13 and digits[:3] in ("978", "979") and ean(digits)


def mod11(digits: str) -> bool:
    """Modulo 11, weights 2 to 7 repeated, from the digit before the check digit to the left."""
    weighed = zip(cycle(range(2, 8)), reversed(digits[:-1]), strict=False)
    return len(digits) > 1 and (sum(w * int(c) for w, c in weighed) + int(digits[-1])) % 11 == 0


def mod97(digits: str) -> bool:
    """ISO 7064, modulo 97-10: two check digits at the end, as in the numbers of contracts."""
    return len(digits) > 2 and int(digits) % 97 == 1


def time(digits: str) -> bool:
    """A time of day: hours to 23 and minutes to 59, and seconds if there are six digits."""
    parts = [int(digits[i : i + 2]) for i in range(0, len(digits), 2)]
    return len(digits) in (4, 6) and parts[0] < 24 and max(parts) < 60


CHECKS: dict[str, Callable[[str], bool]] = {
    "luhn": luhn, "ean": ean, "isbn": isbn, "mod11": mod11, "mod97": mod97, "time": time,
}  # fmt: skip
# How many digits a value has that fulfils a check.
LENGTHS: dict[str, Sequence[int]] = {
    "luhn": range(2, 1000), "ean": (8, 12, 13, 14), "isbn": (10, 13), "mod11": range(2, 1000),
    "mod97": range(3, 1000), "time": (4, 6),
}  # fmt: skip


def as_date(text: str, pattern: str) -> date | None:
    """The date in a text, by a pattern such as "DD.MM.YYYY"; None if there is no such day."""
    if len(text) != len(pattern):
        return None
    parts = dict.fromkeys("DMY", "")
    for letter, c in zip(pattern, text, strict=True):
        if letter in parts:
            parts[letter] += c
    try:
        year = int(parts["Y"]) + (CENTURY if len(parts["Y"]) == 2 else 0)
        return date(year, int(parts["M"]), int(parts["D"]))
    except ValueError:
        return None
