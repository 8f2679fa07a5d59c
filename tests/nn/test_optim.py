"""Optimizers by hand and on a bowl, schedules at their key points, averaged weights.

Not inside: agreement with PyTorch's optimizers over many steps (`test_torch`).
"""

import re
from dataclasses import fields
from math import inf, nan, sqrt

import numpy as np
import pytest

from digitus.nn import (
    Adam,
    AdamW,
    Clipped,
    Constant,
    Cosine,
    GradientDescent,
    Momentum,
    Nesterov,
    Step,
    clipped,
    update_average,
)
from nn.cases import OPTIMIZERS, public

each_rule = pytest.mark.parametrize("rule", OPTIMIZERS, ids=str)


def steps(rule, gradients, w=None, rate=0.1):
    """The steps a rule takes for a row of gradients, from w."""
    w = np.zeros_like(gradients[0]) if w is None else w
    s = rule.start(w)
    return [rule.update(g, w, s, rate, t) for t, g in enumerate(gradients, 1)]


def test_all_optimizers_and_schedules_are_here():
    assert {type(rule) for rule in OPTIMIZERS} == public("optimizer")
    assert public("schedule") == {Constant, Step, Cosine}


@each_rule
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_types_shapes_and_what_is_changed(rule, dtype):
    """Only the memory changes; the step is a new array of the type of the weights."""
    rng = np.random.default_rng(0)
    for shape in ((3, 4), (4,), (3, 3, 2, 4)):
        w, g = rng.standard_normal((2, *shape)).astype(dtype)
        w.flags.writeable = g.flags.writeable = False
        s = rule.start(w)
        first = rule.update(g, w, s, 0.1, 1)
        kept = first.copy()
        second = rule.update(g, w, s, 0.1, 2)
        assert np.array_equal(first, kept), "the next step changed the last one"
        for a in (first, second, *s.values()):
            assert (a.dtype, a.shape) == (dtype, shape)


@each_rule
def test_memory_is_not_shared(rule):
    w = np.ones(3)
    a, b = rule.start(w), rule.start(w)
    rule.update(w, w, a, 0.1, 1)
    assert all(not value.any() for value in b.values())
    assert np.array_equal(w, np.ones(3))


@each_rule
def test_a_bowl(rule):
    """½ Σ c w², ten times as steep one way as the other: every rule finds its bottom."""
    curvature, w = np.array([[1.0, 10.0]]), np.array([[3.0, -2.0]])
    s = rule.start(w)
    for t in range(1, 1501):
        w += rule.update(curvature * w, w, s, 0.05 * (1 - t / 1501), t)
    assert np.abs(w).max() < 1e-3


@each_rule
def test_a_rate_of_zero_stands_still(rule):
    w = np.ones((2, 2))
    assert not rule.update(w, w, rule.start(w), 0.0, 1).any()


def test_by_hand():
    g = [np.array([1.0, -2.0])] * 3
    assert np.allclose(steps(GradientDescent(), g), [[-0.1, 0.2]] * 3)
    assert np.allclose(steps(Momentum(0.5), g), [[-0.1, 0.2], [-0.15, 0.3], [-0.175, 0.35]])
    # v = 1, 1.5, 1.75 and g + v / 2 = 1.5, 1.75, 1.875
    assert np.allclose(steps(Nesterov(0.5), g), [[-0.15, 0.3], [-0.175, 0.35], [-0.1875, 0.375]])


def test_adam_by_hand():
    # Constant gradient: both corrected moments are g and g² at once, each step -rate · sign g.
    g = [np.array([1e-3, -5.0])] * 4
    assert np.allclose(steps(Adam(epsilon=1e-12), g), [[-0.1, 0.1]] * 4)
    # g = 1, then 0: m = 0.9 · 0.1, v = 0.999 · 0.001, corrected by 1 - 0.81 and 1 - 0.998001.
    first, second = steps(Adam(epsilon=1e-15), [np.array([1.0]), np.array([0.0])])
    assert first == pytest.approx(-0.1)
    assert second == pytest.approx(-0.1 * (0.09 / 0.19) / sqrt(0.000999 / 0.001999))


def test_adam_stands_still_where_there_is_no_gradient():
    assert not np.any(steps(Adam(), [np.zeros(3)] * 3))


