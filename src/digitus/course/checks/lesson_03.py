"""Lesson 3, loss: what its exercises ask for."""

from __future__ import annotations

import math

import numpy as np

from digitus.course.exercises import Wrong, array, called, exercise, number, same

P = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]])
LABELS = np.array([0, 1])


@exercise("3a")
def _one_hot(answer: object) -> None:
    labels = np.array([3, 0, 9])
    result = array(called(answer, labels), (3, 10))
    for row, (label, found) in enumerate(zip(labels.tolist(), result, strict=True)):
        if not same(found.sum(), 1):
            raise Wrong("many", row=row, sum=float(found.sum()))
        column = int(np.argmax(found))
        if column != label:
            raise Wrong("shifted", label=label, column=column)
        if not same(found, np.eye(10)[label]):
            raise Wrong("other", label=label, found=found.tolist())


@exercise("3b")
def _squared_error(answer: object) -> None:
    y, t = np.array([[0.5, 0.25], [1.0, 0.0]]), np.array([[1.0, 0.0], [1.0, 1.0]])
    if not same(value := number(called(answer, t.copy(), t)), 0):
        raise Wrong("zero", value=value)
    if same(number(called(answer, np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]]))), 0):
        raise Wrong("negative")
    wanted = float(np.mean(0.5 * np.sum((y - t) ** 2, axis=1)))
    value = number(called(answer, y, t))
    if same(value, wanted):
        return
    if any(same(value, wanted * ratio) for ratio in (0.25, 0.5, 2)):
        raise Wrong("scale", ratio=value / wanted)
    raise Wrong("other", y=y.tolist(), t=t.tolist(), value=value)


@exercise("3c")
def _cross_entropy(answer: object) -> None:
    wanted = -float(np.mean(np.log([0.7, 0.3])))
    value = number(called(answer, P, LABELS))
    if value < 0:
        raise Wrong("sign", value=value)
    if same(value, 2 * wanted):
        raise Wrong("summed")
    if same(value, -float(np.mean(np.log([0.7, 0.6])))):
        raise Wrong("largest")
    if any(same(value, wanted / math.log(base)) for base in (2, 10)):
        raise Wrong("base", ratio=value / wanted)
    if not same(value, wanted):
        raise Wrong("other", p=P.tolist(), label=LABELS.tolist(), value=value)
