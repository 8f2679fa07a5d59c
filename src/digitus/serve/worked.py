"""One number of an equation worked out: "y[0, 3] = max(x[0, 3], 0) = max(-0.31, 0) = 0".

The number chosen is the largest of the result, because that is the one that one wants to know
about. Sums of many terms show their largest few. Inside: a line for every kind of layer, for the
losses and for an update. Not inside: computing the arrays (`equations`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from digitus import nn
from digitus.nn import softmax

Array = npt.NDArray[Any]
TERMS = 3  # of a sum that are shown
DIGITS = 4  # that count, in every number shown


def short(value: Any) -> float:
    """A number with the digits that count."""
    return float(f"{float(value):.{DIGITS}g}")


def peak(a: Array) -> tuple[int, ...]:
    """The place of the number that is largest, whatever its sign."""
    return tuple(int(k) for k in np.unravel_index(int(np.abs(a).argmax()), a.shape))


def forward(layer: Any, p: dict[str, Array], x: Array, y: Array) -> str:
    """The largest output of a layer."""
    at = peak(y)
    out, y_at = f"y{list(at)}", float(y[at])
    if isinstance(layer, nn.Dense):
        n, o = at
        terms = x[n] * p["W"][:, o]
        what = f"Σᵢ x[{n}, i] W[i, {o}] + b[{o}]"
        return _line(out, what, f"{_sum(terms, x[n], p['W'][:, o])} + {_n(p['b'][o])}", y_at)
    if isinstance(layer, nn.Conv):
        return _conv(layer, p, x, at, y_at)
    if isinstance(layer, nn.MaxPool | nn.AveragePool):
        n, h, w, c = at
        s = layer.size
        window = x[n, h * s : (h + 1) * s, w * s : (w + 1) * s, c].ravel()
        kind = "max" if isinstance(layer, nn.MaxPool) else "mean"
        return _line(out, f"{kind}({', '.join(map(_n, window[:9]))})", "", y_at)
    if isinstance(layer, nn.BatchNorm):
        gamma, beta = p["gamma"][at[-1]], p["beta"][at[-1]]
        rest = float(y[at] - beta) / float(gamma) if gamma else 0.0
        return _line(out, "γ x̂ + β", f"{_n(gamma)} · {_n(rest)} + {_n(beta)}", y_at)
    x_at = float(x[at]) if x.shape == y.shape else 0.0
    forms: dict[type, Callable[[], str]] = {
        nn.Scale: lambda: f"{_n(x_at)} / {layer.divisor:g}",
        nn.Relu: lambda: f"max({_n(x_at)}, 0)",
        nn.Sigmoid: lambda: f"1 / (1 + e^{_n(-x_at)})",
        nn.Tanh: lambda: f"tanh {_n(x_at)}",
        nn.Centre: lambda: f"{_n(x_at)} - {_n(p['mean'][at[1:]])}",
        nn.Dropout: lambda: f"{_n(x_at)} / (1 - {layer.rate:g})",
    }
    form = forms.get(type(layer))
    return _line(out, form(), "", y_at) if form else ""


def loss(rule: Any, z: Array, t: Array, value: float) -> str:
    """The loss of the first example, beside the mean of all."""
    if isinstance(rule, nn.SoftmaxCrossEntropy):
        digit = int(t[0].argmax())
        p = float(softmax(z[:1])[0, digit])
        own = f"-log softmax(z)[0, {digit}] = -log {_n(p)} = {_n(-np.log(max(p, 1e-45)))}"
    else:
        own = f"½ ‖y - t‖² of the first = {_n(((z[0] - t[0]) ** 2).sum() / 2)}"
    return f"{own};  mean over {len(z)}: {_n(value)}"


def loss_backward(rule: Any, z: Array, t: Array, dz: Array) -> str:
    """The largest part of the loss's gradient."""
    at = peak(dz)
    first = softmax(z)[at] if isinstance(rule, nn.SoftmaxCrossEntropy) else z[at]
    return _line(f"dz{list(at)}", f"({_n(first)} - {_n(t[at])}) / {len(z)}", "", dz[at])


def backward(
    layer: Any, x: Array, y: Array, dy: Array, own: dict[str, Array], dx: Array | None
) -> str:
    """The largest gradient of a layer's weights, or of its input where it has none."""
    if isinstance(layer, nn.Dense):
        i, o = peak(own["W"])
        terms = x[:, i] * dy[:, o]
        what = f"Σₙ x[n, {i}] dy[n, {o}]"
        return _line(f"dW[{i}, {o}]", what, _sum(terms, x[:, i], dy[:, o]), own["W"][i, o])
    if dx is None or x.shape != dy.shape:
        return ""
    at = peak(dx)
    forms: dict[type, Callable[[], str]] = {
        nn.Relu: lambda: f"{_n(dy[at])} · {int(y[at] > 0)}",
        nn.Sigmoid: lambda: f"{_n(dy[at])} · {_n(y[at])} · (1 - {_n(y[at])})",
        nn.Tanh: lambda: f"{_n(dy[at])} · (1 - {_n(y[at])}²)",
    }
    form = forms.get(type(layer))
    return _line(f"dx{list(at)}", form(), "", dx[at]) if form else ""


def update(name: str, w: Array, step: Array, after: Array, rate: float) -> str:
    """The parameter that moves most."""
    at = peak(step)
    place = f"{name}{list(at)}"
    return f"α = {_n(rate)};  {place} ← {_n(w[at])} + ({_n(step[at])}) = {_n(after[at])}"


def _conv(layer: nn.Conv, p: dict[str, Array], x: Array, at: tuple[int, ...], y: float) -> str:
    n, h, w, o = at
    b = layer.border
    image = np.pad(x[n], ((b, b), (b, b), (0, 0)))
    h, w = h * layer.stride, w * layer.stride
    window = image[h : h + layer.kernel, w : w + layer.kernel].ravel()
    kernel = p["W"][..., o].ravel()
    what = f"Σ over the {layer.kernel} x {layer.kernel} window of x W[…, {o}] + b[{o}]"
    return _line(
        f"y{list(at)}", what, f"{_sum(window * kernel, window, kernel)} + {_n(p['b'][o])}", y
    )


def _sum(terms: Array, left: Array, right: Array) -> str:
    """The largest terms of a sum of products, and what the others add up to."""
    order = np.argsort(-np.abs(terms), kind="stable")[:TERMS]
    shown = [f"{_n(left[k])}·{_n(right[k])}" for k in order]
    rest = float(terms.sum(dtype=np.float64) - terms[order].sum(dtype=np.float64))
    others = len(terms) - len(order)
    return " + ".join([*shown, *([f"{_n(rest)} ({others} others)"] if others else [])])


def _line(left: str, what: str, numbers: str, value: Any) -> str:
    return " = ".join(part for part in (left, what, numbers, _n(value)) if part)


def _n(value: Any) -> str:
    """A number as a person writes it."""
    return f"{short(value):g}".replace("-", "−")
