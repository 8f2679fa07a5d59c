"""Ink without OpenCV: a few greys at its rim differ, and nothing that a network would notice."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from digitus.synthetic.scan import by_numpy
from digitus.synthetic.strokes import strokes


def test_ink_without_opencv_is_nearly_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    with_it = strokes(600, seed=3)
    monkeypatch.setitem(sys.modules, "cv2", None)
    without = strokes(600, seed=3)
    assert np.array_equal(with_it.labels, without.labels)
    both = [digits.images.astype(float) for digits in (with_it, without)]
    off = np.abs(both[0] - both[1]).mean()  # of 255
    assert off < 3
    assert abs(both[0].mean() - both[1].mean()) < 1
    assert np.abs(both[0] - np.roll(both[1], 1, axis=2)).mean() > 5 * off  # moved by a pixel
    assert both[1].reshape(600, -1).max(axis=1).min() > 200


def test_a_straight_line_is_as_thick_and_as_long_as_it_should_be() -> None:
    at = np.array([[[10.0, 20.0], [30.0, 20.0], [30.0, 20.0]]])  # x, y in pixels of a scan of 40
    box = by_numpy(at, np.array([[4, 0]]), np.array([40]))[0] / 255
    assert box.sum() * 4 == pytest.approx(24 * 5, abs=8)  # round ends; whole pixels that it touches
    rows, columns = np.nonzero(box > 0.6)
    assert (rows.min(), rows.max()) == (9, 10)
    assert (columns.min(), columns.max()) == (4, 15)


def test_nothing_is_drawn_where_the_pen_is_up_and_of_no_digits() -> None:
    at = np.full((1, 3, 2), 20.0)
    assert not by_numpy(at, np.zeros((1, 2), int), np.array([40])).any()
    none = by_numpy(np.zeros((0, 3, 2)), np.zeros((0, 2), int), np.zeros(0, int))
    assert none.shape == (0, 20, 20)
