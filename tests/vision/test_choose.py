"""The best path is the best of all paths."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitus.vision.choose import best_path, score
from digitus.vision.split import Stretch

IMAGE = np.zeros((28, 28), np.uint8)


def stretch(first, last, box=(0, 0, 10, 20), crossed=0.0, cuts=0):
    return Stretch(0, first, last, box, IMAGE, crossed, cuts)


def all_paths(tried, atoms):
    """Every choice of stretches that follow one another from the first atom to the last."""
    for count in range(1, atoms + 1):
        for chosen in combinations(range(len(tried)), count):
            ordered = sorted(chosen, key=lambda i: tried[i].first)
            ends = [0, *(tried[i].last for i in ordered)]
            if ends[-1] == atoms and all(
                tried[i].first == end for i, end in zip(ordered, ends, strict=False)
            ):
                yield ordered


@given(st.integers(1, 4), st.data())
def test_no_path_is_better(atoms, data):
    tried = [stretch(a, b) for a in range(atoms) for b in range(a + 1, atoms + 1)]
    scores = data.draw(st.lists(st.floats(-9, 0), min_size=len(tried), max_size=len(tried)))
    path = best_path(tried, scores)
    best = max(sum(scores[i] for i in other) for other in all_paths(tried, atoms))
    assert path in list(all_paths(tried, atoms))
    assert sum(scores[i] for i in path) == pytest.approx(best)
    for digits in range(1, atoms + 1):
        assert len(best_path(tried, scores, "#" * digits)) == digits
    assert best_path(tried, scores, "#" * (atoms + 1)) is None


def test_other_signs_of_a_pattern_are_no_digits():
    tried = [stretch(i, i + 1) for i in range(4)]
    scores = [-0.01, -0.01, -3.0, -0.01]  # the third is a dash
    assert best_path(tried, scores, "##-#") == [0, 1, 3]
    assert best_path([*tried[:2], stretch(2, 3)], [-0.01] * 3, "##-#") == [0, 1, 2]


def test_ink_that_is_cut_wide_or_low_scores_less():
    plain = score(stretch(0, 1), 20, 0.9)
    assert plain == pytest.approx(np.log(0.9))
    for worse in (
        stretch(0, 1, crossed=0.2, cuts=1),
        stretch(0, 1, box=(0, 0, 40, 20)),
        stretch(0, 1, box=(0, 0, 5, 6)),
    ):
        assert score(worse, 20, 0.9) < plain


def test_two_digits_are_better_than_one_sign_that_is_none():
    both = score(stretch(0, 2, box=(0, 0, 20, 20)), 20, 0.3)
    halves = score(stretch(0, 1, box=(0, 0, 10, 20), crossed=0.1, cuts=1), 20, 0.6)
    assert 2 * halves > both
