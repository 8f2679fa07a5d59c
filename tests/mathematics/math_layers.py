"""Cases for the equations of layers that have no other file."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np

from digitus import nn
from digitus.nn.check import random_params
from digitus.nn.convolution import correlate_to_input
from digitus.nn.deslant import EPSILON
from digitus.nn.exemplars import EPSILON as MEMORY_EPSILON
from digitus.nn.exemplars import recalled
from digitus.nn.inputs import moments
from digitus.training.source import Batch
from digitus.training.step import gradient
from mathematics.math_case import Case, normal, of_layer


def broadcast() -> Iterator[Case]:
    case = of_layer(nn.Dense(4), normal(6, 4))
    x, b, dy = case.given["x"], case.given["b"], case.given["dy"]
    y, backward = nn.Dense(4).forward({"W": np.eye(4), "b": b}, x)
    expected = {"y": y, "db": backward(dy)[1]["b"]}
    yield Case(
        {"x": x, "b": b, "dy": dy, "n": 6}, expected, {"db": (lambda b: np.sum(dy * (x + b)), b)}
    )


def gain() -> Iterator[Case]:
    """Batch normalisation with nothing to normalise is a gain for each channel."""
    layer, x, g, dy = nn.BatchNorm(1e-3), normal(3, 4, 5, 2), normal(2), normal(3, 4, 5, 2, seed=1)
    p = {"mean": np.zeros(2), "var": np.full(2, 1 - 1e-3), "beta": np.zeros(2), "gamma": g}
    expected = {"dg": layer.forward(p, x)[1](dy)[1]["gamma"]}
    yield Case({"x": x, "dy": dy}, expected, {"dg": (lambda g: np.sum(dy * x * g), g)})


def chain() -> Iterator[Case]:
    case = of_layer(nn.Chain([nn.Dense(4), nn.Tanh(), nn.Dense(3)]), normal(5, 6))
    names = {"0.W": "W1", "0.b": "b1", "2.W": "W2", "2.b": "b2"}
    case.given |= {names[k]: v for k, v in case.given.items() if k in names}
    yield case


def branches(layer: Any, **names: str) -> Iterator[Case]:
    """A layer with chains inside; `names` are the page's for its parameters."""
    case = of_layer(layer, normal(5, 6))
    case.given |= {short: case.given[name.replace("_", ".")] for short, name in names.items()}
    yield case


def shards() -> Iterator[Case]:
    rng = np.random.default_rng(0)
    n, network = 2500, nn.Chain([nn.Scale(), nn.Flatten(), nn.Dense(10)])
    loss = nn.SoftmaxCrossEntropy()
    images = rng.integers(0, 256, (n, 2, 2)).astype(np.uint8)
    labels = rng.integers(0, 10, n).astype(np.uint8)
    p = {"2.W": normal(4, 10), "2.b": normal(10)}

    def whole(W: Any, part: Any = slice(None)) -> tuple[float, Any]:
        y, backward = network.forward(p | {"2.W": W}, images[part, ..., None].astype(float))
        value, dy = loss(y, nn.one_hot(labels[part], dtype=float))
        return value, backward(dy)[1]["2.W"]

    batch = Batch(images, nn.one_hot(labels), labels)
    expected = {"dW": gradient(network, loss, p, batch)[1]["2.W"]}
    parts = [np.arange(0, 1024), np.arange(1024, 2048), np.arange(2048, n)]
    given = {"shards": parts, "n": n, "dW_of": lambda part: whole(p["2.W"], part)[1]}
    yield Case(given, expected, {"dW": (lambda W: whole(W)[0], p["2.W"])})


def merged() -> Iterator[Case]:
    a, b = normal(5, 3) + 7, 2 * normal(9, 3) - 1
    mean, var = moments([a, b], axes=(0,))
    extra = 14 * var - 5 * a.var(axis=0) - 9 * b.var(axis=0)
    yield Case({"a": a, "b": b}, {"mean": mean, "var": var, "extra": extra})


def measured() -> Iterator[Case]:
    network = nn.Chain([nn.Dense(4), nn.Relu(), nn.BatchNorm()])
    p = random_params(network, (6,), np.random.default_rng(0))
    x = normal(9, 6)
    found = nn.calibrated(network, p, [x[:2], x[2:]])
    expected = {"mean": found["2.mean"], "var": found["2.var"]}
    yield Case({"x": x, "W": p["0.W"], "b": p["0.b"]}, expected)


def dropout() -> Iterator[Case]:
    case = of_layer(nn.Dropout(0.4), normal(5, 6), training=True, r=0.4)
    case.given["rng"] = np.random.default_rng(3)  # the same coins
    case.expected["expected"] = case.given["x"]
    yield case


def conv() -> Iterator[Case]:
    """Both strides, both paddings, an image that the stride does not divide."""
    h, w, c, o, k = 8, 11, 2, 7, 3
    for stride, padding in product((1, 2), ("same", "valid")):
        layer = nn.Conv(o, k, stride, padding)
        rows, cols, _ = layer.plan((h, w, c))[1]
        sizes = {"h": h, "w": w, "c": c, "o": o, "k": k, "s": stride, "p": layer.border}
        case = of_layer(layer, normal(5, h, w, c), rows=rows, cols=cols, **sizes)
        x, dy, W = case.given["x"], case.given["dy"], case.given["W"]
        wide = (len(x), h + 2 * layer.border, w + 2 * layer.border, c)
        case.expected["rows"] = rows
        case.expected["dx_bar"] = correlate_to_input(dy, W, wide, stride, 0)
        yield case


