"""Lesson 2, a neuron and a line: what its exercises ask for."""

from __future__ import annotations

import math

import numpy as np

from digitus.course.exercises import Wrong, called, exercise, number, same


@exercise("2a")
def _neuron(answer: object) -> None:
    nothing = called(answer, np.zeros(3), np.array([1.0, 2.0, 3.0]), 0.5)
    if np.size(nothing) != 1:
        raise Wrong("not_summed")
    if not same(number(nothing), 0.5):
        raise Wrong("no_bias", value=number(nothing))
    for x, w, b in (([1.0, 2.0], [3.0, -1.0], 0.5), ([0.5, 0.0, -2.0], [2.0, 7.0, 1.5], -1.0)):
        value = number(called(answer, np.array(x), np.array(w), b))
        if not same(value, np.dot(x, w) + b):
            raise Wrong("other", x=x, w=w, b=b, value=value)


@exercise("2b")
def _sigmoid(answer: object) -> None:
    if (value := number(called(answer, 4.0))) < 0.5:
        raise Wrong("reversed", value=value)
    if not same(value := number(called(answer, 0.0)), 0.5):
        raise Wrong("middle", value=value)
    for z in (1.0, -2.0, 6.0):
        if not same(value := number(called(answer, z)), 1 / (1 + math.exp(-z))):
            raise Wrong("other", z=z, value=value)


@exercise("2c")
def _boundary(answer: object) -> None:
    for w, b, x1 in (((2.0, 4.0), -1.0, 0.25), ((-3.0, 0.5), 2.0, 1.0), ((1.0, 5.0), 0.0, 2.0)):
        x2 = number(called(answer, np.array(w), b, x1))
        z = w[0] * x1 + w[1] * x2 + b
        if same(z, 0):
            continue
        if same(w[0] * x1 - w[1] * x2 + b, 0):
            raise Wrong("sign", z=z)
        raise Wrong("other", w=w, b=b, x1=x1, z=z)
