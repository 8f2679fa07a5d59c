"""Wrong gradients: around a real layer or loss, something that spoils what it gives back.

Inside: what can happen to any gradient (`GENERAL`, `ANY_LOSS`), and the mistakes that people make
in the derivative of one particular layer or loss (`SPECIAL`, `OF_LOSS`). Not inside: the judgement
(`test_mutations`).
"""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from digitus.nn import (
    AveragePool,
    BatchNorm,
    Centre,
    Chain,
    Concat,
    Conv,
    Dense,
    Deslant,
    Dropout,
    Flatten,
    HeatmapFocal,
    MaxPool,
    MultiTask,
    PlaceCrossEntropy,
    Relu,
    Residual,
    Scale,
    Sigmoid,
    SmoothAbsolute,
    Softmax,
    SoftmaxCrossEntropy,
    SquaredError,
    Standardize,
    Tanh,
    Upsample,
)


@dataclass(frozen=True)
class Mutant:
    """A real layer whose gradients go through `spoil(seen, dx, gradients)` on their way back."""

    layer: object
    spoil: object
    changes: list  # filled with True where an array became another one

    def plan(self, shape):
        return self.layer.plan(shape)

    def forward(self, p, x, rng=None):
        y, backward = self.layer.forward(p, x, rng)

        def wrong(dy, want_dx=True):
            dx, gradients = backward(dy.copy(), want_dx)
            seen = SimpleNamespace(
                layer=self.layer, p=p, x=x, y=y, dy=dy, n=len(x), training=rng is not None
            )
            before = dy.copy()
            dx_, gradients_ = self.spoil(seen, dx, dict(gradients))
            pairs = [(dx, dx_), (before, dy)]
            pairs += [(gradients.get(k), gradients_.get(k)) for k in gradients | gradients_]
            self.changes.append(any(differ(a, b) for a, b in pairs))
            return dx_, gradients_

        return y, wrong


def differ(a, b):
    if a is None or b is None or a.shape != b.shape:
        return a is not b
    return not np.allclose(a, b, rtol=1e-9, atol=1e-9)


def on(key, change):
    """A mutation of one returned array: change(gradient, seen)."""

    def spoil(seen, dx, gradients):
        if key == "x":
            return change(dx, seen), gradients
        gradient = change(gradients.pop(key), seen)
        return dx, gradients if gradient is None else gradients | {key: gradient}

    return spoil


def one_value(g, change):
    """Changes the largest value only."""
    g = g.copy()
    place = np.unravel_index(np.abs(g).argmax(), g.shape)
    g[place] = change(g[place])
    return g


def edge(g, seen):
    """Forgets the first row of an image, the first value of a vector."""
    g = g.copy()
    g[(slice(None), 0) if g.ndim > 1 else 0] = 0
    return g


