"""A set of digits: what belongs together, its fingerprint, how it lies in memory."""

from collections.abc import Callable

import numpy as np
import pytest

from digitus.datasets.digits import Digits
from digitus.errors import DataError
from nn.layouts import LAYOUTS

IMAGES = np.arange(3 * 4 * 5, dtype=np.uint8).reshape(3, 4, 5)
LABELS = np.array([7, 0, 9], np.uint8)


def test_take_keeps_what_the_digits_are() -> None:
    digits = Digits(IMAGES, LABELS, "some", "here")
    assert len(digits) == 3
    taken = digits.take(np.array([2, 0]))
    assert taken.labels.tolist() == [9, 7]
    assert np.array_equal(taken.images, IMAGES[[2, 0]])
    assert (taken.name, taken.origin) == ("some", "here")
    assert len(digits.take(slice(1))) == 1


@pytest.mark.parametrize(
    ("images", "labels", "words"),
    [
        (IMAGES[0], LABELS, "[n, height, width], not uint8 [4, 5]"),
        (IMAGES.astype(float), LABELS, "must be bytes [n, height, width], not float64"),
        (IMAGES, LABELS[:2], "3 images but 2 labels"),
        (IMAGES, LABELS[:, None], "3 images but 3 labels"),
        (IMAGES, np.array([1, 10, 11], np.uint8), "label 10 at position 1"),
    ],
)
def test_what_does_not_belong_together_is_refused(
    images: np.ndarray, labels: np.ndarray, words: str
) -> None:
    with pytest.raises(DataError) as caught:
        Digits(images, labels, "mine")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_fingerprint_tells_pixels_labels_and_shapes_apart() -> None:
    same = Digits(IMAGES.copy(), LABELS.copy(), "another name").sha256
    assert same == Digits(IMAGES, LABELS, "some").sha256
    others = [
        Digits(IMAGES ^ 1, LABELS, "some"),
        Digits(IMAGES, LABELS[::-1].copy(), "some"),
        Digits(IMAGES.reshape(3, 5, 4), LABELS, "some"),
    ]
    assert len({same, *(other.sha256 for other in others)}) == 4


def test_fingerprint_does_not_depend_on_the_layout_in_memory() -> None:
    columns = np.asfortranarray(IMAGES)
    assert Digits(columns, LABELS, "some").sha256 == Digits(IMAGES, LABELS, "some").sha256


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)
def test_they_lie_in_memory_example_by_example(layout: Callable[[np.ndarray], np.ndarray]) -> None:
    """Also where a few are taken: what works with them need not ask how they lie."""
    digits = Digits(layout(IMAGES), layout(LABELS), "some")
    assert np.array_equal(digits.images, IMAGES)
    assert np.array_equal(digits.labels, LABELS)
    for some in (digits, digits.take(slice(None, None, -1)), digits.take(slice(0, 3, 2))):
        assert some.images.strides == (20, 5, 1)
        assert some.labels.strides == (1,)


def test_what_lies_so_is_not_copied() -> None:
    digits = Digits(IMAGES, LABELS, "some").take(slice(1, 3))
    assert np.shares_memory(digits.images, IMAGES)


def test_an_empty_set_is_a_set() -> None:
    assert len(Digits(IMAGES[:0], LABELS[:0], "none")) == 0
