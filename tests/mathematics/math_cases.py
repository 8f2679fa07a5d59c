"""What the formulas of `docs/mathematics.md` are tried on: for each case some random numbers, what
digitus computes from them, and functions whose slopes the gradients must be.

Inside: a table of cases by name; "dense" is used by `<!-- check: dense.dW -->`. Where the settings
of a layer matter (stride, padding, ties) a case has several variants. Not inside: the formulas,
which stand in the page and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

import numpy as np

from digitus import load, nn
from digitus.nn.check import random_params
from digitus.nn.convolution import correlate_to_input
from digitus.nn.deslant import EPSILON
from digitus.nn.init import fans
from digitus.nn.inputs import moments
from digitus.training.device import NUMPY
from digitus.training.examples import teacher
from digitus.training.source import Batch
from digitus.training.step import gradient
from small import recipe

Scalar = Callable[[Any], float]


@dataclass
class Case:
    """Variables that a formula may use, what digitus says, and what slopes it can be held to."""

    given: dict[str, Any]
    expected: dict[str, Any] = field(default_factory=dict)
    slopes: dict[str, tuple[Scalar, Any]] = field(default_factory=dict)
    tolerance: float = 1e-10


def normal(*shape: int, seed: int = 0) -> Any:
    """Random numbers that are different for each shape and seed."""
    return np.random.default_rng([seed, *shape]).normal(size=shape)


def of_layer(layer: Any, x: Any, *, training: bool = False, **more: Any) -> Case:
    """A layer with random parameters and a random gradient from above."""
    p = random_params(layer, x.shape[1:], np.random.default_rng(1))

    def run(p: Any, x: Any) -> Any:
        return layer.forward(p, x, np.random.default_rng(3) if training else None)

    y, backward = run(p, x)
    dy = np.random.default_rng(2).normal(size=y.shape)
    dx, gradients = backward(dy)
    slopes: dict[str, Any] = {"dx": (lambda x: np.sum(dy * run(p, x)[0]), x)}
    for key in gradients:
        slopes[f"d{key}"] = (lambda w, k=key: np.sum(dy * run(p | {k: w}, x)[0]), p[key])
    given = {"x": x, "y": y, "dy": dy, "n": len(x), **p, **more}
    expected = {"y": y, "dx": dx} | {f"d{key}": g for key, g in gradients.items()}
    return Case(given, expected, slopes)


def of_loss(loss: Any, z: Any, t: Any, name: str, **more: Any) -> Case:
    """A loss; `name` is what the page calls its input."""
    value, dz = loss(z, t)
    slopes: dict[str, Any] = {f"d{name}": (lambda z: loss(z, t)[0], z)}
    given = {name: z, "t": t, "n": len(z), "o": z.shape[1], **more}
    return Case(given, {"L": value, f"d{name}": dz}, slopes)


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


def drawn(rule: Any, **more: Any) -> Iterator[Case]:
    """First weights: the same random numbers for the formula and for digitus."""
    i, o = 5, 4
    ours = np.random.default_rng(6)
    expected = {"W": rule.weight((i, o), ours), "b": rule.bias((o,), ours)}
    yield Case({"i": i, "o": o, "rng": np.random.default_rng(6), **more}, expected)


def optimizer(rule: Any, steps: int = 3, **more: Any) -> Iterator[Case]:
    """A rule that has some steps behind it."""
    w, memory = normal(4, 3), rule.start(normal(4, 3))
    for t in range(1, steps + 1):
        rule.update(normal(4, 3, seed=t), w, memory, 0.1, t)
    before = {name: s.copy() for name, s in memory.items()}
    g, t = normal(4, 3, seed=9), steps + 1
    step = rule.update(g, w, memory, 0.1, t)
    yield Case({"g": g, "w": w, "alpha": 0.1, "t": t, **before, **more}, {"step": step, **memory})


def adam() -> Iterator[Case]:
    settings = {"beta1": 0.8, "beta2": 0.95, "epsilon": 1e-3}
    for steps in (0, 3):
        (case,) = optimizer(nn.Adam(**settings), steps, **settings, constant=normal(4, 3))
        w, constant, memory = case.given["w"], case.given["constant"], nn.Adam().start(normal(4, 3))
        for t in range(1, steps + 2):
            nn.Adam(**settings).update(constant, w, memory, 0.1, t)
        case.expected["unrolled"] = memory["m"]
        yield case


def adam_w() -> Iterator[Case]:
    (plain,), (case,) = optimizer(nn.Adam()), optimizer(nn.AdamW(decay=0.3), decay=0.3)
    case.given["adam_step"] = plain.expected["step"]
    yield case


def average() -> Iterator[Case]:
    for t in (1, 1000):
        a, w = normal(4), normal(4, seed=1)
        kept = {"W": a.copy()}
        nn.update_average(kept, {"W": w}, 0.9, t)
        yield Case({"a": a, "w": w, "decay": 0.9, "t": t}, {"a": kept["W"]})


def schedule(rule: Any, points: tuple[float, ...], **more: Any) -> Iterator[Case]:
    for q in points:
        yield Case({"r": 0.3, "q": q, **more}, {"alpha": rule(q)})


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


def one(case: Case) -> Iterator[Case]:
    yield case


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
