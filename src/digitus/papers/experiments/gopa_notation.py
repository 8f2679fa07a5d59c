"""Gopa 2024's network in the paper's own notation: examples are columns, W stands on the left.

::

    X  [784 m]    pixels / 255, a column for each picture        Y  [10 m]   one-hot columns
    Z1 = W1 X + b1         W1 [10 784]   b1 [10 1]              dZ2 = A2 - Y
    A1 = ReLU(Z1)          Z1, A1 [10 m]                        dW2 = dZ2 A1ᵀ / m    db2 = Σ dZ2 / m
    Z2 = W2 A1 + b2        W2 [10 10]    b2 [10 1]              dZ1 = W2ᵀ dZ2 ⊙ ReLU'(Z1)
    A2 = softmax(Z2)       Z2, A2 [10 m]                        dW1 = dZ1 Xᵀ / m     db1 = Σ dZ1 / m

Everything has one more axis in front, the *runs* r: networks of other seeds that see the same X.
Their W1 stacked, [r·10 784], share the one product that costs anything; ten rows at a time leave
BLAS idle. One thread does a step of five networks on 59,000 pictures in 0.15 s, one by one in 0.6.
A run's numbers do not depend on its neighbours.

Inside: the equations, first parameters, blocks of columns, answers. Not inside: the same network
made of digitus's layers (rows instead of columns), the experiments (`gopa`, `gopa_improved`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from digitus.nn import Initializer, one_hot, stream
from digitus.types import Floats, Images, Ints, Labels, Params

PIXELS, HIDDEN, DIGITS = 784, 10, 10
# Columns of X that are worked on at a time: what lies between two products stays in the cache.
COLUMNS = 2048


def pixels(images: Images, dtype: type[np.floating] = np.float32) -> Floats:
    """Bytes [n h w] as the paper's X [784 m]: one column a picture, divided by 255."""
    return np.ascontiguousarray(images.reshape(len(images), -1).T.astype(dtype) / dtype(255))


def targets(labels: Labels, dtype: type[np.floating] = np.float32) -> Floats:
    """The paper's Y [10 m]: one-hot columns."""
    return np.ascontiguousarray(one_hot(labels, dtype=dtype).T)


def first(
    seeds: Sequence[int],
    rule: Initializer,
    hidden: int = HIDDEN,
    dtype: type[np.floating] = np.float32,
) -> Params:
    """First parameters of a network for each seed, drawn as `nn.initial` draws those of digitus."""
    runs = []
    for seed in seeds:
        rng = stream(seed, "initial")
        own = {}
        for k, (i, o) in enumerate(((PIXELS, hidden), (hidden, DIGITS)), start=1):
            own[f"W{k}"] = rule.weight((i, o), rng).T
            own[f"b{k}"] = rule.bias((o,), rng)[:, None]
        runs.append(own)
    return {name: np.stack([run[name] for run in runs]).astype(dtype) for name in runs[0]}


@dataclass(frozen=True, eq=False)
class Passed:
    """What the forward pass leaves for the backward pass."""

    Z1: Floats  # [r 10 m]
    A1: Floats
    A2: Floats


def forward(p: Params, X: Floats) -> Passed:
    """Z1 = W1 X + b1, A1 = ReLU(Z1), Z2 = W2 A1 + b2, A2 = softmax(Z2)."""
    r, hidden, _ = p["W1"].shape
    Z1 = (p["W1"].reshape(r * hidden, -1) @ X).reshape(r, hidden, -1)
    Z1 += p["b1"]
    A1 = np.maximum(Z1, 0)
    Z2 = p["W2"] @ A1
    Z2 += p["b2"]
    Z2 -= Z2.max(axis=1, keepdims=True)  # softmax is the same, and nothing overflows
    A2 = np.exp(Z2, out=Z2)
    A2 /= A2.sum(axis=1, keepdims=True)
    return Passed(Z1, A1, A2)


def backward(p: Params, X: Floats, Y: Floats, passed: Passed, m: int) -> Params:
    """The paper's gradients; `m` is the number of examples of the whole batch."""
    r, hidden, _ = p["W1"].shape
    dZ2 = passed.A2 - Y
    dZ1 = p["W2"].transpose(0, 2, 1) @ dZ2
    dZ1 *= passed.Z1 > 0
    return {
        "W2": dZ2 @ passed.A1.transpose(0, 2, 1) / m,
        "b2": dZ2.sum(axis=2, keepdims=True) / m,
        "W1": (dZ1.reshape(r * hidden, -1) @ X.T).reshape(r, hidden, -1) / m,
        "b1": dZ1.sum(axis=2, keepdims=True) / m,
    }


def blocks(X: Floats, Y: Floats, columns: int = COLUMNS) -> list[tuple[Floats, Floats]]:
    """X and Y cut into consecutive columns."""
    starts = range(0, X.shape[1], columns)
    return [
        (np.ascontiguousarray(X[:, s : s + columns]), np.ascontiguousarray(Y[:, s : s + columns]))
        for s in starts
    ]


def gradients(p: Params, parts: Sequence[tuple[Floats, Floats]]) -> Params:
    """The gradients over all blocks, added in their order."""
    m = sum(X.shape[1] for X, _ in parts)
    total: Params = {}
    for X, Y in parts:
        for name, g in backward(p, X, Y, forward(p, X), m).items():
            if name in total:
                total[name] += g
            else:
                total[name] = g
    return total


def answers(p: Params, X: Floats) -> Ints:
    """The most probable digit of each column, by each run: [r m]."""
    return np.concatenate([forward(p, part).A2.argmax(axis=1) for part in _parts(X)], axis=1)


def _parts(X: Floats) -> Iterator[Floats]:
    return (X[:, s : s + COLUMNS] for s in range(0, X.shape[1], COLUMNS))
