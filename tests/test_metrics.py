"""Counting, against values worked out by hand, the literature and brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitus.metrics import (
    Z95,
    auroc,
    by_digit,
    calibration_error,
    confusion,
    frequent_confusions,
    interval95,
    student95,
    t95,
)

LABELS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=50)
SCORES = st.lists(st.integers(0, 5) | st.floats(0, 1), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    [
        # Newcombe 1998, Statistics in Medicine 17, table I, method 3 (Wilson's score).
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (29, 29, 1 - 0.1170, 1.0000),
    ],
)
def test_the_interval_has_the_published_values(right: int, n: int, low: float, high: float) -> None:
    assert interval95(right, n) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share_and_mirrors(share: tuple[int, int]) -> None:
    right, n = share
    low, high = interval95(right, n)
    assert 0 <= low <= right / n + 1e-12
    assert right / n - 1e-12 <= high <= 1
    assert low < high
    assert interval95(n - right, n) == pytest.approx((1 - high, 1 - low), abs=1e-9)


def test_the_interval_of_nothing() -> None:
    assert interval95(0, 0) == (0.0, 1.0)


# Fisher & Yates 1963, Statistical Tables, table III: two-sided 5 %.
T = {
    1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262,
    10: 2.228, 11: 2.201, 12: 2.179, 13: 2.160, 14: 2.145, 15: 2.131, 16: 2.120, 17: 2.110,
    18: 2.101, 19: 2.093, 20: 2.086, 21: 2.080, 22: 2.074, 23: 2.069, 24: 2.064, 25: 2.060,
    26: 2.056, 27: 2.052, 28: 2.048, 29: 2.045, 30: 2.042, 40: 2.021, 60: 2.000, 120: 1.980,
}  # fmt: skip


def test_students_quantile_has_the_published_values() -> None:
    for freedom, t in T.items():
        assert t95(freedom) == pytest.approx(t, abs=5.1e-4), freedom
    assert t95(1) == pytest.approx(np.tan(0.475 * np.pi), rel=1e-12)  # Cauchy's distribution
    assert t95(2) == pytest.approx(0.95 * (2 / (1 - 0.95**2)) ** 0.5, rel=1e-12)
    assert t95(10_000) == pytest.approx(Z95, abs=5e-4)  # near the normal distribution
    widths = [t95(freedom) for freedom in range(1, 200)]
    assert np.all(np.diff(widths) < 0)
    assert min(widths) > Z95


def test_the_interval_of_a_mean() -> None:
    mean, half = student95([0.91, 0.93, 0.95])
    assert mean == pytest.approx(0.93)
    assert half == pytest.approx(4.3027 * 0.02 / 3**0.5, rel=1e-4)
    assert np.isnan(student95([0.9])[1])


@pytest.mark.parametrize("n", [2, 5, 15, 40])
def test_the_interval_of_a_mean_holds_it_in_95_of_100_cases(n: int) -> None:
    rng = np.random.default_rng(n)
    found = [student95(row) for row in rng.standard_normal((4000, n))]
    share = np.mean([abs(mean) <= half for mean, half in found])
    assert share == pytest.approx(0.95, abs=0.012)  # 3.5 deviations


@pytest.mark.parametrize("strange", [-1, 10])
def test_what_is_no_class_is_not_counted_as_another_pair(strange: int) -> None:
    for labels, answers in (([3, strange], [3, 3]), ([3, 3], [strange, 3])):
        with pytest.raises(ValueError, match=f"{strange}"):
            confusion(labels, answers)


@given(LABELS)
def test_confusions_count_pairs(pairs: list[tuple[int, int]]) -> None:
    labels, answers = [a for a, _ in pairs], [b for _, b in pairs]
    table = confusion(labels, answers)
    assert table.shape == (10, 10)
    assert all(table[i, j] == pairs.count((i, j)) for i in range(10) for j in range(10))
    rows = by_digit(table)
    assert [row["digit"] for row in rows] == list(range(10))
    assert sum(row["count"] for row in rows) == len(pairs)
    assert sum(row["wrong"] for row in rows) == sum(a != b for a, b in pairs)
    assert all((row["accuracy"] is None) == (row["count"] == 0) for row in rows)
    frequent = frequent_confusions(table)
    times = [c["times"] for c in frequent]
    assert times == sorted(times, reverse=True)
    assert all(c["digit"] != c["read_as"] for c in frequent)
    assert all(c["times"] == table[c["digit"], c["read_as"]] > 0 for c in frequent)
    if len(frequent) < 10:
        assert sum(times) == sum(a != b for a, b in pairs)


def test_confusions_of_bytes_do_not_overflow() -> None:
    labels = np.full(3, 9, np.uint8)
    assert confusion(labels, labels)[9, 9] == 3
    assert confusion(np.full(3, 200, np.uint8), [1, 1, 1], classes=256)[200, 1] == 3


def test_calibration_error_by_hand() -> None:
    # Bins of a fifth: two answers near 0.9 of which one is right, three near 0.5, all right.
    confidence, right = [0.85, 0.95, 0.5, 0.55, 0.45], [True, False, True, True, True]
    expected = (2 * abs(0.9 - 0.5) + 3 * abs(0.5 - 1.0)) / 5
    assert calibration_error(confidence, right, bins=5) == pytest.approx(expected)


def test_calibration_error_at_its_ends() -> None:
    assert calibration_error([1.0] * 4, [True] * 4) == 0
    assert calibration_error([1.0] * 4, [False] * 4) == 1
    assert calibration_error([0.0], [False]) == 0
    assert calibration_error([], []) == 0
    rng = np.random.default_rng(0)
    honest = rng.random(20_000)
    assert calibration_error(honest, rng.random(20_000) < honest) < 0.02


@given(SCORES, SCORES)
def test_auroc_is_the_share_of_pairs(higher: list[float], lower: list[float]) -> None:
    pairs = [(a > b) + (a == b) / 2 for a in higher for b in lower]
    assert auroc(higher, lower) == pytest.approx(sum(pairs) / len(pairs))
    assert auroc(lower, higher) == pytest.approx(1 - auroc(higher, lower))


def test_auroc_of_nothing() -> None:
    for groups in (([], [1]), ([1], [])):
        with pytest.raises(ValueError, match="one of them is empty"):
            auroc(*groups)
