"""Digits that a set lacks: what they look like, and how sure an answer must be to be none of them.

Inside: pictures of them by the simulated pen, and the threshold that tells them from what was
learnt. Not inside: which digits are missing (`suited`), how pictures of them are mixed into batches
(`examples`).
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt

from digitus.datasets.digits import CLASSES
from digitus.synthetic.strokes import strokes
from digitus.types import Images

HELD_BACK = 1000  # pictures of missing digits, about, by which the threshold is chosen
HELD_BACK_SEED = 10**6  # far from those that people choose for their runs
MOST_REFUSED = 0.05  # of the digits that were learnt, whatever is gained by it


def drawn(digits: Collection[int], count: int, seed: int) -> Images:
    """About `count` pictures of these digits."""
    made = strokes(max(1, count * CLASSES // len(digits)), seed)
    return made.images[np.isin(made.labels, list(digits))]


def held_back(digits: Collection[int]) -> Images:
    """Pictures of missing digits from which no run learns."""
    return drawn(digits, HELD_BACK, HELD_BACK_SEED)


def threshold(known: npt.ArrayLike, others: npt.ArrayLike) -> float:
    """The confidence below which an answer is refused, from those for known and other digits.

    It is where the share of known digits that are refused plus that of others that are not is
    smallest, so Youden's index is largest (Youden 1950), among the thresholds that refuse at most
    `MOST_REFUSED` of the known. Of these there may be only ten, and the least sure of ten need not
    be the least sure there will ever be: below the lowest of n confidences, and between any two
    neighbours, one in n + 1 is expected (Weibull 1939), spread evenly.
    """
    known, others = np.sort(np.asarray(known)), np.sort(np.asarray(others))
    at = np.concatenate([[0.0], known, [1.0]])
    candidates = np.unique(np.append(np.nextafter(others, 1), 0.0))
    refused = np.interp(candidates, at, np.linspace(0, 1, len(at)))
    accepted = 1 - np.searchsorted(others, candidates) / len(others)
    cost = np.where(refused <= MOST_REFUSED, refused + accepted, np.inf)
    return float(candidates[int(cost.argmin())])
