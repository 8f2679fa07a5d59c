"""Draws the figures of `mathematics.md`: `python docs/figures.py` writes `pictures/math-*.svg`.

Each figure is a function that returns SVG, made of a few shapes; nothing but NumPy and digitus is
needed, and the same bytes come out every time (a test compares). Curves are computed by digitus's
own layers. Every picture has a background of its own, light or dark as the reader's screen is, so
it is legible on any page. Not inside: shapes and curves (`drawing`), figures about images
(`figures_images`), other languages, in `pictures/LANGUAGE/` (`figures_translated`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from digitus import nn
from drawing import Drawing, Plot, matrix, sample
from figures_images import convolution, deslant, digit, maxpool
from figures_translated import TRANSLATED, translated

PICTURES = Path(__file__).parent / "pictures"


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
    """The size of the signal after each of thirty ReLU layers of 100 units."""
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


FIGURES: dict[str, Callable[[], str]] = {
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


def drawn() -> dict[Path, Callable[[], str]]:
    """All files, in all languages, and what draws each."""
    found: dict[Path, Callable[[], str]] = {PICTURES / file: FIGURES[file] for file in FIGURES}
    for language, names in TRANSLATED.items():
        for file in names:
            found[PICTURES / language / file] = partial(translated, FIGURES[file], language)
    return found


if __name__ == "__main__":
    for path, draw in drawn().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(draw(), "utf-8")
        print(path)
