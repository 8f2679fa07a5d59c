"""What the formulas of `docs/mathematics.md` are tried on: for each case some random numbers, what
digitus computes from them, and functions whose slopes the gradients must be.

Inside: a table of cases by name; "dense" is used by `<!-- check: dense.dW -->`. Where the settings
of a layer matter (stride, padding, ties) a case has several variants. Not inside: the cases of
layers, losses and rules (`math_layers`, `math_losses`, `math_rules`), and the formulas, which stand
in the page and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from digitus import nn
from digitus.nn.init import fans
from mathematics.math_case import Case, normal, of_layer, one
from mathematics.math_layers import (
    batch_norm,
    branches,
    broadcast,
    chain,
    conv,
    deslant,
    dropout,
    gain,
    measured,
    memory,
    merged,
    pool,
    shards,
)
from mathematics.math_losses import (
    at_places,
    direction,
    losses,
    one_hot,
    one_kind,
    several,
    sigmoid,
    slope,
    squared_sigmoid,
    surprise,
    taught,
    upstream,
)
from mathematics.math_rules import adam, adam_w, average, clipping, drawn, optimizer, schedule


def neuron() -> Iterator[Case]:
    layers = nn.Chain([nn.Dense(1), nn.Sigmoid()])
    x, w, b, dy = normal(5), normal(5, seed=1), 0.3, -1.7
    p = {"0.W": w[:, None], "0.b": np.array([b])}
    y, backward = layers.forward(p, x[None])
    dx, gradients = backward(np.array([[dy]]))
    z = nn.Dense(1).forward({"W": p["0.W"], "b": p["0.b"]}, x[None])[0][0, 0]
    expected = {"z": z, "y": y[0, 0], "dx": dx[0], "dw": gradients["0.W"][:, 0]}
    expected |= {"db": gradients["0.b"][0], "dz": gradients["0.b"][0]}

    def f(x: Any = x, w: Any = w, b: Any = b) -> float:
        y, _ = layers.forward({"0.W": w[:, None], "0.b": np.array([b])}, x[None])
        return dy * y[0, 0]

    slopes: dict[str, Any] = {"dx": (lambda x: f(x=x), x), "dw": (lambda w: f(w=w), w)}
    slopes["db"] = slopes["dz"] = (lambda b: f(b=b), b)  # z moves one to one with b
    yield Case({"x": x, "w": w, "b": b, "dy": dy}, expected, slopes)


def gopa() -> Iterator[Case]:
    """Gopa's columns beside digitus's rows."""
    i, u, o, m = 6, 4, 3, 7
    network, loss = nn.Chain([nn.Dense(u), nn.Relu(), nn.Dense(o)]), nn.SoftmaxCrossEntropy()
    given = {"X": normal(i, m), "W1": normal(u, i), "b1": normal(u, 1), "W2": normal(o, u)}
    given |= {"b2": normal(o, 1), "Y": np.eye(o)[:, normal(m, seed=4).argsort() % o], "m": m}

    def rows(**changed: Any) -> tuple[Any, Any, Any]:
        v = given | changed
        p = {"0.W": v["W1"].T, "0.b": v["b1"][:, 0], "2.W": v["W2"].T, "2.b": v["b2"][:, 0]}
        return p, v["X"].T, v["Y"].T

    def f(**changed: Any) -> float:
        p, x, t = rows(**changed)
        return loss(network.forward(p, x)[0], t)[0]

    p, x, t = rows()
    z1 = nn.Dense(u).forward({"W": p["0.W"], "b": p["0.b"]}, x)[0]
    a1, through_relu = nn.Relu().forward({}, z1)
    z2, through_dense = nn.Dense(o).forward({"W": p["2.W"], "b": p["2.b"]}, a1)
    _, dz2 = loss(z2, t)
    dz1 = through_relu(through_dense(dz2)[0])[0]
    _, g = network.forward(p, x)[1](dz2)
    expected = {"Z1": z1.T, "A1": a1.T, "Z2": z2.T, "A2": nn.softmax(z2).T}
    expected |= {"dZ2": m * dz2.T, "dZ1": m * dz1.T, "dW1": g["0.W"].T, "dW2": g["2.W"].T}
    expected |= {"db1": g["0.b"][:, None], "db2": g["2.b"][:, None]}
    slopes: dict[str, Any] = {
        f"d{k}": (lambda w, k=k: f(**{k: w}), given[k]) for k in ("W1", "b1", "W2", "b2")
    }

    def above(z1: Any) -> float:
        z2 = np.maximum(z1, 0).T @ p["2.W"] + p["2.b"]
        return m * loss(z2, t)[0]

    slopes["dZ2"] = (lambda z: m * loss(z.T, t)[0], z2.T)
    slopes["dZ1"] = (above, z1.T)
    yield Case(given, expected, slopes, tolerance=1e-12)


CASES: dict[str, Callable[[], Iterator[Case]]] = {
    "neuron": neuron,
    "dense": lambda: one(of_layer(nn.Dense(4), normal(6, 5))),
    "gopa": gopa,
    "broadcast": broadcast,
    "gain": gain,
    "chain": chain,
    "residual": lambda: branches(nn.Residual(nn.Chain([nn.Dense(6), nn.Tanh()])), W="0_W", b="0_b"),
    "concat": lambda: branches(
        nn.Concat(nn.Chain([nn.Dense(4), nn.Tanh()]), nn.Chain([nn.Dense(3)])),
        W="0_0_W",
        b="0_0_b",
        V="1_0_W",
        c="1_0_b",
    ),
    "flatten": lambda: one(of_layer(nn.Flatten(), normal(3, 4, 5, 2))),
    "shards": shards,
    "relu": lambda: one(of_layer(nn.Relu(), normal(5, 6))),
    "sigmoid": sigmoid,
    "tanh": lambda: one(of_layer(nn.Tanh(), 2 * normal(5, 6))),
    "softmax": lambda: one(of_layer(nn.Softmax(), 2 * normal(5, 6), o=6)),
    "onehot": one_hot,
    "squared": lambda: losses(nn.SquaredError(), "y"),
    "squaredsigmoid": squared_sigmoid,
    "ce": lambda: losses(nn.SoftmaxCrossEntropy(), "z"),
    "taught": taught,
    "smooth": lambda: losses(nn.SoftmaxCrossEntropy(0.2), "z", smoothing=0.2),
    "places": lambda: at_places(nn.PlaceCrossEntropy(), rows=True),
    "huber": lambda: at_places(nn.SmoothAbsolute(0.7), beta=0.7),
    "focal": lambda: at_places(nn.HeatmapFocal(1.5, 3.0), alpha=1.5, beta=3.0),
    "there": lambda: one_kind(np.ones((5, 6))),
    "elsewhere": lambda: one_kind(np.random.default_rng(0).random((5, 6))),
    "surprise": surprise,
    "several": several,
    "scale": lambda: one(of_layer(nn.Scale(3.0), normal(5, 6), s=3.0)),
    "centre": lambda: one(of_layer(nn.Centre(), normal(5, 6))),
    "standardize": lambda: one(of_layer(nn.Standardize(0.9), normal(5, 6), floor=0.9)),
    "moments": merged,
    "calibrated": measured,
    "deslant": lambda: map(deslant, (1.7, 4.0), (3.0, 1.2)),  # reached, and out of bounds
    "memory": memory,
    "dropout": dropout,
    "conv": conv,
    "max": lambda: pool(nn.MaxPool(2), ties=True),
    "average": lambda: pool(nn.AveragePool(3), ties=False),
    "upsample": lambda: one(of_layer(nn.Upsample(3), normal(2, 4, 5, 6), s=3, rows=4, cols=5, c=6)),
    "bn": batch_norm,
    "bninference": lambda: one(of_layer(nn.BatchNorm(0.1), normal(7, 4), epsilon=0.1)),
    "uniform": lambda: drawn(nn.Uniform(-0.2, 0.7), low=-0.2, high=0.7),
    "glorot": lambda: drawn(nn.Glorot()),
    "he": lambda: drawn(nn.He()),
    "fans": lambda: one(
        Case(
            {"k": 3, "c": 5, "o": 7},
            dict(zip(("fan_in", "fan_out"), fans((3, 3, 5, 7)), strict=True)),
        )
    ),
    "gd": lambda: optimizer(nn.GradientDescent()),
    "momentum": lambda: optimizer(nn.Momentum(0.8), mu=0.8),
    "nesterov": lambda: optimizer(nn.Nesterov(0.8), mu=0.8),
    "adam": adam,
    "adamw": adam_w,
    "clip": clipping,
    "weights": average,
    "constant": lambda: schedule(nn.Constant(0.3), (0.0, 0.7)),
    "step": lambda: schedule(
        nn.Step(0.3, (0.5, 0.75), 0.2), (0.0, 0.5, 0.6, 0.9), at=(0.5, 0.75), factor=0.2
    ),
    "warmup": lambda: schedule(nn.Cosine(0.3, 0.2), (0.0, 0.1, 0.19), warmup=0.2),
    "cosine": lambda: schedule(nn.Cosine(0.3, 0.2, 0.1), (0.2, 0.5, 0.9), warmup=0.2, final=0.1),
    "slope": slope,
    "side": slope,
    "direction": direction,
    "upstream": upstream,
}
