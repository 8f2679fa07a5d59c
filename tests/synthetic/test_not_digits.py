"""Pictures that are not digits: reproducible, of every kind, and none of the shapes of a digit."""

from __future__ import annotations

import string

import cv2
import numpy as np
import pytest

from digitus.synthetic import marks, surfaces
from digitus.synthetic.hands import Hand, spline
from digitus.synthetic.not_digits import BLOCK, KINDS, _laid_down, not_digits, several


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def some():
    return not_digits(600, seed=3)


# The set


def test_are_images_and_hardly_two_alike(some):
    assert some.shape == (600, 28, 28)
    assert some.dtype == np.uint8
    inked = some[some.any((1, 2))]
    assert 0.9 < len(inked) / len(some) < 1  # blank pictures are to be refused as well
    assert len(np.unique(inked.reshape(len(inked), -1), axis=0)) > 0.98 * len(inked)


def test_same_seed_same_bytes_another_seed_others(some):
    np.testing.assert_array_equal(not_digits(100, seed=3), some[:100])
    assert (not_digits(100, seed=4) != some[:100]).any((1, 2)).mean() > 0.95


@pytest.mark.parametrize("count", [0, 1, BLOCK, BLOCK + 1])
def test_a_shorter_set_begins_a_longer_one(some, count):
    np.testing.assert_array_equal(not_digits(count, seed=3), some[:count])


def test_counts_and_kinds_that_make_no_sense():
    with pytest.raises(ValueError, match="cannot draw -1 pictures"):
        not_digits(-1)
    for kinds in ("digits", ["noise", "digits"], []):
        with pytest.raises(ValueError, match="kinds are letters, "):
            not_digits(1, kinds=kinds)


def test_some_are_prepared_some_pale_and_some_on_a_bright_ground(some):
    frame = np.concatenate([some[:, 0], some[:, -1], some[:, :, 0], some[:, :, -1]], axis=1)
    assert 0.3 < (frame.max(1) == 0).mean() < 0.9
    assert 0.05 < (frame.min(1) > 20).mean() < 0.5
    assert 0.05 < (some.max((1, 2)) < 160).mean() < 0.4


# The kinds


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_drawn_varied_and_reproducible(kind):
    draw = KINDS[kind][1]
    images = draw(60, rng(1))
    assert images.shape == (60, 28, 28)
    assert images.dtype == np.uint8
    np.testing.assert_array_equal(draw(60, rng(1)), images)
    inked = images[np.ptp(images.reshape(60, -1), axis=1) > 0]
    assert len(inked) > (30 if kind == "papers" else 57)
    assert len(np.unique(inked.reshape(len(inked), -1), axis=0)) == len(inked)
    assert draw(0, rng()).shape == (0, 28, 28)
    assert not_digits(20, kinds=kind).any()


def test_shares_make_a_whole():
    assert sum(share for share, _ in KINDS.values()) == pytest.approx(1)


def test_bars_are_laid_down():
    """An upright bar is a 1, also where it leans or tapers; a lying or a broad one is none."""
    images = np.zeros((6, 28, 28), np.uint8)
    images[0, 4:24, 12:16] = 255
    cv2.line(images[1], (6, 23), (20, 5), 255, 4)
    cv2.fillPoly(images[2], [np.array([(13, 3), (17, 24), (11, 24)])], 255)
    images[3, 12:16, 4:24] = 255
    images[4, 4:24, 9:20] = 255
    laid = _laid_down(images)
    np.testing.assert_array_equal(laid[:3], np.rot90(images[:3], axes=(1, 2)))
    np.testing.assert_array_equal(laid[3:], images[3:])


def test_no_letter_is_a_digits_shape():
    ambiguous = set("IlioOQZzSsbgqj?|/\\!()[]1$") | set(string.digits)
    for characters in (marks.PRINTED, marks.THIN, marks.HEAVY):
        assert not set(characters) & ambiguous
    written = {row.split()[0] for row in marks.LETTERS.splitlines() if row}
    assert not written & (ambiguous | set("BCDGJLTUYacehntuy"))


@pytest.mark.parametrize("table", [marks.LETTERS, marks.SYMBOLS])
def test_every_row_of_a_table_is_a_path(table):
    rows = [row.split(None, 2) for row in table.splitlines() if row]
    assert len({name for name, *_ in rows}) == len(rows)
    for name, share, movement in rows:
        assert int(share) > 0
        hand = Hand(name, float(share), movement)
        path, _ = spline(hand, corners=True)
        assert np.abs(path @ hand.controls).max() < 1.5


def test_scribbles_are_long_lines():
    """A digit's line is hardly longer than three of its heights; these fill their place."""
    images = marks.scribbles(200, rng(4))
    black = images[images[:, 0, 0] < 128]
    ink = np.array([
        np.count_nonzero(image > 100) / np.prod(cv2.boundingRect(image)[2:]) for image in black
    ])  # fmt: skip
    assert np.median(ink) > 0.3


def test_several_digits_are_in_several_places():
    images = several(300, rng(1))
    pieces = [cv2.connectedComponents((image > 80).astype(np.uint8))[0] - 1 for image in images]
    assert np.mean(np.array(pieces) >= 2) > 0.6


def test_noise_is_of_all_brightnesses():
    images = surfaces.noise(400, rng(2))
    means = images.mean((1, 2)) / 255
    assert means.min() < 0.1
    assert means.max() > 0.8
    assert np.quantile(images.std((1, 2)), [0.1, 0.9])[1] > 80


def test_things_are_solid_and_not_slim():
    images = surfaces.things(300, rng(3))
    boxes = np.array([cv2.boundingRect((image > 8).astype(np.uint8)) for image in images])
    assert (boxes[:, 2] >= 0.3 * boxes[:, 3]).all()
    assert np.median(boxes[:, 2] / boxes[:, 3]) > 0.9
