"""One number of an equation worked out: "y[0, 3] = max(x[0, 3], 0) = max(-0.31, 0) = 0".

The number chosen is the largest of the result, the one that a reader asks about first. Sums of many
terms show their largest few, all at one precision, so that a sum adds up as it is shown; "⋯×781"
stands for the other 781. A line is notation alone, with no word of any language.

Inside: a line for each common kind of layer, for the losses and for an update, with the places of
its numbers in the arrays. Not inside: computing the arrays (`equations`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import SupportsFloat, TypeAlias

import numpy as np

from digitus import nn
from digitus.nn import Layer, softmax
from digitus.nn.losses import Loss
from digitus.types import Numbers

Place: TypeAlias = tuple[int, ...]
MOST_TERMS = 3  # terms of a sum that are shown
SIGNIFICANT_DIGITS = 4  # significant digits of every number shown
MOST_PLACES = 9  # after the point


@dataclass(frozen=True)
class Worked:
    """A line of text, and the places of its numbers in the arrays, by the arrays' names."""

    line: str = ""
    places: dict[str, Place] = field(default_factory=dict)


def short(value: SupportsFloat) -> float:
    """A number rounded to `SIGNIFICANT_DIGITS`."""
    return float(f"{float(value):.{SIGNIFICANT_DIGITS}g}")


def peak(a: Numbers) -> Place:
    """The place of the number with the largest magnitude."""
    return tuple(int(k) for k in np.unravel_index(int(np.abs(a).argmax()), a.shape))


def forward(layer: Layer, p: dict[str, Numbers], x: Numbers, y: Numbers) -> Worked:
    """The largest output of a layer."""
    at = peak(y)
    if isinstance(layer, nn.Dense):
        return _dense(p, x, at, y[at])
    if isinstance(layer, nn.Conv):
        return _conv(layer, p, x, at, y[at])
    if isinstance(layer, nn.MaxPool | nn.AveragePool):
        return _pool(layer, x, at, y[at])
    if isinstance(layer, nn.BatchNorm):
        gamma, beta = p["gamma"][at[-1]], p["beta"][at[-1]]
        rest = float(y[at] - beta) / float(gamma) if gamma else 0.0
        numbers = f"{_n(gamma)}·{_n(rest)} + {_n(beta)} ≈ {_sum([y[at] - beta, beta], y[at])}"
        line = _line(f"y{list(at)}", "γ x̂ + β", numbers)
        return Worked(line, {"x": at, "y": at, "gamma": at[-1:], "beta": at[-1:]})
    divisor, rate = getattr(layer, "divisor", 1.0), getattr(layer, "rate", 0.0)
    forms: dict[type, Callable[[], str]] = {
        nn.Scale: lambda: f"{_n(x[at])} / {divisor:g}",
        nn.Relu: lambda: f"max({_n(x[at])}, 0)",
        nn.Sigmoid: lambda: f"1 / (1 + e^({_n(-x[at])}))",
        nn.Tanh: lambda: f"tanh({_n(x[at])})",
        nn.Centre: lambda: f"{_n(x[at])} - {_n(p['mean'][at[1:]])}",
        nn.Dropout: lambda: f"{_n(x[at])} / (1 - {rate:g})",
    }
    if type(layer) not in forms:
        return Worked()
    places = {"x": at, "y": at, **dict.fromkeys(p, at[1:])}
    return Worked(_line(f"y{list(at)}", forms[type(layer)](), "", y[at]), places)


def loss(rule: Loss, z: Numbers, t: Numbers, value: float) -> Worked:
    """The loss of the first example, and the mean of all."""
    digit = int(t[0].argmax())
    if isinstance(rule, nn.SoftmaxCrossEntropy):
        p = float(softmax(z[:1])[0, digit])
        own = f"-log softmax(z)[0, {digit}] = -log {_n(p)} = {_n(-np.log(max(p, 1e-45)))}"
    else:
        own = f"½ ‖z[0] - t[0]‖² = {_n(((z[0] - t[0]) ** 2).sum() / 2)}"
    places: dict[str, Place] = dict.fromkeys(("z", "softmax(z)", "t"), (0, digit))
    return Worked(f"{own};  L = Σ / {len(z)} = {_n(value)}", places)


def loss_backward(rule: Loss, z: Numbers, t: Numbers, dz: Numbers) -> Worked:
    """The largest part of the loss's gradient."""
    at = peak(dz)
    first = softmax(z)[at] if isinstance(rule, nn.SoftmaxCrossEntropy) else z[at]
    line = _line(f"dz{list(at)}", f"({_n(first)} - {_n(t[at])}) / {len(z)}", "", dz[at])
    return Worked(line, {"dz": at})


def backward(
    layer: Layer, x: Numbers, y: Numbers, dy: Numbers, own: dict[str, Numbers], dx: Numbers | None
) -> Worked:
    """The largest gradient of a layer's weights, or of its input where it has no weights."""
    if isinstance(layer, nn.Dense):
        i, o = peak(own["W"])
        terms = x[:, i] * dy[:, o]
        n = int(np.abs(terms).argmax())
        numbers = _products(terms, x[:, i], dy[:, o], own["W"][i, o])
        line = _line(f"dW[{i}, {o}]", f"Σₙ x[n, {i}] dy[n, {o}]", numbers)
        return Worked(line, {"x": (n, i), "dy": (n, o), "dW": (i, o), "db": (o,), "dx": (n, i)})
    if dx is None or x.shape != dy.shape:
        return Worked()
    at = peak(dx)
    forms: dict[type, Callable[[], str]] = {
        nn.Relu: lambda: f"{_n(dy[at])}·{int(y[at] > 0)}",
        nn.Sigmoid: lambda: f"{_n(dy[at])}·{_n(y[at])}·(1 - {_n(y[at])})",
        nn.Tanh: lambda: f"{_n(dy[at])}·(1 - {_n(y[at])}²)",
    }
    if type(layer) not in forms:
        return Worked()
    line = _line(f"dx{list(at)}", forms[type(layer)](), "", dx[at])
    return Worked(line, {"y": at, "dy": at, "dx": at})


