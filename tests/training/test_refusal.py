"""The threshold that tells digits that were learnt from others."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from digitus.training.refusal import HELD_BACK, MOST_REFUSED, drawn, held_back, threshold

CONFIDENCES = st.lists(st.sampled_from([k / 20 for k in range(21)]), min_size=1, max_size=30)
MANY = np.linspace(0.9, 1, 200)  # digits that a network is sure of


@given(CONFIDENCES, CONFIDENCES)
def test_it_is_a_confidence_and_refuses_few_of_the_known(
    known: list[float], others: list[float]
) -> None:
    found = threshold(known, others)
    assert 0 <= found <= 1
    assert np.mean(np.array(known) < found) <= MOST_REFUSED


@given(st.permutations(range(20)), CONFIDENCES)
def test_the_order_does_not_matter(order: list[int], others: list[float]) -> None:
    known = np.linspace(0.3, 1, 20)
    assert threshold(known[order], others[::-1]) == threshold(known, others)


def test_what_can_be_parted_is_parted() -> None:
    assert 0.4 < threshold(MANY, [0.2, 0.4]) < 0.401


def test_some_of_the_known_are_given_up_for_many_others() -> None:
    assert threshold([0.3, *MANY], 100 * [0.5]) > 0.5
    assert threshold([0.3] * 20 + [*MANY], 100 * [0.5]) < 0.3  # one in eleven is too many


def test_few_known_digits_leave_room_for_less_certain_ones() -> None:
    """Ten that are sure do not say that an eleventh is: nearly sure others are then accepted."""
    others = [*np.linspace(0.1, 0.4, 100), 0.8]
    assert threshold(MANY, others) > 0.8
    assert threshold(MANY[:10], others) < 0.41


def test_what_the_threshold_is_chosen_by_is_not_what_is_learnt() -> None:
    found = held_back([7, 4])
    assert abs(len(found) - HELD_BACK) < 0.15 * HELD_BACK
    learnt = {image.tobytes() for image in drawn([7, 4], 600, 0)}
    assert not learnt & {image.tobytes() for image in found}
