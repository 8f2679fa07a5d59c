"""Layout: where the digits of a page stand, and which lines and groups they form.

Inside: the whole page, its margins, from lines (`rows`) or cells (`cells`). Not inside: the ink
(`glyphs`, `signs`), paper (`stationery`), light (`camera`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import TypeAlias

import cv2
import numpy as np

from digitus.synthetic.glyphs import stroke_width
from digitus.synthetic.pages.cells import in_boxes, in_squares, in_table
from digitus.synthetic.pages.placed import Penmanship, Placed
from digitus.synthetic.pages.rows import in_lines, joined, underlined
from digitus.synthetic.pages.texts import CROSSED_OUT, CUT, DIGITS, RAISED, VALUES, texts, truth
from digitus.synthetic.signs import crossed_out
from digitus.types import Box, Bytes, Floats64, Ints

Inks: TypeAlias = Callable[[Ints, list[float]], list[Bytes]]

MOST = 2300  # pixels of a page's longer side
BAR = 0.9  # of a digit's height: that of a bar with buttons
BARS = 16, 60  # pixels, the least and the greatest height of one


@dataclass(frozen=True)
class Layout:
    """A page's writing, in pixels of the sheet.

    The glyphs, which are digits, are in reading order, as is the text of the lines, each of which
    stands on one of the `baselines`; `digit` is the height that digits are meant to have; `cells`
    are the boxes of a form, line by line, or one square of squared paper; `signs` and
    what was `crossed_out` are not to be read.
    """

    width: int
    height: int
    glyphs: tuple[Placed, ...]
    lines: tuple[str, ...]
    digit: float
    baselines: tuple[float, ...]
    cells: tuple[tuple[Box, ...], ...] = field(default=())
    signs: tuple[Placed, ...] = field(default=())
    crossed_out: tuple[Placed, ...] = field(default=())

    @property
    def written(self) -> tuple[Placed, ...]:
        """All that the pen wrote."""
        return (*self.glyphs, *self.signs, *self.crossed_out)

    def ink(self) -> Bytes:
        """All ink of the page, [height width]."""
        canvas = np.zeros((self.height, self.width), np.uint8)
        for g in self.written:
            h, w = g.ink.shape
            left, top = max(-g.x, 0), max(-g.y, 0)  # what is cut off at the edge
            part = canvas[g.y + top : g.y + h, g.x + left : g.x + w]
            ink = g.ink[top : top + part.shape[0], left : left + part.shape[1]]
            if ink.size:
                cv2.max(part, ink, dst=part)
        return canvas


def lay_out(
    name: str, inks: Inks, slant: float, kinds: frozenset[str], rng: np.random.Generator
) -> Layout:
    """A page of the layout of that name, one of `kinds.SHARES`; `inks` makes the digits.

    `kinds` are those of the page, and `slant` is that of its hand. No digit is cut at the edge.
    """
    if name == "blank":
        height, width = rng.integers(60, 1200, 2).tolist()
        return Layout(width, height, (), (), float(rng.uniform(20, 80)), ())
    lines, digit = texts(name, kinds, rng)
    made, pen = _inked(lines, inks, digit, "uneven" in kinds, rng)
    writing = Penmanship(digit, pen, slant, kinds)
    cells: list[list[Box]] = []
    if name in ("boxes", "comb"):
        placed, cells, baselines = in_boxes(lines, made, writing, rng)
    elif name == "table":
        placed, cells, baselines = in_table(lines, made, writing, rng)
    elif "in squares" in kinds:
        placed, cells, baselines = in_squares(lines, made, writing, rng)
    else:
        placed, baselines = in_lines(lines, made, writing, rng)
        if "joined" in kinds:
            placed += joined(placed, writing, rng)
        if "underlined" in kinds:
            placed += underlined(placed, writing, rng)
    read = [truth(line) for line in lines]
    return _with_margins(name, placed, read, cells, baselines, digit, kinds, rng)


def _inked(
    lines: list[str], inks: Inks, digit: float, uneven: bool, rng: np.random.Generator
) -> tuple[list[Bytes], float]:
    """The ink of all digits of the lines, crossed out where they are; the pen's width in pixels."""
    written = [c for line in lines for c in line if c in DIGITS]
    values = np.array([int(c.translate(VALUES)) for c in written])
    spread = 0.0 if len(values) == 1 else 0.16 if uneven else 0.07
    heights = digit * np.exp(spread * rng.standard_normal(len(values)).clip(-2, 2))
    heights *= [0.6 if c in RAISED else 1.0 for c in written]
    made = inks(values, heights.tolist())
    pen, way = stroke_width(made[:4]), int(rng.integers(4))
    gone = [c in CROSSED_OUT for c in written]
    return [crossed_out(i, pen, way, rng) if g else i for i, g in zip(made, gone, strict=True)], pen


