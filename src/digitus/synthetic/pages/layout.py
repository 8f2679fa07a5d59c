"""Layout: where the digits of a page stand, and which lines and groups they form.

Inside: single digits, numbers, lines, pages of a hundred, boxes and combs of forms; spacing,
touching, curved lines. Not inside: their ink (`glyphs`), paper (`stationery`), light (`camera`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import cv2
import numpy as np

from digitus.types import Bytes, Ints

Cell: TypeAlias = tuple[int, int, int, int]
Inks: TypeAlias = Callable[[Ints, list[float]], list[Bytes]]

MOST = 2300  # pixels of a page's longer side


@dataclass(frozen=True)
class Placed:
    """A glyph on the page: its ink [h w], the value, line and corner (x, y) in pixels."""

    ink: Bytes
    value: int
    line: int
    x: int
    y: int


@dataclass(frozen=True)
class Layout:
    """A page's writing, in pixels of the sheet.

    The glyphs are in reading order, as is the text of the lines, each of which stands on one of
    the `baselines`; `digit` is the height that digits are meant to have; `cells` are the boxes of a
    form, line by line.
    """

    width: int
    height: int
    glyphs: tuple[Placed, ...]
    lines: tuple[str, ...]
    digit: float
    baselines: tuple[float, ...]
    cells: tuple[tuple[Cell, ...], ...] = field(default=())

    def ink(self) -> Bytes:
        """All ink of the page, [height width]."""
        sheet = np.zeros((self.height, self.width), np.uint8)
        for g in self.glyphs:
            h, w = g.ink.shape
            part = sheet[g.y : g.y + h, g.x : g.x + w]
            cv2.max(part, g.ink, dst=part)
        return sheet


def lay_out(
    name: str,
    inks: Inks,
    rng: np.random.Generator,
    *,
    touching: bool = False,
    curved: bool = False,
    roomy: bool = False,
) -> Layout:
    """A page of the layout of that name, one of `pages.SHARES`; `inks` makes the glyphs.

    The margins are a small part of a digit at least, so that nothing is cut at the edge; a `roomy`
    page has space for words before, above and below the digits.
    """
    if name == "blank":
        height, width = rng.integers(60, 1200, 2).tolist()
        return Layout(width, height, (), (), float(rng.uniform(20, 80)), ())
    texts, digit = _text(name, rng, touching)
    values = np.array([int(c) for text in texts for c in text if c != " "])
    spread = 0.0 if len(values) == 1 else 0.07
    heights = digit * np.exp(spread * rng.standard_normal(len(values)).clip(-2, 2))
    made = inks(values, heights.tolist())
    if name in ("boxes", "comb"):
        placed, cells, baselines = _in_cells(name, texts, made, digit, rng)
    else:
        placed, baselines = _in_lines(texts, made, digit, rng, touching, curved)
        cells = []
    return _with_margins(name, placed, texts, cells, baselines, digit, roomy, rng)


def _text(name: str, rng: np.random.Generator, touching: bool) -> tuple[list[str], float]:
    """What is written, line by line, and how high the digits are, in pixels."""

    def height(low: float, high: float) -> float:
        return float(np.exp(rng.uniform(np.log(low), np.log(high))))

    def line(low: int, high: int, most: int = 3) -> str:
        groups = max(1, int(rng.integers(-1, most + 1)))
        sizes = rng.multinomial(
            max(int(rng.integers(low, high + 1)) - groups, 0), [1 / groups] * groups
        )
        return " ".join("".join(map(str, rng.integers(0, 10, n + 1))) for n in sizes)

    match name:
        case "single" | "small" | "large":
            low, high = {"single": (28, 700), "small": (9, 28), "large": (700, 1900)}[name]
            return [str(rng.integers(0, 10))], height(low, high)
        case "number":
            return [line(3 if touching else 2, 12)], height(20, 180)
        case "lines":
            return [line(1, 9) for _ in range(rng.integers(2, 7))], height(16, 80)
        case "many":
            rows = int(rng.integers(6, 12))
            columns = int(rng.integers(60, 130)) // rows
            return ["".join(map(str, rng.integers(0, 10, columns))) for _ in range(rows)], height(
                14, 50
            )
    return [line(3, 12, 2) for _ in range(rng.choice([1, 1, 2, 3]))], height(18, 100)


def _in_lines(
    texts: list[str],
    inks: list[Bytes],
    digit: float,
    rng: np.random.Generator,
    touching: bool,
    curved: bool,
) -> tuple[list[Placed], list[float]]:
    """Glyphs one after another, each line on its (straight or curved) way."""
    gap, group = rng.uniform(0.12, 0.45) * digit, rng.uniform(1.1, 2.0) * digit
    bend = float(rng.uniform(0.25, 0.6)) if curved else 0.0
    spacing = (rng.uniform(1.35, 2.2) + bend) * digit
    slope = float(np.tan(np.radians(1.5 * rng.standard_normal())))
    wave, phase = rng.uniform(4, 10) * digit, rng.uniform(0, 2 * np.pi)
    placed, baselines, k = [], [], 0
    for line, text in enumerate(texts):
        x, before = float(rng.uniform(0, 0.5) * digit) if len(texts) > 1 else 0.0, None
        baselines.append(line * spacing)
        for c in text:
            if c == " ":
                x, before = x + group - gap, None
                continue
            ink = inks[k]
            if before is not None and touching and (rng.random() < 0.55 or k == 1):
                x = _against(placed[-1], ink, digit, rng)
            way = slope * x + bend * digit * np.sin(2 * np.pi * x / wave + phase)
            foot = line * spacing + way + 0.04 * digit * rng.standard_normal()
            placed.append(Placed(ink, int(c), line, round(x), round(foot - ink.shape[0])))
            x = placed[-1].x + ink.shape[1] + gap * float(rng.uniform(0.6, 1.4)) + 1
            before, k = c, k + 1
    return placed, baselines


def _against(before: Placed, ink: Bytes, digit: float, rng: np.random.Generator) -> float:
    """The x at which this ink just touches, or a little overlaps, the glyph before it.

    Nobody writes a digit under the roof of the last one: then they stay apart.
    """
    rows = min(before.ink.shape[0], ink.shape[0])  # both stand on one line: compared from the foot
    left, right = before.ink[-rows:] > 127, ink[-rows:] > 127
    ends = np.where(left.any(1), left.shape[1] - left[:, ::-1].argmax(1), -(10**6))
    starts = np.where(right.any(1), right.argmax(1), 10**6)
    closest = float((ends - starts).max()) - float(rng.uniform(0.0, 0.08)) * digit - 1
    return before.x + max(closest, 0.65 * before.ink.shape[1])


def _in_cells(
    name: str, texts: list[str], inks: list[Bytes], digit: float, rng: np.random.Generator
) -> tuple[list[Placed], list[list[Cell]], list[float]]:
    """Glyphs in the boxes of a form, a few of them over the edge of their box."""
    h = rng.uniform(1.25, 1.7) * digit
    w = rng.uniform(0.95, 1.3) * digit if name == "comb" else rng.uniform(1.1, 1.5) * digit
    between = 0.0 if name == "comb" or rng.random() < 0.6 else rng.uniform(0.1, 0.35) * digit
    spacing = h + rng.uniform(0.3, 1.5) * digit
    placed, cells, k = [], [], 0
    for line, text in enumerate(texts):
        row: list[Cell] = []
        x, y = 0.0, line * spacing
        for c in text:
            if c == " ":
                x += rng.uniform(0.8, 1.2) * digit
                continue
            ink = inks[k]
            row.append((round(x), round(y), round(w), round(h)))
            aside, down = 0.06 * digit * rng.standard_normal(2)
            left = x + (w - ink.shape[1]) / 2 + aside
            top = y + (h - ink.shape[0]) * 0.55 + down
            placed.append(Placed(ink, int(c), line, round(left), round(top)))
            x, k = x + w + between, k + 1
        cells.append(row)
    return placed, cells, [line * spacing + h for line in range(len(texts))]


def _with_margins(
    name: str,
    placed: list[Placed],
    texts: list[str],
    cells: list[list[Cell]],
    baselines: list[float],
    digit: float,
    roomy: bool,
    rng: np.random.Generator,
) -> Layout:
    """The page around the glyphs: from cut close to far too large."""
    boxes = [(g.x, g.y, g.ink.shape[1], g.ink.shape[0]) for g in placed]
    x, y, w, h = np.array(boxes + [c for row in cells for c in row]).T
    left, top, right, bottom = x.min(), y.min(), (x + w).max(), (y + h).max()
    most = {"single": 1.2, "small": 40.0, "large": 0.12}.get(name, 2.0)
    least = 0.06 if name == "large" else 0.25
    sides = digit * (least + most * rng.beta(0.8, 2.0, 4)) + 2
    if roomy:
        sides += digit * rng.uniform(0, [4.0, 2.0, 2.5, 2.5])
    width, height = right - left, bottom - top
    if name in ("single", "small"):  # nobody's picture is a long strip with one digit in it
        long, short = sides.reshape(2, 2).sum(1) + np.array([width, height])
        a, b = (slice(0, 2), width) if long > 2 * short else (slice(2, 4), height)
        sides[a] *= min(1, max((2 * min(long, short) - b) / sides[a].sum(), 0.05))
    sides[:2] *= min(1, max(MOST - width, 2) / sides[:2].sum())
    sides[2:] *= min(1, max(MOST - height, 2) / sides[2:].sum())
    before, after, above, below = np.ceil(sides).astype(int)
    dx, dy = int(before - left), int(above - top)
    return Layout(
        int(width + before + after),
        int(height + above + below),
        tuple(Placed(g.ink, g.value, g.line, g.x + dx, g.y + dy) for g in placed),
        tuple(texts),
        digit,
        tuple(b + dy for b in baselines),
        tuple(tuple((cx + dx, cy + dy, cw, ch) for cx, cy, cw, ch in row) for row in cells),
    )