def update(name: str, w: Numbers, step: Numbers, after: Numbers, rate: float) -> Worked:
    """The parameter that moves most."""
    at = peak(step)
    before, change, result = _adds_up([w[at], step[at]], after[at], least=step[at])
    line = f"α = {_n(rate)};  {name}{list(at)} ← {before} + ({change}) = {result}"
    return Worked(line, dict.fromkeys((f"d{name}", "m", "v", "step", f"{name} + step"), at))


def _dense(p: dict[str, Numbers], x: Numbers, at: Place, y: SupportsFloat) -> Worked:
    n, o = at
    terms = x[n] * p["W"][:, o]
    i = int(np.abs(terms).argmax())
    numbers = _products(terms, x[n], p["W"][:, o], y, p["b"][o])
    line = _line(f"y[{n}, {o}]", f"Σᵢ x[{n}, i] W[i, {o}] + b[{o}]", numbers)
    return Worked(line, {"x": (n, i), "W": (i, o), "b": (o,), "y": at})


def _conv(layer: nn.Conv, p: dict[str, Numbers], x: Numbers, at: Place, y: SupportsFloat) -> Worked:
    n, h, w, o = at
    b = layer.border
    image = np.pad(x[n], ((b, b), (b, b), (0, 0)))
    h, w = h * layer.stride, w * layer.stride
    window = image[h : h + layer.kernel, w : w + layer.kernel].ravel()
    kernel = p["W"][..., o].ravel()
    terms = window * kernel
    i, j, c = np.unravel_index(int(np.abs(terms).argmax()), p["W"].shape[:3])
    what = f"Σ x̄[{n}, {h}+i, {w}+j, c] W[i, j, c, {o}] + b[{o}]"
    numbers = _products(terms, window, kernel, y, p["b"][o])
    places = {
        "x": (n, *(min(k, s - 1) for k, s in zip((h, w), x.shape[1:3], strict=True)), int(c)),
        "W": (int(i), int(j), int(c), o),
        "b": (o,),
        "y": at,
    }
    return Worked(_line(f"y{list(at)}", what, numbers), places)


def _pool(layer: nn.MaxPool | nn.AveragePool, x: Numbers, at: Place, y: SupportsFloat) -> Worked:
    n, h, w, c = at
    s = layer.size
    window = x[n, h * s : (h + 1) * s, w * s : (w + 1) * s, c].ravel()
    kind = "max" if isinstance(layer, nn.MaxPool) else "mean"
    line = _line(f"y{list(at)}", f"{kind}({', '.join(map(_n, window))})", "", y)
    return Worked(line, {"x": (n, h * s, w * s, c), "y": at})


def _products(
    terms: Numbers,
    left: Numbers,
    right: Numbers,
    value: SupportsFloat,
    bias: SupportsFloat | None = None,
) -> str:
    """The largest products of a sum, then what they, the others and a bias add up to."""
    order = np.argsort(-np.abs(terms), kind="stable")[:MOST_TERMS]
    words = [f"{_n(left[k])}·{_n(right[k])}" for k in order]
    values = [float(terms[k]) for k in order]
    if others := len(terms) - len(order):
        words.append(f"⋯×{others}")
        values.append(float(value) - sum(values) - float(0 if bias is None else bias))
    if bias is not None:
        words.append("b")
        values.append(float(bias))
    return f"{' + '.join(words)} ≈ {_sum(values, value)}"


def _sum(terms: Sequence[SupportsFloat], total: SupportsFloat) -> str:
    """A sum that adds up as it is shown."""
    *shown, result = _adds_up(terms, total)
    return f"{' + '.join(f'({t})' if t.startswith('−') else t for t in shown)} = {result}"


def _adds_up(
    terms: Sequence[SupportsFloat], total: SupportsFloat, least: SupportsFloat = 0.0
) -> list[str]:
    """The terms and their sum as text, with one precision.

    The precision is that of whichever needs most: the sum, its largest term, or `least`. What
    rounding leaves over goes to the terms that it changes least, by one unit of the last place.
    """
    numbers = [float(term) for term in terms]
    sizes = [abs(float(v)) for v in (max(numbers, key=abs), total, least)]
    needed = [SIGNIFICANT_DIGITS - 1 - math.floor(math.log10(size)) for size in sizes if size]
    places = min(max([0, *needed]), MOST_PLACES)
    unit = 10.0**places
    whole = [round(v * unit) for v in numbers]
    over = round(float(total) * unit) - sum(whole)
    sign = 1 if over > 0 else -1
    missed = [sign * (v * unit - n) for v, n in zip(numbers, whole, strict=True)]
    for k in sorted(range(len(whole)), key=lambda k: -missed[k])[: abs(over)]:
        whole[k] += sign
    return [f"{n / unit:.{places}f}".replace("-", "−") for n in (*whole, sum(whole))]


def _line(left: str, what: str, numbers: str, value: SupportsFloat | None = None) -> str:
    result = "" if value is None else _n(value)
    return " = ".join(part for part in (left, what, numbers, result) if part)


def _n(value: SupportsFloat) -> str:
    """A number as a person writes it."""
    return f"{short(value):g}".replace("-", "−")
