"""Digits of the simulated pen: reproducible, balanced, well-formed, and readable."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import examples
from digitus.errors import DigitusError
from digitus.synthetic.hands import EVERY_HAND, HANDS, choose, spline
from digitus.synthetic.pen import write
from digitus.synthetic.strokes import BLOCK, draw, render, strokes

NAMES = [hand.name for hand in HANDS]
EVERY_NAME = [hand.name for hand in EVERY_HAND]


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def some():
    return strokes(1500, seed=3)


def ink_bounds(images):
    """First and last row and column with ink, each [n]."""
    ink = images > 0
    rows, columns = ink.any(2), ink.any(1)
    return [
        (side.argmax(1), side.shape[1] - 1 - side[:, ::-1].argmax(1)) for side in (rows, columns)
    ]


def assert_normalised(images):
    """The ink fills a 20-pixel box in its longer direction, and has its mass in the middle."""
    (top, bottom), (left, right) = ink_bounds(images)
    longest = np.maximum(bottom - top, right - left) + 1
    assert longest.max() <= 20
    assert longest.min() >= 18
    mass = images.sum((1, 2), dtype=float)
    for axis, first, last in ((2, top, bottom), (1, left, right)):
        off = np.abs(images.sum(axis) @ np.arange(28) / mass - 14)
        # Where the ink lies far to one side of its box, the box stops at the edge of the image.
        stopped = (first == 0) | (last == 27)
        assert off[~stopped].max(initial=0) <= 0.51
        assert off.max() <= 2


# The set


def test_is_a_labelled_set_of_mnist_images(some):
    assert some.images.shape == (1500, 28, 28)
    assert some.images.dtype == np.uint8
    assert some.labels.dtype == np.uint8
    assert some.images.max() == 255
    assert_normalised(some.images)


def test_same_seed_same_bytes_another_seed_others(some):
    assert strokes(1500, seed=3).sha256 == some.sha256
    other = strokes(1500, seed=4)
    assert (other.images != some.images).any((1, 2)).mean() > 0.99
    assert (other.labels != some.labels).mean() > 0.5


@pytest.mark.parametrize("count", [1, 137, BLOCK, BLOCK + 1])
def test_a_shorter_set_begins_a_longer_one(some, count):
    few = strokes(count, seed=3)
    np.testing.assert_array_equal(few.images, some.images[:count])
    np.testing.assert_array_equal(few.labels, some.labels[:count])


def test_digits_of_one_set_all_differ(some):
    assert len(np.unique(some.images.reshape(len(some), -1), axis=0)) == len(some)


def test_labels_are_balanced_and_shuffled(some):
    tens = some.labels.reshape(-1, 10)
    np.testing.assert_array_equal(np.sort(tens, axis=1), np.tile(np.arange(10), (150, 1)))
    assert len(np.unique(tens, axis=0)) > 140


def test_empty_and_negative_counts():
    assert len(strokes(0)) == 0
    assert len(draw([], rng())) == 0
    with pytest.raises(ValueError, match="cannot write -1 digits"):
        strokes(-1)


# The hands


def test_every_digit_has_several_hands_with_unique_names():
    assert len(set(EVERY_NAME)) == len(EVERY_NAME)
    for digit in range(10):
        assert sum(hand.digit == digit for hand in HANDS) >= 4
    assert all(hand.share > 0 for hand in EVERY_HAND)


def test_hands_of_pages_alone_leave_strokes_as_they_are():
    assert EVERY_HAND[: len(HANDS)] == HANDS
    assert choose("all") == HANDS
    assert {hand.name for hand in choose("7")} == {name for name in NAMES if name[0] == "7"}
    # `write` pads to the longest hand: were one of these longer, other numbers would be drawn.
    for sizes in ([len(hand.controls) for hand in EVERY_HAND],
                  [len(spline(hand, True)[1]) for hand in EVERY_HAND]):  # fmt: skip
        assert max(sizes) == max(sizes[: len(HANDS)])


@pytest.mark.parametrize("name", EVERY_NAME)
def test_every_hand_draws_a_whole_digit(name):
    images = draw([int(name[0])] * 12, rng(1), hands=name)
    assert_normalised(images)
    assert (images.sum((1, 2), dtype=float) / 255).min() > 20


@pytest.mark.parametrize("hand", EVERY_HAND, ids=EVERY_NAME)
@pytest.mark.parametrize("corners", [True, False])
def test_a_spline_passes_through_its_control_points(hand, corners):
    matrix, stroke = spline(hand, corners)
    path = matrix @ hand.controls
    away = np.linalg.norm(path[:, None] - hand.controls, axis=2).min(0)
    assert away.max() < 1e-12
    assert np.ptp(path) < 1.5  # and does not run away between them
    assert len(path) == len(stroke)
    assert set(np.diff(stroke)) <= {0, 1}
    np.testing.assert_allclose(matrix.sum(1), 1)  # moves with its points


@pytest.mark.parametrize(
    ("selection", "digits"),
    [("7-crossed", {7}), ("7", {7}), (["1-hooked", "7-crossed"], {1, 7}), ("all", set(range(10)))],
)
def test_hands_limit_the_shapes_and_the_labels(selection, digits):
    few = strokes(60, hands=selection)
    assert set(few.labels) == digits
    counts = np.bincount(few.labels)
    assert len(set(counts[counts > 0])) == 1
    chosen = {hand.name for hand in choose(selection)}
    writing = write(few.labels, rng(), hands=selection)
    assert {NAMES[h] for h in writing.hands} <= chosen


def test_hands_are_used_by_their_shares():
    writing = write(np.full(4000, 1), rng())
    shares = np.array([hand.share * (hand.digit == 1) for hand in HANDS])
    used = np.bincount(writing.hands, minlength=len(HANDS)) / 4000
    np.testing.assert_allclose(used, shares / shares.sum(), atol=0.03)


def test_an_unknown_hand_is_named_with_its_nearest():
    with pytest.raises(DigitusError, match=re.escape("'7-crosed'; the nearest is '7-crossed'")):
        strokes(3, hands=["1-plain", "7-crosed"])
    with pytest.raises(DigitusError, match="no hand is called '12'"):
        strokes(3, hands="12")
    with pytest.raises(DigitusError, match='"all" chooses every one'):
        strokes(3, hands=[])


@pytest.mark.parametrize("label", [7, 10, -1])
def test_a_label_that_no_hand_writes_is_refused(label):
    with pytest.raises(ValueError, match=f"no chosen hand writes the label {label}"):
        draw([1, label], rng(), hands="1")


# The pen


@examples(15)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=12), st.integers(0, 2**32 - 1))
def test_writing_is_well_formed_whatever_is_asked(labels, seed):
    writing = write(labels, rng(seed))
    assert [HANDS[h].digit for h in writing.hands] == labels
    assert np.isfinite(writing.points).all()
    assert (writing.widths >= 0).all()
    assert (np.diff(writing.times, axis=1) > 0).all()
    for i in range(len(labels)):
        paths = writing.paths(i)
        rows = np.concatenate(paths)
        x, y, seconds, width = rows[rows[:, 3] > 0].T  # where there is ink
        assert len(paths) == HANDS[writing.hands[i]].movement.count("|") + 1
        assert rows[0, 2] == 0
        assert 0.02 < seconds[-1] < 10
        low = min((x - width / 2).min(), (y - width / 2).min())
        high = max((x + width / 2).max(), (y + width / 2).max())
        assert abs(low) < 1e-6 or abs(high - 1) < 1e-6
        assert -1e-6 < low < high < 1 + 1e-6
    images = render(writing)
    assert_normalised(images)
    np.testing.assert_array_equal(images[:1], render(writing.take([0])))


def test_pen_lifts_between_strokes_and_takes_time_to():
    writing = write([4], rng(), hands="4-open")
    first, second = writing.paths(0)
    assert second[0, 2] - first[-1, 2] > 3 * np.diff(first[:, 2]).max()
    assert np.linalg.norm(second[0, :2] - first[-1, :2]) > 0.2


def test_no_ink_between_strokes():
    images = draw([4] * 50, rng(2), hands="4-open")
    # The upper middle lies between the arms of an open 4: drawn there, they would be closed.
    assert (images[:, 5:9, 13:15].mean((1, 2)) < 60).mean() > 0.6


# The likeness to handwriting


def test_ink_and_greys_are_like_those_of_mnist(some):
    ink = some.images.sum((1, 2), dtype=float) / 255
    assert 85 < ink.mean() < 125  # MNIST's training images: 103
    assert 24 < ink.std() < 46  # 34
    assert np.percentile(ink, 1) > 25
    assert np.percentile(ink, 99) < 250
    marked = some.images[some.images > 0]
    assert 0.3 < (marked > 250).mean() < 0.5  # 0.39
    assert (some.images.max((1, 2)) == 255).mean() > 0.95


@pytest.mark.slow
def test_kernel_least_squares_reads_unseen_digits():
    def features(digits):
        small = digits.images.reshape(-1, 14, 2, 14, 2).mean((2, 4)).reshape(-1, 196)
        return small / np.linalg.norm(small, axis=1, keepdims=True)

    known, unseen = strokes(2000, seed=1), strokes(1000, seed=2)
    F = features(known)
    alpha = np.linalg.solve((F @ F.T) ** 4 + 0.05 * np.eye(2000), np.eye(10)[known.labels])
    scores = (features(unseen) @ F.T) ** 4 @ alpha
    assert (scores.argmax(1) == unseen.labels).mean() > 0.85