def half_forgotten(g, seen):
    g = g.copy()
    g[len(g) // 2 :] = 0  # the second block of examples, or half of the weights
    return g


# For any array that comes back: what happens to it.
GENERAL = {
    "scaled by 1.01": lambda g, seen: g * 1.01,
    "scaled by 0.999": lambda g, seen: g * 0.999,
    "sign": lambda g, seen: -g,
    "zero": lambda g, seen: g * 0,
    "constant added": lambda g, seen: g + 0.01,
    "absolute value": lambda g, seen: np.abs(g) + np.where(g == 0, 0.01, 0),
    "sum for mean": lambda g, seen: g * (seen.n + 1),
    "mean for sum": lambda g, seen: g / (seen.n + 1),
    "one value 10 % off": lambda g, seen: one_value(g, lambda v: 1.1 * v),
    "one value NaN": lambda g, seen: one_value(g, lambda v: np.nan),
    "one value infinite": lambda g, seen: one_value(g, lambda v: np.inf),
    "all NaN": lambda g, seen: np.full_like(g, np.nan),
    "neighbour's": lambda g, seen: np.roll(g, 1, -1),
    "other example's": lambda g, seen: np.roll(g, 1, 0),
    "reversed": lambda g, seen: np.flip(g),
    "edge forgotten": edge,
    "second half forgotten": half_forgotten,
    "rounded to 10 bits": lambda g, seen: g.astype(np.float16).astype(np.float64),
    "missing": lambda g, seen: None,
    "one axis more": lambda g, seen: g[None],
    "one axis less": lambda g, seen: g.sum(-1),
    "broadcastable": lambda g, seen: g.mean(0, keepdims=True)[..., :1],
    "wrong in training only": lambda g, seen: g * 1.01 if seen.training else g,
    "wrong at inference only": lambda g, seen: g if seen.training else g * 1.01,
    "wrong for one example only": lambda g, seen: g * 1.01 if seen.n == 1 else g,
}


def with_dx(change):
    """A mutation of dx that looks at everything: change(seen, dx)."""
    return lambda seen, dx, gradients: (change(seen, dx), gradients)


def with_gradient(key, change):
    return lambda seen, dx, gradients: (dx, gradients | {key: change(seen, gradients[key])})


def dy_changed(seen, dx, gradients):
    seen.dy *= 1.5
    return dx, gradients


def gradient_of_a_statistic(seen, dx, gradients):
    return dx, gradients | {"mean": np.ones(seen.x.shape[-1])}


def slope(change):
    """An elementwise layer whose derivative is taken to be change(x, y)."""
    return with_dx(lambda seen, dx: seen.dy * change(seen.x, seen.y))


def windows(seen, weight):
    """A pool's dx where each value of a window gets dy · weight(values of its window)."""
    s = seen.layer.size
    dx = np.zeros_like(seen.x)
    (_, h, w, _), corners = seen.y.shape, list(np.ndindex(s, s))
    values = np.stack([seen.x[:, i : h * s : s, j : w * s : s] for i, j in corners])
    for (i, j), share in zip(corners, weight(values), strict=True):
        dx[:, i : h * s : s, j : w * s : s] = seen.dy * share
    return dx


def pooled(weight):
    return with_dx(lambda seen, dx: windows(seen, weight))


def last_winner(values):
    won = values == values.max(0)
    later = np.flip(np.cumsum(np.flip(won, 0), 0), 0)
    return won & (later == 1)


def batch_norm(formula):
    """dx from other terms: formula(dy, x_hat, inverse, gamma, seen), on rows [m c]."""

    def change(seen, dx):
        rows = seen.x.reshape(-1, seen.x.shape[-1])
        mean, var = seen.p["mean"], seen.p["var"]
        if seen.training:
            mean, var = rows.mean(0), rows.var(0)
        inverse = 1 / np.sqrt(var + seen.layer.epsilon)
        dy, x_hat = seen.dy.reshape(rows.shape), (rows - mean) * inverse
        return formula(dy, x_hat, inverse, seen.p["gamma"], seen).reshape(seen.x.shape)

    return with_dx(change)


def centred(dy, x_hat, m=None):
    """What training subtracts from dy."""
    m = m or len(dy)
    return dy - dy.sum(0) / m - x_hat * (dy * x_hat).sum(0) / m


def with_weights(change):
    """The gradients of the same layer with other weights."""

    def spoil(seen, dx, gradients):
        p = seen.p | {"W": change(seen.p["W"])}
        return seen.layer.forward(p, seen.x, None)[1](seen.dy.copy())[0], gradients

    return spoil


def still(seen, *, turned=False):
    """dx of Deslant as if no pixel moved another: Tᵀ dy, or T dy."""
    x, layer = seen.x, seen.layer
    h, w = x.shape[1:3]
    i, j = np.arange(h)[:, None], np.arange(w)
    weight = (x * x).sum(-1)
    weight = weight / weight.sum((1, 2), keepdims=True)

    def mean(z):
        return (weight * z).sum((1, 2), keepdims=True)

    a, b = i - mean(i), j - mean(j)
    s = mean(a * b) / mean(a * a)
    k = 1.0
    if layer.width:
        k = np.sqrt(mean(b * b) - s * mean(a * b)) / layer.width
        k = np.clip(k, 1 / layer.most, layer.most)
    q = mean(j) + k * (j - (w - 1) / 2) + s * a
    T = np.maximum(0, 1 - np.abs(q[..., None] - j))
    return (T if turned else T.swapaxes(2, 3)) @ seen.dy


def inside(dx):
    """1 but for the first and last row, which only windows on the border's zeros see."""
    rows = np.arange(dx.shape[1])[:, None, None]
    return (rows > 0) & (rows < len(rows) - 1)


def mask(seen):
    """Which units a dropout kept, where that shows."""
    return (seen.y != 0).astype(float)


def blocks(change):
    """Upsample's dx from blocks [n h f w f c] of dy."""

    def dx(seen, _):
        n, h, w, c = seen.x.shape
        f = seen.layer.factor
        return change(seen.dy.reshape(n, h, f, w, f, c))

    return with_dx(dx)


def as_tiles(seen, dx):
    """As if x had been laid side by side, again and again, instead of each pixel."""
    n, h, w, c = seen.x.shape
    f = seen.layer.factor
    return seen.dy.reshape(n, f, h, f, w, c).sum((1, 3))


def through(seen, k, dy=None):
    """What comes back to x through the first or the second chain of a Concat."""
    chain = (seen.layer.first, seen.layer.second)[k]
    own = {name[2:]: w for name, w in seen.p.items() if name.startswith(f"{k}.")}
    y, backward = chain.forward(own, seen.x, np.random.default_rng(0) if seen.training else None)
    c = seen.layer.first.plan(seen.x.shape[1:])[1][-1]
    half = (seen.dy[..., :c], seen.dy[..., c:])[k if dy is None else dy]
    if half.shape != y.shape:
        raise ValueError("the other half of dy has another shape")
    return backward(half.copy())[0]


def renamed(change):
    return lambda seen, dx, gradients: (dx, {change(name): g for name, g in gradients.items()})


SPECIAL = {
    Dense: {
        "W not transposed": with_dx(lambda s, dx: s.dy @ s.p["W"]),
        "dW transposed": with_gradient("W", lambda s, g: g.T),
        "db over the wrong axis": with_gradient("b", lambda s, g: s.dy.sum(1)),
        "db a mean": with_gradient("b", lambda s, g: s.dy.mean(0)),
        "db of one example": with_gradient("b", lambda s, g: s.dy[0]),
        "dW from y": with_gradient("W", lambda s, g: s.y.T @ s.dy),
        "a gradient of what does not exist": lambda s, dx, g: (dx, g | {"W2": g["W"]}),
    },
    Relu: {
        ">= for >": slope(lambda x, y: x >= 0),
        ">= of y": slope(lambda x, y: y >= 0),
        "leaks": slope(lambda x, y: np.where(x > 0, 1, 0.01)),
        "mask of dy": with_dx(lambda s, dx: s.dy * (s.dy > 0)),
        "half at 0": slope(lambda x, y: (x > 0) + 0.5 * (x == 0)),
        "y for its sign": slope(lambda x, y: y),
        "capped at 1": slope(lambda x, y: (x > 0) & (x < 1)),
    },
    Sigmoid: {
        "y forgotten": slope(lambda x, y: 1 - y),
        "1 - y forgotten": slope(lambda x, y: y),
        "at x for y": slope(lambda x, y: x * (1 - x)),
        "of tanh": slope(lambda x, y: 1 - y * y),
        "applied twice": slope(lambda x, y: (y * (1 - y)) ** 2),
        "dy forgotten": with_dx(lambda s, dx: s.y * (1 - s.y)),
        "saturated: slope 0.001 left": slope(lambda x, y: np.maximum(y * (1 - y), 1e-3)),
        "saturated: NaN": slope(lambda x, y: np.where(np.abs(x) > 700, np.nan, y * (1 - y))),
        "saturated: wrong above": slope(lambda x, y: np.where(y == 1, 1e-4, y * (1 - y))),
    },
    Tanh: {
        "1 - y": slope(lambda x, y: 1 - y),
        "at x for y": slope(lambda x, y: 1 - x * x),
        "of the sigmoid": slope(lambda x, y: y * (1 - y)),
        "applied twice": slope(lambda x, y: (1 - y * y) ** 2),
        "dy forgotten": with_dx(lambda s, dx: 1 - s.y**2),
        "saturated: slope 0.001 left": slope(lambda x, y: np.maximum(1 - y * y, 1e-3)),
        "saturated: wrong below": slope(lambda x, y: np.where(y == -1, 1e-4, 1 - y * y)),
    },
    Softmax: {
        "diagonal only": slope(lambda x, y: y * (1 - y)),
        "sum forgotten": slope(lambda x, y: y),
        "mean for sum": with_dx(lambda s, dx: s.y * (s.dy - (s.dy * s.y).mean(-1, keepdims=True))),
        "sum over examples": with_dx(
            lambda s, dx: s.y * (s.dy - (s.dy * s.y).sum(0, keepdims=True))
        ),
        "dy's mean taken off": with_dx(lambda s, dx: s.y * (s.dy - s.dy.mean(-1, keepdims=True))),
        "y - dy": with_dx(lambda s, dx: s.y - s.dy),
        "saturated: slope left": with_dx(
            lambda s, dx: dx + s.dy * np.where(s.y == 1, 1e-3, 0),
        ),
        "all equal: none": with_dx(lambda s, dx: dx * (np.ptp(s.y, -1, keepdims=True) > 0)),
    },
    Dropout: {
        "scaling forgotten": with_dx(lambda s, dx: s.dy * mask(s) if s.training else dx),
        "mask forgotten": with_dx(lambda s, dx: s.dy / (1 - s.layer.rate) if s.training else dx),
        "both forgotten": with_dx(lambda s, dx: s.dy),
        "scaled twice": with_dx(lambda s, dx: dx / (1 - s.layer.rate) if s.training else dx),
        "divided by the rate": with_dx(lambda s, dx: s.dy * mask(s) / s.layer.rate),
        "another mask": with_dx(lambda s, dx: s.dy * np.roll(mask(s), 1) / (1 - s.layer.rate)),
        "drops at inference": with_dx(lambda s, dx: dx if s.training else dx * (s.x > 0)),
    },
    Deslant: {
        "pixels move nothing": with_dx(lambda s, dx: still(s)),
        "only what pixels move": with_dx(lambda s, dx: dx - still(s)),
        "half of what pixels move": with_dx(lambda s, dx: (dx + still(s)) / 2),
        "T not transposed": with_dx(lambda s, dx: dx - still(s) + still(s, turned=True)),
        "dy as it came": with_dx(lambda s, dx: s.dy),
    },
    Flatten: {
        "columns first": with_dx(lambda s, dx: s.dy.reshape(s.x.shape, order="F")),
        "channels first": with_dx(
            lambda s, dx: np.moveaxis(s.dy.reshape(len(s.x), *np.roll(s.x.shape[1:], 1)), 1, -1)
        ),
        "left flat": with_dx(lambda s, dx: s.dy),
    },
    Scale: {
        "divisor forgotten": with_dx(lambda s, dx: s.dy),
        "multiplied": with_dx(lambda s, dx: s.dy * s.layer.divisor),
        "squared": with_dx(lambda s, dx: s.dy / s.layer.divisor**2),
    },
    Centre: {
        "through the mean": with_dx(lambda s, dx: s.dy - s.dy.mean(0)),
        "mean taken off": with_dx(lambda s, dx: s.dy - s.p["mean"]),
    },
    Standardize: {
        "deviation forgotten": with_dx(lambda s, dx: s.dy),
        "floor forgotten": with_dx(lambda s, dx: s.dy / s.p["deviation"]),
        "floor added": with_dx(lambda s, dx: s.dy / (s.p["deviation"] + s.layer.floor)),
        "squared": with_dx(lambda s, dx: s.dy / np.maximum(s.p["deviation"], s.layer.floor) ** 2),
        "through the mean": with_dx(lambda s, dx: dx - dx.mean(0)),
    },
    MaxPool: {
        "all of a tie win": pooled(lambda v: v == v.max(0)),
        "a tie is shared": pooled(lambda v: (v == v.max(0)) / (v == v.max(0)).sum(0)),
        "the last of a tie wins": pooled(last_winner),
        "nobody wins a tie": pooled(lambda v: (v == v.max(0)) & ((v == v.max(0)).sum(0) == 1)),
        "everybody wins": pooled(np.ones_like),
        "the smallest wins": pooled(lambda v: v == v.min(0)),
        "the average's": pooled(lambda v: np.full_like(v, 1 / len(v))),
    },
    AveragePool: {
        "the sum's": pooled(np.ones_like),
        "divided twice": pooled(lambda v: np.full_like(v, 1 / len(v) ** 2)),
        "divided by the side": pooled(lambda v: np.full_like(v, 1 / np.sqrt(len(v)))),
        "the first takes all": pooled(lambda v: np.arange(len(v))[:, None, None, None, None] == 0),
        "the largest takes all": pooled(lambda v: v == v.max(0)),
    },
    BatchNorm: {
        "no mean terms": batch_norm(lambda dy, xh, inv, g, s: dy * g * inv),
        "no mean(dy)": batch_norm(
            lambda dy, xh, inv, g, s: g * inv * (dy - xh * (dy * xh).mean(0) if s.training else dy)
        ),
        "no x̂ mean(dy x̂)": batch_norm(
            lambda dy, xh, inv, g, s: g * inv * (dy - dy.mean(0) if s.training else dy)
        ),
        "mean terms at inference": batch_norm(lambda dy, xh, inv, g, s: g * inv * centred(dy, xh)),
        "m - 1 for m": batch_norm(
            lambda dy, xh, inv, g, s: (
                g * inv * (centred(dy, xh, max(len(dy) - 1, 0.5)) if s.training else dy)
            )
        ),
        "n for m": batch_norm(
            lambda dy, xh, inv, g, s: g * inv * (centred(dy, xh, s.n) if s.training else dy)
        ),
        "γ forgotten": batch_norm(
            lambda dy, xh, inv, g, s: inv * (centred(dy, xh) if s.training else dy)
        ),
        "1/√var forgotten": batch_norm(
            lambda dy, xh, inv, g, s: g * (centred(dy, xh) if s.training else dy)
        ),
        "1/var": batch_norm(
            lambda dy, xh, inv, g, s: g * inv**2 * (centred(dy, xh) if s.training else dy)
        ),
        "dγ with x for x̂": with_gradient(
            "gamma", lambda s, g: (s.dy * s.x).reshape(-1, s.x.shape[-1]).sum(0)
        ),
        "dγ with y for x̂": with_gradient(
            "gamma", lambda s, g: (s.dy * s.y).reshape(-1, s.x.shape[-1]).sum(0)
        ),
        "dβ over examples only": with_gradient("beta", lambda s, g: s.dy.sum(0)),
        "dβ over the wrong axis": with_gradient("beta", lambda s, g: s.dy.sum(-1)),
        "dγ and dβ exchanged": lambda s, dx, g: (dx, {"gamma": g["beta"], "beta": g["gamma"]}),
        "a gradient of the mean": gradient_of_a_statistic,
    },
    Conv: {
        "kernel not turned": with_weights(lambda W: W[::-1, ::-1]),
        "kernel transposed": with_weights(lambda W: W.transpose(1, 0, 2, 3)),
        "channels exchanged": with_weights(lambda W: W.transpose(0, 1, 3, 2)),
        "dW turned": with_gradient("W", lambda s, g: g[::-1, ::-1]),
        "dW transposed": with_gradient("W", lambda s, g: g.transpose(1, 0, 2, 3)),
        "dW's channels exchanged": with_gradient("W", lambda s, g: g.transpose(0, 1, 3, 2)),
        "dx one pixel off": with_dx(lambda s, dx: np.roll(dx, 1, 1)),
        "dx one column off": with_dx(lambda s, dx: np.roll(dx, 1, 2)),
        "dx transposed": with_dx(lambda s, dx: dx.transpose(0, 2, 1, 3)),
        "border forgotten": with_dx(lambda s, dx: dx * inside(dx)),
        "db a mean over pixels": with_gradient("b", lambda s, g: s.dy.mean((1, 2)).sum(0)),
        "db over one example": with_gradient("b", lambda s, g: s.dy[0].sum((0, 1))),
        "db over the wrong axis": with_gradient("b", lambda s, g: s.dy.sum((0, 1, 3))),
        "dW of the last block only": with_gradient(
            "W", lambda s, g: s.layer.forward(s.p, s.x[-1:])[1](s.dy[-1:].copy())[1]["W"]
        ),
    },
    Upsample: {
        "mean for sum": blocks(lambda b: b.mean((2, 4))),
        "first of the block only": blocks(lambda b: b[:, :, 0, :, 0]),
        "last of the block only": blocks(lambda b: b[:, :, -1, :, -1]),
        "first row of the block only": blocks(lambda b: b[:, :, 0].sum(3)),
        "largest of the block": blocks(lambda b: b.max((2, 4))),
        "divided by the side": blocks(lambda b: b.sum((2, 4)) / np.sqrt(b.shape[2])),
        "tiles for blocks": with_dx(as_tiles),
    },
    Residual: {
        "way around forgotten": with_dx(lambda s, dx: dx - s.dy),
        "body forgotten": with_dx(lambda s, dx: s.dy),
        "way around twice": with_dx(lambda s, dx: dx + s.dy),
        "body twice": with_dx(lambda s, dx: 2 * dx - s.dy),
        "body taken off": with_dx(lambda s, dx: 2 * s.dy - dx),
        "mean of both": with_dx(lambda s, dx: dx / 2),
        "named one level too deep": renamed(lambda name: f"0.{name}"),
        "numbers off by one": renamed(lambda name: f"{int(name[0]) + 1}{name[1:]}"),
    },
    Concat: {
        "first only": with_dx(lambda s, dx: through(s, 0)),
        "second only": with_dx(lambda s, dx: through(s, 1)),
        "second taken off": with_dx(lambda s, dx: through(s, 0) - through(s, 1)),
        "mean for sum": with_dx(lambda s, dx: dx / 2),
        "halves of dy exchanged": with_dx(lambda s, dx: through(s, 0, 1) + through(s, 1, 0)),
        "first's half for both": with_dx(lambda s, dx: through(s, 0) + through(s, 1, 0)),
        "names of the two exchanged": renamed(lambda name: f"{1 - int(name[0])}{name[1:]}"),
        "named without which of the two": renamed(lambda name: name[2:]),
        "parameters of the first forgotten": lambda s, dx, g: (
            dx,
            {name: a for name, a in g.items() if name[0] == "1"},
        ),
    },
    Chain: {
        "names of two layers exchanged": lambda s, dx, g: (dx, g | {"2.gamma": g["2.beta"]}),
        "a layer skipped": lambda s, dx, g: (dx, {k: v for k, v in g.items() if k[0] != "1"}),
        "numbers off by one": lambda s, dx, g: (
            dx,
            {f"{int(k[0]) + 1}{k[1:]}": v for k, v in g.items()},
        ),
        "without its first layer": with_dx(lambda s, dx: dx * s.layer.layers[0].divisor),
    },
}


def probabilities(z):
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def winner(z):
    return np.eye(z.shape[1])[z.argmax(1)]


def focal(z, t, *, power=2.0, weight=4.0, focus=2.0, there=1.0):
    """dz of `HeatmapFocal`, part by part, to be broken."""
    known = ~np.isnan(t)
    positive = known & (t >= there)
    s = np.where(known, np.where(positive, -z, z), 0)
    wrong, cost = 0.5 + 0.5 * np.tanh(s / 2), np.logaddexp(0, s)
    w = np.where(positive, 1, (1 - np.where(known, t, 0)) ** weight) * known
    ds = w * wrong**power * (focus * (1 - wrong) * cost + wrong)
    return np.where(positive, -ds, ds) / len(z)


def known_error(z, t):
    return np.where(np.isnan(t), 0, z - t)


def rows_with_nan(t):
    return np.isnan(t).any(-1, keepdims=True)


def softmax_of_all(z, axis=-1):
    e = np.exp(z - z.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


# For any loss: change(dz, z, t).
ANY_LOSS = {
    **{
        name: (lambda dz, z, t, f=f: f(dz, SimpleNamespace(n=len(z), training=True)))
        for name, f in GENERAL.items()
        if not name.startswith("wrong ")
    },
    "targets forgotten": lambda dz, z, t: dz + t / len(z),
    "sign of the targets": lambda dz, z, t: dz + 2 * t / len(z),
    "sum over the batch": lambda dz, z, t: dz * len(z),
    "divided by n twice": lambda dz, z, t: dz / len(z),
    "mean over outputs": lambda dz, z, t: dz / z.shape[1],
    "divided by n - 1": lambda dz, z, t: dz * len(z) / max(len(z) - 1, 0.5),
    "factor 2": lambda dz, z, t: 2 * dz,
    "clipped": lambda dz, z, t: np.clip(dz, -0.1, 0.1),
    "transposed": lambda dz, z, t: dz.T,
}
OF_LOSS = {
    SoftmaxCrossEntropy: {
        "smoothing forgotten": lambda dz, z, t: (probabilities(z) - t) / len(z),
        "normalisation forgotten": lambda dz, z, t: (np.exp(np.minimum(z, 9)) - t) / len(z),
        "sigmoid for softmax": lambda dz, z, t: (0.5 + 0.5 * np.tanh(z / 2) - t) / len(z),
        "winner for softmax": lambda dz, z, t: (winner(z) - t) / len(z),
        "logits for softmax": lambda dz, z, t: (z - t) / len(z),
        "softmax over examples": lambda dz, z, t: (probabilities(z.T).T - t) / len(z),
        "probabilities clipped": lambda dz, z, t: (
            (np.clip(probabilities(z), 1e-3, 1 - 1e-3) - t) / len(z)
        ),
        "softmax twice": lambda dz, z, t: (probabilities(probabilities(z)) - t) / len(z),
        "times p (1 - p)": lambda dz, z, t: dz * probabilities(z) * (1 - probabilities(z)),
        "squared error's": lambda dz, z, t: (
            (p := probabilities(z)) * ((p - t) - ((p - t) * p).sum(1, keepdims=True)) / len(z)
        ),
        "only the label's": lambda dz, z, t: dz * (t > 0),
        "uniform where all equal": lambda dz, z, t: dz * (np.ptp(z, 1, keepdims=True) > 0),
    },
    SquaredError: {
        "sign of the error": lambda dz, z, t: np.sign(z - t) / len(z),
        "square of the error": lambda dz, z, t: (z - t) ** 2 / len(z),
        "of a sigmoid": lambda dz, z, t: dz * z * (1 - z),
        "Huber's": lambda dz, z, t: np.clip(z - t, -1, 1) / len(z),
    },
    HeatmapFocal: {
        "of cross-entropy": lambda dz, z, t: (0.5 + 0.5 * np.tanh(z / 2) - t) / len(z),
        "of weighted cross-entropy": lambda dz, z, t: focal(z, t, power=0.0, focus=0.0),
        "power not differentiated": lambda dz, z, t: focal(z, t, focus=0.0),
        "power differentiated, cost not": lambda dz, z, t: dz - focal(z, t, focus=0.0),
        "one power too many": lambda dz, z, t: focal(z, t, power=3.0),
        "α of another power": lambda dz, z, t: focal(z, t, focus=4.0),
        "weights forgotten": lambda dz, z, t: focal(z, t, weight=0.0),
        "t for 1 - t": lambda dz, z, t: dz * np.where(t < 1, (t / (1 - t + 1e-9)) ** 4, 1),
        "nearly something is something": lambda dz, z, t: focal(z, t, there=0.9),
        "nothing is something": lambda dz, z, t: focal(z, t, there=2.0),
        "sign at something": lambda dz, z, t: np.where(t == 1, -dz, dz),
        "the unknown are nothing": lambda dz, z, t: focal(z, np.where(np.isnan(t), 0, t)),
        "by p instead of z": lambda dz, z, t: dz / np.cosh(z / 2).clip(max=1e9) ** -2 / 4,
    },
    SmoothAbsolute: {
        "sign of the error": lambda dz, z, t: np.sign(known_error(z, t)) / len(z),
        "the error": lambda dz, z, t: known_error(z, t) / len(z),
        "clipped at 2": lambda dz, z, t: np.clip(known_error(z, t), -2, 2) / len(z),
        "β for 1/β": lambda dz, z, t: np.clip(7 * known_error(z, t), -1, 1) / len(z),
        "nothing beyond β": lambda dz, z, t: dz * (np.abs(dz) < np.abs(dz).max()),
        "the unknown are 0": lambda dz, z, t: np.where(np.isnan(t), np.clip(z, -1, 1) / len(z), dz),
    },
    PlaceCrossEntropy: {
        "sum of the targets forgotten": lambda dz, z, t: (
            np.where(rows_with_nan(t), 0, softmax_of_all(z) - t) / len(z)
        ),
        "unknown numbers, not rows": lambda dz, z, t: np.where(
            np.isnan(t), 0, dz - np.where(rows_with_nan(t), np.nan_to_num(t), 0) / len(z)
        ),
        "softmax over examples": lambda dz, z, t: (
            dz + (softmax_of_all(z, 0) - softmax_of_all(z)) * ~rows_with_nan(t) / len(z)
        ),
        "softmax over all places": lambda dz, z, t: (
            (softmax_of_all(z, tuple(range(1, z.ndim))) - np.nan_to_num(t)) / len(z)
        ),
        "mean over places": lambda dz, z, t: dz / z[0, ..., 0].size if z.ndim > 2 else dz * 2,
        "times p (1 - p)": lambda dz, z, t: dz * softmax_of_all(z) * (1 - softmax_of_all(z)),
        "only the label's": lambda dz, z, t: dz * (t == np.nanmax(t, -1, keepdims=True)),
    },
    MultiTask: {
        "weights forgotten": lambda dz, z, t: dz / [1, 0.5, 0.5, 2, 2, 2],
        "weights in another order": lambda dz, z, t: dz * [2, 2, 2, 0.5, 0.5, 0.5],
        "weights squared": lambda dz, z, t: dz * [1, 0.5, 0.5, 2, 2, 2],
        "first only": lambda dz, z, t: dz * [1, 0, 0, 0, 0, 0],
        "last forgotten": lambda dz, z, t: dz * [1, 1, 1, 0, 0, 0],
        "one channel off": lambda dz, z, t: dz[..., [0, 1, 3, 2, 4, 5]],
        "the first's for all": lambda dz, z, t: focal(z, t),
    },
}
