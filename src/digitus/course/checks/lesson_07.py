"""Lesson 7, checking a gradient: what its exercises ask for."""

from __future__ import annotations

import numpy as np

from digitus.course.exercises import Wrong, array, called, exercise, number, same
from digitus.types import Numbers


@exercise("7a")
def _relative(answer: object) -> None:
    if not same(number(called(answer, 0.0, 0.0)), 0):
        raise Wrong("zeros")
    for a, b in ((100.0, 101.0), (0.001, 0.002), (-3.0, 3.0), (2.0, -0.5)):
        value, wanted = number(called(answer, a, b)), abs(a - b) / max(abs(a), abs(b))
        if same(value, wanted):
            continue
        if value < 0:
            raise Wrong("below")
        if same(value, abs(a - b)):
            raise Wrong("absolute")
        raise Wrong("other", a=a, b=b, value=value)


@exercise("7b")
def _looking(answer: object) -> None:
    w = np.array([0.5, -1.0, 2.0])
    given = w.copy()

    def f(w: Numbers) -> float:
        return float(w[0] ** 2 + 3 * w[0] * w[1] + np.sin(w[2]))

    wanted = np.array([2 * w[0] + 3 * w[1], 3 * w[0], np.cos(w[2])])
    result = array(called(answer, f, given), (3,))
    if not np.array_equal(given, w):
        raise Wrong("changed")
    if same(result, wanted, 1e-4):
        return
    for ratio in (0.5, 2):
        if same(result, wanted * ratio, 1e-3):
            raise Wrong("half", ratio=ratio)
    if same(result, result[0], 1e-4):
        raise Wrong("together")
    raise Wrong("other", wanted=wanted.round(4).tolist(), found=np.round(result, 4).tolist())


@exercise("7c")
def _leaky(answer: object) -> None:
    x, dy = np.array([-2.0, 3.0, -0.5, 1.0]), np.array([4.0, -5.0, -6.0, 7.0])
    result = array(called(answer, dy, x), x.shape)
    if same(result, dy * np.where(x > 0, 1, 0.1)):
        return
    if same(result, dy * (x > 0)):
        raise Wrong("closed")
    if same(result, dy * np.where(dy > 0, 1, 0.1)):
        raise Wrong("sign")
    if same(result, np.where(x > 0, x, x / 10)):
        raise Wrong("forward")
    raise Wrong("other", x=x.tolist(), dy=dy.tolist(), found=result.tolist())
