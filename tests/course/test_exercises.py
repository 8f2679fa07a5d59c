"""The exercises' checks: what is right passes, and what people write instead is told apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from course.answers import ANY_FUNCTION, RIGHT, WRONG
from digitus.course.exercises import Wrong, array, judge, number, verdict
from digitus.course.text import lessons
from digitus.errors import CourseError

EXERCISES = [name for lesson in lessons() for name in lesson.exercises]
FUNCTIONS = [name for name in EXERCISES if callable(RIGHT[name])]


def told(name: str, answer: Any) -> str:
    with pytest.raises(Wrong) as wrong:
        judge(name)(answer)
    return wrong.value.key


def test_every_exercise_has_answers_to_be_tried() -> None:
    assert EXERCISES == list(RIGHT) == list(WRONG)
    assert all(len(wrong) >= 3 for wrong in WRONG.values())


@pytest.mark.parametrize("name", EXERCISES)
def test_a_right_answer_is_accepted(name: str) -> None:
    assert verdict(name, RIGHT[name]) == (True, "Right.")


@pytest.mark.parametrize(
    ("name", "key", "answer"),
    [(name, key, answer) for name, wrong in WRONG.items() for key, answer in wrong],
)
def test_a_wrong_answer_is_told_what_is_wrong(name: str, key: str, answer: Any) -> None:
    assert told(name, answer) == key
    right, words = verdict(name, answer)
    assert not right
    assert "{" not in words
    assert len(words) > 20


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_no_function_or_does_not_run_is_said(name: str) -> None:
    for key, answer in ANY_FUNCTION:
        assert told(name, answer) == key, key

    def unchanged(*given: Any) -> None: ...

    assert told(name, unchanged) == "check.unanswered"


@pytest.mark.parametrize(
    ("answer", "key"),
    [
        ("784", "check.no_number"),
        (True, "check.no_number"),
        (None, "check.unanswered"),
        (float("nan"), "check.not_finite"),
        (np.inf, "check.not_finite"),
        (np.arange(3), "check.no_number"),
    ],
)
def test_what_is_no_number_is_said(answer: Any, key: str) -> None:
    with pytest.raises(Wrong) as wrong:
        number(answer)
    assert wrong.value.key == key


@pytest.mark.parametrize("answer", [4, 4.0, np.float32(4), np.array(4), np.array([4.0])])
def test_a_number_of_any_kind_is_one(answer: Any) -> None:
    assert number(answer) == 4


@pytest.mark.parametrize("name", ["1z", "99a", "a", "", "1"])
def test_an_exercise_that_is_none(name: str) -> None:
    with pytest.raises(CourseError, match="no exercise"):
        judge(name)


def test_the_entry_of_an_array_that_is_no_ordinary_number_is_shown() -> None:
    with pytest.raises(Wrong) as wrong:
        array([1.0, np.nan, np.inf], (3,))
    assert wrong.value.key == "check.not_finite"
    assert np.isnan(wrong.value.values["value"])  # in the words of no language