def _with_margins(
    name: str,
    placed: list[Placed],
    lines: list[str],
    cells: list[list[Box]],
    baselines: list[float],
    digit: float,
    kinds: frozenset[str],
    rng: np.random.Generator,
) -> Layout:
    """The page around the glyphs: from cut close to far too large."""
    tight = bool(kinds & {"crop", "cheque", "tight"})
    # Cut close, a picture may lose the signs at its edges.
    kept = [g for g in placed if g.is_digit] if tight and rng.random() < 0.3 else placed
    boxes = [(g.x, g.y, g.ink.shape[1], g.ink.shape[0]) for g in kept]
    x, y, w, h = np.array(boxes + [c for row in cells for c in row]).T
    left, top, right, bottom = x.min(), y.min(), (x + w).max(), (y + h).max()
    width, height = right - left, bottom - top
    sides = _sides(name, kinds, digit, (width, height), rng)
    sides[:2] *= min(1, max(MOST - width, 2) / max(sides[:2].sum(), 1))
    sides[2:] *= min(1, max(MOST - height, 2) / max(sides[2:].sum(), 1))
    before, after, above, below = np.ceil(sides).astype(int)
    size = int(width + before + after), int(height + above + below)
    dx, dy = int(before - left), int(above - top)
    moved = [replace(g, x=g.x + dx, y=g.y + dy) for g in placed]
    if "cut neighbours" in kinds:
        moved += _cut_neighbours(moved, size, (above, below), digit, rng)
    moved_cells = tuple(
        tuple((cx + dx, cy + dy, cw, ch) for cx, cy, cw, ch in row) for row in cells
    )
    feet = tuple(b + dy for b in baselines)
    return _layout_of(size, moved, tuple(lines), digit, feet, moved_cells)


def _cut_neighbours(
    placed: list[Placed],
    size: tuple[int, int],
    room: tuple[int, int],
    digit: float,
    rng: np.random.Generator,
) -> list[Placed]:
    """The feet of digits above and the heads of those below, which the frame has cut off."""
    found = []
    for _ in range(int(rng.integers(1, 5))):
        ink = placed[rng.integers(len(placed))].ink
        side = int(rng.integers(2))
        most = min(room[side] - 0.08 * digit, 0.35 * ink.shape[0])
        if most < 1:
            continue
        shown = int(np.ceil(rng.uniform(0.3, 1) * most))
        y = size[1] - shown if side else shown - ink.shape[0]
        found.append(Placed(ink, CUT, 0, int(rng.uniform(-0.2, 0.95) * size[0]), y))
    return found


def _layout_of(
    size: tuple[int, int],
    placed: list[Placed],
    lines: tuple[str, ...],
    digit: float,
    baselines: tuple[float, ...],
    cells: tuple[tuple[Box, ...], ...],
) -> Layout:
    """The layout of a sheet of this size, width and height; glyphs sorted by what they are."""
    digits, signs = (tuple(filter(attrgetter(what), placed)) for what in ("is_digit", "is_sign"))
    gone = tuple(g for g in placed if g.is_crossed_out)
    return Layout(*size, digits, lines, digit, baselines, cells, signs, gone)


def _sides(
    name: str,
    kinds: frozenset[str],
    digit: float,
    size: tuple[float, float],
    rng: np.random.Generator,
) -> Floats64:
    """How much paper there is before, after, above and below writing of this width and height."""
    most = {"single": 1.2, "small": 40.0, "large": 0.12}.get(name, 2.0)
    least = 0.06 if name == "large" else 0.25
    sides = digit * (least + most * rng.beta(0.8, 2.0, 4)) + 2
    if kinds & {"crop", "cheque", "tight"}:
        most = 0.6 if name == "cheque" else 0.4
        sides = digit * np.maximum(most * rng.beta(0.8, 2.0, 4) - 0.05, 0)
    if kinds & {"printed", "letters"}:  # room for words before, above and below the digits
        sides += digit * rng.uniform(0, [4.0, 2.0, 2.5, 2.5])
    if "cut neighbours" in kinds:
        sides[2:] = digit * rng.uniform(0.1, 0.4, 2)
    if "labels" in kinds:
        sides[0] += digit * rng.uniform(2.5, 6)
    if "window" in kinds:
        sides[2:] += bar_height(digit) + 2
    width, height = size
    if name in ("single", "small"):  # nobody's picture is a long strip with one digit in it
        long, short = sides.reshape(2, 2).sum(1) + np.array([width, height])
        a, b = (slice(0, 2), width) if long > 2 * short else (slice(2, 4), height)
        sides[a] *= min(1, max((2 * min(long, short) - b) / max(sides[a].sum(), 1), 0.05))
    return sides


def bar_height(digit: float) -> int:
    """How many pixels a bar with buttons takes from the sheet, for digits of this height."""
    return int(np.clip(BAR * digit, *BARS))
