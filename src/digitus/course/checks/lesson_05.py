"""Lesson 5, the chain rule: what its exercises ask for."""

from __future__ import annotations

import numpy as np

from digitus.course.exercises import Wrong, array, called, exercise, number, same
from digitus.types import Numbers

STEP = 1e-5  # of difference quotients


@exercise("5a")
def _chained(answer: object) -> None:
    for x in (2.0, -1.5, 0.25):
        value, z = number(called(answer, x)), 3 * x + 1
        if same(value, 6 * z):
            continue
        if same(value, 2 * z):
            raise Wrong("outer")
        if same(value, 3):
            raise Wrong("inner")
        if same(value, 6 * x):
            raise Wrong("place")
        raise Wrong("other", x=x, value=value)


@exercise("5b")
def _dz(answer: object) -> None:
    for y, t in ((0.8, 0.0), (0.3, 1.0)):
        value, wanted = number(called(answer, y, t)), (y - t) * y * (1 - y)
        if same(value, wanted):
            continue
        if same(value, -wanted):
            raise Wrong("sign")
        if same(value, y - t):
            raise Wrong("no_squash")
        raise Wrong("other", y=y, t=t, value=value)


@exercise("5c")
def _neuron_gradient(answer: object) -> None:
    x, w, b, t = np.array([0.0, 1.0, 0.5]), np.array([0.3, -0.2, 0.8]), 0.1, 1.0

    def loss(w: Numbers, b: float) -> float:
        return float(0.5 * (1 / (1 + np.exp(-(w @ x + b))) - t) ** 2)

    result = called(answer, x, w, b, t)
    if not isinstance(result, tuple | list) or len(result) != 2:
        raise Wrong("two")
    dw, db = array(result[0], (3,)), number(result[1])
    each = np.eye(3) * STEP
    wanted = np.array([loss(w + e, b) - loss(w - e, b) for e in each]) / (2 * STEP)
    bias = (loss(w, b + STEP) - loss(w, b - STEP)) / (2 * STEP)
    if not same(dw, wanted):
        if same(dw, dw[0]):
            raise Wrong("inputs")
        raise Wrong("other", wanted=wanted.round(4).tolist(), found=np.round(dw, 4).tolist())
    if not same(db, bias):
        raise Wrong("bias", value=db)