def test_decay_pulls_matrices_and_kernels_only():
    for shape, pulled in (((2, 3), True), ((3, 3, 1, 2), True), ((4,), False)):
        w, g = np.full(shape, 2.0), np.zeros(shape)
        (step,) = steps(AdamW(decay=0.3), [g], w)
        assert np.allclose(step, -0.1 * 0.3 * 2.0 if pulled else 0.0)


def test_decay_does_not_depend_on_the_gradient():
    """It is added to Adam's step, not to the gradient that Adam rescales."""
    rng = np.random.default_rng(0)
    w, g = rng.standard_normal((2, 3, 4))
    with_decay, without = steps(AdamW(decay=0.3), [g], w)[0], steps(Adam(), [g], w)[0]
    assert np.allclose(with_decay - without, -0.1 * 0.3 * w)


def test_clipping_by_hand():
    """All arrays together are 13 long: 3, 4 and 12."""
    g = {"W": np.array([[3.0, 4.0]]), "b": np.array([12.0])}
    rule, cut = clipped(Clipped(Momentum(), norm=6.5), g)
    assert rule == Momentum()
    assert cut["W"] == pytest.approx(np.array([[1.5, 2.0]]))
    assert cut["b"] == pytest.approx(6.0)
    _, kept = clipped(Clipped(Momentum(), norm=13.0), g)
    assert kept is g
    assert clipped(Adam(), g) == (Adam(), g)


def test_a_part_of_the_gradient_is_clipped_as_the_whole():
    g = {"W": np.array([3.0]), "b": np.array([4.0])}
    parts = [{"W": g["W"]}, {"b": g["b"]}]
    together = {}
    for part in parts:
        together |= clipped(Clipped(Adam(), 1.0), part, lambda own: own and 25.0)[1]
    whole = clipped(Clipped(Adam(), 1.0), g)[1]
    assert together == whole == {"W": pytest.approx(0.6), "b": pytest.approx(0.8)}


def test_clipping_stands_still_at_zero_and_does_not_overflow():
    """Float32's squares end at 3e38, and so does its own range."""
    zero = np.zeros(3, np.float32)
    assert not any(map(np.any, steps(Clipped(GradientDescent(), 1.0), [zero] * 2)))
    (step,) = steps(Clipped(GradientDescent(), 5.0), [np.array([3e30, -4e30], np.float32)])
    assert step == pytest.approx(np.array([-0.3, 0.4]))
    assert step.dtype == np.float32


# --- schedules


def test_constant():
    assert [Constant(0.3)(progress) for progress in (0.0, 0.5, 1.0)] == [0.3] * 3


def test_step():
    schedule = Step(1.0, at=(0.5, 0.75), factor=0.1)
    rates = [schedule(progress) for progress in (0.0, 0.499, 0.5, 0.749, 0.75, 1.0)]
    assert rates == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01])
    assert Step(1.0, at=[0.5]) == Step(1.0, at=(0.5,))  # lists come from recipes
    assert hash(Step(1.0, at=[0.5])) == hash(Step(1.0, at=(0.5,)))


def test_cosine():
    schedule = Cosine(2.0)
    assert [schedule(p) for p in (0, 1 / 3, 0.5, 2 / 3, 1)] == pytest.approx([2, 1.5, 1, 0.5, 0])
    assert Cosine(2.0, final=0.1)(1.0) == pytest.approx(0.2)
    assert Cosine(2.0, final=0.1)(0.5) == pytest.approx(1.1)
    assert Cosine(2.0)(1.1) == pytest.approx(0)  # not up again


def test_cosine_with_warmup():
    schedule = Cosine(2.0, warmup=0.2)
    assert schedule(0.0) == pytest.approx(0.02)  # the first step is not wasted
    assert schedule(0.1) == pytest.approx(1.0)
    assert schedule(0.2) == pytest.approx(2.0)
    assert schedule(0.2 - 1e-9) == pytest.approx(2.0)  # no jump
    assert schedule(0.6) == pytest.approx(1.0)
    rates = [schedule(p) for p in np.linspace(0, 1, 101)]
    assert max(rates) == pytest.approx(2.0)
    assert np.argmax(rates) == 20
    assert np.all(np.diff(rates[20:]) < 0)


