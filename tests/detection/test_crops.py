"""Crops of made pages, and the truth of what they show."""

from __future__ import annotations

import numpy as np
import pytest

from digitus.detection.crops import crops, crops_of, followers, turns_of
from digitus.detection.examples import crop_batch, upcoming
from digitus.detection.maps import CROP_SIDE, ENDS, JOINS, PARTS
from digitus.nn import stream
from digitus.synthetic.pages.pages import Page, pages
from digitus.types import Bytes


def page(lines: tuple[str, ...], boxes: list[tuple[int, int, int, int]]) -> Page:
    """A white page with black boxes for digits."""
    picture: Bytes = np.full((300, 400), 255, np.uint8)
    values = [(int(c), i) for i, line in enumerate(lines) for c in line if c != " "]
    digits = []
    for (value, line), (x, y, w, h) in zip(values, boxes, strict=True):
        picture[y : y + h, x : x + w] = 0
        digits.append((value, (x, y, w, h), line))
    return Page(picture, lines, tuple(digits), frozenset())


def test_what_follows_is_the_next_of_the_line_or_of_its_next_group() -> None:
    boxes = [(10 * i, 10, 8, 12) for i in range(6)]
    made = page(("12 3", "45", "6"), boxes)
    assert followers(made) == [(JOINS, 1), (PARTS, 2), (ENDS, None), (JOINS, 4), (ENDS, None),
                               (ENDS, None)]  # fmt: skip


def test_a_crop_shows_its_digits_where_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    made = page(("12", "3"), [(100, 80, 20, 40), (160, 80, 30, 40), (120, 180, 24, 36)])
    plain = np.random.default_rng(0)
    seen = 0
    for picture, truth in crops(made, 60, plain):
        paper = np.median(picture)
        for d in truth:
            if not d.counts or min(d.w, d.h) < 6 or max(d.w, d.h) > CROP_SIDE / 2:
                continue
            inner = picture[
                max(0, round(d.y - d.h / 4)) : round(d.y + d.h / 4) + 1,
                max(0, round(d.x - d.w / 4)) : round(d.x + d.w / 4) + 1,
            ].astype(float)
            outer = picture[max(0, round(d.y)), min(CROP_SIDE - 1, round(d.x + d.w / 2 + 4))]
            if abs(float(outer) - paper) < 30:  # no other digit there
                seen += abs(inner.mean() - paper) > 30
                assert inner.std() < 40
            if d.after:
                assert 0 <= d.after[0] < CROP_SIDE
                assert d.follow in (JOINS, PARTS)
    assert seen > 30


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_turned_pages_are_turned_back_or_show_nothing(turns: int) -> None:
    lines = ("23457",)
    boxes = [(20 + 60 * i, 100, 30, 44) for i in range(5)]
    made = page(lines, boxes)
    picture, digits = np.rot90(made.picture, turns), []
    for value, box, line in made.digits:
        width, height = 400, 300
        x, y, w, h = box
        for _ in range(turns):
            x, y, w, h = y, width - x - w, h, w
            width, height = height, width
        digits.append((value, (x, y, w, h), line))
    kinds = frozenset({"turned"}) if turns else frozenset()
    turned = Page(np.ascontiguousarray(picture), lines, tuple(digits), kinds)
    assert turns_of(turned) == turns
    rng = np.random.default_rng(1)
    shown = [truth for _ in range(12) for _, truth in crops(turned, 2, rng)]
    for truth in shown:  # upright digits are higher than wide, and stand in a row
        assert all(d.h > d.w for d in truth)
        assert all(d.after is None or abs(d.after[1] - d.y) < 1 for d in truth)
    assert any(truth for truth in shown)
    if turns:
        assert sum(not truth for truth in shown) > 4


def test_as_many_crops_as_wanted_and_more_of_full_pages() -> None:
    empty = page((), [])
    full = page(("1234567812345678",), [(20 * i, 50, 15, 20) for i in range(16)])
    rng = np.random.default_rng(0)
    assert len(crops_of([empty, empty, full, full], 11, rng)) == 11
    only_full = crops_of([full] * 4, 12, rng)
    assert len(only_full) == 12


def test_a_batch_depends_on_its_step_alone() -> None:
    again = crop_batch(3, 4, 9, None)
    first = crop_batch(3, 4, 9, None)
    assert first.inputs.shape == (4, CROP_SIDE, CROP_SIDE)
    np.testing.assert_array_equal(first.inputs, again.inputs)
    np.testing.assert_array_equal(first.targets, again.targets)
    assert not np.array_equal(first.inputs, crop_batch(4, 4, 9, None).inputs)
    ahead = list(upcoming(crop_batch, [3, 4], 4, 9, None, processes=1))
    np.testing.assert_array_equal(ahead[0].inputs, first.inputs)
    np.testing.assert_array_equal(ahead[0].targets, first.targets)


@pytest.mark.slow
def test_made_pages_keep_their_truth_through_a_crop() -> None:
    for made in pages(6, 3, kinds=("lines",)):
        assert len(followers(made)) == len(made.digits)
        for _, truth in crops(made, 2, stream(0, "test")):
            for d in truth:
                assert 0 <= d.x < CROP_SIDE
                assert 0 <= d.y < CROP_SIDE
