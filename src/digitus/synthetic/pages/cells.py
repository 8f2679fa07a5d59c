"""Cells: digits in the boxes and combs of forms, in tables, in the squares of squared paper.

Inside: where they stand in their cells. Not inside: how the cells are drawn (`stationery`).
"""

from __future__ import annotations

import numpy as np

from digitus.synthetic import signs
from digitus.synthetic.pages.placed import Penmanship, Placed
from digitus.synthetic.pages.texts import DIGITS, LOWERED
from digitus.types import Box, Bytes


def in_boxes(
    lines: list[str], inks: list[Bytes], writing: Penmanship, rng: np.random.Generator
) -> tuple[list[Placed], list[list[Box]], list[float]]:
    """Glyphs in the boxes of a form, a few of them over the edge of their box."""
    digit, comb = writing.digit, "comb" in writing.kinds
    h = rng.uniform(1.25, 1.7) * digit
    w = rng.uniform(0.95, 1.3) * digit if comb else rng.uniform(1.1, 1.5) * digit
    if "roomy boxes" in writing.kinds:
        h, w = rng.uniform(1.7, 2.5) * digit, rng.uniform(1.4, 2.2) * digit
    elif "cramped" in writing.kinds:  # the walls stand where the digits do
        h = rng.uniform(0.95, 1.15) * digit
        w = max(rng.uniform(0.7, 0.95) * digit, float(np.median([ink.shape[1] for ink in inks])))
    between = 0.0 if comb or rng.random() < 0.6 else rng.uniform(0.1, 0.35) * digit
    spacing = h + rng.uniform(0.3, 1.5) * digit
    empty = rng.random() < 0.3  # a gap is an empty box, not a space between boxes
    placed, cells, k = [], [], 0
    for line, text in enumerate(lines):
        row: list[Box] = []
        x, y = 0.0, line * spacing
        for c in text:
            if c == " " and not empty:
                x += rng.uniform(0.8, 1.2) * digit
                continue
            row.append((round(x), round(y), round(w), round(h)))
            if c != " ":
                ink = inks[k]
                aside, down = 0.06 * digit * rng.standard_normal(2)
                left = x + (w - ink.shape[1]) / 2 + aside
                top = y + (h - ink.shape[0]) * 0.55 + down
                placed.append(Placed(ink, c, line, round(left), round(top)))
                k += 1
            x += w + between
        cells.append(row)
    return placed, cells, [line * spacing + h for line in range(len(lines))]


def in_squares(
    lines: list[str], inks: list[Bytes], writing: Penmanship, rng: np.random.Generator
) -> tuple[list[Placed], list[list[Box]], list[float]]:
    """Glyphs in the squares of squared paper, one in each; the only cell returned is the first."""
    step = max(round(rng.uniform(1.1, 1.8) * writing.digit), 5)
    every = int(rng.choice([1, 1, 2]))  # rows from one line to the next
    high = rng.uniform(0.4, 0.6)  # where in its square a digit stands
    placed: list[Placed] = []
    left = iter(inks)
    for line, text in enumerate(lines):
        start = int(rng.integers(0, 3))
        for column, c in enumerate(text, start):
            if c == " ":
                continue
            y = line * every * step + high * (step - writing.digit)
            if c in DIGITS:
                ink, below = next(left), 0
                y += writing.digit - ink.shape[0]
            else:
                ink, below = signs.sign(c, writing.digit, writing.pen, writing.slant, rng)
            aside, down = 0.05 * step * rng.standard_normal(2)
            x = column * step + (step - ink.shape[1]) / 2 + aside
            place = round(x), round(y + below + down)
            placed.append(Placed(ink, c.translate(LOWERED), line, *place))
    square = (0, 0, step, step)
    return placed, [[square]], [float((line * every + 1) * step) for line in range(len(lines))]


def in_table(
    lines: list[str], inks: list[Bytes], writing: Penmanship, rng: np.random.Generator
) -> tuple[list[Placed], list[list[Box]], list[float]]:
    """Numbers in rows and columns, the same number of them in each line; most tables have walls."""
    digit = writing.digit
    gap = rng.uniform(0.05, 0.3) * digit
    h = rng.uniform(1.3, 2.3) * digit
    rows = [line.split(" ") for line in lines]
    left = iter(inks)
    numbers = [[[next(left) for _ in word] for word in row] for row in rows]
    widths = [[_width(number, gap) for number in row] for row in numbers]
    w = max(max(row) for row in widths) + rng.uniform(0.5, 2.0) * digit
    across = float(rng.choice([0.15, 0.5, 0.5, 0.85]))  # to the left, in the middle, to the right
    placed: list[Placed] = []
    for line, (row, words) in enumerate(zip(numbers, rows, strict=True)):
        for column, (number, word) in enumerate(zip(row, words, strict=True)):
            x = column * w + across * (w - widths[line][column])
            x += 0.1 * digit * float(rng.standard_normal())
            foot = (line + 0.5) * h + 0.5 * digit + 0.06 * digit * float(rng.standard_normal())
            for c, ink in zip(word, number, strict=True):
                y = foot - ink.shape[0] + 0.03 * digit * float(rng.standard_normal())
                placed.append(Placed(ink, c, line, round(x), round(y)))
                x += ink.shape[1] + gap * float(rng.uniform(0.6, 1.4)) + 1
    baselines = [(line + 1) * h for line in range(len(lines))]
    if rng.random() < 0.15:
        return placed, [], baselines
    sides = range(len(rows[0]))
    cells = [
        [(round(c * w), round(r * h), round(w), round(h)) for c in sides] for r in range(len(rows))
    ]
    return placed, cells, baselines


def _width(number: list[Bytes], gap: float) -> float:
    """How wide a number is, with gaps between its digits."""
    return sum(ink.shape[1] for ink in number) + gap * (len(number) - 1)
