"""Lesson 11, doubt: what its exercises ask for."""

from __future__ import annotations

import numpy as np

from digitus.course.exercises import Wrong, array, called, exercise, number, same
from digitus.types import Numbers


def _softmax(z: Numbers) -> Numbers:
    e = np.exp(z - z.max())
    return e / e.sum()


@exercise("11a")
def _softened(answer: object) -> None:
    z, t = np.array([3.0, -1, 0.5, 0, 2, -2, 1, 0, 0.2, -0.7]), 2.5
    found = array(called(answer, z, t), (10,))
    if same(found, _softmax(z / t)):
        with np.errstate(all="ignore"):
            large = np.asarray(called(answer, z * 1e4, 1.0), float)
        if not np.isfinite(large).all():
            raise Wrong("overflow")
        return
    if same(found, _softmax(z * t)):
        raise Wrong("times")
    if same(found, _softmax(z) / t):
        raise Wrong("after")
    if same(found, _softmax(z)):
        raise Wrong("no_temperature")
    raise Wrong("other", total=float(found.sum()))


@exercise("11b")
def _too_sure(answer: object) -> None:
    cases = (
        (np.array([0.9, 0.8, 0.95, 0.99]), np.array([True, False, True, False])),
        (np.array([0.5, 0.6, 0.7]), np.array([True, True, True])),
    )
    for confidence, right in cases:
        value = number(called(answer, confidence, right))
        wanted = float(confidence.mean() - right.mean())
        if same(value, wanted):
            continue
        if same(value, abs(wanted)):
            raise Wrong("absolute")
        if same(value, -wanted):
            raise Wrong("sign")
        if same(value, confidence[right].mean() - confidence[~right].mean()):
            raise Wrong("groups")
        raise Wrong("other", said=float(confidence.mean()), right=float(right.mean()), value=value)


@exercise("11c")
def _threshold(answer: object) -> None:
    confidence = np.random.default_rng(11).random(400) ** 0.3
    for share in (0.1, 0.35):
        value = number(called(answer, confidence, share))
        below = float(np.mean(confidence < value))
        if abs(below - share) <= 0.005:
            continue
        if abs(below - (1 - share)) <= 0.005:
            raise Wrong("above")
        if same(value, share):
            raise Wrong("share")
        if same(value, share * confidence.max()) or same(value, share * confidence.mean()):
            raise Wrong("of_largest")
        raise Wrong("other", share=share, below=below)
