"""Layout: where the digits of a page stand, and which lines and groups they form.

Inside: single digits, numbers, lines, pages of a hundred, boxes and combs of forms; spacing,
touching, curved lines. Not inside: their ink (`glyphs`), paper (`stationery`), light (`camera`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import cv2
import numpy as np

from digitus.synthetic import signs
from digitus.synthetic.glyphs import stroke_width
from digitus.synthetic.pages.texts import DIGITS, JOINING, RAISED, UPRIGHT, texts, truth
from digitus.types import Bytes, Ints

Cell: TypeAlias = tuple[int, int, int, int]
Inks: TypeAlias = Callable[[Ints, list[float]], list[Bytes]]

MOST = 2300  # pixels of a page's longer side


@dataclass(frozen=True)
class Placed:
    """A digit or sign on the page: its ink [h w], the line and the corner (x, y) in pixels."""

    ink: Bytes
    character: str
    line: int
    x: int
    y: int


@dataclass(frozen=True)
class Layout:
    """A page's writing, in pixels of the sheet.

    The glyphs, which are digits, are in reading order, as is the text of the lines, each of which
    stands on one of the `baselines`; `digit` is the height that digits are meant to have; `cells`
    are the boxes of a form, line by line; `signs` are not to be read.
    """

    width: int
    height: int
    glyphs: tuple[Placed, ...]
    lines: tuple[str, ...]
    digit: float
    baselines: tuple[float, ...]
    cells: tuple[tuple[Cell, ...], ...] = field(default=())
    signs: tuple[Placed, ...] = field(default=())

    def ink(self) -> Bytes:
        """All ink of the page, [height width]."""
        sheet = np.zeros((self.height, self.width), np.uint8)
        for g in (*self.glyphs, *self.signs):
            h, w = g.ink.shape
            left, top = max(-g.x, 0), max(-g.y, 0)  # what is cut off at the edge
            part = sheet[g.y + top : g.y + h, g.x + left : g.x + w]
            ink = g.ink[top : top + part.shape[0], left : left + part.shape[1]]
            if ink.size:
                cv2.max(part, ink, dst=part)
        return sheet


def lay_out(
    name: str, inks: Inks, slant: float, kinds: frozenset[str], rng: np.random.Generator
) -> Layout:
    """A page of the layout of that name, one of `pages.SHARES`; `inks` makes the digits.

    `kinds` are those of the page, and `slant` is that of its hand. No digit is cut at the edge.
    """
    if name == "blank":
        height, width = rng.integers(60, 1200, 2).tolist()
        return Layout(width, height, (), (), float(rng.uniform(20, 80)), ())
    lines, digit = texts(name, kinds, rng)
    written = [c for line in lines for c in line if c in DIGITS]
    values = np.array([int(c.translate(UPRIGHT)) for c in written])
    spread = 0.0 if len(values) == 1 else 0.16 if "uneven" in kinds else 0.07
    heights = digit * np.exp(spread * rng.standard_normal(len(values)).clip(-2, 2))
    heights *= [0.6 if c in RAISED else 1.0 for c in written]
    made = inks(values, heights.tolist())
    cells: list[list[Cell]] = []
    if name in ("boxes", "comb"):
        placed, cells, baselines = _in_cells(name, lines, made, digit, rng)
    else:
        pen = stroke_width(made[:4]) if kinds & {"signs", "underlined", "cheque"} else 0.0
        placed, baselines = _in_lines(lines, made, digit, pen, slant, kinds, rng)
        if "underlined" in kinds:
            placed += _underlined(placed, digit, pen, rng)
    read = [truth(line) for line in lines]
    return _with_margins(name, placed, read, cells, baselines, digit, kinds, rng)


def _in_lines(
    lines: list[str],
    inks: list[Bytes],
    digit: float,
    pen: float,
    slant: float,
    kinds: frozenset[str],
    rng: np.random.Generator,
) -> tuple[list[Placed], list[float]]:
    """Glyphs one after another, each line on its (straight or curved) way."""
    close = bool(kinds & {"crop", "cheque"})
    gap = rng.uniform(*((0.0, 0.3) if close else (0.12, 0.45))) * digit
    group = rng.uniform(*((0.6, 1.2) if close else (1.1, 2.0))) * digit
    touching, jitter = "touching" in kinds, 0.12 if "uneven" in kinds else 0.04
    bend = float(rng.uniform(0.25, 0.6)) if "curved" in kinds else 0.0
    spacing = (rng.uniform(1.35, 2.2) + bend) * digit
    slope = float(np.tan(np.radians(1.5 * rng.standard_normal())))
    wave, phase = rng.uniform(4, 10) * digit, rng.uniform(0, 2 * np.pi)
    placed: list[Placed] = []
    baselines, left = [], iter(inks)
    for line, text in enumerate(lines):
        x, before = float(rng.uniform(0, 0.5) * digit) if len(lines) > 1 else 0.0, None
        baselines.append(line * spacing)
        for c in text:
            if c == " ":
                x, before = x + group - gap, None
                continue
            way = slope * x + bend * digit * np.sin(2 * np.pi * x / wave + phase)
            foot = line * spacing + way + jitter * digit * rng.standard_normal()
            if c in DIGITS:
                ink = next(left)
                if before is not None and touching and (rng.random() < 0.55 or len(placed) == 1):
                    x = _against(before, ink, digit, rng)
                top = foot - ink.shape[0] - (0.45 * digit if c in RAISED else 0.0)
                before = Placed(ink, c.translate(UPRIGHT), line, round(x), round(top))
                placed.append(before)
            else:
                ink, below = signs.sign(c, digit, pen, slant, rng)
                x -= 0.5 * gap if c in JOINING else 0.0
                placed.append(Placed(ink, c, line, round(x), round(foot - digit) + below))
                before = None
            x = placed[-1].x + ink.shape[1] + gap * float(rng.uniform(0.6, 1.4)) + 1
    return placed, baselines


def _underlined(
    placed: list[Placed], digit: float, pen: float, rng: np.random.Generator
) -> list[Placed]:
    """One or two lines drawn below some of the lines of writing, at least below the last."""
    last = placed[-1].line
    found = []
    for line in range(last + 1):
        if line < last and rng.random() < 0.5:
            continue
        here = [g for g in placed if g.line == line]
        below = max(g.y + g.ink.shape[0] for g in here if g.character.isdigit())
        left = min(g.x for g in here) + digit * rng.uniform(-0.5, 0.2)
        right = max(g.x + g.ink.shape[1] for g in here) + digit * rng.uniform(-0.2, 0.5)
        for i in range(rng.choice([1, 1, 2])):
            ink = signs.underline(max(right - left, 0.5 * digit), pen, rng)
            y = below + digit * (rng.uniform(0.02, 0.2) + i * rng.uniform(0.1, 0.18)) + i * pen
            found.append(Placed(ink, "_", line, round(left), round(y)))
    return found


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
    name: str, lines: list[str], inks: list[Bytes], digit: float, rng: np.random.Generator
) -> tuple[list[Placed], list[list[Cell]], list[float]]:
    """Glyphs in the boxes of a form, a few of them over the edge of their box."""
    h = rng.uniform(1.25, 1.7) * digit
    w = rng.uniform(0.95, 1.3) * digit if name == "comb" else rng.uniform(1.1, 1.5) * digit
    between = 0.0 if name == "comb" or rng.random() < 0.6 else rng.uniform(0.1, 0.35) * digit
    spacing = h + rng.uniform(0.3, 1.5) * digit
    placed, cells, k = [], [], 0
    for line, text in enumerate(lines):
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
            placed.append(Placed(ink, c, line, round(left), round(top)))
            x, k = x + w + between, k + 1
        cells.append(row)
    return placed, cells, [line * spacing + h for line in range(len(lines))]


def _with_margins(
    name: str,
    placed: list[Placed],
    lines: list[str],
    cells: list[list[Cell]],
    baselines: list[float],
    digit: float,
    kinds: frozenset[str],
    rng: np.random.Generator,
) -> Layout:
    """The page around the glyphs: from cut close to far too large."""
    tight = bool(kinds & {"crop", "cheque", "tight"})
    # Cut close, a picture may lose the signs at its edges.
    kept = [g for g in placed if g.character.isdigit()] if tight and rng.random() < 0.3 else placed
    boxes = [(g.x, g.y, g.ink.shape[1], g.ink.shape[0]) for g in kept]
    x, y, w, h = np.array(boxes + [c for row in cells for c in row]).T
    left, top, right, bottom = x.min(), y.min(), (x + w).max(), (y + h).max()
    most = {"single": 1.2, "small": 40.0, "large": 0.12}.get(name, 2.0)
    least = 0.06 if name == "large" else 0.25
    sides = digit * (least + most * rng.beta(0.8, 2.0, 4)) + 2
    if tight:
        most = 0.6 if name == "cheque" else 0.4
        sides = digit * np.maximum(most * rng.beta(0.8, 2.0, 4) - 0.05, 0)
    if kinds & {"printed", "letters"}:  # room for words before, above and below the digits
        sides += digit * rng.uniform(0, [4.0, 2.0, 2.5, 2.5])
    width, height = right - left, bottom - top
    if name in ("single", "small"):  # nobody's picture is a long strip with one digit in it
        long, short = sides.reshape(2, 2).sum(1) + np.array([width, height])
        a, b = (slice(0, 2), width) if long > 2 * short else (slice(2, 4), height)
        sides[a] *= min(1, max((2 * min(long, short) - b) / max(sides[a].sum(), 1), 0.05))
    sides[:2] *= min(1, max(MOST - width, 2) / max(sides[:2].sum(), 1))
    sides[2:] *= min(1, max(MOST - height, 2) / max(sides[2:].sum(), 1))
    before, after, above, below = np.ceil(sides).astype(int)
    dx, dy = int(before - left), int(above - top)
    moved = [replace(g, x=g.x + dx, y=g.y + dy) for g in placed]
    return Layout(
        int(width + before + after),
        int(height + above + below),
        tuple(g for g in moved if g.character.isdigit()),
        tuple(lines),
        digit,
        tuple(b + dy for b in baselines),
        tuple(tuple((cx + dx, cy + dy, cw, ch) for cx, cy, cw, ch in row) for row in cells),
        tuple(g for g in moved if not g.character.isdigit()),
    )
