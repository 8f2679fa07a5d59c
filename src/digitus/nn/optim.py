"""Optimizers and schedules: from a gradient to a step.

An optimizer is a rule for one array: ``start(w)`` gives its memory, ``update(g, w, s, rate, t)``
the step to *add* to w. Its memory s is the only thing it changes, in place, since that saves an
eighth of the time of a perceptron's step. A schedule is a function of progress, 0 at the first step
and 1 after the last, so an experiment with twice the epochs keeps the shape of its curve.

`Clipped` looks at all arrays' gradients together, before its rule gets them one by one (`clipped`).

Not inside: the loop over parameters and steps (`digitus.training.loop`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, inf, pi, sqrt
from typing import Protocol, runtime_checkable

from digitus.nn.arrays import namespace
from digitus.types import Array, Params


@runtime_checkable
class Optimizer(Protocol):
    """A rule that turns the gradient of one array into a step."""

    def start(self, w: Array) -> Params:
        """The rule's memory for an array like w."""

    def update(self, g: Array, w: Array, s: Params, rate: float, t: int) -> Array:
        """The step to add to w, for its gradient g; t counts steps from 1. Changes s."""


def _check_positive(rule: object, name: str) -> None:
    """With 0 nothing is learnt, and with a negative number the loss goes up."""
    if not 0 < getattr(rule, name) < inf:
        raise ValueError(f"{name} must be a finite number above 0, not {getattr(rule, name)}")


def _check_shares(rule: object, *names: str) -> None:
    """How much of a memory is kept must be from 0 to below 1: else it grows without end."""
    for name in names:
        if not 0 <= getattr(rule, name) < 1:
            raise ValueError(f"{name} must be at least 0 and below 1, not {getattr(rule, name)}")


@dataclass(frozen=True)
class GradientDescent:
    """step = -α g.

    Gopa 2024: W := W - α dW.
    """

    def start(self, w: Array) -> Params:
        """No memory."""
        return {}

    def update(self, g: Array, w: Array, s: Params, rate: float, t: int) -> Array:
        """The step to add to w."""
        return g * -rate


@dataclass(frozen=True)
class Momentum:
    """v ← μ v + g;   step = -α v.

    Polyak 1964.
    """

    mu: float = 0.9

    def __post_init__(self) -> None:
        _check_shares(self, "mu")

    def start(self, w: Array) -> Params:
        """The velocity v = 0."""
        return {"v": namespace(w).zeros_like(w)}

    def update(self, g: Array, w: Array, s: Params, rate: float, t: int) -> Array:
        """The step to add to w."""
        s["v"] *= self.mu
        s["v"] += g
        return s["v"] * -rate


@dataclass(frozen=True)
class Nesterov(Momentum):
    """v ← μ v + g;   step = -α (g + μ v).

    Momentum that looks ahead (Nesterov 1983), in the form of Sutskever et al. 2013 rewritten for
    the parameters at which g is taken.
    """

    def update(self, g: Array, w: Array, s: Params, rate: float, t: int) -> Array:
        """The step to add to w."""
        s["v"] *= self.mu
        s["v"] += g
        return (g + s["v"] * self.mu) * -rate


@dataclass(frozen=True)
class Adam:
    """m ← β₁ m + (1-β₁) g,   v ← β₂ v + (1-β₂) g²;   step = -α m̂ / (√v̂ + ε).

    m̂ = m / (1-β₁ᵗ) and v̂ = v / (1-β₂ᵗ) undo the start at 0 (Kingma & Ba 2015, algorithm 1).
    """

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        _check_shares(self, "beta1", "beta2")
        _check_positive(self, "epsilon")

    def start(self, w: Array) -> Params:
        """Both moments are 0."""
        zeros_like = namespace(w).zeros_like
        return {"m": zeros_like(w), "v": zeros_like(w)}

    def update(self, g: Array, w: Array, s: Params, rate: float, t: int) -> Array:
        """The step to add to w."""
        s["m"] *= self.beta1
        s["m"] += g * (1 - self.beta1)
        s["v"] *= self.beta2
        square = g * g
        square *= 1 - self.beta2
        s["v"] += square
        # With c = √(1-β₂ᵗ) the step is -α c / (1-β₁ᵗ) · m / (√v + c ε): the corrections are numbers
        # and not more passes over the arrays. Few passes, in place: 0.85 of the time.
        c = (1 - self.beta2**t) ** 0.5
        width = namespace(w).sqrt(s["v"])
        width += c * self.epsilon
        step = s["m"] / width
        step *= -rate * c / (1 - self.beta1**t)
        return step


@dataclass(frozen=True)
class AdamW(Adam):
    """m ← β₁ m + (1-β₁) g,   v ← β₂ v + (1-β₂) g²;   step = -α (m̂ / (√v̂ + ε) + λ w).

    λ is `decay` (Loshchilov & Hutter 2019, algorithm 2, with α λ for their λ). It pulls weights
    towards 0 and leaves vectors (biases, the γ and β of a normalisation) alone, whose size says
    nothing about how complicated the function is.
    """

    decay: float = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.decay < inf:
            raise ValueError(f"decay must be a finite number from 0 on, not {self.decay}")

    def update(self, g: Array, w: Array, s: Params, rate: float, t: int) -> Array:
        """The step to add to w."""
        step = super().update(g, w, s, rate, t)
        if len(w.shape) > 1:
            step -= w * (rate * self.decay)
        return step


