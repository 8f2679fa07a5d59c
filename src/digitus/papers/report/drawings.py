"""Charts as SVG, for the HTML report and, with a style of their own, as files beside the Markdown.

Inside: curves with intervals, scatter plots, grids of shares. Not inside: axes and the frame around
a drawing, which are those of every report (`digitus.report.charts`); pictures made of pixels.
"""

from __future__ import annotations

import math

import numpy as np
from markupsafe import Markup, escape

from digitus.papers.report.blocks import Chart, Heat, Line
from digitus.report import charts
from digitus.report.charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Axis

COLOURS = ("#2a5da8", "#bd3a26", "#8a5a00", "#2e7d4f", "#7a4a9e", "#5a6270", "#0f8a94")
DARK = ("#8fb8f2", "#f48b77", "#e0b35c", "#7fcf9f", "#c7a3e8", "#a2a9b4", "#6ed0d8")
ROOM = 14  # to the right, for half of the last tick
LINE_HEIGHT = 18  # of the legend in a file


def style() -> str:
    """The rules for the classes used here, to go into a page once."""
    light = "".join(f".s{i}{{--c:{c}}}" for i, c in enumerate(COLOURS))
    dark = "".join(f".s{i}{{--c:{c}}}" for i, c in enumerate(DARK))
    return (
        f"{light}@media (prefers-color-scheme: dark){{{dark}}}"
        ".band{fill:var(--c);opacity:.15}.bars{stroke:var(--c);stroke-width:1.5;opacity:.7}"
        ".point{fill:var(--c);opacity:.55}"
        ".cell{fill:rgb(var(--blue-rgb))}.value{font-size:11px;fill:var(--ink);text-anchor:middle}"
    )


def svg(drawing: Chart | Heat) -> str:
    """The inside of the drawing."""
    return _heat(drawing) if isinstance(drawing, Heat) else _chart(drawing)


def figure(drawing: Chart | Heat) -> Markup:
    """The drawing in the page, with title and legend."""
    legend = []
    if isinstance(drawing, Chart) and len(drawing.lines) > 1:
        legend = [(f"s{i}", s.name) for i, s in enumerate(drawing.lines)]
    return charts.figure(drawing.title, svg(drawing), legend)


def file(drawing: Chart | Heat) -> str:
    """The drawing as a file of its own, on paper: title above, legend below."""
    names = [s.name for s in drawing.lines] if isinstance(drawing, Chart) else []
    names = names if len(names) > 1 else []
    rows = math.ceil(len(names) / 2)
    across = WIDTH + ROOM
    height = HEIGHT + 34 + rows * LINE_HEIGHT + 6 * bool(rows)
    colours = "".join(f".s{i}{{--c:{c}}}" for i, c in enumerate(COLOURS))
    legend = "".join(
        f'<circle class="dot s{i}" cx="{LEFT + 5 + 155 * (i % 2)}" '
        f'cy="{HEIGHT + 40 + LINE_HEIGHT * (i // 2)}" r="4"/>'
        f'<text class="tick" x="{LEFT + 15 + 155 * (i % 2)}" '
        f'y="{HEIGHT + 44 + LINE_HEIGHT * (i // 2)}">{escape(name)}</text>'
        for i, name in enumerate(names)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {across} {height}" '
        f'width="{across * 1.5:g}" height="{height * 1.5:g}" role="img">'
        f"<title>{escape(drawing.title)}</title><style>"
        "svg{--paper:#fbfaf6;--line:#e4dfd3;--ink:#1c2430;--soft:#5a6270;--blue-rgb:64 118 200;"
        "font-family:system-ui,sans-serif}.grid{fill:none;stroke:var(--line)}"
        ".tick{fill:var(--soft);font-size:11.5px}.end{text-anchor:end}.middle{text-anchor:middle}"
        ".line{fill:none;stroke:var(--c);stroke-width:2;stroke-linejoin:round}"
        ".dot{fill:var(--c)}.band{fill:var(--c);opacity:.15}"
        ".bars{stroke:var(--c);stroke-width:1.5;opacity:.7}.point{fill:var(--c);opacity:.55}"
        ".cell{fill:rgb(64 118 200)}.value{font-size:11px;fill:var(--ink);text-anchor:middle}"
        f".title{{font:600 13.5px Georgia,serif;fill:var(--ink)}}{colours}</style>"
        f'<rect width="{across}" height="{height}" fill="#fbfaf6"/>'
        f'<text class="title" x="8" y="21">{escape(drawing.title)}</text>'
        f'<g transform="translate(0 28)">{svg(drawing)}</g>{legend}</svg>\n'
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
    ys = np.concatenate(
        [np.asarray(s.y, float) + sign * np.asarray(s.half or 0.0, float)
         for s in chart.lines for sign in (-1, 1)]
    )  # fmt: skip
    form = charts.percentage if chart.percent else charts.number
    log_x, log_y = chart.log
    asked = chart.low if chart.low is not None and chart.low < ys.max() else None
    low = float(ys.min()) if asked is None else asked
    high = float(ys.max()) if chart.high is None else chart.high
    room = 0.0 if log_y else (high - low or 1.0) * 0.04
    top = high + room if chart.high is None else high
    bottom = low - room if asked is None else low
    if chart.percent:
        top, bottom = min(top, 1.0), max(bottom, 0.0)
    first, last = float(xs.min()), float(xs.max())
    across = Axis(first, last if last > first else first + 1, _whole, log=log_x)
    return across, Axis(bottom, top, form, log=log_y)


def _whole(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else charts.number(value)


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
            words = f"{value:g}" if heat.counts else f"{100 * value:.1f}"
            x = left + j * wide
            parts.append(
                f'<rect class="cell" x="{x + 1:.1f}" y="{y + 1:.1f}" width="{wide - 2:.1f}" '
                f'height="{high - 2:.1f}" opacity="{0.05 + 0.7 * depth:.2f}"/>'
                f'<text class="value" x="{x + wide / 2:.1f}" y="{middle:.1f}">{words}</text>'
            )
    return "".join(parts) + (
        f'<text class="tick end" x="{WIDTH - RIGHT}" y="{HEIGHT - 5}">{escape(heat.label)}</text>'
    )
