"""Lesson 4, slope and going downhill: what its exercises ask for."""

from __future__ import annotations

import math

from digitus.course.exercises import Wrong, called, exercise, number, same


@exercise("4a")
def _slope(answer: object) -> None:
    for f, wanted, x in ((math.exp, math.exp, 0.5), (math.sin, math.cos, 2.0)):
        value, true = number(called(answer, f, x)), wanted(x)
        if same(value, true, 1e-4):
            continue
        if same(value, -true, 1e-3):
            raise Wrong("reversed")
        if any(same(value, true * ratio, 1e-3) for ratio in (0.5, 2)):
            raise Wrong("half", ratio=round(value / true, 3))
        raise Wrong("rough", x=x, off=abs(value - true))


@exercise("4b")
def _step(answer: object) -> None:
    x, slope, rate = 3.0, 2.0, 0.1
    value = number(called(answer, x, slope, rate))
    if same(value, x - rate * slope):
        if not same(number(called(answer, x, -slope, 4 * rate)), x + 4 * rate * slope):
            raise Wrong("other", x=x, slope=-slope, rate=4 * rate, value=value)
        return
    if same(value, x + rate * slope):
        raise Wrong("uphill")
    if same(value, number(called(answer, x, slope, 2 * rate))):
        raise Wrong("no_rate")
    if same(value, number(called(answer, x, 2 * slope, rate))):
        raise Wrong("no_slope")
    raise Wrong("other", x=x, slope=slope, rate=rate, value=value)


@exercise("4c")
def _descend(answer: object) -> None:
    begin, rate, steps = 5.0, 0.1, 12

    def f(x: float) -> float:
        return (x - 2) ** 2

    def after(k: int) -> float:
        return float(2 + (begin - 2) * (1 - 2 * rate) ** k)

    value = number(called(answer, f, begin, rate, steps))
    if same(value, after(steps), 1e-3):
        return
    if abs(value - 2) > abs(begin - 2):
        raise Wrong("uphill", value=value)
    for k in range(1, 2 * steps + 1):
        if same(value, after(k), 1e-4):
            raise Wrong("steps", steps=steps, found=k)
    raise Wrong("other", steps=steps, rate=rate, value=value)
