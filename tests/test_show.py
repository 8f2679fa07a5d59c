"""What is shown of a reading: the annotated picture, and the pages to understand and correct it."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from digitus.errors import DataError, OutputError
from digitus.reading.result import Candidate, Digit, Reading, Steps
from digitus.report.annotate import DOUBTFUL, DOUBTFUL_INK, SURE_INK, annotate, doubtful, label
from digitus.report.explain import explain
from digitus.report.review import doubts_of, review
from digitus.report.show import Show, distinct
from html_page import Page


def fetches_nothing(page):
    """Whether all addresses on a page lead into the page itself."""
    found = [a[name] for _, a in page.tags for name in ("src", "href", "action") if name in a]
    return all(address.startswith(("data:", "#")) for address in found)


def digit(value, confidence, box=(10, 10, 20, 30), line=0, likeliest=7):
    p = np.full(10, (1 - confidence) / 9)
    p[likeliest if value is None else value] = confidence
    return Digit(value, confidence, box, line, np.full((28, 28), 90, np.uint8), p)


def reading(*digits, lines=None, size=(200, 100), steps=None):
    lines = lines or tuple("".join("?" if d.value is None else str(d.value) for d in digits))
    return Reading(*size, tuple(digits), lines, steps)


def picture(width=200, height=100, colour=True):
    shape = (height, width, 3) if colour else (height, width)
    return np.full(shape, 230, np.uint8)


def steps(h=50, w=100):
    grey = np.full((h, w), 200, np.uint8)
    tried = np.zeros((28, 28), np.uint8)
    p = np.array([0.05, 0.7] + [0.03125] * 8)
    return Steps(
        grey=grey,
        paper=grey,
        dark_ink=True,
        rules=np.eye(h, w, dtype=bool),
        ink=255 - grey,
        pieces=(((5, 5, 10, 15), "digit"), ((60, 5, 3, 3), "too <small>")),
        lines=(((5, 5, 10, 15),),),
        candidates=(
            Candidate(0, (5, 5, 10, 15), tried, p, -0.25, True),
            Candidate(0, (5, 5, 5, 15), tried, p[::-1], -2.5, False),
        ),
        zoom=2.0,
        turns=1,
    )


SURE, UNSURE = digit(3, 0.998), digit(8, 0.6, (60, 10, 20, 30))
REFUSED = digit(None, 0.3, (110, 10, 20, 30))


def test_what_is_doubtful():
    assert not doubtful(SURE)
    assert not doubtful(digit(3, DOUBTFUL))
    assert doubtful(UNSURE)
    assert doubtful(digit(None, 0.95))
    assert [label(d) for d in (SURE, UNSURE, REFUSED)] == ["3", "8", "? 7"]


def drawn(*digits, **settings):
    return np.asarray(Image.open(io.BytesIO(annotate(picture(), reading(*digits, **settings)))))


def has(image, colour):
    return bool((np.abs(image.astype(int) - colour).max(2) == 0).any())


def test_frames_tell_the_sure_from_the_doubtful_by_colour_and_shape():
    sure, doubt = drawn(SURE), drawn(digit(3, 0.5))
    assert has(sure, SURE_INK)
    assert not has(sure, DOUBTFUL_INK)
    assert has(doubt, DOUBTFUL_INK)
    assert not has(doubt, SURE_INK)
    assert not has(drawn(lines=()), SURE_INK)
    # A broken frame leaves gaps.
    assert (sure == SURE_INK).all(2).sum() > 1.2 * (doubt == DOUBTFUL_INK).all(2).sum()


@given(
    st.tuples(st.integers(1, 300), st.integers(1, 300)),
    st.lists(st.tuples(*[st.integers(0, 300)] * 4), max_size=4),
    st.booleans(),
)
@settings(max_examples=20)
def test_any_picture_can_be_annotated(size, boxes, colour):
    width, height = size
    digits = [
        digit(4, 0.5, (x % width, y % height, 1 + w % width, 1 + h % height))
        for x, y, w, h in boxes
    ]
    r = reading(*digits, size=size)
    image = Image.open(io.BytesIO(annotate(picture(width, height, colour), r)))
    assert max(image.size) <= 2200
    doubts = doubts_of("x", picture(width, height, colour), r)
    assert len(doubts.cards) == len(boxes)


def test_the_page_that_explains_says_how_it_was_read():
    r = reading(SURE, UNSURE, REFUSED, lines=("38", "?"), steps=steps())
    text = explain(picture(), r, "a<b>.png")
    page = Page(text)
    assert fetches_nothing(page)
    assert "a<b>.png" in page.text
    assert "dark ink on light paper, made 2 times smaller, turned by 90 degrees" in page.text
    assert "too <small>" in page.text
    assert "score -0.25" in page.text
    assert "1 other way of cutting this line" in page.text
    assert len(page.with_class("way")) == 3 + 2
    assert len(page.with_class("doubt")) == 2
    assert page.text.count("70.0 %") == 2


def test_light_ink_and_nothing_found_are_explained_too():
    empty = replace(steps(), dark_ink=False, pieces=(), lines=(), candidates=(), turns=0, zoom=1.0)
    empty = replace(empty, rules=np.zeros((50, 100), bool))
    page = Page(explain(picture(), reading(lines=(), steps=empty), "empty.png"))
    assert "no digits" in page.text
    assert "light ink on dark paper." in page.text
    assert "No rules or boxes were found" in page.text


def test_what_has_no_steps_cannot_be_explained():
    with pytest.raises(DataError, match="without keeping the steps"):
        explain(picture(), reading(SURE), "x.png")


def data_of(text):
    return json.loads(re.search(r'id="data">(.*?)</script>', text)[1])


def test_the_page_to_correct_holds_all_lines_and_the_doubtful_digits():
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


def test_the_page_to_correct_without_doubts():
    page = Page(review([doubts_of("b.png", picture(), reading(SURE, lines=("3",)))]))
    assert "No digit is doubtful" in page.text


def test_a_picture_decoded_smaller_has_its_frames_at_the_right_place():
    r = reading(digit(3, 0.5, (100, 50, 20, 30)), lines=("3",))
    (card,) = doubts_of("x", picture(100, 50), r).cards  # half the size that the boxes are for
    assert 'width="10" height="15"/></svg>' in card


def test_show_writes_what_is_asked_for(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(picture()).save(path)
    r = reading(SURE, REFUSED, lines=("3?",), steps=steps())
    show = Show(tmp_path / "drawn", tmp_path / "why", review=True)
    (doubts,) = show(path, [r])
    assert doubts.name == str(path)
    with Image.open(tmp_path / "drawn" / "a.png") as drawn:
        assert drawn.size > (200, 100)
    assert "a.png" in (tmp_path / "why" / "a.html").read_text("utf-8")
    assert Show()(path, [r]) == []
    with pytest.raises(OutputError, match="cannot write"):
        Show(annotate=path)(path, [r])


def test_pages_of_a_file_have_names_of_their_own(tmp_path):
    path = tmp_path / "a.tif"
    pages = [Image.fromarray(picture(colour=False)) for _ in range(2)]
    pages[0].save(path, save_all=True, append_images=pages[1:])
    Show(annotate=tmp_path)(path, [reading(SURE, lines=("3",))] * 2)
    assert sorted(p.name for p in tmp_path.glob("*.png")) == [
        "a-page-1.png",
        "a-page-2.png",
    ]


def test_pictures_of_one_name_do_not_overwrite_each_other(tmp_path):
    names = ["x/1.png", "y/1.png", "1-2.jpg", "2.png", "x/A.png", "x/a.jpg"]
    paths = [tmp_path / name for name in names]
    assert [*distinct(paths).values()] == ["1", "1-2", "1-2-2", "2", "A", "a-2"]
