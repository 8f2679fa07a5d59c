"""Charts as SVG, for the HTML report and, with a style of their own, as files beside the Markdown.

Inside: curves with intervals, scatter plots, grids of shares. Not inside: axes and the frame around
a drawing, which are those of every report (`digitus.report.charts`); pictures made of pixels.
"""

from __future__ import annotations

import math

import numpy as np
from markupsafe import Markup, escape

from digitus import plotting
from digitus.papers.report.blocks import Chart, Heat, Line
from digitus.plotting import Axis
from digitus.report import charts
from digitus.report.charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH
from digitus.report.templates import environment

ROOM = 14  # pixels to the right, for half of the last tick
ABOVE = 28  # pixels of a file, for the title
LEGEND_TOP, LEGEND_ROW, LEGEND_COLUMN = 40, 18, 155  # pixels of a file, from the drawing's bottom


def svg(drawing: Chart | Heat) -> str:
    """The inside of the drawing."""
    return _heat(drawing) if isinstance(drawing, Heat) else _chart(drawing)


def figure(drawing: Chart | Heat) -> Markup:
    """The drawing in an HTML report, with title and legend."""
    legend = []
    if isinstance(drawing, Chart) and len(drawing.lines) > 1:
        legend = [(f"s{i}", s.name) for i, s in enumerate(drawing.lines)]
    return charts.figure(drawing.title, svg(drawing), legend)


def file(drawing: Chart | Heat) -> str:
    """The drawing as a file of its own, on paper: title above, legend below."""
    names = [s.name for s in drawing.lines] if isinstance(drawing, Chart) else []
    names = names if len(names) > 1 else []
    rows = math.ceil(len(names) / 2)
    return (
        environment()
        .get_template("papers/report/chart.svg")
        .render(
            title=drawing.title,
            width=WIDTH + ROOM,
            height=HEIGHT + ABOVE + 6 + rows * LEGEND_ROW + 6 * bool(rows),
            above=ABOVE,
            drawing=Markup(svg(drawing)),
            legend=[
                (
                    LEFT + 5 + LEGEND_COLUMN * (i % 2),
                    HEIGHT + LEGEND_TOP + LEGEND_ROW * (i // 2),
                    name,
                )
                for i, name in enumerate(names)
            ],
        )
    )


def _chart(chart: Chart) -> str:
    x, y = _axes(chart)
    ticks = chart.ticks or x.ticks()
    if all(float(v).is_integer() for line in chart.lines for v in line.x):
        ticks = [t for t in ticks if float(t).is_integer()]
    drawn = [charts.frame(x, y, chart.label, ticks)]
    for i, line in enumerate(chart.lines):
        drawn.append(_points(line, i, x, y) if chart.kind == "points" else _line(line, i, x, y))
    return "".join(drawn)


def _axes(chart: Chart) -> tuple[Axis, Axis]:
    xs = np.concatenate([np.asarray(s.x, float) for s in chart.lines])
    first, last = float(xs.min()), float(xs.max())
    across = Axis(first, last if last > first else first + 1, _whole, log=chart.log[0])
    form = plotting.percentage if chart.percent else plotting.number
    return across, Axis(*_bounds(chart), form, log=chart.log[1])


def _bounds(chart: Chart) -> tuple[float, float]:
    """From where to where the y axis goes: as asked for, else all values with a little room."""
    ys = np.concatenate(
        [np.asarray(s.y, float) + sign * np.asarray(s.half or 0.0, float)
         for s in chart.lines for sign in (-1, 1)]
    )  # fmt: skip
    low, high = float(ys.min()), float(ys.max()) if chart.high is None else chart.high
    asked = chart.low is not None and chart.low < ys.max()
    low = chart.low if asked and chart.low is not None else low
    room = 0.0 if chart.log[1] else (high - low or 1.0) * 0.04
    bottom = low if asked else low - room
    top = high + room if chart.high is None else high
    return (max(bottom, 0.0), min(top, 1.0)) if chart.percent else (bottom, top)


def _whole(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else plotting.number(value)


def _at(x: Axis, y: Axis, a: float, b: float) -> tuple[float, float]:
    """Where a point is drawn; beyond the axes it stays at their end."""
    share_x = min(max(x.share(a), 0.0), 1.0)
    share_y = min(max(y.share(b), 0.0), 1.0)
    return (
        LEFT + share_x * (WIDTH - LEFT - RIGHT),
        HEIGHT - BOTTOM - share_y * (HEIGHT - TOP - BOTTOM),
    )


def _line(line: Line, number: int, x: Axis, y: Axis) -> str:
    kind = f"s{number}"
    # What lies below the axis is left out: an enlarged chart begins where its curves come into it.
    seen = [(a, b) for a, b in zip(line.x, line.y, strict=True) if y.share(b) >= 0]
    places = [_at(x, y, a, b) for a, b in seen]
    band = ""
    if line.half:
        pairs = [p for p in zip(line.x, line.y, line.half, strict=True) if y.share(p[1]) >= 0]
        around = [_at(x, y, a, b + h) for a, b, h in pairs]
        around += [_at(x, y, a, b - h) for a, b, h in reversed(pairs)]
        band = f'<path class="band {kind}" d="M{_joined(around)}Z"/>'
    dots = ""
    if len(places) <= 25:
        dots = "".join(f'<circle class="dot {kind}" cx="{a:.1f}" cy="{b:.1f}" r="2.5"/>'
                       for a, b in places)  # fmt: skip
    return f'{band}<path class="line {kind}" d="{"M" if places else ""}{_joined(places)}"/>{dots}'


def _points(line: Line, number: int, x: Axis, y: Axis) -> str:
    places = [_at(x, y, a, b) for a, b in zip(line.x, line.y, strict=True)]
    return "".join(
        f'<circle class="point s{number}" cx="{a:.1f}" cy="{b:.1f}" r="2.2"/>' for a, b in places
    )


def _joined(places: list[tuple[float, float]]) -> str:
    return "L".join(f"{a:.1f},{b:.1f}" for a, b in places)


def _heat(heat: Heat) -> str:
    """Squares with their values: blue deepens with the value."""
    values = heat.values
    left, top = 78, 26
    wide = (WIDTH - left - 6) / len(heat.columns)
    high = (HEIGHT - top - 20) / len(heat.rows)
    low, most = float(np.nanmin(values)), float(np.nanmax(values))
    parts = []
    for j, name in enumerate(heat.columns):
        at = left + (j + 0.5) * wide
        parts.append(f'<text class="tick middle" x="{at:.1f}" y="{top - 8}">{escape(name)}</text>')
    for i, name in enumerate(heat.rows):
        y = top + i * high
        middle = y + high / 2 + 4
        parts.append(
            f'<text class="tick end" x="{left - 7}" y="{middle:.1f}">{escape(name)}</text>'
        )
        for j in range(len(heat.columns)):
            value = float(values[i, j])
            if math.isnan(value):
                continue
            depth = (value - low) / ((most - low) or 1.0)
            words = f"{100 * value:.1f}"
            x = left + j * wide
            parts.append(
                f'<rect class="cell" x="{x + 1:.1f}" y="{y + 1:.1f}" width="{wide - 2:.1f}" '
                f'height="{high - 2:.1f}" opacity="{0.05 + 0.7 * depth:.2f}"/>'
                f'<text class="value" x="{x + wide / 2:.1f}" y="{middle:.1f}">{words}</text>'
            )
    return "".join(parts) + (
        f'<text class="tick end" x="{WIDTH - RIGHT}" y="{HEIGHT - 5}">{escape(heat.label)}</text>'
    )
