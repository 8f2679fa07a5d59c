"""A gradient made wrong on purpose: what a mutant is, and the ways to make one."""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np


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


def remembered(seen, *, along=False, spread=None):
    """The part of dx of Exemplars that goes through its memory."""
    p, x = seen.p, seen.x
    length = np.sqrt((x * x).sum(1, keepdims=True) + 1e-6)
    unit, spread = x / length, p["spread"] if spread is None else spread
    near = np.exp((unit @ p["centres"].T - 1) / p["spread"])
    moved = (near * (seen.dy / np.exp(seen.y) @ p["votes"].T) / spread) @ p["centres"]
    if not along:
        moved = moved - unit * (unit * moved).sum(1, keepdims=True)
    return moved / length


def alone(seen):
    """dz of Exemplars as if it had no memory."""
    z = seen.x @ seen.p["W"] + seen.p["b"]
    e = np.exp(z - z.max(1, keepdims=True))
    return seen.dy - e / e.sum(1, keepdims=True) * seen.dy.sum(1, keepdims=True)


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
