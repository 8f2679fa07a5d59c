"""Splits, orders and batches: everything once, the same for the same seed, made ahead in order."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitus.datasets.batches import ahead, order, split
from digitus.datasets.digits import Digits
from digitus.errors import DataError
from digitus.nn.arrays import bounds


def digits(labels: list[int]) -> Digits:
    """Digits whose single pixel is their position, so that they can be told apart."""
    return Digits(
        np.arange(len(labels), dtype=np.uint8).reshape(-1, 1, 1), np.array(labels, np.uint8), "some"
    )


@pytest.mark.parametrize("held_back", [0, 1, 7, 50, 119])
def test_split_parts_the_set(held_back: int) -> None:
    whole = digits([i % 10 for i in range(120)])
    train, development = split(whole, held_back, seed=3)
    assert len(development) == held_back
    positions = [*train.images.ravel(), *development.images.ravel()]
    assert sorted(positions) == list(range(120))
    for part in (train, development):
        at = part.images.ravel()
        assert (np.diff(at.astype(int)) > 0).all()
        assert np.array_equal(part.labels, whole.labels[at])


def test_split_takes_the_same_fraction_of_each_label() -> None:
    labels = [0] * 101 + [1] * 52 + [7] * 3 + [9] * 44
    _, development = split(digits(labels), 40, seed=0)
    counts = np.bincount(development.labels, minlength=10)
    exact = 40 * np.bincount(labels, minlength=10) / len(labels)
    assert np.abs(counts - exact).max() < 1


def test_split_depends_on_the_seed_alone() -> None:
    whole = digits([i % 10 for i in range(200)])
    first, again, other = (split(whole, 50, seed)[1].images.ravel() for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_split_refuses_what_cannot_be() -> None:
    with pytest.raises(DataError, match="cannot hold back 3 of 3 examples"):
        split(digits([1, 2, 3]), 3, seed=0)
    with pytest.raises(ValueError, match="-1"):
        split(digits([1, 2, 3]), -1, seed=0)


def test_order_is_a_permutation_of_its_own_for_each_epoch() -> None:
    orders = [order(1000, seed, epoch) for seed in (0, 1) for epoch in (1, 2)]
    assert all(np.array_equal(np.sort(o), np.arange(1000)) for o in orders)
    assert len({tuple(o) for o in orders}) == 4
    assert np.array_equal(order(1000, 1, 2), orders[3])


def test_bounds_cover_everything_once() -> None:
    assert list(bounds(10, 4)) == [slice(0, 4), slice(4, 8), slice(8, 10)]
    assert list(bounds(8, 4)) == [slice(0, 4), slice(4, 8)]
    assert list(bounds(3, 100)) == [slice(0, 3)]
    assert list(bounds(0, 4)) == []
    with pytest.raises(ValueError, match="at least 1"):
        bounds(10, 0)


@given(st.integers(0, 6))
def test_ahead_makes_all_in_order(count: int) -> None:
    assert list(ahead(lambda key: key * key, range(count))) == [k * k for k in range(count)]


def test_the_next_is_made_while_one_is_used() -> None:
    second = threading.Event()

    def make(key: int) -> int:
        if key == 1:
            second.set()
        return key

    made = ahead(make, [0, 1, 2])
    assert next(made) == 0
    assert second.wait(timeout=10)  # nobody has asked for it
    made.close()  # type: ignore[attr-defined]


def test_what_making_raises_is_raised() -> None:
    made = ahead(lambda key: 1 // key, [1, 0])
    assert next(made) == 1
    with pytest.raises(ZeroDivisionError):
        next(made)
