"""Whether a network is worse than another by more than is allowed, from digits that both read.

Only the digits count on which the two differ. Of n digits let b be those that the new network
alone gets wrong, c those that the old one alone does. With p and q their probabilities, d = p - q
is by how much the new network is worse. The hypothesis d >= allowed is tested against d < allowed
(a test of non-inferiority). The statistic is Tango's (1998), the difference over its standard
deviation where d is at the limit,

    z = (b - c - n d) / sqrt(n (2 q + d (1 - d))),

with the likeliest q for that d. The p-value is exact: the probability of a z so low or lower, by
the trinomial distribution, for the q that makes it largest. Only those q are looked at that c does
not rule out; the probability that it rules out the true one is added to the p-value (Berger & Boos
1994). It is a share of the level that is asked for, so p-values below any level are possible. Where
networks differ on many digits, the normal distribution takes the place of the trinomial one.

Inside: p-values and bounds. Not inside: networks, and which of several are tested (`adapt`).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from digitus.types import Vector

NUISANCE_SHARE = 1 / 50  # of the level, given to the search for the worst q
GRID_POINTS = 40  # values of q for which the probability is computed
MANY = 1000  # digits: beyond that, the normal distribution is close enough
REACH = 8.0  # standard deviations above the mean: what lies beyond has no chance
NEVER = 1e-15  # a probability in the place of 0, which has no logarithm
TOLERANCE = 1e-4  # to which a bound is found


class Pairs(NamedTuple):
    """What two networks make of the same digits.

    How many there are, how many the new network alone gets wrong, and how many the old one alone.
    """

    n: int
    lost: int
    won: int


@lru_cache(4096)  # networks that differ little make the same of the same digits
def p_value(pairs: Pairs, allowed: float, level: float) -> float:
    """The largest probability of counts at least as good, if the new network is worse by `allowed`.

    `allowed` is a difference of accuracies, from -1 to 1. A p-value of at most `level`, which is 1
    minus the confidence, rejects the hypothesis that the new network is worse by `allowed` or more.
    It depends a little on the level itself (see above). Of no digits it is 1.
    """
    n, b, c = pairs
    if abs(allowed) >= 1:
        return float(allowed < 0)
    if not n:
        return 1.0
    seen = float(_score(n, np.array([b]), np.array([c]), allowed)[0])
    certain = n > MANY and seen < -REACH
    worse = seen > 0  # passes at no level, whatever its exact probability
    if b + c > MANY or certain or worse:
        return 0.5 * math.erfc(-seen / math.sqrt(2))
    least = max(0.0, -allowed) + NEVER
    spent = NUISANCE_SHARE * level
    most = min(max(_most(n, c, spent), least), (1 - allowed) / 2)
    spread = np.linspace(math.sqrt(least), math.sqrt(most), GRID_POINTS) ** 2
    return min(1.0, spent + _chance(n, spread, allowed, seen))


def bound(pairs: Pairs, level: float) -> float:
    """By how much the new network is worse at most; too low with probability `level`."""
    low, high = (pairs.lost - pairs.won) / max(pairs.n, 1), 1.0
    while high - low > TOLERANCE:
        middle = (low + high) / 2
        if p_value(pairs, middle, level) <= level:
            high = middle
        else:
            low = middle
    return high


def _score(n: int, b: Vector, c: Vector, d: float) -> Vector:
    """Tango's statistic for counts [k]: [k]. Where nothing varies it is 0."""
    middle = (2 * n - b + c) * d - b - c
    root = np.sqrt(np.maximum(middle**2 + 8 * n * c * d * (1 - d), 0))
    q = (root - middle) / (4 * n)  # the likeliest probability of c where p - q = d
    spread = np.sqrt(np.maximum(n * (2 * q + d * (1 - d)), 0))
    return np.divide(b - c - n * d, spread, out=np.zeros(len(b)), where=spread > 0)


def _most(n: int, c: int, level: float) -> float:
    """The upper bound of a probability of which c of n were seen (Clopper & Pearson 1934)."""
    k, logs = np.arange(c + 1), _log_factorials(n)
    ways = logs[n] - logs[k] - logs[n - k]
    low, high = c / n, 1 - NEVER
    while high - low > TOLERANCE / n:
        q = (low + high) / 2
        if np.exp(ways + k * math.log(max(q, NEVER)) + (n - k) * math.log1p(-q)).sum() > level:
            low = q
        else:
            high = q
    return high


def _chance(n: int, places: Vector, d: float, seen: float) -> float:
    """The probability of a z of `seen` or less, given q + d and q, for the worst q of `places`."""
    far = [min(n, math.ceil(m + REACH * math.sqrt(m) + REACH**2)) for m in _means(n, places, d)]
    b, c = (axis.ravel() for axis in np.mgrid[: far[0] + 1, : far[1] + 1])
    low = (b + c <= n) & (_score(n, b, c, d) <= seen + 1e-9)
    b, c = b[low], c[low]
    logs = _log_factorials(n)
    ways = logs[n] - logs[b] - logs[c] - logs[n - b - c]
    chances = 0.0
    for q in places.tolist():
        p, neither = max(q + d, NEVER), max(1 - 2 * q - d, NEVER)
        likely = ways + b * math.log(p) + c * math.log(q) + (n - b - c) * math.log(neither)
        chances = max(chances, float(np.exp(likely).sum()))
    return chances


def _means(n: int, places: Vector, d: float) -> tuple[float, float]:
    """How many digits at most the networks are expected to get wrong alone."""
    most = float(places.max())
    return n * max(most + d, 0.0), n * most


@lru_cache(4)
def _log_factorials(most: int) -> Vector:
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, most + 1)))])
