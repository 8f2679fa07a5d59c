"""Namespaces, one-hot rows and streams of random numbers."""

from itertools import combinations

import numpy as np
import pytest

from digitus.nn import namespace, one_hot, stream
from digitus.nn.arrays import Stream


def test_the_namespace_of_numpy():
    assert namespace(np.ones(3)) is np


def test_a_list_has_no_namespace():
    with pytest.raises(TypeError):
        namespace([1.0, 2.0])


def test_one_hot():
    assert np.array_equal(one_hot([2, 0], 3), [[0, 0, 1], [1, 0, 0]])
    assert one_hot([1]).shape == (1, 10)
    assert one_hot(np.array([9], np.uint8)).dtype == np.float32
    assert one_hot([1], dtype=np.float64).dtype == np.float64
    assert one_hot([], 4).shape == (0, 4)
    assert np.array_equal(one_hot(range(10)).argmax(1), range(10))


@pytest.mark.parametrize("labels", [[0, 10], [-1, 3], [255]])
def test_labels_outside_the_classes(labels):
    found = rf"labels must lie in 0\.\.9, found {min(labels)}\.\.{max(labels)}"
    with pytest.raises(ValueError, match=found):
        one_hot(labels)


@pytest.mark.parametrize("labels", [[0.5, 3], [float("nan")]])
def test_labels_with_fractions(labels):
    with pytest.raises(ValueError, match="whole numbers, not float64"):
        one_hot(labels)
    assert one_hot([3.0])[0, 3] == 1


PURPOSES = [
    (0,),
    (1,),
    (0, "shuffle"),
    (1, "shuffle"),
    (0, "shuffle", 0),
    (0, "shuffle", 0, 0),
    (0, "shuffle", 1),
    (0, "shuffle", 1, 0),
    (0, "shuffle", 0, 1),
    (0, "dropout", 0, 1),
    (0, 0, "dropout"),
    (0, "dropout", 1, 0),
    (0, ""),
    (0, "shuffle", "dropout"),
    (0, "dropout", "shuffle"),
]


def test_every_purpose_has_a_stream_of_its_own():
    """In particular a trailing 0, as in epoch 0, is not the same as nothing."""
    drawn = {purpose: stream(*purpose).random(8) for purpose in PURPOSES}
    for a, b in combinations(PURPOSES, 2):
        assert not np.any(drawn[a] == drawn[b]), f"{a} and {b}"


def test_streams_can_be_asked_for_again():
    for purpose in PURPOSES:
        assert np.array_equal(stream(*purpose).random(8), stream(*purpose).random(8))


def test_streams_are_not_correlated():
    """2 000 neighbours, as batches of an epoch are: no more alike than chance allows."""
    numbers = np.stack([stream(7, "batch", i).standard_normal(50) for i in range(2000)])
    lagged = (numbers[1:] * numbers[:-1]).mean()
    assert abs(lagged) < 5 / np.sqrt(numbers.size)
    assert abs(numbers.mean()) < 5 / np.sqrt(numbers.size)


def test_using_one_stream_does_not_move_another():
    shuffle = stream(3, "shuffle", 0)
    expected = stream(3, "shuffle", 0).permutation(20)
    stream(3, "augment", 0).random(1000)
    assert np.array_equal(shuffle.permutation(20), expected)


def test_a_seed_is_a_number_from_zero():
    with pytest.raises(ValueError, match="non-negative"):
        stream(-1, "shuffle")


def test_a_stream_that_is_made_when_drawn_from_is_the_stream():
    late, early = Stream(7, "dropout", 3), stream(7, "dropout", 3)
    for shape in ((4,), (2, 3)):
        assert np.array_equal(late.random(shape, dtype=np.float32), early.random(shape, np.float32))
