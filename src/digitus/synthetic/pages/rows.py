"""Rows: digits and signs one after another, in lines that may wave, touch or be underlined.

Inside: their places. Not inside: what is written (`texts`), boxes and squares (`cells`).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from digitus.synthetic import signs
from digitus.synthetic.pages.placed import Penmanship, Placed
from digitus.synthetic.pages.texts import CLOSING, DIGITS, JOIN, JOINING, LOWERED, RAISED, UNDERLINE
from digitus.types import Bytes

KERNED = 0.3  # share of upright hands whose gaps lie between the ink, not between its boxes


def in_lines(
    lines: list[str], inks: list[Bytes], writing: Penmanship, rng: np.random.Generator
) -> tuple[list[Placed], list[float]]:
    """Glyphs one after another, each line on its (straight or curved) way."""
    digit, kinds = writing.digit, writing.kinds
    gap, group = _gaps(digit, kinds, rng)
    wide = "wide gaps" in kinds
    closing = _Closing(writing, gap, bool(writing.slant) or rng.random() < KERNED)
    jitter = 0.12 if "uneven" in kinds else 0.04
    bend = float(rng.uniform(0.25, 0.6)) if "curved" in kinds else 0.0
    spacing = (rng.uniform(1.35, 2.2) + bend) * digit
    slope = float(np.tan(np.radians(1.5 * rng.standard_normal())))
    wave, phase = rng.uniform(4, 10) * digit, rng.uniform(0, 2 * np.pi)
    placed: list[Placed] = []
    left = iter(inks)
    starts, baselines = _starts(len(lines), digit, spacing, "scattered" in kinds, rng)
    for line, text in enumerate(lines):
        x, before = starts[line], None
        for c in text:
            if c == " ":
                x, before = x + (_wide(digit, rng) if wide else group) - gap, None
                continue
            way = slope * x + bend * digit * np.sin(2 * np.pi * x / wave + phase)
            foot = baselines[line] + way + jitter * digit * rng.standard_normal()
            if c in DIGITS:
                ink = next(left)
                if before is not None:
                    x = closing.up(x, before, ink, len(placed) == 1, rng)
                top = foot - ink.shape[0] - (0.45 * digit if c in RAISED else 0.0)
                before = Placed(ink, c.translate(LOWERED), line, round(x), round(top))
                placed.append(before)
            else:
                ink, below = signs.sign(c, digit, writing.pen, writing.slant, rng)
                x -= gap * (0.5 if c in JOINING else rng.uniform(0, 1.5) if c == CLOSING else 0)
                placed.append(Placed(ink, c, line, round(x), round(foot - digit) + below))
                before = None
            x = placed[-1].x + ink.shape[1] + gap * float(rng.uniform(0.6, 1.4)) + 1
    return placed, baselines


@dataclass(frozen=True)
class _Closing:
    """How a digit closes up to the one before it: it may touch it, or be `kerned` by a gap."""

    writing: Penmanship
    gap: float
    kerned: bool

    def up(
        self, x: float, before: Placed, ink: Bytes, first: bool, rng: np.random.Generator
    ) -> float:
        """The x of this ink, which would stand at `x`; where pairs touch, the `first` one does."""
        if "touching" in self.writing.kinds and (rng.random() < 0.55 or first):
            return _against(before, ink, self.writing.digit, rng)
        if not self.kerned:
            return x
        return min(x, _against(before, ink, self.writing.digit, rng) + self.gap)


def joined(placed: list[Placed], writing: Penmanship, rng: np.random.Generator) -> list[Placed]:
    """Strokes that join most digits to their neighbours, as a pen draws that is not lifted."""
    found = []
    for a, b in pairwise(placed):
        near = b.x - a.x - a.ink.shape[1] < 0.5 * writing.digit
        if not (near and a.is_digit and b.is_digit and a.line == b.line) or rng.random() < 0.3:
            continue
        stroke = signs.join(a.ink, b.ink, (b.x - a.x, b.y - a.y), writing.pen, rng)
        if stroke is not None:
            ink, (x, y) = stroke
            found.append(Placed(ink, JOIN, a.line, a.x + x, a.y + y))
    return found


def _starts(
    count: int, digit: float, spacing: float, scattered: bool, rng: np.random.Generator
) -> tuple[list[float], list[float]]:
    """Where each line begins, and how far down it stands, in pixels."""
    if count == 1:
        return [0.0], [0.0]
    indents = digit * rng.uniform(0, 8.0 if scattered else 0.5, count)
    steps = spacing * rng.uniform(1, 2.5 if scattered else 1, count)
    return indents.tolist(), (np.cumsum(steps) - steps[0]).tolist()


def _gaps(digit: float, kinds: frozenset[str], rng: np.random.Generator) -> tuple[float, float]:
    """How far apart neighbours are, and groups, in pixels."""
    if kinds & {"crop", "cheque"}:
        return digit * rng.uniform(0.0, 0.3), digit * rng.uniform(0.6, 1.2)
    return digit * rng.uniform(0.12, 0.45), digit * rng.uniform(1.1, 2.0)


def _wide(digit: float, rng: np.random.Generator) -> float:
    """A gap between groups that may be as wide as eight digits, in pixels."""
    return min(digit * float(np.exp(rng.uniform(0.1, np.log(8)))), 600.0)


def underlined(placed: list[Placed], writing: Penmanship, rng: np.random.Generator) -> list[Placed]:
    """One or two lines drawn below some of the lines of writing, at least below the last."""
    digit, pen = writing.digit, writing.pen
    last = placed[-1].line
    found = []
    for line in range(last + 1):
        if line < last and rng.random() < 0.5:
            continue
        here = [g for g in placed if g.line == line]
        below = max(g.y + g.ink.shape[0] for g in here if not g.is_sign)
        left = min(g.x for g in here) + digit * rng.uniform(-0.5, 0.2)
        right = max(g.x + g.ink.shape[1] for g in here) + digit * rng.uniform(-0.2, 0.5)
        for i in range(rng.choice([1, 1, 2])):
            ink = signs.underline(max(right - left, 0.5 * digit), pen, rng)
            y = below + digit * (rng.uniform(0.02, 0.2) + i * rng.uniform(0.1, 0.18)) + i * pen
            found.append(Placed(ink, UNDERLINE, line, round(left), round(y)))
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
