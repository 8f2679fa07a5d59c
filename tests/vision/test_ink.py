"""The ink of a drawing: on any plain ground, in pieces, with the width of its pen."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import array_shapes, arrays

from conftest import examples
from digitus.vision.ink import MOST_PIECES, drawn_ink, extent


def rings(ground=255, ink=0, pen=6, shape=(200, 300)):
    """Two rings and a dot."""
    canvas = np.full(shape, ground, np.uint8)
    for x in (90, 200):
        cv2.ellipse(canvas, (x, 100), (25, 50), 0, 0, 360, ink, pen)
    cv2.circle(canvas, (145, 60), 3, ink, -1)
    return canvas


@pytest.mark.parametrize(("ground", "ink"), [(255, 0), (0, 255), (128, 20), (90, 200), (200, 170)])
def test_pieces_are_the_same_on_any_ground(ground, ink):
    found, usual = drawn_ink(rings(ground, ink)), drawn_ink(rings())
    np.testing.assert_array_equal(found.boxes, usual.boxes)
    np.testing.assert_array_equal(found.labels, usual.labels)
    assert len(found) == 3
    assert found.strength.max() == 255


@pytest.mark.parametrize("pen", [4, 8, 16])
def test_the_pen_is_as_wide_as_it_is_in_the_mean_over_directions(pen):
    found = []
    for angle in np.linspace(0, np.pi, 24, endpoint=False):
        canvas = np.full((240, 240), 255, np.uint8)
        way = 100 * np.array([np.cos(angle), np.sin(angle)])
        ends = [np.rint(120 + sign * way).astype(int).tolist() for sign in (-1, 1)]
        cv2.line(canvas, *ends, 0, pen, cv2.LINE_AA)
        found.append(drawn_ink(canvas).pen)
    assert np.mean(found) == pytest.approx(pen + 1, abs=0.8)  # an edge is soft


def test_the_height_is_that_of_what_has_most_ink():
    assert drawn_ink(rings()).height == pytest.approx(107, abs=3)


def test_it_is_the_part_of_the_sheet_that_has_ink():
    canvas = rings()
    ink = drawn_ink(canvas)
    (x, y), (h, w) = ink.corner, ink.strength.shape
    inked = np.argwhere(canvas < 128)
    assert (inked.min(0) >= (y, x)).all()
    assert (inked.max(0) < (y + h, x + w)).all()
    np.testing.assert_array_equal(ink.strength, 255 - canvas[y : y + h, x : x + w])


@pytest.mark.parametrize("grey", [0, 127, 255])
def test_a_bare_sheet_has_none(grey):
    assert len(drawn_ink(np.full((40, 60), grey, np.uint8))) == 0


def test_a_texture_has_none():
    canvas = np.full((900, 900), 255, np.uint8)
    canvas[::30, ::30] = 0
    assert MOST_PIECES < (900 // 30) ** 2
    assert len(drawn_ink(cv2.erode(canvas, np.ones((4, 4))))) == 0


@examples(60)
@given(arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=40)))
def test_any_picture_has_pieces_within_it(picture):
    h, w = picture.shape
    ink = drawn_ink(picture)
    assert ink.labels.max(initial=0) == len(ink)
    for i, (x, y, wide, high) in enumerate(ink.boxes):
        assert 0 <= ink.corner[0] + x < ink.corner[0] + x + wide <= w
        assert 0 <= ink.corner[1] + y < ink.corner[1] + y + high <= h
        assert np.count_nonzero(ink.labels == i + 1) == ink.mass[i]
    if len(ink):
        left, top, wide, high = extent(ink.boxes)
        assert min(left, top) >= 0
        assert (top + high, left + wide) <= ink.labels.shape
        assert ink.pen > 0
