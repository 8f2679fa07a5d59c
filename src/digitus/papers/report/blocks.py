"""What a page of the notebook is made of: headings, paragraphs, tables, claims, charts, pictures.

The words about the experiments (`page_gopa`, `page_shao` ...) are written once, as these blocks;
`notebook` makes HTML and Markdown of them. Text may hold `code`, **bold**, *slanted* and
[links](address), and nothing else of either language. Inside: the blocks, and figures as people
write them. Not inside: drawing (`drawings`), rendering.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from digitus.metrics import student95
from digitus.papers.experiments.bench import Album
from digitus.report.formats import SPACE
from digitus.types import Floats64, Numbers

SPREAD = "±"
SUPERSCRIPTS = dict(zip("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻", strict=True))


@dataclass(frozen=True)
class Heading:
    """The name of a section (level 2, with its number: "G1") or of a part of one (level 3)."""

    number: str
    title: str
    level: int = 2

    @property
    def id(self) -> str:
        """Its address in the page."""
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
    ticks: Sequence[float] = ()  # along the x axis, where they are not to be found by themselves


@dataclass(frozen=True)
class Heat:
    """A grid of shares, each in its square: darker is more."""

    name: str
    title: str
    rows: Sequence[str]
    columns: Sequence[str]
    values: Floats64
    label: str
    counts: bool = False


@dataclass(frozen=True, eq=False)
class Pictures:
    """Small pictures [n h w], bytes (ink) or signed bytes (weights), each with a line under it."""

    name: str
    caption: str
    images: Numbers
    labels: Sequence[str]
    size: int = 56


@dataclass(frozen=True)
class Figures:
    """Charts side by side."""

    charts: Sequence[Chart | Heat]


Block: TypeAlias = Heading | Text | Items | Equations | Table | Pictures | Figures


@dataclass
class Page:
    """Blocks in their order.

    Digits of the data set are looked up in `album` by their places; results files do not hold them.
    """

    album: Album | None = None
    blocks: list[Block] = field(default_factory=list)

    def add(self, *blocks: Block) -> None:
        """Appends."""
        self.blocks.extend(blocks)

    def show_digits(self, what: str, blocks: Callable[[Album], Sequence[Block]]) -> None:
        """Appends what the album shows or, without one, says where it can be seen."""
        if self.album:
            self.add(*blocks(self.album))
        else:
            self.say(
                f"*{what}: in the report that `digitus papers` writes. The digits are MNIST's and "
                "are not kept with the results.*"
            )

    def say(self, *paragraphs: str) -> None:
        """Appends paragraphs."""
        self.blocks.extend(Text(words) for words in paragraphs)


def per_cent(share: float, places: int = 2) -> str:
    """0.92641 as "92.64 %"."""
    return f"{100 * share:.{places}f}{SPACE}%"


def points(share: float) -> str:
    """A difference of two shares: "+0.53", in percentage points."""
    return f"{100 * share:+.2f}".replace("-", "−")


def over_seeds(values: Sequence[float], places: int = 2) -> str:
    """The mean over runs with its 95 % interval: "92.64 ± 0.21 %"; one run has none."""
    mean, half = student95(values)
    if math.isnan(half):
        return f"{per_cent(mean, places)} (one run)"
    return f"{100 * mean:.{places}f} {SPREAD} {100 * half:.{places}f}{SPACE}%"


def within(interval: Sequence[float]) -> str:
    """An interval of shares: "92.12 to 93.14 %"."""
    low, high = interval
    return f"{100 * low:.2f} to {per_cent(high)}"


def mean(values: Sequence[float]) -> float:
    """The mean."""
    return float(np.mean(values))


def figure(value: float) -> str:
    """Three digits; two and a power of ten where there would be many zeros: "1.3·10⁻¹⁵"."""
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 1e5:
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa}·10{''.join(SUPERSCRIPTS[c] for c in str(int(exponent)))}"


def seeds(n: int) -> str:
    """As "1 seed" or "5 seeds"."""
    return f"{n} seed{'s' * (n != 1)}"
