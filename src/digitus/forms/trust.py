"""How likely a value that was read with confidence c is wrong, as made sheets have shown.

A value's confidence comes from those of its digits, which are overconfident: of values between 0.9
and 0.999 twice as many are wrong as they say, 1s read as 7s and 9s as 4s in some hands. So the
chance is fitted on sheets whose truth is known, by logistic regression::

    P(wrong) = σ(w x),   x = (1, log (1 - c) / c)

Had other sheets been made, w would differ by about as much as its covariance C says, in which the
fields of a sheet count together (White 1980, Liang & Zeger 1986). With 95 % confidence, then::

    P(wrong) ≤ σ(w x + `SURE` sqrt(x C x))

Inside: that. Not inside: the fit (`benchmarks/forms_trust.py`), what is to be looked at (`doubts`).
"""

from __future__ import annotations

import math

WEIGHTS = -0.0513, 0.8289
COVARIANCE = (0.02122, 0.005003), (0.005003, 0.002282)
SURE = 1.645  # standard deviations: one side of a normal distribution has 95 % below
MOST_CERTAIN = 1e-6  # the least doubt that a table can hold


def log_doubt(confidence: float) -> float:
    """The logarithm of (1 - c) / c, within what a table can hold."""
    doubt = min(max(1 - confidence, MOST_CERTAIN), 1 - MOST_CERTAIN)
    return math.log(doubt / (1 - doubt))


def chance_wrong(confidence: float) -> float:
    """How likely a value of this confidence is wrong."""
    return _sigmoid(_weighed(confidence))


def most_chance_wrong(confidence: float) -> float:
    """How likely it is wrong at most, with 95 % confidence."""
    x = 1.0, log_doubt(confidence)
    spread = sum(x[i] * COVARIANCE[i][j] * x[j] for i in (0, 1) for j in (0, 1))
    return _sigmoid(_weighed(confidence) + SURE * math.sqrt(spread))


def _weighed(confidence: float) -> float:
    return WEIGHTS[0] + WEIGHTS[1] * log_doubt(confidence)


def _sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))
