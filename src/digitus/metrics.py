"""Counting: how often answers are right, which digit is read as which, how honest confidences are.

Labels and answers in, numbers out. Nothing here knows a network or prints anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import cos, nan, pi, sin, sqrt, tan
from typing import NotRequired, TypedDict

import numpy as np
import numpy.typing as npt

from digitus.types import Counts

Z95 = 1.959964  # the normal quantile of a two-sided 95 % interval


class DigitRow(TypedDict):
    """A line of the table by digit; `accuracy` is None where there is no such digit."""

    digit: int
    count: int
    wrong: int
    accuracy: float | None


class Confusion(TypedDict):
    """How often one digit is read as another."""

    digit: int
    read_as: int
    times: int


class ScoreRecord(TypedDict):
    """A score as JSON holds it; `classes` are there where they are not the ten digits."""

    data: str
    n: int
    accuracy: float
    interval95: list[float]
    by_digit: list[DigitRow]
    confusion: list[list[int]]
    frequent_confusions: list[Confusion]
    ece: float
    threshold: float
    refused: float
    accuracy_accepted: float | None
    classes: NotRequired[str]


def interval95(right: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share, right of n (Wilson 1927).

    Unlike the textbook's p ± 1.96 √(p(1-p)/n) it stays within 0 and 1 and is not empty at p = 1.
    """
    if n == 0:
        return 0.0, 1.0
    p, z2 = right / n, Z95 * Z95
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 * sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return max(0.0, middle - half), min(1.0, middle + half)


def student95(values: Sequence[float]) -> tuple[float, float]:
    """Mean of independent runs and half the width of its 95 % interval (Student 1908).

    One run has no width: NaN.
    """
    n, mean = len(values), float(np.mean(values))
    half = t95(n - 1) * float(np.std(values, ddof=1)) / sqrt(n) if n > 1 else nan
    return mean, half


@cache
def t95(freedom: int) -> float:
    """The t that 95 % of Student's distribution lies within, for so many degrees of freedom."""
    low, high = 0.0, pi / 2
    for _ in range(52):  # halvings: a float has that many bits
        middle = (low + high) / 2
        low, high = (middle, high) if _share_within(middle, freedom) < 0.95 else (low, middle)
    return sqrt(freedom) * tan(low)


def _share_within(theta: float, freedom: int) -> float:
    """How much of Student's distribution lies within ± √ν tan θ, for ν degrees of freedom.

    A finite sum of powers of cos θ (Abramowitz & Stegun 1964, 26.7.3 and 26.7.4).
    """
    odd = freedom % 2
    term = cos(theta) if odd else 1.0
    total = term if freedom > 1 else 0.0
    for m in range(2 + odd, freedom - 1, 2):
        term *= (m - 1) / m * cos(theta) ** 2
        total += term
    return 2 / pi * (theta + sin(theta) * total) if odd else sin(theta) * total


def confusion(labels: npt.ArrayLike, answers: npt.ArrayLike, classes: int = 10) -> Counts:
    """Counts [classes classes]: row, the true digit; column, what it was read as.

    Raises `ValueError` for what is none of the classes: it would be counted as another pair.
    """
    labels, answers = np.asarray(labels, np.int64), np.asarray(answers, np.int64)
    for digits in (labels, answers):
        if digits.size and not 0 <= digits.min() <= digits.max() < classes:
            raise ValueError(f"digits must lie in 0..{classes - 1}: {digits.min()}..{digits.max()}")
    pairs = labels * classes + answers
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def sign(record: ScoreRecord, place: int) -> str:
    """What a score calls a class: a digit, or the sign of another set of classes."""
    return record["classes"][place] if "classes" in record else str(place)


def by_digit(table: Counts) -> list[DigitRow]:
    """The papers' table from a confusion matrix: digit, count, wrong, accuracy."""
    rows: list[DigitRow] = []
    for digit, row in enumerate(np.asarray(table)):
        count = int(row.sum())
        wrong = count - int(row[digit])
        accuracy = (count - wrong) / count if count else None
        rows.append({"digit": digit, "count": count, "wrong": wrong, "accuracy": accuracy})
    return rows


def frequent_confusions(table: Counts, most: int = 10) -> list[Confusion]:
    """The largest entries off the diagonal: {"digit", "read_as", "times"}, most frequent first."""
    table = np.asarray(table)
    wrong = table - np.diag(np.diag(table))
    order = np.argsort(-wrong, axis=None, kind="stable")[:most]
    places = [divmod(int(k), table.shape[1]) for k in order]
    return [{"digit": i, "read_as": j, "times": int(wrong[i, j])} for i, j in places if wrong[i, j]]


def calibration_error(confidence: npt.ArrayLike, right: npt.ArrayLike, bins: int = 15) -> float:
    """Expected calibration error: |confidence - accuracy| averaged over bins (Guo et al. 2017)."""
    confidence, right = np.asarray(confidence, np.float64), np.asarray(right, np.float64)
    if confidence.size == 0:
        return 0.0
    which = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    gap = np.bincount(which, confidence - right, minlength=bins)
    return float(np.abs(gap).sum() / confidence.size)


def auroc(higher: npt.ArrayLike, lower: npt.ArrayLike) -> float:
    """The probability that a score of the first group exceeds one of the second; a tie is ½."""
    higher, lower = np.asarray(higher, np.float64), np.sort(np.asarray(lower, np.float64))
    if higher.size == 0 or lower.size == 0:
        raise ValueError("AUROC compares two groups; one of them is empty")
    below = np.searchsorted(lower, higher, "left")
    up_to = np.searchsorted(lower, higher, "right")
    return float((below + up_to).sum() / (2 * higher.size * lower.size))
