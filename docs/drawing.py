"""Drawings in SVG that are legible on light and on dark pages: shapes, words, curves, arrays.

Not inside: any figure (`figures`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import Any

import numpy as np

Point = tuple[float, float]

LIGHT = {"paper": "#fcfbf7", "ink": "#24292f", "dim": "#69727d", "blue": "#2468b4"}
LIGHT |= {"orange": "#c2530a", "green": "#23804e", "violet": "#7a48bd"}
DARK = {"paper": "#161b22", "ink": "#e6edf3", "dim": "#98a3af", "blue": "#6cb0ff"}
DARK |= {"orange": "#ff9e5a", "green": "#5fce93", "violet": "#bd9dff"}


def rules(colours: dict[str, str]) -> str:
    """Of each colour a class for letters and areas (`f-`), lines (`s-`) and tints (`t-`)."""
    return "".join(
        f".f-{name}{{fill:{c}}}.s-{name}{{stroke:{c};fill:none}}"
        f".t-{name}{{fill:{c};fill-opacity:.16;stroke:{c}}}"
        for name, c in colours.items()
    )


STYLE = (
    "text{font:15px system-ui,-apple-system,'Segoe UI',sans-serif}"
    "text.m{font:italic 17px Georgia,'Times New Roman',serif}text.s{font-size:12.5px}"
    "text.h{font-weight:600}"
    "*{stroke-width:1.6;stroke-linejoin:round}text{stroke:none}.thin{stroke-width:.8}"
    ".thick{stroke-width:2.6}.dash{stroke-dasharray:4 4}"
    f"{rules(LIGHT)}@media(prefers-color-scheme:dark){{{rules(DARK)}}}"
)


def num(value: float) -> str:
    """A coordinate, to a tenth of a pixel."""
    return f"{value + 0.0:.1f}".removesuffix(".0").replace("-0", "0" if abs(value) < 0.05 else "-0")


class Drawing:
    """Shapes in a drawing of its own, in pixels from its upper left corner."""

    def __init__(self, width: int, height: int, title: str) -> None:
        self.width, self.height, self.title = width, height, title
        self.parts: list[str] = []

    def text(self, x: float, y: float, words: str, look: str = "f-ink", anchor: str = "middle"):
        """Words with their baseline at y."""
        self.parts.append(
            f'<text x="{num(x)}" y="{num(y)}" class="{look}" text-anchor="{anchor}">'
            f"{escape(words)}</text>"
        )

    def rect(self, x: float, y: float, w: float, h: float, look: str, more: str = "") -> None:
        """A rectangle."""
        self.parts.append(
            f'<rect x="{num(x)}" y="{num(y)}" width="{num(w)}" height="{num(h)}" '
            f'class="{look}"{more}/>'
        )

    def circle(self, x: float, y: float, r: float, look: str) -> None:
        """A circle."""
        self.parts.append(f'<circle cx="{num(x)}" cy="{num(y)}" r="{num(r)}" class="{look}"/>')

    def line(self, points: Iterable[Point], look: str) -> None:
        """A line through points."""
        path = " ".join(f"{num(x)},{num(y)}" for x, y in points)
        self.parts.append(f'<polyline points="{path}" class="{look}"/>')

    def arrow(self, a: Point, b: Point, colour: str, look: str = "", head: float = 8) -> None:
        """A line from a to b with a point at b."""
        length = math.dist(a, b)
        u, v = (b[0] - a[0]) / length, (b[1] - a[1]) / length
        foot = (b[0] - head * u, b[1] - head * v)
        self.line([a, foot], f"s-{colour} {look}".strip())
        side = head * 0.45
        corners = [
            b,
            (foot[0] - side * v, foot[1] + side * u),
            (foot[0] + side * v, foot[1] - side * u),
        ]
        path = " ".join(f"{num(x)},{num(y)}" for x, y in corners)
        self.parts.append(f'<polygon points="{path}" class="f-{colour}"/>')

    def svg(self) -> str:
        """The whole file."""
        body = "\n".join(self.parts)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" '
            f'width="{self.width}" height="{self.height}" role="img">\n'
            f"<title>{escape(self.title)}</title>\n<style>{STYLE}</style>\n"
            f'<rect width="{self.width}" height="{self.height}" rx="10" class="f-paper"/>\n'
            f"{body}\n</svg>\n"
        )


class Plot:
    """Axes in a drawing: data coordinates to pixels."""

    def __init__(
        self, d: Drawing, box: tuple[float, float, float, float], x: Point, y: Point
    ) -> None:
        self.d, self.box, self.x, self.y = d, box, x, y
        left, top, width, height = box
        d.rect(left, top, width, height, "s-dim thin")

    def at(self, x: float, y: float) -> Point:
        """Where a point of the data lies."""
        left, top, width, height = self.box
        right = (x - self.x[0]) / (self.x[1] - self.x[0])
        up = (y - self.y[0]) / (self.y[1] - self.y[0])
        return left + width * right, top + height * (1 - up)

    def curve(self, xs: Sequence[float], ys: Sequence[float], look: str) -> None:
        """A curve, cut off where it leaves the box."""
        piece: list[Point] = []
        low, high = self.y
        for x, y in zip(xs, ys, strict=True):
            if low - 1e-9 <= y <= high + 1e-9:
                piece.append(self.at(x, y))
            elif piece:
                self.d.line(piece, look)
                piece = []
        if len(piece) > 1:
            self.d.line(piece, look)

    def ticks(self, xs: Sequence[float] = (), ys: Sequence[float] = (), form: str = "g") -> None:
        """Numbers at the axes, with faint lines."""
        left, top, width, height = self.box
        for x in xs:
            at, _ = self.at(x, self.y[0])
            self.d.line([(at, top), (at, top + height)], "s-dim thin dash")
            self.d.text(at, top + height + 17, f"{x:{form}}", "f-dim s")
        for y in ys:
            _, at = self.at(self.x[0], y)
            self.d.line([(left, at), (left + width, at)], "s-dim thin dash")
            self.d.text(left - 7, at + 4, f"{y:{form}}", "f-dim s", "end")


SIDES = {"n": ("violet", 66), "i": ("blue", 118), "o": ("orange", 46)}


def matrix(d: Drawing, x: float, middle: float, name: str, axes: str) -> float:
    """A matrix [rows columns], its sides in the colours of their letters; returns where it ends."""
    (row_colour, h), (column_colour, w) = SIDES[axes[0]], SIDES[axes[1]]
    y = middle - h / 2
    d.rect(x, y, w, h, "t-dim thin")
    for side in (x, x + w):
        d.line([(side, y), (side, y + h)], f"s-{row_colour} thick")
    for side in (y, y + h):
        d.line([(x, side), (x + w, side)], f"s-{column_colour} thick")
    d.text(x + w / 2, middle + 6, name, "f-ink m")
    d.text(x - 9, middle + 5, axes[0], f"f-{row_colour} m")
    d.text(x + w / 2, y - 7, axes[1], f"f-{column_colour} m")
    return x + w


def sample(low: float, high: float, count: int) -> list[float]:
    """Evenly spaced numbers."""
    return [low + (high - low) * k / count for k in range(count + 1)]


def grid(
    d: Drawing,
    x: float,
    y: float,
    cell: float,
    look: Callable[[int, int], str | None],
    rows: int,
    columns: int,
    write: Callable[[int, int], str] = lambda a, b: "",
) -> None:
    """Cells side by side, each with its look and its words; None leaves one out."""
    for a in range(rows):
        for b in range(columns):
            style = look(a, b)
            if style:
                d.rect(x + cell * b, y + cell * a, cell, cell, style)
                if words := write(a, b):
                    d.text(x + cell * (b + 0.5), y + cell * (a + 0.5) + 4, words, "f-ink s")


def pixels(d: Drawing, x: float, y: float, cell: float, image: Any) -> None:
    """A picture of numbers from 0 to 1, rounded to six shades: a path of squares for each."""
    shades = np.rint(image * 5).astype(int)
    for shade in range(1, 6):
        path = "".join(f"M{b} {a}h1v1h-1z" for a, b in np.argwhere(shades == shade).tolist())
        if path:
            d.parts.append(
                f'<path d="{path}" class="f-ink" fill-opacity="{shade / 5:g}" '
                f'transform="translate({num(x)} {num(y)}) scale({cell:g})"/>'
            )
