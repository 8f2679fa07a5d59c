"""What the papers' report is made of: headings, paragraphs, tables, charts, pictures.

They are written once and become HTML (`to_html`) and Markdown (`to_markdown`). Text may hold
`code`, **bold**, *slanted* and [links](address), and nothing else of either language. Inside: the
blocks. Not inside: what is said with them (`document`), drawing (`drawings`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from digitus.papers.images import Album
from digitus.types import Floats64, Numbers


@dataclass(frozen=True)
class Heading:
    """The name of a section (level 2, with its number: "G1") or of a part of one (level 3)."""

    number: str
    title: str
    level: int = 2

    @property
    def id(self) -> str:
        """Its address in the HTML file."""
        return "part-" + self.number.lower().replace(".", "-")


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    words: str


@dataclass(frozen=True)
class Items:
    """A list."""

    items: Sequence[str]


@dataclass(frozen=True)
class Equations:
    """Lines set as they are."""

    lines: str


@dataclass(frozen=True)
class Table:
    """A table whose first column names its rows; with `total` the last row sums up.

    The first `texts` columns hold words, set from the left; the others hold numbers.
    """

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    total: bool = False
    texts: int = 1


@dataclass(frozen=True)
class Line:
    """A curve or a row of points: values y at x; `half` is half the width of its interval."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    half: Sequence[float] = ()


@dataclass(frozen=True)
class Chart:
    """Curves over a common axis. `kind`: "lines" or "points" (a scatter without lines)."""

    name: str
    title: str
    label: str
    lines: Sequence[Line]
    percent: bool = True
    log: tuple[bool, bool] = (False, False)
    low: float | None = None
    high: float | None = None
    kind: str = "lines"
    ticks: Sequence[float] = ()  # along the x axis, where it does not choose them itself


@dataclass(frozen=True)
class Heat:
    """A grid of shares, each in its square: darker is more."""

    name: str
    title: str
    rows: Sequence[str]
    columns: Sequence[str]
    values: Floats64
    label: str


@dataclass(frozen=True, eq=False)
class Pictures:
    """Small pictures [n h w], bytes (ink) or signed bytes (weights), each with a line under it."""

    name: str
    caption: str
    images: Numbers
    labels: Sequence[str]
    size: int = 56  # pixels of a picture's width in HTML


@dataclass(frozen=True)
class Figures:
    """Charts side by side."""

    charts: Sequence[Chart | Heat]


Block: TypeAlias = Heading | Text | Items | Equations | Table | Pictures | Figures


@dataclass(frozen=True)
class FromAlbum:
    """Digits of the data set. Without an album a line says `what` they would show."""

    what: str
    blocks: Callable[[Album], Sequence[Block]]
