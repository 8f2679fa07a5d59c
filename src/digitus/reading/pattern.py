"""Patterns: a number's format, where it is known: "#" for a digit, anything else as it stands.

Inside: which lines may be that number, which of a line's finds are its digits, where digits are
missing, and the text of a line. Not inside: finding digits (`look`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import log
from typing import TypeVar

import numpy as np

from digitus.datasets.digits import SIDE
from digitus.reading.result import Digit
from digitus.types import Box, Floats64

Line = TypeVar("Line", bound=Sequence[object])

LEAST, MOST = 1e-6, 1 - 1e-6  # probabilities: no find is surer than that to be a digit, or none
SIGN_ODDS = 20.0  # times the odds that a find is no digit, where the pattern has a sign
FAR = 1.5  # times the usual distance: where digits stand so far apart, one may be missing


def numbers(lines: Sequence[Line], pattern: str) -> list[Line]:
    """The lines that may be the number: those with half of its digits, or else the longest."""
    longest = max(map(len, lines), default=0)
    least = min(pattern.count("#"), 2 * longest)
    return [line for line in lines if line and 2 * len(line) >= least]


def fitted(line: Sequence[int], likely: Floats64, pattern: str) -> list[int]:
    """As many finds of a line as the pattern has digits: the likeliest, in their order.

    `likely` [k] are the probabilities that finds are digits. The likelihood of a choice is the
    product of p over those taken and of 1 - p over the others. Where the pattern has a sign, one
    find may be that sign, such as a slash that looks like a 1: there the odds against a digit are
    `SIGN_ODDS` times higher. The best choice is found by dynamic programming over pairs of (finds
    passed, places of the pattern passed).
    """
    if len(line) <= pattern.count("#"):
        return list(line)
    p = np.clip(likely[list(line)], LEAST, MOST).tolist()
    best = {(0, 0): 0.0}
    came: dict[tuple[int, int], tuple[tuple[int, int], bool]] = {}
    for here in np.ndindex(len(p) + 1, len(pattern) + 1):  # every step leads to a later place
        if here not in best:
            continue
        for value, there, taken in _steps(here, p, pattern):
            if best[here] + value > best.get(there, -np.inf):
                best[there] = best[here] + value
                came[there] = here, taken
    at, chosen = (len(p), len(pattern)), []
    while at in came:
        at, taken = came[at]
        if taken:
            chosen.append(line[at[0]])
    return chosen[::-1]


def _steps(
    here: tuple[int, int], p: Sequence[float], pattern: str
) -> Iterator[tuple[float, tuple[int, int], bool]]:
    """The possible steps: log likelihood, where it leads, whether it takes a find as a digit."""
    find, place = here
    wanted = pattern[place : place + 1]  # "" behind its end
    if wanted not in ("#", ""):
        yield 0.0, (find, place + 1), False  # most signs are no finds
    if find == len(p):
        return
    none = 1 - p[find]
    yield log(none), (find + 1, place), False
    if wanted == "#":
        yield log(p[find]), (find + 1, place + 1), True
    elif wanted.strip():
        yield log(SIGN_ODDS * none / (SIGN_ODDS * none + p[find])), (find + 1, place + 1), False


def filled(digits: Sequence[Digit], pattern: str, width: int, height: int) -> list[Digit]:
    """As many digits as the pattern has, with refused ones where digits of the line are missing.

    A digit is missing where two neighbours stand `FAR` apart, else after the last one, or before
    the first one if the picture ends after the last one.
    """
    missing = pattern.count("#") - len(digits)
    if missing <= 0 or not digits:
        return list(digits)
    boxes = np.array([digit.box for digit in digits], np.float64)
    size = np.median(boxes[:, 2:], axis=0)
    middle = boxes[:, :2] + boxes[:, 2:] / 2
    steps = np.diff(middle, axis=0)
    length = np.hypot(*steps.T)
    usual = float(np.median(length[length <= FAR * length.min()])) if len(length) else 0.0
    usual = max(usual, float(size.min()))
    whole = steps.sum(0)
    far = float(np.hypot(*whole))
    way = whole / far if far >= 1 else np.array([1.0, 0.0])
    ends = ((middle[0], -way), (middle[-1], way))
    rooms = [_room(at, outwards, width, height) / usual for at, outwards in ends]
    gaps = _gaps(missing, length / usual, rooms)
    line: list[Digit] = []
    for i, count in enumerate(gaps):
        first = middle[i - 1] if i else middle[0] - (count + 1) * usual * way
        last = middle[i] if i < len(digits) else middle[-1] + (count + 1) * usual * way
        for k in range(1, count + 1):
            at = first + (last - first) * k / (count + 1)
            box = _inside(at, size, width, height)
            line.append(_unseen(box, digits[0].line))
        line += digits[i : i + 1]
    return line


def _gaps(missing: int, apart: Floats64, rooms: Sequence[float]) -> list[int]:
    """How many are missing before the first digit, between neighbours, and after the last.

    `apart` are the distances of neighbours, `rooms` those of the first and the last digit to the
    edges, all in the usual distance.
    """
    gaps = [0] * (len(apart) + 2)
    for _ in range(missing):
        wide = apart / (np.array(gaps[1:-1]) + 1)
        if len(wide) and wide.max() >= FAR:
            gaps[int(wide.argmax()) + 1] += 1
        else:
            before = rooms[1] < gaps[-1] + 1 and rooms[0] >= gaps[0] + 1
            gaps[0 if before else -1] += 1
    return gaps


def _room(at: Floats64, way: Floats64, width: int, height: int) -> float:
    """How far it is to the edge of the picture in that direction."""
    edges = [
        (side if d > 0 else 0) - a for a, d, side in zip(at, way, (width, height), strict=True)
    ]
    return min(edge / d for edge, d in zip(edges, way, strict=True) if abs(d) > 1e-3)


def _inside(at: Floats64, size: Floats64, width: int, height: int) -> Box:
    """A box of that size around a place, as far as it lies in the picture."""
    (w, left), (h, top) = (
        (min(max(1, round(s)), side), round(min(max(a - s / 2, 0), side - min(s, side))))
        for a, s, side in zip(at.tolist(), size.tolist(), (width, height), strict=True)
    )
    return left, top, min(w, width - left), min(h, height - top)


def _unseen(box: Box, line: int) -> Digit:
    """A digit that must be there and was not found."""
    return Digit(None, 0.0, box, line, np.zeros((SIDE, SIDE), np.uint8), np.zeros(10))


def written(groups: Sequence[Sequence[int | None]], pattern: str | None) -> str:
    """The text of a line of groups of digits, None for what was refused.

    By the pattern if it has as many digits; else with a space between groups.
    """
    texts = ["".join("?" if value is None else str(value) for value in group) for group in groups]
    values = iter("".join(texts))
    if pattern is not None and sum(map(len, texts)) == pattern.count("#"):
        return "".join(next(values) if c == "#" else c for c in pattern)
    return " ".join(texts)
