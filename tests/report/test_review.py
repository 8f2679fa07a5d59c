"""The review: doubtful digits to be corrected, with the table of all lines."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from digitus.report.explain import explain
from digitus.report.review import doubts_of, review
from html_page import Page
from shown import REFUSED, SURE, UNSURE, digit, fetches_nothing, picture, reading, steps


def data_of(text):
    return json.loads(re.search(r'id="data">(.*?)</script>', text)[1])


def test_it_holds_all_lines_and_the_doubtful_digits():
    r = reading(SURE, UNSURE, REFUSED, lines=("3 8", "?"))
    sure = reading(SURE, lines=("3",))
    text = review([doubts_of("</script>.png", picture(), r), doubts_of("b.png", picture(), sure)])
    page = Page(text)
    assert fetches_nothing(page)
    assert "2 doubtful digits" in page.text
    assert "of 4 digits in 2 pictures" in page.text
    assert [card["data-guess"] for card in page.with_class("doubt")] == ["8", "7"]
    data = data_of(text)
    assert data["doubts"] == [[0, 2], [1, 0]]
    assert data["table"] == [
        {"file": "</script>.png", "line": 1, "text": ["3", " ", "8"]},
        {"file": "</script>.png", "line": 2, "text": ["?"]},
        {"file": "b.png", "line": 1, "text": ["3"]},
    ]


@pytest.mark.parametrize(
    ("line", "places"), [("3-8.?", [2, 4]), ("+49 3/8?", [6, 7]), ("8?3 8 ?", [4, 6])]
)
def test_signs_of_a_pattern_are_no_digits(line, places):
    """`--pattern '##-##' --review` ended in Python's own error, and so did `--explain`."""
    r = reading(SURE, UNSURE, REFUSED, lines=(line,))
    data = data_of(review([doubts_of("a.png", picture(), r)]))
    assert data["doubts"] == [[0, place] for place in places]
    text = Page(explain(picture(), replace(r, steps=steps()), "a.png")).text
    assert line in text.replace("\n", "")


def test_without_doubts_the_table_can_be_saved_all_the_same():
    page = Page(review([doubts_of("b.png", picture(), reading(SURE, lines=("3",)))]))
    assert "No digit is doubtful" in page.text


def test_a_picture_decoded_smaller_has_its_frames_at_the_right_place():
    r = reading(digit(3, 0.5, (100, 50, 20, 30)), lines=("3",))
    (doubt,) = doubts_of("x", picture(100, 50), r).doubts  # half the size that the boxes are for
    assert doubt.surroundings.frame[2:] == (10, 15)


def test_one_is_no_plural():
    r = reading(UNSURE, lines=("8",))
    page = Page(review([doubts_of("a.png", picture(), r)]))
    assert page.text.startswith("1 doubtful digit · digitus")
    assert "doubtful digits" not in page.text
