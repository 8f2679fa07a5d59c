"""Confidence: two answers to one digit, made one probability that means what it says.

The page network says of a find how hot it is and which digit d it might be, p(d); the recognizer
looks at the same place by itself and says q(d). They are joined by logistic regression::

    z(d) = Σⱼ aⱼ gⱼ(d),         g(d) = log p(d), log q(d)
    P(d | digit) = softmax(z)
    P(digit) = σ(Σⱼ bⱼ fⱼ),     f = 1, logit heat, log max p, log max q, log size, max P(d), s, t
    confidence = P(digit) P(d | digit)

where s and t say how well the links of the page speak for the find: s, of those that come to it,
and t, of the one that leaves it, the best, as heat of the other end times the probability that
something follows, less the further the link misses. a and b are fitted on made pages, whose truth
is known (`fit`). Inside: the formula and its fit. Not inside: finding (`detector`), looking again
(`reading`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from digitus.detection.maps import ENDS, Peaks, sigmoid
from digitus.nn import softmax
from digitus.types import Floats64, Ints, Matrix

SMALLEST_SHARE = 1e-4  # probabilities below say no more: neither network is that sure of itself
MISS = 0.5  # sizes: a link that misses by so much says e times less
STEPS = 60  # of Newton's method, which needs ten
STIFFNESS = 1e-2  # of an example: keeps what hardly varies from growing without end


@dataclass(frozen=True)
class Confidence:
    """How the two answers are weighed: `choice` are the a of the formula, `presence` the b."""

    choice: tuple[float, ...] = (0.7, 0.7)
    presence: tuple[float, ...] = (0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        for name, count in (("choice", 2), ("presence", 8)):
            weights = getattr(self, name)
            if len(weights) != count or not np.isfinite(weights).all():
                raise ValueError(f"a confidence has {count} weights of {name}, not {weights}")

    def __call__(self, found: Peaks, looked: Matrix) -> Floats64:
        """For k finds and the recognizer's answers [k 10] the probability of each digit [k 10].

        What is missing to 1 is the probability that there is none.
        """
        which = softmax(_evidence(found, looked) @ np.array(self.choice))
        there = _features(found, looked, which) @ np.array(self.presence)
        joint: Floats64 = which * sigmoid(there)[:, None]
        return joint


def fit(pages: Sequence[tuple[Peaks, Matrix]], truth: Ints) -> Confidence:
    """The weights that make the truth likeliest: for each find a digit, or -1 where there is none.

    `pages` are the finds of each page with the recognizer's answers; `truth` goes over all of them.
    """
    evidence = np.concatenate([_evidence(*page) for page in pages])
    digit = truth >= 0
    right = np.take_along_axis(evidence, np.maximum(truth, 0)[:, None, None], 1)[digit, 0]
    a = np.full(evidence.shape[2], 0.5)
    for _ in range(STEPS):
        p = softmax(evidence[digit] @ a)
        mean = np.einsum("kd,kdj->kj", p, evidence[digit])
        gradient = (right - mean).sum(0) - STIFFNESS * a
        off = evidence[digit] - mean[:, None]
        hessian = np.einsum("kd,kdi,kdj->ij", p, off, off) + STIFFNESS * np.eye(len(a))
        a = a + np.linalg.solve(hessian, gradient)
    which = softmax(evidence @ a)
    ends = np.cumsum([len(found) for found, _ in pages])[:-1]
    parts = zip(pages, np.split(which, ends), strict=True)
    x = np.concatenate([_features(*page, own) for page, own in parts])
    b = np.zeros(len(Confidence.presence))
    for _ in range(STEPS):
        p = sigmoid(x @ b)
        gradient = x.T @ (digit - p) - STIFFNESS * b
        hessian = (x * (p * (1 - p))[:, None]).T @ x + STIFFNESS * np.eye(len(b))
        b = b + np.linalg.solve(hessian, gradient)
    return Confidence(tuple(a.tolist()), tuple(b.tolist()))


def _evidence(found: Peaks, looked: Matrix) -> Floats64:
    """The g of the formula: [k 10 2]."""
    both = np.stack([found.digits, looked], axis=2).astype(np.float64)
    return np.log(np.maximum(both, SMALLEST_SHARE))


def _features(found: Peaks, looked: Matrix, which: Floats64) -> Floats64:
    """The f of the formula: [k 8]."""
    heat = np.clip(found.heat.astype(np.float64), SMALLEST_SHARE, 1 - SMALLEST_SHARE)
    return np.column_stack(
        [
            np.ones(len(found)),
            np.log(heat / (1 - heat)),
            np.log(np.maximum(found.digits.max(1, initial=0), SMALLEST_SHARE)),
            np.log(np.maximum(looked.max(1, initial=0), SMALLEST_SHARE)),
            np.log(np.maximum(found.boxes[:, 2:].max(1, initial=1), 1)) - 3.4,
            which.max(1, initial=0),
            *_links(found),
        ]
    )


def _links(found: Peaks) -> tuple[Floats64, Floats64]:
    """The s and t of the formula: how well links speak for each find, [k] and [k]."""
    if not len(found):
        return np.zeros(0), np.zeros(0)
    size = found.boxes[:, 2:].max(1).astype(np.float64)
    away = np.hypot(*(found.after[:, None] - found.boxes[:, :2]).transpose(2, 0, 1))
    near = np.exp(-((away / (MISS * size[:, None])) ** 2)) * (1 - found.follow[:, ENDS, None])
    near = near * np.exp(-(np.log(size[:, None] / size) ** 2))
    np.fill_diagonal(near, 0)
    return (near * found.heat[:, None]).max(0), (near * found.heat).max(1)
