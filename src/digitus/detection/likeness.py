"""Likeness: what the other digits of a page say of one that may be this or that.

A page is mostly written by one hand: its 7 may look as another's 1 does, but then all its sevens
do. So a find i is compared with the others j of its page, by the numbers φ with which the close-up
network describes them, from which its last layer names the digit::

    Kᵢⱼ = exp((cos(φᵢ, φⱼ) - 1) / `ALIKE`),   Kᵢᵢ = 0
    Rᵢ(d) = (ε + Σⱼ Kᵢⱼ P(j is d)) / (ε + ε Σⱼ P(j is d)),   the sum of j ≠ i
    ρᵢ(d) = 1 - H + H Rᵢ(d)

The numerator of R is a kernel estimate of the density of this page's d at i; the denominator is
what it would be if they looked like nothing in particular. So R(d) is more than 1 where the page's
own d look like i, and less where there are such and they look otherwise; without any d it is 1. H
is the share of digits that follow their writer's habit: among many d of another look a further one
is unlikely, but not impossible, since people write a 1 now with a hook and now without. (That
digits of one writer name one another is Sarkar & Nagy's style consistency, 2005.) The weight of
log ρ is learnt (`confidence`).

Inside: the formula. Not inside: the network that describes (`closeup`).
"""

from __future__ import annotations

import numpy as np

from digitus.types import Floats32, Floats64, Matrix

ALIKE = 0.1  # of a cosine: a find that is less alike by so much has e times less to say
HABIT = 0.5  # H: made pages, on which each digit has one shape, would have it nearer to 1
AT_LEAST = 0.01  # ε: how alike any two finds are at least, where 1 is the same


def likeness(described: Floats32) -> Floats32:
    """The K of the formula [k k], of k finds described by n numbers each [k n]."""
    length = np.linalg.norm(described, axis=1, keepdims=True)
    direction = described / np.maximum(length, np.float32(1e-6))
    alike: Floats32 = np.exp((direction @ direction.T - 1) / np.float32(ALIKE))
    np.fill_diagonal(alike, 0)
    return alike


def by_likeness(alike: Floats32, shares: Matrix) -> Floats64:
    """log ρ for each find and digit [k 10]; `shares` [k 10] are the P(j is d)."""
    there = shares.sum(0) - shares
    ratio = (AT_LEAST + alike @ shares) / (AT_LEAST * (1 + there))
    log: Floats64 = np.log(1 - HABIT + HABIT * ratio)
    return log
