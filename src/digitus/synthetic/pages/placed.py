"""Placed: digits and signs at their places, as `rows` and `cells` hand them to `layout`.

Inside: the types alone. Not inside: lines (`rows`), boxes (`cells`), the whole page (`layout`).
"""

from __future__ import annotations

from dataclasses import dataclass

from digitus.synthetic.pages.texts import CROSSED_OUT, FIGURES
from digitus.types import Bytes


@dataclass(frozen=True)
class Placed:
    """A digit or sign on the page: its ink [h w], the line and the corner (x, y) in pixels.

    The character is one of `texts.FIGURES`, of `texts.CROSSED_OUT`, or a sign.
    """

    ink: Bytes
    character: str
    line: int
    x: int
    y: int

    @property
    def is_digit(self) -> bool:
        """Whether it is to be read."""
        return self.character in FIGURES

    @property
    def is_crossed_out(self) -> bool:
        """Whether it was a digit before it was struck through."""
        return self.character in CROSSED_OUT

    @property
    def is_sign(self) -> bool:
        """Whether it is neither."""
        return not self.is_digit and not self.is_crossed_out


@dataclass(frozen=True)
class Penmanship:
    """How a page is written: digits and pen in pixels, slant as in `glyphs.Style`, the kinds."""

    digit: float
    pen: float
    slant: float
    kinds: frozenset[str]
