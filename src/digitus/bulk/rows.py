"""What becomes of a picture: a row for each page, or a row for each digit; an error is a row too.

Rows depend on the picture, the networks and the version alone, so that a part that is read twice is
the same twice. Inside: rows as dicts, what is flagged. Not inside: files of rows (`formats`), which
networks read (`reading.networks`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from digitus import __version__
from digitus.reading.result import Digit, Reading

Row: TypeAlias = dict[str, Any]  # by column, of either form: what JSON can hold
PICTURE, DIGIT = "picture", "digit"
# What is flagged: a refused digit, one that a person should look at, a picture without digits.
REFUSED, DOUBTFUL, NO_DIGITS = "refused", "doubtful", "no digits"
PER_PICTURE = (
    "source", "page", "sha256", "width", "height", "lines", "digits", "flags", "error", "model",
    "version",
)  # fmt: skip
PER_DIGIT = (
    "source", "page", "sha256", "number", "value", "confidence", "x", "y", "width", "height",
    "line", "flags", "error", "model", "version",
)  # fmt: skip


def columns(by: str) -> tuple[str, ...]:
    """The names of a row's values, in order."""
    return PER_DIGIT if by == DIGIT else PER_PICTURE


@dataclass(frozen=True)
class Origin:
    """The picture that a row is of, and which networks read it (`model`: their fingerprint)."""

    source: str
    page: int
    sha256: str | None
    model: str

    def row(self, by: str, **values: object) -> Row:
        """A row with these values, and None for what is not there."""
        told = {
            "source": self.source,
            "page": self.page,
            "sha256": self.sha256,
            "model": self.model,
            "version": __version__,
            **values,
        }
        return {name: told.get(name) for name in columns(by)}


def as_text(name: object) -> str:
    """A name or a message as every form can hold it: a file's name need not be UTF-8."""
    return str(name).encode("utf-8", "replace").decode("utf-8")


def of_reading(origin: Origin, reading: Reading, by: str) -> Iterator[Row]:
    """The rows of a page; a page without digits has one, also where rows are by digit."""
    flags = flagged(reading)
    if by == PICTURE:
        told = reading.to_json()
        yield origin.row(
            by, width=told["width"], height=told["height"], lines=told["lines"],
            digits=told["digits"], flags=flags,
        )  # fmt: skip
    elif not reading.digits:
        yield origin.row(by, flags=flags)
    else:
        for number, digit in enumerate(reading.digits, 1):
            yield origin.row(by, number=number, **_of_digit(digit))


def _of_digit(digit: Digit) -> Row:
    x, y, width, height = digit.box
    return {
        "value": digit.value,
        "confidence": round(digit.confidence, 4),
        "x": x, "y": y, "width": width, "height": height,
        "line": digit.line,
        "flags": _doubts([digit]),
    }  # fmt: skip


def of_error(origin: Origin, error: Exception, by: str) -> Row:
    """The row of what could not be read."""
    empty: Row = {"lines": [], "digits": [], "flags": []} if by == PICTURE else {"flags": []}
    return origin.row(by, **empty, error=as_text(error))


def flagged(reading: Reading) -> list[str]:
    """What a person who reads no further should know."""
    return _doubts(reading.digits) if reading.digits else [NO_DIGITS]


def _doubts(digits: tuple[Digit, ...] | list[Digit]) -> list[str]:
    refused = any(digit.value is None for digit in digits)
    doubtful = any(digit.doubtful for digit in digits)
    return [DOUBTFUL] * doubtful + [REFUSED] * refused
