"""Which way up a picture lies, by Bayes' rule.

Inside: the formula. Not inside: looking at the picture turned by quarters (`look`).

Turned by t quarters, t = 0 to 3, a picture is read, and the better it is read, the likelier is that
way up:

    P(t | picture)  ∝  P(t) exp(w · f(t))
    f(t) = log(1 + r), -√(n - r), log(1 + l), a, Σᵢ cᵢ zᵢ / √n

n digits stand in lines, r is the sum of their confidences cᵢ, so n - r is all that is in doubt; l
is the number of lines, which are many where the digits of one lie above one another; a says how
well the links between digits agree (`detection.confidence`); and zᵢ are the log odds that a digit
stands upright (`detection.uprightness`). By its root the first doubt says more than the tenth: on a
page that is hard to read every digit is in doubt, whichever way up it is. And the digits of one
hand on one paper err together: n of them say as much as √n that err by themselves.
P(0) is `UPRIGHT`, and the other three ways share the rest: what reads as well upside down, as 6 and
9, 0 and 1 do, is read as it lies. A digit alone is not asked about (`look`): turned, it is another.

w is `WEIGHTS`, the likeliest for made pages whose way up is known (conditional logistic
regression, `python benchmarks/fit_way_up.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from digitus.types import Floats32, Floats64

UPRIGHT = 0.95  # of the pictures that are looked at turned: those with some doubt as they lie
WEIGHTS = (3.32, 3.19, -1.07, 0.2, 0.71)


def evidence(
    confidences: Floats64, lines: int, agreement: float, upright: Floats32 | Floats64
) -> Floats64:
    """The f of the formula: [5].

    `confidences` [n] are those of the finds that are digits, and `upright` [n] their log odds.
    """
    read = float(confidences.sum())
    doubt = len(confidences) - read
    stands = float(confidences @ upright) / np.sqrt(max(len(upright), 1))
    return np.array([np.log1p(read), -np.sqrt(max(doubt, 0.0)), np.log1p(lines), agreement, stands])


def way_up(ways: Sequence[Floats64]) -> int:
    """The likeliest number of quarters, from the evidence of a picture turned by 0, 1, 2 and 3."""
    prior = np.log([UPRIGHT, *[(1 - UPRIGHT) / 3] * 3])
    return int(np.argmax(prior + np.stack(ways) @ np.array(WEIGHTS)))