@pytest.mark.parametrize("warmup", [-0.1, 1.0, float("nan")])
def test_bad_warmup(warmup):
    with pytest.raises(ValueError, match=f"warmup is a share .*, not {warmup}"):
        Cosine(1.0, warmup=warmup)


@pytest.mark.parametrize(
    ("rule", "settings", "said"),
    [
        *(
            (schedule, {"rate": rate}, f"rate must be a finite number above 0, not {rate}")
            for schedule in (Constant, Step, Cosine)
            for rate in (0, -0.01, nan, inf)
        ),
        (Step, {"rate": 1, "factor": -2}, "factor must be a finite number above 0, not -2"),
        (Step, {"rate": 1, "factor": 0.0}, "factor must be a finite number above 0, not 0.0"),
        (Step, {"rate": 1, "at": [0.5, 75]}, "shares of training from 0 to 1, not [0.5, 75]"),
        (Step, {"rate": 1, "at": [nan]}, "shares of training from 0 to 1, not [nan]"),
        (Cosine, {"rate": 1, "final": -0.1}, "a share of the rate from 0 to 1, not -0.1"),
        (Cosine, {"rate": 1, "final": 2}, "a share of the rate from 0 to 1, not 2"),
        *(
            (rule, {"epsilon": epsilon}, f"epsilon must be a finite number above 0, not {epsilon}")
            for rule in (Adam, AdamW)
            for epsilon in (-1, 0, nan)
        ),
        *(
            (AdamW, {"decay": decay}, f"decay must be a finite number from 0 on, not {decay}")
            for decay in (-5, nan, inf)
        ),
        *(
            (
                Clipped,
                {"rule": Adam(), "norm": norm},
                f"norm must be a finite number above 0, not {norm}",
            )
            for norm in (0, -1, nan, inf)
        ),
        (Clipped, {"rule": Clipped(Adam(), 1), "norm": 1}, "needs a rule for the clipped gradient"),
        (AdamW, {"beta1": 1}, "beta1 must be at least 0 and below 1, not 1"),
        (Momentum, {"mu": -0.1}, "mu must be at least 0 and below 1, not -0.1"),
        (Nesterov, {"mu": 1.5}, "mu must be at least 0 and below 1, not 1.5"),
    ],
)
def test_settings_that_could_not_learn(rule, settings, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        rule(**settings)


def test_every_number_of_a_rule_is_checked():
    """One that is not a number gets past no rule: a setting that is added is tested here too."""
    for rule in public("optimizer") | public("schedule"):
        needed = {"rate": 1.0} if rule in public("schedule") else {}
        needed |= {"rule": Adam(), "norm": 1.0} if rule is Clipped else {}
        for field in fields(rule):
            with pytest.raises(ValueError, match="nan"):
                rule(**needed | {field.name: (nan,) if field.name == "at" else nan})


def test_rates_are_plain_numbers():
    """A NumPy float64 would promote float32 weights."""
    for schedule in (Constant(0.1), Step(0.1), Cosine(0.1, warmup=0.1)):
        assert {type(schedule(p)) for p in (0.0, 0.05, 0.6, 1.0)} == {float}


# --- the average of weights


def test_the_average_of_constant_weights_is_the_weights():
    w = {"W": np.full((2, 2), 3.0)}
    average = {"W": np.full((2, 2), 3.0)}
    for t in range(1, 5):
        update_average(average, w, 0.9, t)
    assert np.allclose(average["W"], 3.0)


def test_the_average_by_hand():
    """d = t / (t + 9) = 0.1 at first, then at most the decay; changed in place."""
    average, w = {"b": np.array([0.0])}, {"b": np.array([1.0])}
    array = average["b"]
    update_average(average, w, 0.5, 1)
    assert array == pytest.approx(0.9)
    update_average(average, w, 0.5, 2)
    assert array == pytest.approx(0.9 + 0.1 * (1 - 2 / 11))
    before = float(array[0])
    update_average(average, {"b": np.array([2.0])}, 0.5, 1000)
    assert array == pytest.approx((before + 2) / 2)
    assert np.array_equal(w["b"], [1.0])


def test_the_average_keeps_float32():
    average = {"b": np.zeros(2, np.float32)}
    update_average(average, {"b": np.ones(2, np.float32)}, 0.99, 3)
    assert average["b"].dtype == np.float32
