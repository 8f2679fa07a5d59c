"""Placed: digits and signs at their places, as the ways to lay out a page hand them on.

Inside: the types alone. Not inside: lines (`rows`), boxes (`cells`), the whole page (`layout`).
"""

from __future__ import annotations

from dataclasses import dataclass

from digitus.types import Bytes


@dataclass(frozen=True)
class Placed:
    """A digit or sign on the page: its ink [h w], the line and the corner (x, y) in pixels."""

    ink: Bytes
    character: str
    line: int
    x: int
    y: int


@dataclass(frozen=True)
class Writing:
    """How a page is written: digits and pen in pixels, slant as in `glyphs.Style`, the kinds."""

    digit: float
    pen: float
    slant: float
    kinds: frozenset[str]
