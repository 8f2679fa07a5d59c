"""Lesson 9, an experiment repeated: what its exercises ask for."""

from __future__ import annotations

import numpy as np

from digitus.course.exercises import Wrong, array, called, exercise, number, same


@exercise("9a")
def _confusion(answer: object) -> None:
    labels, answers = np.array([3, 3, 3, 5, 0, 9]), np.array([3, 5, 5, 5, 0, 4])
    found = array(called(answer, labels, answers), (10, 10))
    wanted = np.zeros((10, 10))
    np.add.at(wanted, (labels, answers), 1)
    if same(found, wanted):
        return
    if same(found, wanted.T):
        raise Wrong("turned")
    if same(found, np.minimum(wanted, 1)):
        raise Wrong("once")
    if same(found, wanted / wanted.sum()):
        raise Wrong("shares")
    if same(found, np.diag(np.diag(wanted))):
        raise Wrong("right_alone")
    raise Wrong("other", found=float(found[3, 5]))


@exercise("9b")
def _centred(answer: object) -> None:
    rng = np.random.default_rng(9)
    x, learnt = rng.random((3, 784)), rng.random((5, 784)) + np.arange(784) / 784
    found = array(called(answer, x, learnt), x.shape)
    if same(found, x - learnt.mean(axis=0)):
        return
    if same(found, x - x.mean(axis=0)):
        raise Wrong("own")
    if same(found, x - learnt.mean()):
        raise Wrong("one_number")
    if same(found, x - x.mean(axis=1, keepdims=True)):
        raise Wrong("each_image")
    if same(found, learnt.mean(axis=0) - x):
        raise Wrong("sign")
    raise Wrong("other")


@exercise("9c")
def _half(answer: object) -> None:
    for right, n in ((90, 100), (9_200, 10_000)):
        value = number(called(answer, right, n))
        spread = float(np.sqrt(right / n * (1 - right / n) / n))
        if abs(value - 1.96 * spread) < 0.001 * spread:
            continue
        if same(value, 1.96 * spread**2) or same(value, spread**2):
            raise Wrong("no_root")
        if same(value, spread):
            raise Wrong("two_thirds")
        if same(value, 2 * 1.96 * spread, 1e-3):
            raise Wrong("whole")
        raise Wrong("other", right=right, n=n, value=value)
