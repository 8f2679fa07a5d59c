"""Cases for the equations of optimizers, schedules and averages, and for drawing parameters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from digitus import nn
from mathematics.math_case import Case, normal


def drawn(rule: Any, **more: Any) -> Iterator[Case]:
    """First weights: the same random numbers for the formula and for digitus."""
    i, o = 5, 4
    ours = np.random.default_rng(6)
    expected = {"W": rule.weight((i, o), ours), "b": rule.bias((o,), ours)}
    yield Case({"i": i, "o": o, "rng": np.random.default_rng(6), **more}, expected)


def optimizer(rule: Any, steps: int = 3, **more: Any) -> Iterator[Case]:
    """A rule that has some steps behind it."""
    w, memory = normal(4, 3), rule.start(normal(4, 3))
    for t in range(1, steps + 1):
        rule.update(normal(4, 3, seed=t), w, memory, 0.1, t)
    before = {name: s.copy() for name, s in memory.items()}
    g, t = normal(4, 3, seed=9), steps + 1
    step = rule.update(g, w, memory, 0.1, t)
    yield Case({"g": g, "w": w, "alpha": 0.1, "t": t, **before, **more}, {"step": step, **memory})


def adam() -> Iterator[Case]:
    settings = {"beta1": 0.8, "beta2": 0.95, "epsilon": 1e-3}
    for steps in (0, 3):
        (case,) = optimizer(nn.Adam(**settings), steps, **settings, constant=normal(4, 3))
        w, constant, memory = case.given["w"], case.given["constant"], nn.Adam().start(normal(4, 3))
        for t in range(1, steps + 2):
            nn.Adam(**settings).update(constant, w, memory, 0.1, t)
        case.expected["unrolled"] = memory["m"]
        yield case


def adam_w() -> Iterator[Case]:
    (plain,), (case,) = optimizer(nn.Adam()), optimizer(nn.AdamW(decay=0.3), decay=0.3)
    case.given["adam_step"] = plain.expected["step"]
    yield case


def clipping() -> Iterator[Case]:
    """Of two arrays; cut, and short enough."""
    for c in (0.5, 50.0):
        gradients = {"W": normal(4, 3), "b": normal(3, seed=1)}
        _, cut = nn.clipped(nn.Clipped(nn.GradientDescent(), c), gradients)
        given = {"g": gradients["W"], "others": gradients["b"], "c": c}
        yield Case(given, {"g": cut["W"]})


def average() -> Iterator[Case]:
    for t in (1, 1000):
        a, w = normal(4), normal(4, seed=1)
        kept = {"W": a.copy()}
        nn.update_average(kept, {"W": w}, 0.9, t)
        yield Case({"a": a, "w": w, "decay": 0.9, "t": t}, {"a": kept["W"]})


def schedule(rule: Any, points: tuple[float, ...], **more: Any) -> Iterator[Case]:
    for q in points:
        yield Case({"r": 0.3, "q": q, **more}, {"alpha": rule(q)})
