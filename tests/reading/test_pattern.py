"""The text of a line, in groups or in the form that was asked for, however the picture is read."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digitus.reading.pattern import filled, fitted, numbers, written
from digitus.reading.read import read
from digitus.reading.result import Digit


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


def test_what_stands_where_the_pattern_has_a_sign_is_that_sign() -> None:
    """A slash is often a likely 1; a find elsewhere that is likelier none is left out instead."""
    slashes = np.array([0.97, 0.96, 0.9, 0.95, 0.98, 0.93, 0.97, 0.95, 0.92, 0.96])
    assert fitted([*range(10)], slashes, "##/##/####") == [0, 1, 3, 4, 6, 7, 8, 9]
    assert fitted([*range(10)], slashes, "########") == [0, 1, 3, 4, 5, 6, 7, 9]
    assert fitted([*range(5)], np.array([0.97, 0.98, 0.97, 0.98, 0.1]), "##.##") == [0, 1, 2, 3]
    assert fitted([*range(5)], np.array([0.97, 0.98, 0.9, 0.98, 0.97]), "## ##") == [0, 1, 3, 4]
    assert fitted([5, 7], np.ones(9), "##.##") == [5, 7]


def test_the_number_is_the_line_with_most_of_it() -> None:
    lines = [[1, 2, 3, 4, 5, 6], [7, 8], [], [9, 10, 11, 12]]
    assert numbers(lines, "########") == [lines[0], lines[3]]
    assert numbers([[1], [2, 3]], "########") == [[2, 3]]
    assert numbers([], "#") == []


def row(*left: int, wide: int = 20) -> list[Digit]:
    image = np.zeros((28, 28), np.uint8)
    return [Digit(i, 0.9, (x, 30, wide, 40), 2, image, np.eye(10)[i]) for i, x in enumerate(left)]


@pytest.mark.parametrize(
    ("left", "pattern", "values", "width"),
    [
        ((10, 50, 90), "###", "012", 400),
        ((10, 50, 130), "####", "01?2", 400),
        ((10, 50, 170, 250), "#######", "01??2?3", 400),
        ((10, 50, 90), "#####", "012??", 400),
        ((90, 130, 170), "#####", "??012", 200),
        ((90, 130, 170), "####", "012?", 260),
        ((90,), "##", "0?", 200),
        ((0, 20), "####", "01??", 40),
    ],
)
def test_missing_digits_are_question_marks_where_there_is_room(left, pattern, values, width):
    whole = filled(row(*left), pattern, width, 100)
    assert "".join("?" if d.value is None else str(d.value) for d in whole) == values
    for digit in whole:
        x, y, w, h = digit.box
        assert 0 <= x < x + w <= width
        assert 0 <= y < y + h <= 100
        assert digit.line == 2
    if "?0" not in values and width == 400:
        assert [d.box[0] for d in whole] == sorted(d.box[0] for d in whole)


def test_missing_digits_stand_in_lines_that_run_down_the_page() -> None:
    """As in a picture that lies on its side."""
    image = np.zeros((28, 28), np.uint8)
    column = [Digit(1, 0.9, (50, y, 40, 20), 0, image, np.eye(10)[1]) for y in (10, 50, 130)]
    whole = filled(column, "####", 200, 400)
    assert [d.value for d in whole] == [1, 1, None, 1]
    assert whole[2].box == (50, 90, 40, 20)


@pytest.mark.parametrize("apart", [0, 1])
def test_digits_in_one_place_are_filled_up_to_the_right(apart: int) -> None:
    seen, p = np.zeros((28, 28), np.uint8), np.full(10, 0.1)
    both = [Digit(v, 0.9, (20 + apart * v, 30, 10, 20), 0, seen, p) for v in (0, 1)]
    whole = filled(both, "####", 200, 100)
    assert [digit.value for digit in whole] == [0, 1, None, None]
    assert whole[2].box[0] > 25


@pytest.mark.parametrize("drawn", [False, True])
@pytest.mark.parametrize("side", [28, 160])
def test_a_single_digit_stands_in_its_pattern(side: int, drawn: bool) -> None:
    picture = np.full((side, side), 240, np.uint8)
    ends = [(round(0.35 * side), round(0.2 * side)), (round(0.65 * side), round(0.2 * side)),
            (round(0.45 * side), round(0.8 * side))]  # fmt: skip
    cv2.polylines(picture, [np.array(ends, np.int32)], False, 20, max(2, side // 14))
    assert read(picture, pattern="No. #", drawn=drawn).lines == ("No. 7",)
