"""Ink is shared out among places: pieces whole, what touches cut, what stands apart not joined."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import examples
from digitus.vision.ink import drawn_ink
from digitus.vision.share import shared


def sheet():
    return np.full((200, 400), 255, np.uint8)


def placed(ink, *boxes):
    """Places as middles and sizes in the ink's own pixels, from corners in the drawing."""
    x, y = ink.corner
    found = [((a + c) / 2 - x, (b + d) / 2 - y, c - a, d - b) for a, b, c, d in boxes]
    return np.array(found, np.float32).reshape(-1, 4)


def boxes_of(ink, shares, count):
    """The box of each place's ink, in the drawing."""
    found = []
    for place in range(count):
        x, y, w, h = shares.of(place)[1]
        found.append((x + ink.corner[0], y + ink.corner[1], w, h))
    return found


def test_each_place_has_its_piece():
    page = sheet()
    for x in (100, 200, 300):
        cv2.ellipse(page, (x, 100), (20, 40), 0, 0, 360, 0, 6)
    ink = drawn_ink(page)
    shares = shared(ink, placed(ink, (78, 55, 122, 145), (180, 62, 220, 140)))
    assert shares.several == []
    first, second = boxes_of(ink, shares, 2)
    assert first == pytest.approx((77, 57, 47, 87), abs=2)
    assert second == pytest.approx((177, 57, 47, 87), abs=2)
    (left,) = shares.left  # as large as a digit, and nobody has it
    assert left[0] + ink.corner[0] == pytest.approx(277, abs=2)


def test_ink_that_touches_is_cut_between_the_places():
    page = sheet()
    for x in (100, 144):
        cv2.ellipse(page, (x, 100), (20, 40), 0, 0, 360, 0, 6)
    ink = drawn_ink(page)
    assert len(ink) == 1
    shares = shared(ink, placed(ink, (77, 57, 123, 143), (121, 57, 167, 143)))
    first, second = boxes_of(ink, shares, 2)
    assert first[0] + first[2] == pytest.approx(122, abs=3)
    assert second[0] == pytest.approx(122, abs=3)
    inks = [shares.of(place)[0] for place in (0, 1)]
    assert inks[0].sum() == pytest.approx(inks[1].sum(), rel=0.1)


def test_a_stroke_that_reaches_into_another_place_stays_whole():
    page = sheet()
    cv2.line(page, (80, 60), (150, 60), 0, 6)  # the long bar of a 7
    cv2.line(page, (150, 60), (100, 140), 0, 6)
    cv2.ellipse(page, (160, 110), (18, 34), 0, 0, 360, 0, 6)
    ink = drawn_ink(page)
    assert len(ink) == 2
    shares = shared(ink, placed(ink, (76, 56, 150, 144), (138, 72, 182, 148)))
    first, second = boxes_of(ink, shares, 2)
    assert first == pytest.approx((77, 57, 76, 86), abs=3)
    assert second == pytest.approx((139, 73, 43, 75), abs=3)


def test_a_loose_bar_belongs_to_its_digit():
    page = sheet()
    cv2.ellipse(page, (100, 115), (24, 30), 0, 0, 360, 0, 6)
    cv2.line(page, (96, 62), (130, 60), 0, 6)
    ink = drawn_ink(page)
    place = placed(ink, (74, 82, 128, 148))
    assert len(shared(ink, place).left) == 1  # as wide as a digit, as long as nobody says otherwise
    shares = shared(ink, place, np.inf)
    assert boxes_of(ink, shares, 1)[0][1] == pytest.approx(57, abs=2)
    assert len(shares.left) == 0
    assert not shares.loose.any()


@examples(60)
@given(
    high=st.integers(60, 140), other=st.floats(0.6, 1), pen=st.integers(2, 12),
    gap=st.integers(1, 60), lean=st.integers(-20, 20),
)  # fmt: skip
def test_strokes_that_stand_apart_are_never_one_digit(high, other, pen, gap, lean):
    page = sheet()
    low = round(high * other)
    cv2.line(page, (150, 150 - high), (150 + max(lean, 0), 150), 0, pen)
    start = 150 + max(lean, 0) + 2 * pen + gap + high // 15
    cv2.line(page, (start, 150 - low), (start + 8, 150), 0, pen)
    ink = drawn_ink(page)
    assert len(ink) == 2
    whole = placed(ink, (130, 140 - high, start + 20, 160))
    for smaller in (0.4, np.inf):
        shares = shared(ink, whole, smaller)
        assert shares.several == [0]
        assert len(shares.left) == 2
        assert len(np.unique(ink.labels[shares.whose == 1])) == 1
