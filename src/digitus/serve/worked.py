"""One step of learning that a pencil can follow: /api/worked.

The step is that of docs/mathematics.md, section 18: two digits of nine numbers each, two hidden
units, three outputs. One of the two is followed from its pixels to a new weight, a line of numbers
at a time, each shown to four decimals and computed with all.

Inside: the step, and its lines. Not inside: what is said of them (the web page's words), and steps
of networks that are trained (`live.equations`).
"""

from __future__ import annotations

from functools import cache

import numpy as np
from msgspec import Struct

from digitus.nn import Chain, Dense, GradientDescent, Relu, SoftmaxCrossEntropy, one_hot, softmax
from digitus.serve.operation import operation
from digitus.serve.values import Answer, Base64, Digit, packed
from digitus.synthetic.strokes import strokes
from digitus.types import Floats64

RATE = 0.5
MIDDLE = 4  # of the nine numbers of a digit
HANDS, FOLLOWED = ["0-round", "1-plain", "2-plain"], 1
W1 = [[-0.2, 0.2], [0.3, 0.1], [-0.2, 0.2], [-0.3, 0.3], [0.4, -0.4], [-0.3, 0.2], [-0.2, 0.1],
      [0.3, 0.1], [-0.2, 0.3]]  # fmt: skip
B1 = [-0.1, 0.2]
W2 = [[-0.5, 0.6, 0.1], [0.7, -0.3, 0.2]]
B2 = [0.1, -0.1, 0.2]


class WorkedLine(Answer, frozen=True):
    """A line of the step: what is worked out, from which numbers, what comes out, and the equation.

    `see` is the number of the equation in docs/mathematics.md.
    """

    name: str
    left: str
    answer: float
    see: str


class WorkedStep(Answer, frozen=True):
    """The digit that is followed, its nine numbers, and the lines in their order."""

    digit: Digit
    read: Digit
    image: Base64
    numbers: list[float]
    lines: list[WorkedLine]


class _Step(Struct, frozen=True):
    """The arrays of the step; rows are examples."""

    images: Floats64
    x: Floats64
    z1: Floats64
    a: Floats64
    z2: Floats64
    y: Floats64
    dz2: Floats64
    dz1: Floats64
    gradient: Floats64  # of the first layer's weights
    new: Floats64  # the first layer's weights after the step


def _carried_out() -> _Step:
    """The step, computed by the layers themselves."""
    digits = strokes(55, seed=0, hands=HANDS)
    images, labels = digits.images[[54, 20]].astype(float), digits.labels[[54, 20]]
    blocks = images[:, :27, :27].reshape(2, 3, 9, 3, 9)
    x = (blocks.mean(axis=(2, 4)) / 255).round(1).reshape(2, 9)
    first, last = Dense(2), Chain([Relu(), Dense(3)])
    p1 = {"W": np.array(W1), "b": np.array(B1)}
    z1, back1 = first.forward(p1, x)
    z2, back2 = last.forward({"1.W": np.array(W2), "1.b": np.array(B2)}, z1)
    _, dz2 = SoftmaxCrossEntropy()(z2, one_hot(labels, classes=3, dtype=np.float64))
    dz1, _ = back2(dz2)
    _, gradients = back1(dz1)
    rule = GradientDescent()
    change = rule.update(gradients["W"], p1["W"], rule.start(p1["W"]), RATE, t=1)
    a = np.maximum(z1, 0)
    return _Step(images, x, z1, a, z2, softmax(z2), dz2, dz1, gradients["W"], p1["W"] + change)


def _factor(value: float, places: int = 4) -> str:
    """A number as it stands in a product: in brackets below zero."""
    text = f"{value + 0.0:.{places}f}"
    return f"({text})" if value < 0 else text


def _sum(pairs: list[tuple[float, float]], places: tuple[int, int], bias: float = 0.0) -> str:
    """A sum of products and a bias; `places` are the decimals of the two factors."""
    text = " + ".join(f"{_factor(u, places[0])}·{_factor(w, places[1])}" for u, w in pairs)
    return f"{text} {'-' if bias < 0 else '+'} {abs(bias):.1f}" if bias else text


@cache
def worked_step() -> WorkedStep:
    """The step as it is sent."""
    s, k = _carried_out(), FOLLOWED
    x, z1, a, z2, y, dz2 = (v[k] for v in (s.x, s.z1, s.a, s.z2, s.y, s.dz2))
    mean = s.images[k][9:18, 9:18].mean()
    old, hidden, out = W1[MIDDLE][0], 0, k  # the weight, its unit, and the digit's own output
    seen = [(float(v), W1[i][hidden]) for i, v in enumerate(x) if v]
    heard = [(a[u], W2[u][out]) for u in (0, 1)]
    blamed = [(dz2[o], W2[hidden][o]) for o in (0, 1, 2)]
    both = [(s.x[e, MIDDLE], s.dz1[e, hidden]) for e in (0, 1)]
    scores = [f"exp({v + 0.0:.4f})" for v in z2]
    gradient = s.gradient[MIDDLE, hidden]
    lines = [
        ("pixels", f"{mean:.1f} / 255", x[MIDDLE], "9.1"),
        ("neuron", _sum(seen, (1, 1), B1[hidden]), z1[hidden], "3.2"),
        ("relu", f"max({z1[hidden]:.4f}, 0)", a[hidden], "6.1"),
        ("score", _sum(heard, (4, 1), B2[out]), z2[out], "3.2"),
        ("softmax", f"{scores[out]} / ({' + '.join(scores)})", y[out], "7.1"),
        ("loss", f"-log({y[out]:.4f})", -np.log(y[out]), "8.5"),
        ("blame", f"({y[out]:.4f} - 1) / 2", dz2[out], "8.8"),
        ("back", _sum(blamed, (4, 1)), s.dz1[k, hidden], "3.6"),
        ("gradient", _sum(both, (1, 4)), gradient, "3.3"),
        ("weight", f"{old} - {RATE}·{_factor(gradient)}", s.new[MIDDLE, hidden], "15.1"),
    ]
    return WorkedStep(
        k,
        int(y.argmax()),
        packed(s.images[k].astype(np.uint8)),
        [float(v) for v in x],
        [WorkedLine(name, left, round(float(v), 4), see) for name, left, v, see in lines],
    )


@operation()
async def worked() -> WorkedStep:
    """One step of learning, line by line, small enough for a pencil."""
    return worked_step()
