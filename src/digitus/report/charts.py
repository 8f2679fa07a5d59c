"""Drawings made of lines, as SVG inside a report.

Inside: curves over a common axis, the reliability diagram, the field of dots. Not inside: pictures
made of pixels (`pictures`), axes (`plotting`), what the drawings are about (`score`, `model`).

They are written as SVG by hand and not by matplotlib, because they must take their colours from the
style sheet of the report (light, dark and print), keep the size of their letters on a telephone,
and do without the half second that importing it takes. A class on each element is all the style
that they carry.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from markupsafe import Markup, escape

from digitus.plotting import Axis, Series, axis_for, number, percentage
from digitus.report.html import PARTS, fill
from digitus.types import Bools, Numbers

WIDTH, HEIGHT = 360, 250  # of a drawing, in the pixels of a telephone
LEFT, RIGHT, TOP, BOTTOM = 50, 12, 12, 38  # margins, in the same pixels
MOST_POINTS = 400  # of a curve: it is no wider than that
DOTS, LARGEST_FIELD = 200, 20_000  # dots in a row of the field, and in all


def curves(title: str, x: Numbers, series: Sequence[Series], y: Axis, label: str) -> Markup:
    """Curves over the same x, whole numbers, with a legend. Values that are not finite leave gaps.

    `label` names the x axis, `title` what is drawn.
    """
    chosen = np.unique(np.linspace(0, len(x) - 1, min(len(x), MOST_POINTS)).round().astype(int))
    lowest, highest = float(x[0]), float(x[-1])
    along = Axis(lowest, highest if highest > lowest else lowest + 1, number)
    ticks = [t for t in along.ticks() if t <= highest and t == round(t)]
    drawn = []
    for s in series:
        points = [(along.share(float(x[i])), float(s.values[i])) for i in chosen]
        drawn.append(f'<path class="line {s.kind}" d="{_path(points, y)}"/>')
        if len(x) <= 15:
            drawn += [_dot(px, y.share(v), s.kind) for px, v in points if math.isfinite(v)]
    legend = [(s.kind, s.name) for s in series] if len(series) > 1 else []
    return figure(title, frame(along, y, label, x_ticks=ticks) + "".join(drawn), legend)


def _path(points: Sequence[tuple[float, float]], y: Axis) -> str:
    """Straight lines through the points, their pen lifted over gaps."""
    parts, pen = [], "M"
    for px, value in points:
        if math.isfinite(value) and (value > 0 or not y.log):
            parts.append(f"{pen}{_x(px):.1f},{_y(y.share(value)):.1f}")
            pen = "L"
        else:
            pen = "M"
    return "".join(parts)


def reliability(confidence: Sequence[float], bars: Sequence[tuple[float, float, float]]) -> Markup:
    """Confidence against accuracy; each bar is (accuracy, lower, upper bound of its interval)."""
    unit = Axis(0, 1, percentage)
    marks = [f'<path class="ideal" d="M{_x(0)},{_y(0)}L{_x(1)},{_y(1)}"/>']
    for c, (accuracy, low, high) in zip(confidence, bars, strict=True):
        marks.append(
            f'<path class="whisker" d="M{_x(c):.1f},{_y(low):.1f}V{_y(high):.1f}"/>'
            + _dot(c, accuracy, "development", 4)
        )
    return figure(
        "How often answers are right, by their confidence",
        frame(unit, unit, "confidence") + "".join(marks),
        note="dashed: a perfectly honest network; lines: 95 % intervals",
    )


def refusal(shares: Numbers, accuracy: Numbers, here: tuple[float, float] | None) -> Markup:
    """What refusing the least confident share of answers makes of the accuracy of the others."""
    across = Axis(0, float(shares[-1]) or 1.0, percentage)
    up = axis_for([Series("", "", accuracy)], percentage)
    points = [(across.share(float(s)), float(a)) for s, a in zip(shares, accuracy, strict=True)]
    mark = _dot(across.share(here[0]), up.share(here[1]), "wrong", 5) if here else ""
    return figure(
        "Accuracy of the answers that are left, by the share refused",
        frame(across, up, "refused")
        + f'<path class="line development" d="{_path(points, up)}"/>{mark}',
        [("wrong", "at this network's threshold")] if here else [],
    )


def field(wrong: Bools) -> Markup:
    """A square for every digit of a set, in its order; the misread ones stand out.

    Where there are too many, a square stands for several and is marked if any of them is misread.
    """
    each = math.ceil(len(wrong) / LARGEST_FIELD)
    marked = np.flatnonzero(np.add.reduceat(wrong, np.arange(0, len(wrong), each)))
    n = math.ceil(len(wrong) / each)
    columns = min(DOTS, n)
    full, rest = divmod(n, columns)
    red = "".join(f"M{k % columns} {k // columns}h.8v.8h-.8z" for k in marked.tolist())
    what = "a square for every digit" if each == 1 else f"a square for every {each} digits"
    words = f"{what}, from the first of the set to the last; the {int(wrong.sum()):,} misread: red"
    return fill(PARTS, "field", columns=columns, full=full, rest=rest, red=red, words=words)


def figure(
    title: str, drawing: str, legend: Sequence[tuple[str, str]] = (), note: str = ""
) -> Markup:
    """The drawing under its title; below it a legend of classes and names, or a note."""
    return fill(
        PARTS,
        "chart",
        title=title,
        width=WIDTH,
        height=HEIGHT,
        drawing=Markup(drawing),
        legend=legend,
        note=note,
    )


def frame(x: Axis, y: Axis, label: str, x_ticks: Sequence[float] | None = None) -> str:
    """Grid lines, ticks and the name of the x axis."""
    parts = []
    for tick in y.ticks():
        at = _y(y.share(tick))
        parts.append(f'<path class="grid" d="M{LEFT},{at:.1f}H{WIDTH - RIGHT}"/>')
        parts.append(
            f'<text class="tick end" x="{LEFT - 7}" y="{at + 4:.1f}">{y.label(tick)}</text>'
        )
    for tick in x.ticks() if x_ticks is None else x_ticks:
        at = _x(x.share(tick))
        place = f'x="{at:.1f}" y="{HEIGHT - BOTTOM + 16}"'
        parts.append(f'<text class="tick middle" {place}>{x.label(tick)}</text>')
    place = f'x="{WIDTH - RIGHT}" y="{HEIGHT - 5}"'
    return "".join(parts) + f'<text class="tick end" {place}>{escape(label)} →</text>'


def _x(share: float) -> float:
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _y(share: float) -> float:
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def _dot(x: float, y: float, kind: str, radius: float = 2.5) -> str:
    return f'<circle class="dot {kind}" cx="{_x(x):.1f}" cy="{_y(y):.1f}" r="{radius:g}"/>'
