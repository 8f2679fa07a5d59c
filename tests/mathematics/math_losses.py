"""Cases for the equations of losses and targets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from digitus import load, nn
from digitus.training.device import NUMPY
from digitus.training.examples import teacher
from mathematics.math_case import Case, normal, of_layer, of_loss
from small import recipe


def taught() -> Iterator[Case]:
    """Of a teacher's own outputs, its temperature and the softness that a recipe asks for."""
    images = np.random.default_rng(0).integers(0, 256, (6, 28, 28), np.uint8)
    committee = teacher(recipe(teacher="default", softness=3), NUMPY)
    assert committee is not None
    (asked,) = committee.members
    wide = replace(asked, params={name: w.astype(float) for name, w in asked.params.items()})
    given = {"u": wide.outputs(images), "s": 3 * load().temperature}
    yield Case(given, {"t": wide.probabilities(images)})


def losses(loss: Any, name: str, **more: Any) -> Iterator[Case]:
    """One-hot targets, and targets that are any probabilities."""
    z = normal(6, 5)
    for t in (np.eye(5)[[0, 4, 2, 2, 1, 3]], np.random.default_rng(0).dirichlet(np.ones(5), 6)):
        if name == "y":
            yield of_loss(loss, z, t, "y")
            continue
        y = nn.softmax(z)
        case = of_loss(loss, z, t, "z", y=y, **more)
        case.expected["log_y"] = np.log(y)
        case.expected["lse"] = (z - np.log(y))[:, :1]
        case.expected["t2"] = y - len(z) * case.expected["dz"]  # what the loss aims at
        yield case


def at_places(loss: Any, *, rows: bool = False, **more: Any) -> Iterator[Case]:
    """A loss of pictures [n h w o] where one target in four is not known, alone or with its row."""
    shape = (3, 4, 5, 6)
    z, rng = 2 * normal(*shape), np.random.default_rng(0)
    k = rng.random(shape[:3] if rows else shape) > 0.25
    t = rng.dirichlet(np.ones(6), shape[:3]) if rows else np.minimum(1, 1.3 * rng.random(shape))
    unknown = np.where(k[..., None] if rows else k, t, np.nan)
    value, dz = loss(z, unknown)
    given = {"z": z, "t": t, "k": k.astype(float), "n": 3, "p": 1 / (1 + np.exp(-z)), **more}
    if not rows:
        given["e"] = z - t
    slopes: dict[str, Any] = {"dz": (lambda z: loss(z, unknown)[0], z)}
    yield Case(given, {"L": value, "dz": dz}, slopes)


def one_kind(t: Any) -> Iterator[Case]:
    """The focal loss where all targets are known and all are 1, or none is."""
    loss, z = nn.HeatmapFocal(1.5, 3.0), 2 * normal(5, 6)
    given = {"t": t, "n": 5, "p": 1 / (1 + np.exp(-z)), "alpha": 1.5, "beta": 3.0}
    yield Case(given, {"dz": loss(z, t)[1]}, {"dz": (lambda z: loss(z, t)[0], z)})


def surprise() -> Iterator[Case]:
    """What the loss says of a single logit s where there is nothing."""
    s = 10 * normal(7)
    costs = [nn.HeatmapFocal(0.0, 0.0)(np.array([v]), np.zeros(1))[0] for v in s]
    yield Case({"s": s}, {"cost": np.array(costs)})


def several() -> Iterator[Case]:
    parts = [(nn.SmoothAbsolute(), 2, 0.5), (nn.PlaceCrossEntropy(), 3, 2.0)]
    z, t, loss = normal(5, 4, 5), np.random.default_rng(0).random((5, 4, 5)), nn.MultiTask(parts)
    value, dz = loss(z, t)
    own = [(parts[0][0], slice(0, 2), 0.5), (parts[1][0], slice(2, 5), 2.0)]
    slopes: dict[str, Any] = {"dz": (lambda z: loss(z, t)[0], z)}
    yield Case({"z": z, "t": t, "parts": own}, {"L": value, "dz": dz}, slopes)


def squared_sigmoid() -> Iterator[Case]:
    def both(z: Any, t: Any) -> tuple[float, Any]:
        y, backward = nn.Sigmoid().forward({}, z)
        value, dy = nn.SquaredError()(y, t)
        return value, backward(dy)[0]

    z, t = normal(6, 5), np.eye(5)[[0, 4, 2, 2, 1, 3]]
    yield of_loss(both, z, t, "z", y=nn.Sigmoid().forward({}, z)[0])


def sigmoid() -> Iterator[Case]:
    case = of_layer(nn.Sigmoid(), 3 * normal(5, 6))
    x = case.given["x"]
    case.expected["slope"] = nn.Sigmoid().forward({}, x)[1](np.ones_like(x))[0]
    yield case


def one_hot() -> Iterator[Case]:
    labels = np.array([3, 0, 4, 1, 1])
    yield Case({"labels": labels, "o": 5}, {"t": nn.one_hot(labels, 5)})


def slope() -> Iterator[Case]:
    for w in (0.4, -1.3):
        df = nn.Tanh().forward({}, np.array([w]))[1](np.ones(1))[0][0]
        given = {"f": lambda w: float(np.tanh(w)), "w": w, "eps": 1e-5}
        yield Case(given, {"df": df}, tolerance=1e-8)


def direction() -> Iterator[Case]:
    case = of_layer(nn.Chain([nn.Dense(3), nn.Tanh()]), normal(5, 4))
    f, W = case.slopes["d0.W"]
    u = normal(*W.shape, seed=8)
    u /= np.linalg.norm(u)
    analytic = np.sum(case.expected["d0.W"] * u)
    yield Case({"L": f, "W": W, "u": u, "eps": 1e-6}, {"analytic": analytic}, tolerance=1e-7)


def upstream() -> Iterator[Case]:
    v, y = normal(5, 3), normal(5, 3, seed=1)
    yield Case({"v": v}, {}, {"dy": (lambda y: np.sum(v * y), y)})