def pool(layer: Any, *, ties: bool) -> Iterator[Case]:
    """Images with a rest that fills no window; then with ties, where only the rule is judged."""
    n, h, w, c, s = 3, 7, 9, 2, layer.size
    sizes = {"c": c, "s": s, "rows": h // s, "cols": w // s}
    for tied in (False, True)[: 1 + ties]:
        x = normal(n, h, w, c)
        case = of_layer(layer, np.sign(x) if tied else x, **sizes)
        case.expected["total"] = case.given["dy"].sum(axis=(1, 2))
        if tied:
            case.slopes.clear()
        yield case


def batch_norm() -> Iterator[Case]:
    epsilon = 0.1
    layer, x = nn.BatchNorm(epsilon), 3 * normal(7, 4) + 2
    case = of_layer(layer, x, training=True, m=7, epsilon=epsilon)
    given, expected = case.given, case.expected
    dy, gamma = given["dy"], given["gamma"]
    del given["mean"], given["var"]  # these are the training set's: not for training
    expected |= layer.measure([x])
    mean, var = expected["mean"], expected["var"]
    neutral = {"gamma": np.ones(4), "beta": np.zeros(4)}
    rng = np.random.default_rng(0)
    expected["x_hat"] = layer.forward(neutral, x, rng)[0]

    def f(mean: Any, var: Any) -> float:
        return np.sum(dy * gamma * (x - mean) / np.sqrt(var + epsilon))

    case.slopes |= {
        "dx_hat": (lambda x_hat: np.sum(dy * gamma * x_hat), expected["x_hat"]),
        "dvar": (lambda var: f(mean, var), var),
        "dmean": (lambda mean: f(mean, ((x - mean) ** 2).mean(axis=0)), mean),
    }
    yield case


def memory() -> Iterator[Case]:
    """Examples beside a network, moved by its outputs and by the directions of its features."""
    case = of_layer(nn.Exemplars(4, 3), normal(5, 7))
    x, dy, W, b = (case.given[name] for name in ("x", "dy", "W", "b"))
    C, s, V = (case.given[name] for name in ("centres", "spread", "votes"))
    case.given |= {"C": C, "s": s, "V": V, "epsilon": MEMORY_EPSILON}
    z = x @ W + b
    found = recalled(z, x, C, s, V)

    def with_direction(x_hat: Any) -> float:
        q = np.exp(found.log_p) + np.exp((x_hat @ C.T - 1) / s) @ V
        return float(np.sum(dy * np.log(q)))

    case.slopes["dz"] = (lambda z: float(np.sum(dy * recalled(z, x, C, s, V).y)), z)
    case.slopes["dx_hat"] = (with_direction, found.unit)
    case.expected |= {"p": nn.softmax(z), "r": found.length[:, 0], "x_hat": found.unit}
    case.expected |= {"k": found.near, "g": dy * np.exp(-found.y)}
    yield case


def deslant(width: float, most: float) -> Case:
    """What is read where, by NumPy's interpolation, from moments by NumPy's covariances."""
    h, w = 6, 7
    i, j = (np.arange(h) - (h - 1) / 2)[:, None], np.arange(w) - (w - 1) / 2
    places = np.stack([np.repeat(i, w), np.tile(j, h)])
    case = of_layer(nn.Deslant(width, most), normal(3, h, w, 2))
    x, dy = case.given["x"], case.given["dy"]
    case.given |= {"i": i, "j": j, "width": width, "most": most, "epsilon": EPSILON}
    m = (x**2).sum(-1)

    def moments_of(m: Any) -> dict[str, Any]:
        found = []
        for ink in m.reshape(len(m), -1):
            spread = np.cov(places, ddof=0, aweights=ink)
            means = np.average(places, axis=1, weights=ink)
            found.append((*means, spread[0, 0] + EPSILON, spread[0, 1], spread[1, 1]))
        names = ("mean_i", "mean_j", "var_i", "cov", "var_j")
        return dict(zip(names, np.array(found).T[..., None, None], strict=True))

    def derived(**v: Any) -> dict[str, Any]:
        """With slant, stretch and places, where these are not given."""
        v = {"s": v["cov"] / v["var_i"]} | v
        deviation = np.sqrt(v["var_j"] - v["s"] * v["cov"] + EPSILON)
        v["k"] = np.clip(deviation / width, 1 / most, most)
        return {"q": v["mean_j"] + v["k"] * j + v["s"] * (i - v["mean_i"])} | v

    def loss(**v: Any) -> float:
        """Σ dy y."""
        q, ends = derived(**v)["q"], np.array([j[0] - 1, *j, j[-1] + 1])
        rows = np.pad(x, ((0, 0), (0, 0), (1, 1), (0, 0)))
        return sum(
            dy[n, a, :, c] @ np.interp(q[n, a], ends, rows[n, a, :, c])
            for n, a, c in np.ndindex(*x.shape[:2], x.shape[3])
        )

    own = derived(**moments_of(m))
    moments_ = {k: own[k] for k in ("mean_i", "mean_j", "var_i", "cov", "var_j")}
    case.expected |= {k: own[k] for k in ("s", "k", "var_i", "cov", "var_j")}
    case.expected["weight"] = m / m.sum((1, 2), keepdims=True)
    for k in (*moments_, "s", "q"):
        case.slopes[f"d{k}"] = (lambda value, k=k: loss(**moments_ | {k: value}), own[k])
    case.slopes["dm"] = (lambda m: loss(**moments_of(m)), m)
    return case
