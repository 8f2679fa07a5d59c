"""Drawings: every digit is found, none where there is none, and the chosen network names them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import digitus
from conftest import examples
from digitus.detection.closeups import CLASSES
from digitus.detection.detector import Detector
from digitus.detection.maps import CHANNELS, STRIDE
from digitus.reading.drawing import _in_picture
from digitus.reading.result import GreyPicture
from penned import penned, side_by_side
from small import recognizer

DIGIT = st.integers(0, 9)
HAND = st.integers(0, 10**6)


@pytest.mark.parametrize("weak", [False, True], ids=["shipped", "weak"])
@examples(80)
@given(
    a=DIGIT, b=DIGIT, hand=HAND, side=st.integers(30, 200), pen=st.floats(0.3, 1.6),
    more=st.integers(1, 80),
)  # fmt: skip
def test_digits_that_stand_apart_are_never_read_as_one(weak, a, b, hand, side, pen, more):
    inks = [penned(a, hand, side, pen), penned(b, hand + 1, side, pen)]
    highs = sorted(ink.shape[0] for ink in inks)
    assume(highs[0] >= 0.6 * highs[1])
    canvas, starts = side_by_side(inks, round(0.35 * side * pen) + more)
    reading = digitus.read(canvas, recognizer=recognizer() if weak else None, drawn=True)
    for digit in reading.digits:
        x, y, w, h = digit.box
        inked = canvas[y : y + h, x : x + w] < 128
        halves = [
            inked[:, max(0, start - x) : max(0, start + ink.shape[1] - x)].sum()
            > 0.5 * (ink > 127).sum()
            for start, ink in zip(starts, inks, strict=True)
        ]
        assert not all(halves), (digit.value, digit.box, a, b, hand, side, pen, more)


@pytest.mark.slow
@pytest.mark.parametrize(
    "weak", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["shipped", "weak"]
)
def test_as_many_are_found_as_were_written(weak):
    wrong = []
    for i in range(60):
        rng = np.random.default_rng(i)
        values = rng.integers(0, 10, 1 + i % 5).tolist()
        inks = [penned(v, 100 * i + k, 100) for k, v in enumerate(values)]
        canvas, _ = side_by_side(inks, int(rng.integers(12, 40)))
        found = digitus.read(canvas, recognizer=recognizer() if weak else None, drawn=True).digits
        if len(found) != len(values):
            wrong.append((values, [digit.value for digit in found]))
    assert len(wrong) <= 1, wrong


@pytest.mark.parametrize("text", ["2026", "314", "7"])
def test_what_is_drawn_is_read_on_any_ground_and_at_any_size(text):
    canvas, _ = side_by_side([penned(int(c), 60 + i, 100) for i, c in enumerate(text)], 25)
    for zoom in (0.25, 0.5, 2, 5):
        how = cv2.INTER_AREA if zoom < 1 else cv2.INTER_CUBIC
        other = cv2.resize(canvas, None, fx=zoom, fy=zoom, interpolation=how)
        assert digitus.read(other, drawn=True).lines == (text,), zoom
    for other in (255 - canvas, 60 + canvas // 3, 200 - canvas // 2):
        assert digitus.read(other, drawn=True).lines == (text,)


def test_the_chosen_network_names_what_was_found():
    canvas, _ = side_by_side([penned(v, 7, 100) for v in (2, 8, 0)], 30)
    other = recognizer()
    reading = digitus.read(canvas, recognizer=other, drawn=True)
    assert len(reading.digits) == 3
    for digit in reading.digits:
        np.testing.assert_array_equal(
            digit.probabilities, other.probabilities(digit.image[None])[0]
        )
        assert digit.confidence == pytest.approx(float(digit.probabilities.max()))


def test_boxes_fit_the_ink():
    inks = [penned(v, 3, 90) for v in (4, 0, 6)]
    canvas, starts = side_by_side(inks, 30)
    for digit, ink, start in zip(
        digitus.read(canvas, drawn=True).digits, inks, starts, strict=True
    ):
        x, _, w, h = digit.box
        assert (x, w, h) == pytest.approx((start, ink.shape[1], ink.shape[0]), abs=2)


def test_two_lines_are_two():
    rows = []
    for number in ((3, 1, 4), (2, 7)):
        canvas, _ = side_by_side([penned(v, 11 + v, 80) for v in number], 20)
        rows.append(np.pad(canvas, ((0, 0), (0, 500 - canvas.shape[1])), constant_values=255))
    assert digitus.read(np.vstack(rows), drawn=True).lines == ("314", "27")


def test_so_many_are_read_as_there_are_known_to_be():
    canvas, _ = side_by_side([penned(v, 21, 100) for v in (6, 0, 5)], 25)
    for count in (2, 3, 4):
        assert len(digitus.read(canvas, digits=count, drawn=True).digits) == count
    assert digitus.read(canvas, pattern="#/##", drawn=True).lines == ("6/05",)


def test_nothing_is_found_where_nothing_is_written():
    rng = np.random.default_rng(0)
    canvases = [np.full((200, 300), 255, np.uint8) for _ in range(4)]
    cv2.circle(canvases[1], (100, 80), 4, 0, -1)
    zigzag = [(20 + 20 * i, 60 if i % 2 else 140) for i in range(13)]
    cv2.polylines(canvases[2], [np.array(zigzag)], False, 0, 5)
    cv2.line(canvases[3], (10, 100), (290, 104), 0, 6)
    grain = rng.normal(200, 8, (200, 300)).clip(0, 255).astype(np.uint8)
    for canvas in (*canvases, grain):
        assert digitus.read(canvas, drawn=True).digits == ()


@pytest.mark.parametrize("shape", [(1, 500), (3, 1600), (1600, 2), (1600, 1600)])
def test_fine_and_long_ink_is_not_enlarged_without_end(shape, monkeypatch):
    seen = []

    def counted(_, grey):  # what there is to see does not hang on what is found
        seen.append(grey.size)
        n, h, w = grey.shape
        return np.full((n, h // STRIDE, w // STRIDE, CHANNELS), -20, np.float32)

    def undecided(_, boxes):
        return np.full((len(boxes), CLASSES), 1 / CLASSES)

    monkeypatch.setattr(Detector, "answers", counted)
    monkeypatch.setattr("digitus.reading.drawing.shipped_closeup", lambda: undecided)
    canvas = np.full((1600, 1600), 255, np.uint8)
    canvas[50 : 50 + shape[0] : 40, 50 : 50 + shape[1]] = 0
    digitus.read(canvas, drawn=True)
    assert sum(seen) < 8_000_000


@pytest.mark.parametrize("zoom", [0.3, 1.0, 2.6])
def test_boxes_lie_within_their_picture(zoom):
    picture = GreyPicture(np.zeros((28, 28), np.uint8), 31, 17)
    for x in np.linspace(0, 30.6, 9):
        for y in np.linspace(0, 16.6, 9):
            box = tuple(v / zoom for v in (x - 1, y - 2, 0.4, 0.4))
            left, top, wide, high = _in_picture(box, (1 / zoom, 2 / zoom), zoom, picture)
            assert 0 <= left < left + wide <= picture.width
            assert 0 <= top < top + high <= picture.height


def test_a_narrow_space_in_a_drawing_is_one() -> None:
    """The page network has learnt of no spaces in drawings, and took all of these for none."""
    right = 0
    for hand in range(8):
        inks = [penned(int(c), hand, 80) for c in "405043"]
        wide = sum(ink.shape[1] + 12 for ink in inks)
        canvas, x = np.full((160, wide + 100), 255, np.uint8), 30
        for i, ink in enumerate(inks):
            x += 40 * (i == 3)
            h, w = ink.shape
            canvas[80 - h // 2 : 80 - h // 2 + h, x : x + w] -= ink
            x += w + 12
        right += digitus.read(canvas, drawn=True).lines == ("405 043",)
    assert right >= 4
