"""The likeliest way up: what speaks for it, and how much must speak against lying upright."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitus.detection.maps import Peaks
from digitus.reading import look as looks
from digitus.reading.look import Look
from digitus.reading.options import ReadingOptions
from digitus.reading.way_up import evidence, way_up
from digitus.types import Floats64

NOTHING = evidence(np.zeros(0), 0, 0.0, np.zeros(0))
confidences = st.lists(st.floats(0.5, 1.0), max_size=12).map(np.array)


def line(*confidence: float, upright: float = 0.0) -> Floats64:
    """A line of digits that link to one another, all of them as upright."""
    k = len(confidence)
    return evidence(np.array(confidence), 1, float(k - 1), np.full(k, upright))


def unseen(confidence: Floats64, lines: int, agreement: float) -> Floats64:
    """What speaks for a way up where nobody saw how upright digits stand."""
    return evidence(confidence, lines, agreement, np.zeros(len(confidence)))


@given(confidences, st.integers(0, 5), st.floats(0, 12))
def test_what_is_read_as_well_any_way_lies_upright(
    found: Floats64, lines: int, agreement: float
) -> None:
    ways = [unseen(found, lines, agreement)] * 4
    assert way_up(ways) == 0


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_what_is_read_clearly_better_turned_is_turned(turns: int) -> None:
    ways = [line(0.6, 0.55), NOTHING, NOTHING, NOTHING]
    ways[turns] = line(*[0.99] * 6)
    assert way_up(ways) == turns


def test_a_little_more_upside_down_is_not_enough() -> None:
    """An amount of 0, 1, 6, 8 and 9 was read upside down for a digit's worth of confidence."""
    ways = [line(0.99, 0.97, 0.6, 0.98, 0.7), NOTHING, line(0.99, 0.99, 0.9, 0.95, 0.9), NOTHING]
    assert way_up(ways) == 0


def test_a_column_of_digits_is_less_likely_than_a_line() -> None:
    column = evidence(np.full(8, 0.95), 8, 0.5, np.full(8, -1.0))
    assert way_up([column, line(*[0.95] * 8, upright=1.0), NOTHING, NOTHING]) == 1
    # Of so many also where nobody saw how upright they stand.
    column = unseen(np.full(14, 0.95), 14, 0.5)
    assert way_up([column, line(*[0.95] * 14), NOTHING, NOTHING]) == 1


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_page_that_is_hard_to_read_is_told_by_what_is_read(turns: int) -> None:
    """On a pattern every line is in doubt as it should lie; of what is seen otherwise, nothing."""
    lines = unseen(np.array([*[0.6] * 60, *[0.95] * 30]), 8, 60.0)
    ways = [line(0.9, 0.85), NOTHING, NOTHING, NOTHING]
    ways[turns] = lines
    assert way_up(ways) == turns


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_what_is_read_as_surely_is_read_as_its_digits_stand(turns: int) -> None:
    """An amount was read upside down, as surely: of 19133 every digit is another that way."""
    ways = [line(0.9, 0.8, 0.9, 0.95, 0.9, upright=-2.0), NOTHING, NOTHING, NOTHING]
    ways[turns] = line(0.97, 0.98, 0.99, 0.97, 0.99, upright=3.0)
    assert way_up(ways) == turns
    ways[turns] = line(0.99, 0.99, 0.99, 0.99, 0.99, upright=-2.0)
    ways[0] = line(0.9, 0.8, 0.9, 0.95, 0.9, upright=1.0)
    assert way_up(ways) == 0


def test_what_is_read_surely_upside_down_is_looked_at_turned() -> None:
    sizes, sure = [20] * 6, [0.99] * 6
    assert look(sizes, sure, upright=1.0).certain
    assert look(sizes, sure).certain
    assert not look(sizes, sure, upright=-1.0).certain


def turned_pictures(*lines: tuple[float, ...]) -> Callable[..., Any]:
    """Stands in for finding: for each way up, the confidences of one line of digits."""

    def finds(grey: object, turns: int, *_: object) -> SimpleNamespace:
        digits = lines[turns]
        seen = SimpleNamespace(
            certain=False,
            found=[*digits, 0.3],  # and a speck
            lines=lambda: [list(range(len(digits)))],
            evidence=line(*digits),
            turns=turns,
        )
        return SimpleNamespace(grey=grey, turns=turns, look=lambda most: seen)

    return finds


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_digit_alone_is_read_as_it_lies(turns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A doubtful digit of a stranger was turned until it was another, certain one."""

    def best(upright: tuple[float, ...], turned: tuple[float, ...]) -> int:
        ways = [upright, (), (), ()]
        ways[turns] = turned
        finds = turned_pictures(*ways)
        monkeypatch.setattr(looks, "_finds", finds)
        return looks._best_turned(finds(None, 0), ReadingOptions(), 9)[1].turns

    assert best((0.51,), (0.999,)) == 0
    assert best((0.51,), (0.999, 0.99, 0.99)) == turns


@given(confidences, st.floats(0.5, 0.9))
def test_doubt_never_makes_a_way_likelier(found: Floats64, doubtful: float) -> None:
    sure = np.append(found, 1.0)
    less = np.append(found, doubtful)
    ways = [NOTHING, unseen(sure, 1, 0.0), NOTHING, NOTHING]
    doubted = [NOTHING, unseen(less, 1, 0.0), NOTHING, NOTHING]
    assert way_up(doubted) <= way_up(ways)


def look(sides: list[float], likely: list[float], upright: float = 0.0) -> Look:
    """Finds so large, in pixels, side by side, all of them as upright."""
    k, size = len(sides), np.array(sides)
    boxes = np.column_stack([1.5 * np.cumsum(size), np.full(k, 200.0), 0.7 * size, size])
    heat, digits, follow = np.full(k, 0.9), np.full((k, 10), 0.1), np.full((k, 3), 1 / 3)
    tables = heat, heat, boxes, digits, follow, boxes[:, :2]
    joint = np.zeros((k, 10))
    joint[:, 6] = likely
    return Look(
        0, np.full((400, 400), 255, np.uint8), Peaks(*(np.asarray(a, np.float32) for a in tables)),
        np.zeros((k, 11)), np.zeros((k, k), np.float32), np.full(k, upright, np.float32), joint, [],
        np.zeros((k, 28, 28), np.uint8), np.full((k, 10), 0.1),
    )  # fmt: skip


@pytest.mark.parametrize(("digits", "turns"), [(2, 0), (3, 2)])
def test_a_part_with_few_digits_does_not_tell_the_way_up(
    monkeypatch: pytest.MonkeyPatch, digits: int, turns: int
) -> None:
    """On watercolour paper, full of grains like finds, a clear 9 was turned by two of them."""
    seen = look([20] * digits, [0.9] * digits)
    finds = looks._Finds(seen.grey, 2, seen.found, [], is_whole=True)
    monkeypatch.setattr(looks, "_best_turned", lambda *_: (finds, seen))
    options = ReadingOptions()
    assert looks._turns_of_part(seen.grey, look([20] * 9, [0.9] * 9).found, options) == turns


def test_specks_beside_digits_say_nothing() -> None:
    """A clear 9 was turned upside down for a speck at the edge that was more of a 0 there."""
    alone = look([100, 100], [0.9, 0.95])
    with_specks = look([100, 100, 6, 5], [0.9, 0.95, 0.7, 0.88])
    np.testing.assert_allclose(with_specks.evidence, alone.evidence)
    assert len(with_specks.confidences) == 4
