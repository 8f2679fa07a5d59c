"""Which stretches of a line are its digits: the best path over what a recognizer says of each.

Inside: scores, and the path with the largest sum, also where the form of the number is known. Not
inside: what there is to choose from (`split`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product
from typing import TypeAlias

import numpy as np

from digitus.vision.split import Stretch

# What is taken from a logarithm of likelihood.
DOUBTED = 1.0  # for what is more likely no such digit than one
TOO_WIDE, TOO_LOW = (
    2.0,
    5.0,
)  # for each height that a digit is too wide, each line that it is too low
CUT, CROSSED = 0.2, 1.5  # for each cut through ink, and each height of ink that it crosses
UNWRITTEN, LEFT_OUT = -1.0, -4.0  # scores of a sign that is not there, and of ink that is none

_Place: TypeAlias = tuple[int, int]  # how many atoms, and how many signs of the pattern, are past


def score(stretch: Stretch, height: float, confidence: float) -> float:
    """The logarithm of how likely ink is one digit: by its looks, its size, and its cuts."""
    _, _, w, h = stretch.box
    wide = max(0.0, w / max(h, 1) - 1.0)
    low = max(0.0, 0.7 - h / height)
    cut = CUT * stretch.cuts + CROSSED * stretch.crossed
    looks = math.log(max(confidence, 1e-4)) - DOUBTED * (confidence < 0.5)
    return looks - TOO_WIDE * wide - TOO_LOW * low - cut


def best_path(
    tried: Sequence[Stretch], scores: Sequence[float], pattern: str | None = None
) -> list[int] | None:
    """The stretches, by index, that cover the atoms of a line with the largest sum of scores.

    With a `pattern`, there are as many as it has "#". Its other signs, but for spaces, may be ink
    too, which then is in no stretch of the path. None where no path fits the pattern.

    A path goes from place to place (atoms behind it, signs of the pattern behind it), and the best
    way to a place is the best of all last steps, each after the best way to where it begins.
    """
    atoms = max((s.last for s in tried), default=0)
    signs = len(pattern) if pattern is not None else 0
    starting: dict[int, list[int]] = {}
    for i, stretch in enumerate(tried):
        starting.setdefault(stretch.first, []).append(i)
    best = np.full((atoms + 1, signs + 1), -np.inf)
    best[0, 0] = 0.0
    came: dict[_Place, tuple[_Place, int | None]] = {}
    for here in product(range(atoms + 1), range(signs + 1)):  # every step leads to a later place
        if best[here] == -np.inf:
            continue
        begun = [(i, tried[i].last, scores[i]) for i in starting.get(here[0], ())]
        for value, there, taken in _steps(here, begun, pattern):
            if best[here] + value > best[there]:
                best[there] = best[here] + value
                came[there] = (here, taken)
    at = (atoms, signs)
    if best[at] == -np.inf:
        return None
    path: list[int] = []
    while at in came:
        at, taken = came[at]
        if taken is not None:
            path.append(taken)
    return path[::-1]


def _steps(
    here: _Place, starting: Sequence[tuple[int, int, float]], pattern: str | None
) -> Iterator[tuple[float, _Place, int | None]]:
    """What may come next: its score, the place it leads to, and the stretch that is a digit.

    `starting` are the stretches that begin here: their indices, last atoms and scores as digits.
    """
    atom, sign = here
    if pattern is None:
        yield from ((score, (last, 0), i) for i, last, score in starting)
        return
    wanted = pattern[sign : sign + 1]  # nothing behind its end
    if wanted not in ("#", ""):
        yield UNWRITTEN * (wanted != " "), (atom, sign + 1), None
    for i, last, score in starting:
        yield LEFT_OUT, (last, sign), None
        if wanted == "#":
            yield score, (last, sign + 1), i
        elif wanted not in (" ", ""):
            yield _no_digit(score), (last, sign + 1), None


def _no_digit(digit: float) -> float:
    """The score of ink as another sign, from its score as a digit."""
    return math.log(max(1 - math.exp(min(digit, 0.0)), 0.02))
