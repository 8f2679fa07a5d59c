"""Pieces of ink become lines in reading order; what is no digit is left out, with a reason."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import array_shapes, arrays

from conftest import examples
from digitus.vision.colour import as_grey
from digitus.vision.find import find_lines
from digitus.vision.ink import drawn_ink


def page(lines, tilt=0.0, shape=(500, 700)):
    """Rings in lines, each further down by `tilt` rows a column."""
    sheet = np.full(shape, 220, np.uint8)
    for y, xs in lines:
        for x in xs:
            cv2.ellipse(sheet, (x, round(y + tilt * x)), (14, 22), 0, 0, 360, 40, 5)
    return sheet


def found(sheet):
    return find_lines(drawn_ink(sheet))


@pytest.mark.parametrize("tilt", [0.0, 0.08, -0.08])
def test_lines_in_reading_order(tilt):
    layout = found(page([(100, [60, 110, 160]), (200, [60, 300, 500]), (300, [400])], tilt))
    assert [len(line.pieces) for line in layout.lines] == [3, 3, 1]
    for line in layout.lines:
        assert [p.box[0] for p in line.pieces] == sorted(p.box[0] for p in line.pieces)
        assert line.height == pytest.approx(49, abs=4)


@pytest.mark.parametrize("rise", [25, -25])
def test_lines_that_rise_and_fall(rise):
    xs = np.arange(60, 660, 44)
    ways = np.rint(rise * np.sin(2 * np.pi * xs / 260)).astype(int)
    sheet = np.full((300, 700), 220, np.uint8)
    for y in (90, 180):
        for x, way in zip(xs.tolist(), ways.tolist(), strict=True):
            if x != 368:  # a gap
                cv2.ellipse(sheet, (x, y + way), (10, 22), 0, 0, 360, 40, 5)
    layout = found(sheet)
    assert [len(line.pieces) for line in layout.lines] == [13, 13]
    for line in layout.lines:
        assert [p.box[0] for p in line.pieces] == sorted(p.box[0] for p in line.pieces)


def test_polarity_does_not_matter():
    sheet = page([(100, [60, 110, 160]), (300, [200, 260])])
    for changed in (sheet, 255 - sheet):
        assert [len(line.pieces) for line in found(changed).lines] == [3, 2]


def test_what_is_left_out_has_a_reason():
    sheet = page([(100, [60, 110, 160])])
    cv2.circle(sheet, (500, 400), 3, 40, -1)
    sheet[480:] = 20
    layout = found(sheet)
    assert len(layout.lines) == 1
    assert {reason for _, reason in layout.left_out} <= {"speck", "edge of the picture", "line"}
    assert "speck" in {reason for _, reason in layout.left_out}


def test_what_comes_in_at_the_edge_on_its_own_and_paler_is_left_out():
    sheet = page([(100, [60, 110, 160])])
    cv2.line(sheet, (500, 499), (560, 400), 120, 5)
    layout = found(sheet)
    assert [len(line.pieces) for line in layout.lines] == [3]
    assert [reason for _, reason in layout.left_out] == ["edge of the picture"]
    cv2.line(sheet, (500, 499), (560, 400), 40, 5)  # as dark as the digits: a digit that is cut off
    assert len(found(sheet).lines) == 2


def test_a_broken_stroke_is_one_piece():
    sheet = np.full((300, 300), 220, np.uint8)
    cv2.line(sheet, (120, 60), (120, 125), 40, 8)
    cv2.line(sheet, (122, 134), (122, 200), 40, 8)
    (line,) = found(sheet).lines
    assert len(line.pieces) == 1


def test_a_texture_is_given_up():
    sheet = np.full((900, 1200), 220, np.uint8)
    sheet[::18, ::18] = 0
    assert found(cv2.erode(sheet, np.ones((6, 6)))).lines == ()


def test_a_pen_of_the_papers_brightness_is_seen_in_its_colour():
    sheet = np.full((200, 300, 3), 255, np.uint8)
    cv2.ellipse(sheet, (150, 100), (40, 60), 0, 0, 360, (255, 250, 0), 8)
    assert np.array_equal(as_grey(sheet), sheet[:, :, 2])
    dark = np.full((200, 300, 3), 240, np.uint8)
    cv2.ellipse(dark, (150, 100), (40, 60), 0, 0, 360, (20, 20, 60), 8)
    assert np.array_equal(as_grey(dark), cv2.cvtColor(dark, cv2.COLOR_RGB2GRAY))


@examples(60)
@given(arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=40)))
def test_any_picture_has_lines_within_it(picture):
    h, w = picture.shape
    for line in find_lines(drawn_ink(picture)).lines:
        for piece in line.pieces:
            x, y, wide, high = piece.box
            assert 0 <= x < x + wide <= w
            assert 0 <= y < y + high <= h
