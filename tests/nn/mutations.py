"""Wrong gradients: around a real layer, something that spoils what it gives back.

Inside: what can happen to any gradient (`GENERAL`), and the mistakes that people make in the
derivative of one particular layer (`SPECIAL`). Not inside: losses (`loss_mutations`), how a
gradient is spoilt (`mutants`), the judgement (`test_mutations`).
"""

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
    Exemplars,
    Flatten,
    MaxPool,
    Relu,
    Residual,
    Scale,
    Sigmoid,
    Softmax,
    Standardize,
    Tanh,
    Upsample,
)
from nn.mutants import (
    alone,
    as_tiles,
    batch_norm,
    blocks,
    centred,
    edge,
    gradient_of_a_statistic,
    half_forgotten,
    inside,
    last_winner,
    mask,
    one_value,
    pooled,
    remembered,
    renamed,
    slope,
    still,
    through,
    with_dx,
    with_gradient,
    with_weights,
)

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
    Exemplars: {
        "memory moves nothing": with_dx(lambda s, dx: dx - remembered(s)),
        "only the memory moves": with_dx(lambda s, dx: remembered(s)),
        "length follows": with_dx(lambda s, dx: dx - remembered(s) + remembered(s, along=True)),
        "spread forgotten": with_dx(lambda s, dx: dx - remembered(s) + remembered(s, spread=1)),
        "dW as without a memory": with_gradient("W", lambda s, g: s.x.T @ alone(s)),
        "db as without a memory": with_gradient("b", lambda s, g: alone(s).sum(0)),
        "a gradient of the votes": lambda s, dx, g: (dx, g | {"votes": np.ones_like(s.p["votes"])}),
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
