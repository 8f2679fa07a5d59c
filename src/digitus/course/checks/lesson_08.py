"""Lesson 8, a network from nothing: what its exercises ask for."""

from __future__ import annotations

import numpy as np

from digitus.course.exercises import Wrong, array, called, exercise, same
from digitus.types import Numbers


@exercise("8a")
def _first(answer: object) -> None:
    shape = (40, 25)
    found = array(called(answer, np.random.default_rng(1), shape), shape)
    if np.ptp(found) == 0:
        raise Wrong("alike")
    if same(found, array(called(answer, np.random.default_rng(2), shape), shape)):
        raise Wrong("own_chance")
    low, high = float(found.min()), float(found.max())
    if low >= 0:
        raise Wrong("positive")
    if low < -0.5 or high > 0.5:
        raise Wrong("far", low=low, high=high)
    if low > -0.47 or high < 0.47:
        raise Wrong("near", low=low, high=high)
    middle = float(np.mean(np.abs(found) < 0.25))
    if abs(middle - 0.5) > 0.08:
        raise Wrong("uneven", share=middle)


def _network() -> tuple[Numbers, ...]:
    """Weights of a small network and six examples."""
    rng = np.random.default_rng(8)
    w1, b1 = rng.normal(size=(5, 4)), rng.normal(size=4)
    w2, b2 = rng.normal(size=(4, 10)), rng.normal(size=10)
    return w1, b1, w2, b2, rng.normal(size=(6, 5))


def _softmax(z: Numbers, axis: int = 1) -> Numbers:
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


@exercise("8b")
def _forward(answer: object) -> None:
    w1, b1, w2, b2, x = _network()
    found = array(called(answer, w1, b1, w2, b2, x), (6, 10))
    outputs = np.maximum(x @ w1 + b1, 0) @ w2 + b2
    if same(found, _softmax(outputs)):
        return
    if same(found, _softmax((x @ w1 + b1) @ w2 + b2)):
        raise Wrong("straight")
    if same(found, outputs):
        raise Wrong("no_softmax")
    if same(found, _softmax(outputs, axis=0)):
        raise Wrong("axis")
    if same(found, _softmax(np.maximum(outputs, 0))):
        raise Wrong("last_relu")
    raise Wrong("other", row=np.round(found[0], 4).tolist())


@exercise("8c")
def _backward(answer: object) -> None:
    w1, b1, w2, b2, x = _network()
    z1 = x @ w1 + b1
    p = _softmax(np.maximum(z1, 0) @ w2 + b2)
    t = np.eye(10)[[0, 3, 3, 9, 1, 5]]
    found = array(called(answer, w2, x, z1, p, t), w1.shape)
    back = (p - t) @ w2.T
    wanted = x.T @ (back * (z1 > 0)) / len(x)
    if same(found, wanted):
        return
    if same(found, -wanted):
        raise Wrong("sign")
    if same(found, wanted * len(x)):
        raise Wrong("summed")
    if same(found, x.T @ back / len(x)):
        raise Wrong("open")
    raise Wrong("other", wanted=float(wanted[0, 0]), found=float(found[0, 0]))
