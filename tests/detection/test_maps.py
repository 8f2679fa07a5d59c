"""What the page network should answer, and taking answers apart again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitus.detection.maps import (
    CHANNELS,
    DIGIT,
    ENDS,
    FINER,
    FOLLOW,
    HEAT,
    JOINS,
    LARGEST,
    LINK,
    OFFSET,
    PARTS,
    SIZE,
    SMALLEST,
    STRIDE,
    UNIT,
    Peaks,
    Truth,
    peaks,
    targets,
)
from digitus.types import Floats32

SHAPE = (96, 128)


def as_answers(maps: Floats32) -> Floats32:
    """The answers of a network that knows: logits of what is wanted, 0 where nobody asks."""
    known = np.nan_to_num(maps)
    answers = known.copy()
    for part in (HEAT, FOLLOW, DIGIT, FINER):
        answers[:, :, part] = np.log((known[:, :, part] + 1e-4) / (1.0001 - known[:, :, part]))
    return answers


def test_the_channels_are_all_there_and_do_not_overlap() -> None:
    parts = (HEAT, OFFSET, SIZE, LINK, FOLLOW, DIGIT, FINER)
    covered = [i for part in parts for i in range(part.start, part.stop)]
    assert covered == list(range(CHANNELS))


@given(
    st.integers(0, 9), st.floats(10, 115), st.floats(10, 85), st.floats(5, LARGEST),
    st.floats(SMALLEST, LARGEST), st.sampled_from([ENDS, JOINS, PARTS]),
)  # fmt: skip
def test_a_digit_is_found_where_it_is(
    value: int, x: float, y: float, w: float, h: float, follow: int
) -> None:
    after = None if follow == ENDS else (x + 1.5 * max(w, h), y + 2)
    maps = targets([Truth(value, x, y, w, h, follow, after)], SHAPE)
    found = peaks(as_answers(maps), least=0.5)
    assert len(found) == 1
    np.testing.assert_allclose(found.boxes[0], [x, y, w, h], rtol=1e-3, atol=1e-2)
    assert found.digits[0].argmax() == value
    assert found.follow[0].argmax() == follow
    if after:
        np.testing.assert_allclose(found.after[0], after, rtol=1e-3, atol=0.05)


def test_each_of_two_digits_answers_for_its_own_places() -> None:
    left, right = Truth(1, 40.0, 50.0, 8, 30), Truth(7, 49.0, 50.0, 9, 30)
    maps = targets([left, right], SHAPE)
    found = peaks(as_answers(maps), least=0.9)
    assert sorted(found.digits.argmax(1).tolist()) == [1, 7]
    for d in (left, right):  # every cell that answers points at one of the two middles
        cell = maps[int(d.y / STRIDE), int(d.x / STRIDE)]
        assert cell[DIGIT].argmax() == d.value
    answered = np.argwhere(~np.isnan(maps[:, :, DIGIT.start]))
    for i, j in answered:
        middle = (np.array([j, i]) + 0.5 + maps[i, j, OFFSET]) * STRIDE
        assert min(np.abs(middle - (d.x, d.y)).max() for d in (left, right)) < 1e-3


@pytest.mark.parametrize(
    ("height", "heat", "finer"),
    [(2.0, 0.0, np.nan), (6.0, 0.0, 1.0), (11.0, np.nan, 1.0), (17.0, 1.0, np.nan),
     (40.0, 1.0, 0.0), (70.0, np.nan, 0.0), (95.0, 0.0, 0.0)],
)  # fmt: skip
def test_sizes_are_found_or_left_to_another_scale_or_to_nobody(
    height: float, heat: float, finer: float
) -> None:
    maps = targets([Truth(5, 62.0, 46.0, height / 2, height)], SHAPE)
    cell = maps[46 // STRIDE, 62 // STRIDE]
    np.testing.assert_equal(cell[HEAT.start], np.float32(heat))
    np.testing.assert_equal(cell[FINER.start], np.float32(finer))
    assert np.isnan(cell[DIGIT]).all() == (heat != 1.0)
    if height >= SMALLEST and heat == 1.0:
        assert cell[SIZE][1] == np.float32(np.log(height / UNIT))


def test_what_does_not_count_asks_for_nothing() -> None:
    maps = targets([Truth(5, 62.0, 46.0, 20, 30, counts=False)], SHAPE)
    assert np.isnan(maps[46 // STRIDE, 62 // STRIDE, HEAT.start])
    assert np.isnan(maps[:, :, DIGIT]).all()
    assert (np.nan_to_num(maps[:, :, HEAT.start]) == 0).all()


def test_most_peaks_are_the_hottest() -> None:
    digits = [Truth(i, 12.0 + 24 * i, 40.0, 12, 20) for i in range(5)]
    answers = as_answers(targets(digits, SHAPE))
    answers[:, :, 0] += np.linspace(0, 3, answers.shape[1])
    assert sorted(peaks(answers, 0.5, most=2).digits.argmax(1).tolist()) == [3, 4]
    assert len(peaks(answers, 0.5, most=0)) == 0


def test_nothing_is_found_in_nothing() -> None:
    maps = targets([], SHAPE)
    assert maps.shape == (24, 32, CHANNELS)
    found = peaks(as_answers(maps), least=0.1)
    assert len(found) == 0
    assert len(Peaks.joined([found, found]).take(np.array([], np.intp))) == 0
