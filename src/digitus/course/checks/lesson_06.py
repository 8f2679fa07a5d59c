"""Lesson 6, a layer as forward and backward: what its exercises ask for."""

from __future__ import annotations

import numpy as np

from digitus.course.exercises import Wrong, array, called, exercise, same

RNG = np.random.default_rng(6)
X, DY = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 2))  # [n i], [n o]


@exercise("6a")
def _weights(answer: object) -> None:
    result = np.asarray(called(answer, X, DY))
    wanted = X.T @ DY
    if result.shape == wanted.T.shape and same(result, wanted.T):
        raise Wrong("transposed")
    result = array(result, wanted.shape)
    if same(result, wanted / len(X)):
        raise Wrong("mean")
    if not same(result, wanted):
        i, o = np.unravel_index(np.argmax(np.abs(result - wanted)), wanted.shape)
        raise Wrong("other", i=i, o=o, wanted=float(wanted[i, o]), found=float(result[i, o]))


@exercise("6b")
def _biases(answer: object) -> None:
    wanted = DY.sum(axis=0)
    result = array(called(answer, DY), wanted.shape)
    if same(result, wanted / len(DY)):
        raise Wrong("mean")
    if not same(result, wanted):
        o = int(np.argmax(np.abs(result - wanted)))
        raise Wrong("other", o=o, wanted=float(wanted[o]), found=float(result[o]))


@exercise("6c")
def _relu(answer: object) -> None:
    x, dy = np.array([[-1.0, 2.0, -0.5, 3.0]]), np.array([[5.0, -6.0, -7.0, 8.0]])
    result = array(called(answer, dy, x), x.shape)
    wanted = dy * (x > 0)
    if same(result, wanted):
        return
    if same(result, dy):
        raise Wrong("open")
    if same(result, np.maximum(x, 0)) or same(result, x > 0):
        raise Wrong("forward")
    if same(result, np.maximum(dy, 0)):
        raise Wrong("sign")
    raise Wrong("other", x=x.tolist(), dy=dy.tolist(), found=result.tolist())
