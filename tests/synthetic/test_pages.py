"""Made pages: reproducible, true to what they say is written, of every kind that they name."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import examples
from digitus.errors import DataError
from digitus.synthetic.pages.kinds import CHANCES, KINDS, SHARES
from digitus.synthetic.pages.pages import pages
from digitus.synthetic.pages.texts import CUT, JOIN
from digitus.synthetic.strokes import strokes


def one(seed, kinds=None, digits=None):
    return next(pages(1, seed, digits, kinds))


def assert_true(page):
    """What must hold of any page."""
    assert page.picture.dtype == np.uint8
    assert page.picture.ndim == 2 or page.picture.shape[2] == 3
    text = [line.replace(" ", "") for line in page.lines]
    assert [(str(value), line) for value, _, line in page.digits] == [
        (c, i) for i, line in enumerate(text) for c in line
    ]
    assert all(line == " ".join(line.split()) for line in page.lines)
    height, width = page.picture.shape[:2]
    for _, (x, y, w, h), _ in page.digits:
        assert 0 <= x < x + w <= width
        assert 0 <= y < y + h <= height
    assert page.kinds <= set(KINDS)
    assert len(page.kinds & SHARES.keys()) == 1
    assert bool(page.digits) == ("blank" not in page.kinds)


@given(st.integers(0, 2**32))
@examples(15)
def test_any_page_is_true(seed):
    assert_true(one(seed))


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_had(kind):
    page = next(page for page in pages(9, 3, kinds={kind}) if kind in page.kinds)
    assert_true(page)
    assert page.kinds - SHARES.keys() == {kind} & CHANCES.keys()


def test_a_page_does_not_depend_on_those_before_it():
    few = list(pages(3, 7))
    (last,) = pages(1, 7, start=2)
    assert np.array_equal(few[2].picture, last.picture)
    assert few[2].digits == last.digits
    assert not np.array_equal(few[0].picture, one(8).picture)


# The boxes of a form are dark too.
UNRULED = SHARES.keys() - {"blank", "tiny", "boxes", "comb", "cheque", "table"}


@pytest.mark.slow
@pytest.mark.parametrize("layout", sorted(UNRULED))
@pytest.mark.parametrize("source", ["pen", "images"])
def test_boxes_are_exactly_around_the_ink(layout, source):
    digits = strokes(100, seed=1) if source == "images" else None
    for seed in range(2):
        page = one(seed, {layout, "screen"}, digits)
        grey = page.picture if page.picture.ndim == 2 else page.picture.min(2)
        paper, darkest = int(grey[0, 0]), int(grey.min())
        ink = grey < paper - 0.2 * (paper - darkest)
        clear = grey < paper - 0.3 * (paper - darkest)
        inside = np.zeros_like(ink)
        for _, (x, y, w, h), _ in page.signs:
            inside[y : y + h, x : x + w] = True
        for _, (x, y, w, h), _ in page.digits:
            inside[y : y + h, x : x + w] = True
            part = ink[y : y + h, x : x + w]
            for side in (part[0], part[-1], part[:, 0], part[:, -1]):
                assert side.any()
        assert not (clear & ~inside).any()


@pytest.mark.parametrize("hard", ["rotated", "perspective", "desk", "turned", "curled"])
def test_boxes_follow_the_sheet(hard):
    found = 0
    for seed in range(4):
        page = one(seed, {"lines", hard, "thick"})
        grey = page.picture.mean(2) if page.picture.ndim == 3 else page.picture.astype(float)
        for _, (x, y, w, h), _ in page.digits:
            part = grey[y : y + h, x : x + w]
            high, low = np.quantile(part, [0.95, 0.02])
            found += high - low > 60
            assert (part < (high + low) / 2).mean() > 0.1  # a thick pen fills its box
    assert found > 20


@pytest.mark.parametrize("layout", ["crop", "cheque"])
def test_numbers_cut_out_are_small_and_whole(layout):
    at_the_edge = 0
    for page in pages(30, 6, kinds={layout}):
        assert_true(page)
        height, width = page.picture.shape[:2]
        assert 8 <= height <= 130
        assert 8 <= width <= 420
        for _, (x, y, w, h), _ in page.digits:
            assert h >= 6
            at_the_edge += min(x, y, width - x - w, height - y - h) <= 1
    assert at_the_edge > 15


@pytest.mark.parametrize("layout", ["single", "number", "lines", "boxes"])
def test_a_tight_picture_ends_with_its_digits(layout):
    touched = 0
    for page in pages(8, 4, kinds={layout, "tight"}):
        height, width = page.picture.shape[:2]
        boxes = np.array([box for _, box, _ in page.digits])
        rooms = [*boxes[:, :2].min(0), *([width, height] - (boxes[:, :2] + boxes[:, 2:]).max(0))]
        touched += layout != "boxes" and min(rooms) <= 1
        assert max(rooms) < 0.9 * np.median(boxes[:, 3]) + 3 or layout == "lines"
    assert touched > 2 or layout == "boxes"


def test_low_resolution_keeps_what_is_written():
    for page in pages(8, 4, kinds={"number", "low resolution"}):
        assert_true(page)
        if "low resolution" in page.kinds:
            assert 8 <= np.median([h for _, (_, _, _, h), _ in page.digits]) <= 34


def test_what_is_crossed_out_is_known_and_not_read():
    found = 0
    for page in pages(15, 3, kinds={"crossed out", "screen"}):
        assert_true(page)
        # Cut close, a picture may lose at its edge what is not to be read.
        assert page.crossed_out or "crossed out" not in page.kinds or "crop" in page.kinds
        grey = page.picture if page.picture.ndim == 2 else page.picture.min(2)
        paper, darkest = int(grey[0, 0]), int(grey.min())
        ink = grey < paper - 0.2 * (paper - darkest)
        for value, (x, y, w, h), line in page.crossed_out:
            assert 0 <= value <= 9
            assert line < len(page.lines)
            assert ink[y : y + h, x : x + w].mean() > 0.08
            found += 1
    assert found > 20


@pytest.mark.parametrize("hard", ["labels", "printed", "letters", "stamp", "window", "glare"])
def test_nothing_covers_the_digits(hard):
    for seed in range(5):
        page = one(seed, {"lines", "thick", hard, *(["screen"] if hard == "window" else [])})
        grey = page.picture.mean(2) if page.picture.ndim == 3 else page.picture.astype(float)
        for _, (x, y, w, h), _ in page.digits:
            high, low = np.quantile(grey[y : y + h, x : x + w], [0.97, 0.03])
            assert high - low > 40


def test_a_table_has_as_many_numbers_in_each_row():
    for page in pages(12, 8, kinds={"table"}):
        assert_true(page)
        assert len({len(line.split()) for line in page.lines}) == 1
        assert len(page.lines) >= 2


def test_neighbours_are_cut_off_and_no_digit_is():
    found = 0
    for page in pages(15, 2, kinds={"crop", "cut neighbours"}):
        assert_true(page)
        height = page.picture.shape[0]
        for character, (_, y, _, h), _ in page.signs:
            if character == CUT:
                assert y == 0 or y + h == height
                assert h < 0.5 * max(box[3] for _, box, _ in page.digits) + 2
                found += 1
    assert found > 15


def test_a_pen_that_is_not_lifted_makes_one_piece_of_two_digits():
    joins = 0
    for page in pages(10, 2, kinds={"lines", "joined", "screen"}):
        grey = page.picture if page.picture.ndim == 2 else page.picture.min(2)
        ink = (grey < (int(grey[0, 0]) + int(grey.min())) / 2).astype(np.uint8)
        pieces = cv2.connectedComponents(ink)[1]
        for character, (x, y, w, h), _ in page.signs:
            assert character == JOIN
            inside = pieces[y : y + h, x : x + w]
            assert len(np.unique(inside)) >= 2
            piece = np.bincount(inside[inside > 0]).argmax()
            reached = sum(
                (pieces[top : top + high, left : left + wide] == piece).any()
                for _, (left, top, wide, high), _ in page.digits
            )
            assert reached >= 2
            joins += 1
    assert joins > 15


def test_scattered_lines_begin_anywhere():
    for page in pages(5, 2, kinds={"lines", "scattered", "screen"}):
        firsts = {}
        for _, (x, _, _, h), line in page.digits:
            firsts.setdefault(line, x / h)
        assert np.ptp(list(firsts.values())) > 0.5 or len(firsts) < 3


def test_digits_that_stand_apart_are_groups_of_their_own():
    for page in pages(6, 2, kinds={"number", "apart", "screen"}):
        (line,) = page.lines
        assert len(line.split()) == len(page.digits)
        boxes = [box for _, box, _ in page.digits]
        high = max(h for *_, h in boxes)
        for (x, _, w, _), (right, *_) in pairwise(boxes):
            assert right - (x + w) > 0.7 * high


def test_touching_digits_are_one_piece():
    fewer = 0
    for seed in range(6):
        page = one(seed, {"number", "touching", "screen"})
        grey = page.picture if page.picture.ndim == 2 else page.picture.min(2)
        ink = grey < (int(grey[0, 0]) + int(grey.min())) / 2
        fewer += cv2.connectedComponents(ink.astype(np.uint8))[0] - 1 < len(page.digits)
    assert fewer >= 4


def test_images_are_used():
    digits = strokes(50, seed=4)
    some = [one(seed, {"single", "screen"}, digits).picture for seed in range(8)]
    none = [one(seed, {"single", "screen"}).picture for seed in range(8)]
    same = [a.shape == b.shape and np.array_equal(a, b) for a, b in zip(some, none, strict=True)]
    assert 0 < sum(same) < 8


def test_a_kind_that_does_not_exist():
    with pytest.raises(DataError, match="no kind of page 'shadows'; did you mean 'shadow'"):
        pages(1, 0, kinds={"shadows"})
