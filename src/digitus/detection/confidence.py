"""Confidence: three answers to one digit, made one probability that means what it says.

The page network says of a find how hot it is and which digit d it might be, p(d). The close-up
network looks at it again and says c(d), and c₀ that there is none. What these two take for a digit
is shown to the recognizer, its ink alone, which says q(d); of all else q is the same for every d.
At last the other digits of the page say how likely it is that a d looks so, ρ(d) (`likeness`).
The answers are joined by logistic regression::

    z(d) = Σⱼ aⱼ gⱼ(d),         g(d) = log p(d), log c(d) / (1 - c₀), log q(d)
    z'(d) = z(d) + Σⱼ wⱼ hⱼ(d), h(d) = n g(d), n log ρ(d)
    P(d | digit) = softmax(z'), softmax(z) before one digit has spoken for another
    A = σ(Σⱼ bⱼ fⱼ),            f = 1, logit heat, log max p, log size, m, s, t, -logit c₀, o
    P(digit) = σ(Σⱼ eⱼ (f, k)ⱼ), k = r, log(1 + Σᵢ lᵢ Aᵢ), -r logit c₀
    confidence = P(digit) P(d | digit)

where n = S / (ε + S), S the likeness of all other digits, so that what resembles nothing is named
as if it were alone; m is max P(d | digit) before the recognizer looks and without ρ; s and t say
how well links speak for the find, s the best of those that lead to it and t the one that leaves it:
the heat of the link's other end times the probability that something follows, less the further the
link misses; and o is how much the find's box overlaps with that of a hotter one, as a share of the
smaller box: two halves of a digit may be two finds.

A is what a find says for itself, and k what is around it: a bare stroke alone may be anything, and
beside digits as tall as itself it is a 1. What is unlike the others loses nothing by them: a
heading is larger than the rows below it. The sum goes over all other finds i of the picture;
lᵢ = exp(-(log h/hᵢ)² / `AS_TALL`²) says how alike their longer sides h are, and r is the largest of
lᵢ Aᵢ exp(-(Δy / `LEVEL` s)² - |Δx| / `BESIDE` s) with s² = h hᵢ: the best neighbour in a row. a, b,
e and w are fitted on made pages, whose truth is known (`fit`).

Inside: the formula and its fit, by Newton's method, which other fits use too (`likeliest`). Not
inside: finding (`detector`), looking closer (`closeup`), the recognizer's look (`reading.look`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from digitus.detection.closeups import NONE
from digitus.detection.likeness import AT_LEAST, by_likeness
from digitus.detection.maps import ENDS, Peaks, sigmoid
from digitus.nn import softmax
from digitus.types import Bools, Floats32, Floats64, Ints, Matrix, Numbers

SMALLEST_SHARE = 1e-4  # lower probabilities count as this: no network is that sure of itself
AS_TALL = 0.5  # logarithms of a height: a find that differs by so much has e times less to say
LEVEL = 0.6  # sizes up or down: the same
BESIDE = 4.0  # sizes to the side: the same
MISS = 0.5  # sizes: a link that misses by so much says e times less
STEPS = 60  # of Newton's method, which needs ten
SMALLEST_GAIN = 1e-10  # of the surprise: a step that takes away less is the last
SMALLEST_STEP = 1e-6  # a share of Newton's: where a smaller one would lead up, this is the end
STIFFNESS = 1e-2  # of an example: keeps what hardly varies from growing without end

# Of weights: how large the surprise is, its downward slope [n] and curvature [n n].
Judged: TypeAlias = tuple[float, Floats64, Floats64]


@dataclass(frozen=True)
class Confidence:
    """How the answers are weighed: a, b, e and w of the formula, in this order."""

    choice: tuple[float, ...] = (0.5, 0.5, 0.2)
    alone: tuple[float, ...] = (0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5, 0.0)
    presence: tuple[float, ...] = (*alone, 0.0, 0.0, 0.0)
    together: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        for name, count in (("choice", 3), ("alone", 9), ("presence", 12), ("together", 4)):
            weights = getattr(self, name)
            if len(weights) != count or not np.isfinite(weights).all():
                raise ValueError(f"a confidence has {count} weights of {name}, not {weights}")

    def __call__(self, found: Peaks, close: Matrix) -> Floats64:
        """Probabilities [k 10] that each find is each digit; the rest to 1 is that of no digit.

        `close` [k 11] are the close-up network's answers. The recognizer has not looked yet.
        """
        which = self.which(found, close)
        there = sigmoid(self._features(found, close, which) @ np.array(self.presence))
        joint: Floats64 = which * there[:, None]
        return joint

    def which(self, found: Peaks, close: Matrix, looked: Matrix | None = None) -> Floats64:
        """P(d | digit) of the formula, [k 10], before one digit has spoken for another.

        `looked` [k 10] are the recognizer's answers, if it has looked.
        """
        which: Floats64 = softmax(_evidence(found, close, looked) @ np.array(self.choice))
        return which

    def among_others(
        self, found: Peaks, close: Matrix, looked: Matrix, alike: Floats32, likely: Floats64
    ) -> Floats64:
        """P(d | digit) of the formula, [k 10], with what the other digits say of each.

        `alike` [k k] is how alike the finds look, `likely` [k] how likely each is a digit.
        """
        evidence = _evidence(found, close, looked)
        z: Floats64 = evidence @ np.array(self.choice)
        which: Floats64 = softmax(z + _others(evidence, z, alike, likely) @ np.array(self.together))
        return which

    def others(
        self, found: Peaks, close: Matrix, looked: Matrix, alike: Floats32, likely: Floats64
    ) -> Floats64:
        """What the other digits alone say each find is: ρ of the formula as shares, [k 10]."""
        named = self.which(found, close, looked)
        shares: Floats64 = softmax(by_likeness(alike, named * likely[:, None]))
        return shares

    def _features(self, found: Peaks, close: Matrix, which: Floats64) -> Floats64:
        """The f and k of the formula: [k 12]."""
        own = _own_features(found, close, which)
        return np.column_stack([own, _company(found, close, sigmoid(own @ np.array(self.alone)))])


# The finds of a page, the close-up network's and the recognizer's answers, and how alike they look.
Answers: TypeAlias = tuple[Peaks, Matrix, Matrix, Floats32]


def fit(pages: Sequence[Answers], truth: Ints) -> Confidence:
    """The weights that make the truth likeliest: for each find a digit, or -1 where there is none.

    `truth` goes over the finds of all pages.
    """
    evidence = [_evidence(*page[:3]) for page in pages]
    digit = truth >= 0
    every = np.concatenate(evidence)
    weighed = Confidence(_chosen(every, np.zeros(every.shape[:2]), truth))
    answered = [(found, close, weighed.which(found, close)) for found, close, *_ in pages]
    alone = _logistic(np.concatenate([_own_features(*page) for page in answered]), digit)
    weighed = replace(weighed, alone=alone)
    presence = np.concatenate([weighed._features(*page) for page in answered])
    weighed = replace(weighed, presence=_logistic(presence, digit))
    z = [own @ np.array(weighed.choice) for own in evidence]
    others = [
        _others(own, of, alike, weighed(found, close).sum(1))
        for own, of, (found, close, _, alike) in zip(evidence, z, pages, strict=True)
    ]
    together = _chosen(np.concatenate(others), np.concatenate(z), truth)
    return replace(weighed, together=together)


def _chosen(evidence: Floats64, known: Floats64, truth: Ints) -> tuple[float, ...]:
    """The weights of evidence [k 10 j], added to `known` [k 10], fitted on the finds of digits."""
    digit = truth >= 0
    shares, known, which = evidence[digit], known[digit], (np.arange(digit.sum()), truth[digit])
    right = shares[which]

    def judge(a: Floats64) -> Judged:
        z = known + shares @ a
        p = softmax(z)
        mean = np.einsum("kd,kdj->kj", p, shares)
        off = shares - mean[:, None]
        most = z.max(1)
        surprise = (np.log(np.exp(z - most[:, None]).sum(1)) + most - z[which]).sum()
        return surprise, (right - mean).sum(0), np.einsum("kd,kdi,kdj->ij", p, off, off)

    return tuple(likeliest(judge, np.zeros(evidence.shape[2])).tolist())


def _others(evidence: Floats64, z: Floats64, alike: Floats32, likely: Floats64) -> Floats64:
    """The h of the formula: [k 10 4]."""
    said = by_likeness(alike, softmax(z) * likely[:, None])
    seen = alike @ likely
    known = (seen / (AT_LEAST + seen))[:, None, None]
    return np.concatenate([known * evidence, known * said[:, :, None]], axis=2)


def _logistic(x: Floats64, truth: Bools) -> tuple[float, ...]:
    """The weights [k] of logistic regression on features x [n k]; `truth` is [n]."""

    def judge(b: Floats64) -> Judged:
        z = x @ b
        p = sigmoid(z)
        surprise = np.logaddexp(0, np.where(truth, -z, z)).sum()
        return surprise, x.T @ (truth - p), (x * (p * (1 - p))[:, None]).T @ x

    return tuple(likeliest(judge, np.zeros(x.shape[1])).tolist())


def likeliest(
    judge: Callable[[Floats64], Judged], weights: Floats64, stiffness: float = STIFFNESS
) -> Floats64:
    """The likeliest weights [n], by Newton's method from these on.

    `judge` says of weights how large the surprise is, its downward slope [n] and curvature [n n].
    A step is halved until it leads down: far from the end a whole one may lead up, and away.
    """

    def judged(weights: Floats64) -> Judged:
        surprise, down, curvature = judge(weights)
        return (
            float(surprise) + stiffness / 2 * float(weights @ weights),
            down - stiffness * weights,
            curvature + stiffness * np.eye(len(weights)),
        )

    surprise, down, curvature = judged(weights)
    for _ in range(STEPS):
        step, share = np.linalg.solve(curvature, down), 1.0
        while (there := judged(weights + share * step))[0] > surprise:
            share /= 2
            if share < SMALLEST_STEP:
                return weights
        gain = surprise - there[0]
        weights, (surprise, down, curvature) = weights + share * step, there
        if gain <= SMALLEST_GAIN * surprise:
            break
    return weights


def _evidence(found: Peaks, close: Matrix, looked: Matrix | None) -> Floats64:
    """The g of the formula: [k 10 3]."""
    among = close[:, :NONE] / np.maximum(1 - close[:, NONE:], SMALLEST_SHARE)
    looked = np.ones_like(among) if looked is None else looked
    answers = np.stack([found.digits, among, looked], axis=2).astype(np.float64)
    return np.log(np.maximum(answers, SMALLEST_SHARE))


def _own_features(found: Peaks, close: Matrix, which: Floats64) -> Floats64:
    """The f of the formula: [k 9]."""
    return np.column_stack(
        [
            np.ones(len(found)),
            log_odds(found.heat),
            np.log(np.maximum(found.digits.max(1, initial=0), SMALLEST_SHARE)),
            np.log(np.maximum(found.boxes[:, 2:].max(1, initial=1), 1)) - 3.4,
            which.max(1, initial=0),
            *agreements(found),
            -log_odds(close[:, NONE]),
            _overlap(found),
        ]
    )


def _company(found: Peaks, close: Matrix, alone: Floats64) -> Floats64:
    """The k of the formula, [k 3]; `alone` [k] is what speaks for each find by itself."""
    x, y = found.boxes[:, :2].T.astype(np.float64)
    height = np.maximum(found.boxes[:, 2:].max(1, initial=1), 1).astype(np.float64)
    size = np.sqrt(height[:, None] * height)
    others = np.exp(-((np.log(height[:, None] / height) / AS_TALL) ** 2)) * alone
    np.fill_diagonal(others, 0)
    away = ((y[:, None] - y) / (LEVEL * size)) ** 2 + np.abs(x[:, None] - x) / (BESIDE * size)
    neighbour = (others * np.exp(-away)).max(1, initial=0)
    return np.column_stack(
        [
            neighbour,
            np.log1p(others.sum(1)),
            -neighbour * log_odds(close[:, NONE]),
        ]
    )


def _overlap(found: Peaks) -> Floats64:
    """The o of the formula: [k]."""
    middle, size = np.split(found.boxes.astype(np.float64), 2, axis=1)
    low, high, area = middle - size / 2, middle + size / 2, size.prod(1)
    shared = np.minimum(high[:, None], high) - np.maximum(low[:, None], low)
    share = np.maximum(shared, 0).prod(2) / np.minimum(area[:, None], area)
    hotter: Floats64 = share * (found.heat > found.heat[:, None])
    return hotter.max(1, initial=0)


def log_odds(p: Numbers) -> Floats64:
    """The logarithm of p / (1 - p), p no nearer to 0 or 1 than `SMALLEST_SHARE`."""
    p = np.clip(p.astype(np.float64), SMALLEST_SHARE, 1 - SMALLEST_SHARE)
    odds: Floats64 = np.log(p / (1 - p))
    return odds


def agreements(found: Peaks) -> tuple[Floats64, Floats64]:
    """The s and t of the formula: how well links speak for each find, [k] and [k]."""
    if not len(found):
        return np.zeros(0), np.zeros(0)
    size = found.boxes[:, 2:].max(1).astype(np.float64)
    away = np.hypot(*(found.after[:, None] - found.boxes[:, :2]).transpose(2, 0, 1))
    near = np.exp(-((away / (MISS * size[:, None])) ** 2)) * (1 - found.follow[:, ENDS, None])
    near = near * np.exp(-(np.log(size[:, None] / size) ** 2))
    np.fill_diagonal(near, 0)
    return (near * found.heat[:, None]).max(0), (near * found.heat).max(1)
