"""The picture with the answers drawn on it."""

from __future__ import annotations

import io

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from conftest import examples
from digitus import notebook
from digitus.reading.result import DOUBTFUL_BELOW
from digitus.report.annotate import DOUBTFUL_INK, SURE_INK, annotate, label
from digitus.report.review import doubts_of
from shown import REFUSED, SURE, UNSURE, digit, picture, reading


def test_what_is_doubtful():
    assert not SURE.doubtful
    assert not digit(3, DOUBTFUL_BELOW).doubtful
    assert UNSURE.doubtful
    assert digit(None, 0.95).doubtful
    assert [label(d) for d in (SURE, UNSURE, REFUSED)] == ["3", "8", "? 7"]


def test_notebooks_call_the_same_doubtful():
    shown = notebook.picture(picture(), 200, 100, [SURE, UNSURE, REFUSED])
    assert shown.count("stroke-dasharray") == 2
    assert shown.count(">?</text>") == 1


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
@examples(20)
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
    assert len(doubts.doubts) == len(boxes)
