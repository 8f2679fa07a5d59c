"""Which way up a picture lies, by Bayes' rule.

Inside: the formula. Not inside: looking at the picture turned by quarters (`look`).

Turned by t quarters, t = 0 to 3, a picture is read, and the better it is read, the likelier is that
way up:

    P(t | picture)  ∝  P(t) exp(w · f(t))
    f(t) = log(1 + r), r - n, l, a

n digits stand in lines, r is the sum of their confidences, so r - n is less than 0 by all that is
in doubt; l is the number of lines, which are many where the digits of one lie above one another;
and a says how well the links between digits agree (`detection.confidence`). P(0) is `UPRIGHT`, and
the other three ways share the rest: what reads as well upside down, as 6 and 9, 0 and 1 do, is read
as it lies.

w is `WEIGHTS`, the likeliest for made pages whose way up is known (conditional logistic
regression, `python benchmarks/fit_way_up.py`); these were fitted to an earlier page network,
and to all finds that are digits.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from digitus.types import Floats64

UPRIGHT = 0.9  # of the pictures that are looked at turned: those with some doubt as they lie
WEIGHTS = (4.34, 3.32, -0.91, 0.28)


def evidence(confidences: Floats64, lines: int, agreement: float) -> Floats64:
    """The f of the formula: [4]. `confidences` [n] are those of the finds that are digits."""
    read = float(confidences.sum())
    return np.array([np.log1p(read), read - len(confidences), lines, agreement])


def way_up(ways: Sequence[Floats64]) -> int:
    """The likeliest number of quarters, from the evidence of a picture turned by 0, 1, 2 and 3."""
    prior = np.log([UPRIGHT, *[(1 - UPRIGHT) / 3] * 3])
    return int(np.argmax(prior + np.stack(ways) @ np.array(WEIGHTS)))
