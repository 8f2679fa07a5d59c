"""Which stretches of a line are its digits: the best path over what a recognizer says of each.

Inside: scores, and the path with the largest sum, also where the form of the number is known. Not
inside: what there is to choose from (`split`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from digitus.vision.split import Stretch

DOUBTED = 1.0  # for what is more likely no such digit than one
WIDE, LOW = 2.0, 5.0  # for each height that a digit is too wide, each line that it is too low
CUT, CROSSED = 0.2, 1.5  # for each cut through ink, and each height of ink that it crosses
UNWRITTEN, LEFT_OUT = -1.0, -4.0  # scores of a sign that is not there, and of ink that is none


def score(stretch: Stretch, height: float, confidence: float) -> float:
    """The logarithm of how likely ink is one digit: by its looks, its size, and its cuts."""
    _, _, w, h = stretch.box
    wide = max(0.0, w / max(h, 1) - 1.0)
    low = max(0.0, 0.7 - h / height)
    cut = CUT * stretch.cuts + CROSSED * stretch.crossed
    looks = math.log(max(confidence, 1e-4)) - DOUBTED * (confidence < 0.5)
    return looks - WIDE * wide - LOW * low - cut


def best_path(
    tried: Sequence[Stretch], scores: Sequence[float], pattern: str | None = None
) -> list[int] | None:
    """The stretches, by index, that cover the atoms of a line with the largest sum of scores.

    With a `pattern`, there are as many as it has "#". Its other signs, but for spaces, may be ink
    too, which then is in no stretch of the path. None where no path fits the pattern.
    """
    atoms = max((s.last for s in tried), default=0)
    signs = len(pattern) if pattern is not None else 0
    best = np.full((atoms + 1, signs + 1), -np.inf)
    came: dict[tuple[int, int], tuple[int, int, int | None]] = {}
    best[0, 0] = 0.0

    def offer(
        value: float, to: tuple[int, int], source: tuple[int, int], taken: int | None
    ) -> None:
        if value > best[to]:
            best[to] = value
            came[to] = (*source, taken)

    starting: dict[int, list[int]] = {}
    for i, stretch in enumerate(tried):
        starting.setdefault(stretch.first, []).append(i)
    for atom in range(atoms + 1):
        for sign in range(signs + 1):
            here, value = (atom, sign), float(best[atom, sign])
            if value == -np.inf:
                continue
            wanted = pattern[sign] if pattern is not None and sign < signs else None
            if wanted is not None and wanted != "#":
                offer(value + UNWRITTEN * (wanted != " "), (atom, sign + 1), here, None)
            for i in starting.get(atom, []):
                last = tried[i].last
                if pattern is None:
                    offer(value + scores[i], (last, 0), here, i)
                    continue
                offer(value + LEFT_OUT, (last, sign), here, None)
                if wanted == "#":
                    offer(value + scores[i], (last, sign + 1), here, i)
                elif wanted is not None and wanted != " ":
                    offer(value + _no_digit(scores[i]), (last, sign + 1), here, None)
    at = (atoms, signs)
    if best[at] == -np.inf:
        return None
    path: list[int] = []
    while at in came and at != (0, 0):
        atom, sign, taken = came[at]
        if taken is not None:
            path.append(taken)
        at = (atom, sign)
    return path[::-1]


def _no_digit(digit: float) -> float:
    """The score of ink as another sign, from its score as a digit."""
    return math.log(max(1 - math.exp(min(digit, 0.0)), 0.02))
