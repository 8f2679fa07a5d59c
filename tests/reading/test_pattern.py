"""The text of a line, in groups or in the form that was asked for, however the picture is read."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digitus.reading.pattern import fitted, written
from digitus.reading.read import read


@pytest.mark.parametrize(
    ("groups", "pattern", "text"),
    [
        ([[1, 2], [5]], None, "12 5"),
        ([[1, 2], [5]], "##.#", "12.5"),
        ([[1, None], [5]], "No ##/#", "No 1?/5"),
        ([[1, 2], [5]], "####", "12 5"),
        ([], None, ""),
    ],
)
def test_a_line_is_written_in_the_form_of_its_pattern(groups, pattern, text):
    assert written(groups, pattern) == text


def test_the_likeliest_finds_are_the_digits_of_a_pattern() -> None:
    likely = np.array([0.2, 0.9, 0.4, 0.8, 0.99])
    assert fitted([0, 1, 2, 3], likely, "##") == [1, 3]
    assert fitted([3, 2, 1, 0], likely, "#.##") == [3, 2, 1]
    assert fitted([2], likely, "##") == [2]


@pytest.mark.parametrize("drawn", [False, True])
@pytest.mark.parametrize("side", [28, 160])
def test_a_single_digit_stands_in_its_pattern(side: int, drawn: bool) -> None:
    picture = np.full((side, side), 240, np.uint8)
    ends = [(round(0.35 * side), round(0.2 * side)), (round(0.65 * side), round(0.2 * side)),
            (round(0.45 * side), round(0.8 * side))]  # fmt: skip
    cv2.polylines(picture, [np.array(ends, np.int32)], False, 20, max(2, side // 14))
    assert read(picture, pattern="No. #", drawn=drawn).lines == ("No. 7",)
