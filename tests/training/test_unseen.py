"""Which digits are surely new to a network, by its history."""

from __future__ import annotations

from typing import Any, cast

import pytest

from digitus.history import History
from digitus.training.unseen import learnt_from, told, without
from small import digits, recipe


def history(**known: Any) -> History:
    """One in which this is known."""
    return cast("History", known)


@pytest.mark.parametrize(
    ("known", "sets"),
    [
        (history(), {"mnist", "strokes"}),
        (history(started_from={"model": "one", "data": "emnist-digits+mnist"}),
         {"mnist", "strokes", "emnist-digits"}),
        (history(started_from={"model": "one"}), None),
    ],
)  # fmt: skip
def test_a_network_learnt_from_its_sets_and_those_of_the_one_before(
    known: History, sets: set[str] | None
) -> None:
    assert learnt_from(recipe(data="mnist+strokes"), known) == sets


def test_a_network_that_begins_with_another_is_told_all_of_its_sets_or_none() -> None:
    one = recipe(data="mnist")
    assert told(one, history()) == {"data": "mnist"}
    before = {"model": "one", "data": "strokes"}
    assert told(one, history(started_from=before)) == {"data": "mnist+strokes"}
    assert told(one, history(started_from={"model": "one"})) == {}
    assert told(one, history(adapted=[{"data": {}}])) == {}  # corrections have no name


def test_pictures_are_left_out_that_are_known_pixel_by_pixel() -> None:
    all_, known = digits(50), digits(20)
    left = without(all_, known)
    assert (left.images == all_.images[20:]).all()
    assert (left.labels == all_.labels[20:]).all()
    assert without(known, digits(20, 5)) is known
    assert len(without(known, all_)) == 0
