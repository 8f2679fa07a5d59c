"""Draws the figures of `mathematics.md`: `python docs/figures.py` writes `pictures/math-*.svg`.

Each figure is a function that returns SVG, made of a few shapes; nothing but NumPy and digitus is
needed, and the same bytes come out every time (a test compares). Curves are computed by digitus's
own layers. Every picture brings its own paper, light or dark as the reader's screen is, so that it
is legible on any page.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from digitus import nn
from digitus.synthetic.strokes import strokes

PICTURES = Path(__file__).parent / "pictures"
Point = tuple[float, float]

LIGHT = {"paper": "#fcfbf7", "ink": "#24292f", "dim": "#69727d", "blue": "#2468b4"}
LIGHT |= {"orange": "#c2530a", "green": "#23804e", "violet": "#7a48bd"}
DARK = {"paper": "#161b22", "ink": "#e6edf3", "dim": "#98a3af", "blue": "#6cb0ff"}
DARK |= {"orange": "#ff9e5a", "green": "#5fce93", "violet": "#bd9dff"}


def rules(colours: dict[str, str]) -> str:
    """One class a colour for letters and areas (`f-`), lines (`s-`) and tints (`t-`)."""
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
    """Shapes on a sheet of paper, in pixels from its upper left corner."""

    def __init__(self, width: int, height: int, title: str) -> None:
        self.width, self.height, self.title = width, height, title
        self.parts: list[str] = []

    def text(self, x: float, y: float, words: str, look: str = "f-ink", anchor: str = "middle"):
        """Words with their base line at y."""
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
        run: list[Point] = []
        low, high = self.y
        for x, y in zip(xs, ys, strict=True):
            if low - 1e-9 <= y <= high + 1e-9:
                run.append(self.at(x, y))
            elif run:
                self.d.line(run, look)
                run = []
        if len(run) > 1:
            self.d.line(run, look)

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


def neuron() -> str:
    """Inputs, weights, sum, activation; and the way back."""
    d = Drawing(760, 320, "A neuron, forward and backward")
    d.text(24, 30, "forward", "f-blue h", "start")
    for k, index in enumerate("₁₂₃"):
        y = 66 + 70 * k
        d.circle(80, y, 20, "t-blue")
        d.text(80, y + 5, f"x{index}", "f-ink m")
        d.arrow((102, y), (296, 128 + 8 * k), "blue")
        d.text(170, (82, 126, 172)[k], f"w{index}", "f-blue m")
    d.circle(330, 136, 34, "t-green")
    d.text(330, 142, "Σ", "f-ink h")
    d.arrow((330, 46), (330, 100), "violet")
    d.text(330, 38, "b", "f-violet m")
    d.arrow((366, 136), (462, 136), "blue")
    d.text(412, 126, "z", "f-ink m")
    d.rect(464, 102, 92, 68, "t-green", ' rx="8"')
    bend = [(476.0 + 4 * k, 154 - 36 / (1 + math.exp(-(k - 8.5) / 1.5))) for k in range(18)]
    d.line(bend, "s-green thick")
    d.text(510, 94, "f", "f-green m")
    d.arrow((558, 136), (662, 136), "blue")
    d.text(680, 142, "y", "f-ink m")
    d.text(24, 258, "backward", "f-orange h", "start")
    formulas = ((690, "dy"), (510, "dz = dy f′(z)"), (280, "dwᵢ = dz xᵢ"), (70, "dxᵢ = dz wᵢ"))
    for x, formula in formulas:
        d.text(x, 293, formula, "f-orange m")
    for start, end in ((664, 574), (444, 344), (218, 130)):
        d.arrow((start, 288), (end, 288), "orange")
    return d.svg()


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


def dense() -> str:
    """The three products of a dense layer."""
    d = Drawing(760, 470, "The shapes of a dense layer's products")
    rows = [
        (90, "forward", ("y", "no"), ("x", "ni"), ("W", "io")),
        (250, "backward: weights", ("dW", "io"), ("xᵀ", "in"), ("dy", "no")),
        (400, "backward: inputs", ("dx", "ni"), ("dy", "no"), ("Wᵀ", "oi")),
    ]
    for middle, words, left, first, second in rows:
        d.text(28, middle + 5, words, "f-ink h", "start")
        right = matrix(d, 220, middle, *left)
        d.text(right + 26, middle + 6, "=", "f-ink")
        right = matrix(d, right + 66, middle, *first)
        right = matrix(d, right + 36, middle, *second)
        if words == "forward":
            d.text(right + 22, middle + 6, "+", "f-ink")
            d.rect(right + 44, middle - 8, 46, 16, "t-orange")
            d.text(right + 67, middle + 5, "b", "f-ink s")
    d.text(744, 456, "where two matrices touch, both sides have the same letter", "f-dim s", "end")
    return d.svg()


def broadcast() -> str:
    """A bias copied to rows; rows added to its gradient."""
    d = Drawing(760, 250, "Broadcasting and its backward sum")
    for k, (x, colour) in enumerate(((70, "blue"), (450, "orange"))):
        words = "forward: one row is repeated n times" if not k else "backward: n rows are summed"
        d.text(x + 120, 30, words, f"f-{colour} h")
        for row in range(4):
            for column in range(3):
                d.rect(x + 150 + 34 * column, 56 + 40 * row, 34, 28, f"t-{colour}")
        for column in range(3):
            d.rect(x + 34 * column - 40, 116, 34, 28, f"t-{colour}" if not k else "t-green")
        d.text(x + 11, 106, "b" if not k else "db", "f-ink m")
        d.text(x + 265, 128, "n", "f-violet m")
        d.text(x + 201, 232, "o", "f-ink m")
        if k:
            d.text(x + 278, 76, "dy", "f-ink m")
        for row in range(4):
            a, b = (x + 68, 130.0), (x + 146, 70.0 + 40 * row)
            d.arrow(*((a, b) if not k else ((b[0], b[1]), (a[0], a[1]))), colour)
        if k:
            d.text(x + 62, 176, "Σ", "f-ink h")
    return d.svg()


def chain() -> str:
    """Values to the right, gradients to the left."""
    d = Drawing(860, 300, "Forward and backward through a chain")
    boxes = [
        ("Scale", "1/255"),
        ("Dense", "W₁ b₁"),
        ("ReLU", ""),
        ("Dense", "W₂ b₂"),
        ("loss", "t"),
    ]
    values = ["bytes", "x", "z₁", "a", "z₂", "L"]
    for k, (name, parameters) in enumerate(boxes):
        x = 92 + 150 * k
        d.rect(x, 96, 84, 74, "t-green" if k < 4 else "t-violet", ' rx="8"')
        d.text(x + 42, 128, name, "f-ink h")
        d.text(x + 42, 152, parameters, "f-dim m")
        d.arrow((x - 64, 116), (x - 4, 116), "blue")
        d.text(x - 34, 106, values[k], "f-blue m")
        if k > 1:
            d.arrow((x - 4, 150), (x - 62, 150), "orange")
            d.text(x - 33, 172, f"d{values[k]}", "f-orange m")
        if name == "Dense":
            d.arrow((x + 42, 172), (x + 42, 214), "orange")
            d.text(x + 42, 234, "d" + parameters.replace(" ", "  d"), "f-orange m")
    d.text(208, 156, "✕", "f-dim")
    d.text(208, 190, "nobody asks", "f-dim s")
    d.arrow((778, 116), (826, 116), "blue")
    d.text(838, 121, "L", "f-blue m")
    for k, name in ((1, "x"), (2, "z₁"), (3, "a")):
        x = 92 + 150 * k
        d.rect(x - 2, 44, 88, 26, "s-dim thin dash", ' rx="5"')
        d.text(x + 42, 62, f"keeps {'y > 0' if name == 'z₁' else name}", "f-dim s")
        d.line([(x + 42, 72), (x + 42, 94)], "s-dim thin dash")
    d.text(24, 30, "forward: values, remembered where they are needed", "f-blue h", "start")
    d.text(24, 280, "backward: gradients, last layer first", "f-orange h", "start")
    return d.svg()


def sample(low: float, high: float, count: int) -> list[float]:
    """Evenly spaced numbers."""
    return [low + (high - low) * k / count for k in range(count + 1)]


def activations() -> str:
    """The three activations and their slopes, as digitus computes them."""
    d = Drawing(760, 430, "Activations and their slopes")
    layers = (
        ("ReLU", nn.Relu(), "blue"),
        ("sigmoid", nn.Sigmoid(), "green"),
        ("tanh", nn.Tanh(), "violet"),
    )
    xs = np.array(sample(-4, 4, 160))
    for k, (name, layer, colour) in enumerate(layers):
        left = 56 + 240 * k
        y, backward = layer.forward({}, xs)
        upper = Plot(d, (left, 44, 192, 160), (-4, 4), (-1.2, 2.2))
        upper.ticks((-4, -2, 0, 2, 4), (-1, 0, 1, 2))
        upper.curve(xs, y, f"s-{colour} thick")
        d.text(left + 96, 30, name, f"f-{colour} h")
        lower = Plot(d, (left, 240, 192, 140), (-4, 4), (-0.1, 1.1))
        lower.ticks((-4, -2, 0, 2, 4), (0, 0.25, 0.5, 1))
        slope = backward(np.ones_like(xs))[0]
        if name == "ReLU":  # a jump is not a slanting line
            lower.curve([-4, 0], [0, 0], "s-orange thick")
            lower.curve([0.03, 4], [1, 1], "s-orange thick")
        else:
            lower.curve(xs, slope, "s-orange thick")
    d.text(380, 418, "above: y against x; below: the slope dy/dx", "f-dim s")
    return d.svg()


def loss() -> str:
    """Cross-entropy beside squared error; and the landscape of three classes."""
    d = Drawing(820, 400, "Losses")
    xs = sample(-8, 6, 140)
    plot = Plot(d, (56, 56, 320, 270), (-8, 6), (0, 5))
    plot.ticks((-8, -4, 0, 4), (0, 1, 2, 3, 4, 5))
    plot.curve(xs, [math.log1p(math.exp(-x)) for x in xs], "s-blue thick")
    squared = [0.5 * (1 - 1 / (1 + math.exp(-x))) ** 2 for x in xs]
    plot.curve(xs, squared, "s-orange thick")
    d.text(216, 36, "The loss of one score z whose target is 1", "f-ink h")
    d.text(216, 362, "z: what the network gives to the truth", "f-dim s")
    d.text(170, 110, "cross-entropy", "f-blue h", "start")
    d.text(170, 130, "the more wrong, the steeper", "f-blue s", "start")
    d.text(66, 262, "squared error", "f-orange h", "start")
    d.text(66, 282, "of a sigmoid: flat there", "f-orange s", "start")
    side, left, top, cells = 270, 480, 56, 27
    land = Plot(d, (left, top, side, side), (-3, 3), (-3, 3))
    cell = side / cells
    t = np.array([[1.0, 0.0, 0.0]])
    for row in range(cells):
        for column in range(cells):
            z1 = -3 + 6 * (column + 0.5) / cells
            z2 = 3 - 6 * (row + 0.5) / cells
            value = float(nn.SoftmaxCrossEntropy()(np.array([[z1, z2, 0.0]]), t)[0])
            shade = round(min(value / 6.2, 1) * 16) / 16
            d.rect(left + cell * column, top + cell * row, cell, cell, "f-violet",
                   f' fill-opacity="{shade * 0.75:.3f}"')  # fmt: skip
    for z1 in (-2.4, -1.2, 0, 1.2, 2.4):
        for z2 in (-2.4, -1.2, 0, 1.2, 2.4):
            dz = nn.SoftmaxCrossEntropy()(np.array([[z1, z2, 0.0]]), t)[1][0]
            a = land.at(z1, z2)
            b = (a[0] - 34 * dz[0], a[1] + 34 * dz[1])
            if math.dist(a, b) > 6:
                d.arrow(a, b, "ink", "thin", 5)
            else:
                d.circle(*a, 1.5, "f-ink")
    land.ticks((-3, 0, 3), (-3, 0, 3))
    d.text(615, 36, "Three classes, the first is true, z₃ = 0", "f-ink h")
    d.text(615, 362, "z₁ (arrows: −dz, the way down)", "f-dim s")
    d.text(460, 120, "z₂", "f-dim m", "end")
    return d.svg()


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


def convolution() -> str:
    """Kernel 3, stride 2, padding 1 on 5 x 5: windows forward, and the spread-out way back."""
    d = Drawing(900, 430, "Convolution, forward and backward")
    cell = 30.0

    def border(a: int, b: int, size: int = 7) -> bool:
        return a in (0, size - 1) or b in (0, size - 1)

    d.text(230, 34, "forward: a window makes a pixel", "f-blue h")
    d.text(230, 54, "kernel 3 × 3, stride 2, a border of zeros", "f-dim s")
    x, y = 40.0, 90.0
    grid(d, x, y, cell, lambda a, b: "s-dim thin dash" if border(a, b) else "t-blue thin", 7, 7,
         lambda a, b: "0" if border(a, b) else "")  # fmt: skip
    d.rect(x, y, 3 * cell, 3 * cell, "s-orange thick")
    d.rect(x + 4 * cell, y + 2 * cell, 3 * cell, 3 * cell, "s-green thick")
    ox, oy = 330.0, 150.0
    looks = {(0, 0): "t-orange", (1, 2): "t-green"}
    grid(d, ox, oy, cell, lambda a, b: looks.get((a, b), "t-dim thin"), 3, 3)
    d.arrow((x + 3 * cell + 4, y + 1.0 * cell), (ox - 4, oy + 0.5 * cell), "orange")
    d.arrow((x + 7 * cell + 4, y + 3.5 * cell), (ox + 2 * cell - 3, oy + 1.8 * cell), "green")
    d.text(x + 3.5 * cell, y + 7 * cell + 24, "x̄  [n, 7, 7, c]", "f-ink m")
    d.text(ox + 1.5 * cell, oy + 3 * cell + 24, "y  [n, 3, 3, o]", "f-ink m")
    d.text(
        40, 370, "dW: each window, weighted with the dy of its pixel, added up.", "f-dim s", "start"
    )
    d.text(40, 390, "Overlapping windows share pixels: there gradients add.", "f-dim s", "start")

    d.text(680, 34, "backward: a pixel collects from its windows", "f-orange h")
    d.text(680, 54, "dy spread out with zeros, the kernel turned by 180°", "f-dim s")
    x, y, cell = 490.0, 80.0, 27.0

    def spread(a: int, b: int) -> bool:
        return a in (2, 4, 6) and b in (2, 4, 6)

    grid(d, x, y, cell, lambda a, b: "t-orange" if spread(a, b) else "s-dim thin dash", 9, 9,
         lambda a, b: "dy" if spread(a, b) else "0")  # fmt: skip
    d.rect(x + 3 * cell, y + 2 * cell, 3 * cell, 3 * cell, "s-violet thick")
    d.text(x + 4.5 * cell, y + 9 * cell + 24, "D  [n, 9, 9, o]", "f-ink m")
    kx, ky = 786.0, 110.0
    grid(d, kx, ky, cell, lambda a, b: "t-violet", 3, 3, lambda a, b: "987654321"[3 * a + b])
    d.text(kx + 1.5 * cell, ky - 10, "W turned", "f-violet m")
    d.arrow((x + 6 * cell + 4, y + 3.5 * cell), (kx - 6, ky + 1.6 * cell), "violet")
    d.arrow((kx + 1.5 * cell, ky + 3 * cell + 6), (kx + 1.5 * cell, ky + 3 * cell + 58), "violet")
    d.rect(kx + cell, ky + 3 * cell + 62, cell, cell, "t-blue")
    d.text(kx + 1.5 * cell, ky + 4 * cell + 88, "one pixel of dx̄", "f-ink m")
    d.text(
        490,
        370,
        "D has a border of k − 1 = 2 zeros, and s − 1 = 1 zero between.",
        "f-dim s",
        "start",
    )
    d.text(
        490, 390, "This pixel was seen by two windows: two dy under the kernel.", "f-dim s", "start"
    )
    return d.svg()


def deslant() -> str:
    """Written digits, upright, and of one width: by digitus."""
    d = Drawing(760, 334, "Digits as written, upright, and of one width")
    images = strokes(8, seed=4).images[..., None].astype(float)
    upright, _ = nn.Deslant().forward({}, images)
    wide, _ = nn.Deslant(width=4.0).forward({}, images)
    rows = ("as written", images), ("upright", upright), ("of one width", wide)
    for k, (words, shown) in enumerate(rows):
        d.text(110, 70 + 104 * k, words, "f-ink h", "end")
        for column, image in enumerate(shown[..., 0]):
            left, top, cell = 126 + 78 * column, 18 + 104 * k, 2.7
            pixels(d, left, top, cell, image / 255)
            if k:
                middle = left + 14 * cell
                d.line([(middle, top), (middle, top + 28 * cell)], "s-orange thin")
    return d.svg()


def pixels(d: Drawing, x: float, y: float, cell: float, image: Any) -> None:
    """A picture of numbers from 0 to 1 in six shades: of each shade one path of short lines."""
    shades = np.rint(image * 5).astype(int)
    for shade in range(1, 6):
        path = "".join(f"M{b} {a}h1v1h-1z" for a, b in np.argwhere(shades == shade).tolist())
        if path:
            d.parts.append(
                f'<path d="{path}" class="f-ink" fill-opacity="{shade / 5:g}" '
                f'transform="translate({num(x)} {num(y)}) scale({cell:g})"/>'
            )


def maxpool() -> str:
    """A winner, a tie, a window of zeros; where dy goes, by digitus."""
    d = Drawing(760, 300, "Max-pool: dy arrives once")
    cell = 42.0
    windows = (
        ("a clear winner", [[0.2, 0.9], [0.4, 0.1]]),
        ("a tie", [[0.3, 0.7], [0.7, 0.7]]),
        ("all zeros, after ReLU", [[0.0, 0.0], [0.0, 0.0]]),
    )
    for k, (words, numbers) in enumerate(windows):
        x, y = 34.0 + 246 * k, 70.0
        image = np.array(numbers)[None, ..., None]
        best, backward = nn.MaxPool(2).forward({}, image)
        dx = backward(np.full((1, 1, 1, 1), 5.0))[0][0, ..., 0]
        d.text(x + 105, 34, words, "f-ink h")
        grid(d, x, y, cell, lambda a, b: "t-blue", 2, 2, lambda a, b, n=numbers: f"{n[a][b]:g}")
        d.arrow((x + 2 * cell + 6, y + cell), (x + 2 * cell + 44, y + cell), "blue")
        d.rect(x + 2 * cell + 50, y + cell / 2, cell, cell, "t-green")
        d.text(x + 2 * cell + 71, y + cell + 5, f"{best.item():g}", "f-ink s")
        y += 136
        looks = np.where(dx > 0, "t-orange", "s-dim thin")
        grid(d, x, y - 22, cell * 0.9, lambda a, b, g=looks: g[a, b], 2, 2,
             lambda a, b, g=dx: f"{g[a, b]:g}")  # fmt: skip
        d.arrow((x + 2 * cell + 44, y + 15), (x + 2 * cell + 2, y + 15), "orange")
        d.text(x + 2 * cell + 52, y + 20, "dy = 5", "f-orange m", "start")
    d.text(380, 284, "the first of equal values, in reading order, takes it all", "f-dim s")
    return d.svg()


def schedules() -> str:
    """The three schedules."""
    d = Drawing(640, 320, "Schedules")
    plot = Plot(d, (60, 40, 400, 220), (0, 1), (0, 1.08))
    plot.ticks((0, 0.25, 0.5, 0.75, 1), (0, 0.1, 0.5, 1))
    xs = sample(0, 1, 400)
    cosine = nn.Cosine(1.0, warmup=0.1)
    plot.curve(xs, [cosine(x) for x in xs], "s-blue thick")
    step = nn.Step(1.0, at=(0.5, 0.75), factor=0.3)
    plot.curve(xs, [step(x) for x in xs], "s-orange thick")
    plot.curve(xs, [nn.Constant(1.0)(x) for x in xs], "s-green thick")
    for y, words, colour in (
        (56, "Constant", "green"),
        (148, "Cosine", "blue"),
        (206, "Step", "orange"),
    ):
        d.text(476, y, words, f"f-{colour} h", "start")
    d.text(476, 166, "warm-up 0.1", "f-dim s", "start")
    d.text(476, 224, "at 0.5 and 0.75, × 0.3", "f-dim s", "start")
    d.text(260, 300, "progress q", "f-dim s")
    d.text(60, 28, "α / r", "f-dim m")
    return d.svg()


def signals() -> str:
    """The size of what each of thirty ReLU layers of 100 units lets through."""
    d = Drawing(700, 340, "Sizes of signals")
    plot = Plot(d, (76, 40, 420, 240), (0, 30), (-9, 15))
    plot.ticks((0, 10, 20, 30))
    for power in (-8, -4, 0, 4, 8, 12):
        _, y = plot.at(0, power)
        d.line([(76, y), (496, y)], "s-dim thin dash")
        sign = "⁻" if power < 0 else ""
        raised = "".join("⁰¹²³⁴⁵⁶⁷⁸⁹"[int(c)] for c in str(abs(power)))
        d.text(69, y + 4, f"10{sign}{raised}" if power else "1", "f-dim s", "end")
    rules_ = (
        ("U(−0.5, 0.5)", nn.Uniform(), "orange"),
        ("He", nn.He(), "green"),
        ("Glorot", nn.Glorot(), "blue"),
    )
    for name, rule, colour in rules_:
        rng = nn.stream(0, "figure", "signals")
        x = rng.standard_normal((50, 100))
        sizes = [math.log10(float(np.sqrt((x**2).mean())))]
        for _ in range(30):
            x = np.maximum(x @ rule.weight((100, 100), rng), 0)
            sizes.append(math.log10(float(np.sqrt((x**2).mean()))))
        plot.curve(range(31), sizes, f"s-{colour} thick")
        _, y = plot.at(30, sizes[-1])
        d.text(506, y + 5, name, f"f-{colour} h", "start")
    d.text(286, 322, "layers of 100 units with ReLU", "f-dim s")
    d.text(76, 28, "root mean square of a layer's output", "f-dim s", "start")
    return d.svg()


def digit() -> str:
    """The two digits of the worked example and what is left of them."""
    d = Drawing(760, 330, "Two digits, shrunken to nine numbers")
    images = strokes(55, seed=0, hands=["0-round", "1-plain", "2-plain"]).images[[54, 20]]
    for k, image in enumerate(images.astype(float)):
        left, top, cell = 30.0 + 370 * k, 46.0, 8.0
        d.rect(left, top, 28 * cell, 28 * cell, "f-dim", ' fill-opacity=".08"')
        for a, b in np.argwhere(image > 0).tolist():
            d.rect(left + cell * b, top + cell * a, cell, cell, "f-ink",
                   f' fill-opacity="{image[a, b] / 255:.2f}"')  # fmt: skip
        for line in (0, 9, 18, 27):
            at = cell * line
            d.line([(left + at, top), (left + at, top + 27 * cell)], "s-orange thin")
            d.line([(left, top + at), (left + 27 * cell, top + at)], "s-orange thin")
        d.text(left + 112, 30, f"a {k}, of 28 × 28 bytes", "f-ink h")
        small = nn.AveragePool(9).forward({}, image[None, ..., None] / 255)[0][0, ..., 0].round(1)
        x, y, side = left + 246, 106.0, 32.0
        for a, b in np.ndindex(3, 3):
            d.rect(x + side * b, y + side * a, side, side, "f-ink",
                   f' fill-opacity="{small[a, b]:.1f}"')  # fmt: skip
            d.rect(x + side * b, y + side * a, side, side, "s-orange thin")
            d.text(
                x + side * (b + 0.5), y + side * 3 + 22 + 20 * a, f"{small[a, b]:.1f}", "f-ink s"
            )
        d.text(x + 48, 94, "x", "f-ink m")
    d.text(
        380, 310, "each block of 9 × 9 pixels becomes its mean / 255, rounded to tenths", "f-dim s"
    )
    return d.svg()


FIGURES: dict[str, Callable[[], Any]] = {
    f"math-{f.__name__}.svg": f
    for f in (
        neuron,
        dense,
        broadcast,
        chain,
        activations,
        loss,
        convolution,
        maxpool,
        deslant,
        schedules,
        signals,
        digit,
    )
}


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    for file, draw in FIGURES.items():
        (PICTURES / file).write_text(draw(), "utf-8")
        print(PICTURES / file)