@dataclass(frozen=True)
class Clipped:
    """g ← g min(1, c / ‖g‖) with ‖g‖² = Σ g² over all parameters;   then the step of `rule`.

    c is `norm`. A longer gradient keeps its direction, so that one strange batch cannot undo what
    many have learnt (Pascanu, Mikolov & Bengio 2013, algorithm 1).
    """

    rule: Optimizer
    norm: float

    def __post_init__(self) -> None:
        _check_positive(self, "norm")
        if isinstance(self.rule, Clipped) or not hasattr(self.rule, "update"):
            raise ValueError(f"Clipped needs a rule for the clipped gradient, not {self.rule}")

    def factor(self, square: float) -> float:
        """What gradients are multiplied by, given ‖g‖²."""
        return min(1.0, self.norm / sqrt(square)) if square else 1.0

    def start(self, w: Array) -> Params:
        """The rule's memory."""
        return self.rule.start(w)

    def update(self, g: Array, w: Array, s: Params, rate: float, t: int) -> Array:
        """The step to add to w, where g is the whole gradient; one of several arrays: `clipped`."""
        rule, whole = clipped(self, {"g": g})
        return rule.update(whole["g"], w, s, rate, t)


def clipped(
    optimizer: Optimizer, gradients: Params, total: Callable[[float], float] = float
) -> tuple[Optimizer, Params]:
    """The rule for each array alone, and the gradients that it is to get.

    Where these are only some of all gradients, `total` makes of a sum over them the sum over all.
    A subclass of `Clipped` with an `update` of its own is a rule like others.
    """
    if not isinstance(optimizer, Clipped) or type(optimizer).update is not Clipped.update:
        return optimizer, gradients
    factor = optimizer.factor(total(sum_of_squares(gradients)))
    if factor < 1:
        gradients = {name: g * factor for name, g in gradients.items()}
    return optimizer.rule, gradients


def sum_of_squares(arrays: Params) -> float:
    """Σ a² over all arrays, added in float64, whose range no square of a float32 leaves."""
    found: Array = 0.0
    for a in arrays.values():
        xp = namespace(a)
        found = found + xp.sum(xp.astype(a, xp.float64) ** 2)
    return float(found)


class Schedule(Protocol):
    """The learning rate at a point of progress from 0 to 1."""

    def __call__(self, progress: float) -> float:
        """The learning rate."""


@dataclass(frozen=True)
class Constant:
    """The same rate to the end."""

    rate: float

    def __post_init__(self) -> None:
        _check_positive(self, "rate")

    def __call__(self, progress: float) -> float:
        """The learning rate."""
        return self.rate


@dataclass(frozen=True)
class Step:
    """The rate times `factor` for each of the points in `at` that have been passed."""

    rate: float
    at: tuple[float, ...] = (0.5, 0.75)
    factor: float = 0.1

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", tuple(self.at))
        _check_positive(self, "rate")
        _check_positive(self, "factor")
        if not all(0 <= point <= 1 for point in self.at):
            raise ValueError(f"at holds shares of training from 0 to 1, not {list(self.at)}")

    def __call__(self, progress: float) -> float:
        """The learning rate."""
        return self.rate * self.factor ** sum(progress >= point for point in self.at)


@dataclass(frozen=True)
class Cosine:
    """Up in a straight line for the share `warmup`, then down half a cosine to `final` times rate.

    Loshchilov & Hutter 2017, equation 5, without restarts; warm-up as in Goyal et al. 2017.
    """

    rate: float
    warmup: float = 0.0
    final: float = 0.0

    def __post_init__(self) -> None:
        _check_positive(self, "rate")
        if not 0 <= self.final <= 1:
            raise ValueError(f"final is a share of the rate from 0 to 1, not {self.final}")
        if not 0 <= self.warmup < 1:
            raise ValueError(f"warmup is a share of training from 0 to below 1, not {self.warmup}")

    def __call__(self, progress: float) -> float:
        """The learning rate."""
        if progress < self.warmup:
            # Not 0 at the start: the first step would be wasted.
            return self.rate * max(progress / self.warmup, 0.01)
        done = (progress - self.warmup) / (1 - self.warmup)
        return self.rate * (self.final + (1 - self.final) * (1 + cos(pi * min(done, 1.0))) / 2)


def update_average(average: Params, params: Params, decay: float, t: int) -> None:
    """Moves an exponential average of the weights one step: a ← a + (1 - d) (w - a), in place.

    d = min(decay, t / (t + 9)): early on the average follows quickly instead of remembering the
    initial weights. Averaged weights are steadier than the last ones (Polyak & Juditsky 1992).
    """
    share = average_share(decay, t)
    for name, a in average.items():
        a += (params[name] - a) * share


def average_share(decay: float, t: int) -> float:
    """1 - d of `update_average` at step t."""
    return 1 - min(decay, t / (t + 9))
