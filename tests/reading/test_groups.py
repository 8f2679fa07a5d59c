"""The gaps of a line told apart: properties of any line, lines drawn here, whole pictures."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitus.detection.maps import JOINS, PARTS, Peaks
from digitus.reading.groups import GRID_HEIGHTS, groups, log_gamma_density, space_probabilities
from digitus.reading.photo import grouped
from digitus.reading.read import read

HEIGHT = 40
WIDTHS = {"1": 8} | dict.fromkeys("023456789", 24)
TEXTS = ("12 34", "99 100 47", "60 4 9", "2024 12 31", "0417", "8", "31415926")


def line(text: str, usual: float, extra: float) -> list[tuple[int, int, int, int]]:
    """Boxes of digits; gaps in heights of a digit, `extra` on top of the usual one at a space."""
    boxes, x = [], 7
    for c in text:
        if c == " ":
            x += round(extra * HEIGHT)
        else:
            boxes.append((x, 3, WIDTHS[c], HEIGHT))
            x += WIDTHS[c] + round(usual * HEIGHT)
    return boxes


def starts(text: str) -> list[int]:
    """The first digit of each group."""
    return np.cumsum([0, *map(len, text.split()[:-1])]).tolist()


lines = st.lists(
    st.tuples(st.integers(-10, 120), st.integers(4, 60), st.integers(15, 80)), max_size=12
).map(
    lambda parts: [
        (sum(g + w for g, w, _ in parts[:i]) + g, 0, w, h) for i, (g, w, h) in enumerate(parts)
    ]
)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("usual", [0.05, 0.25, 0.5])
@pytest.mark.parametrize("extra", [0.9, 1.8, 2.5, 20.0])
def test_spaces_are_seen_whether_they_are_few_or_most(
    text: str, usual: float, extra: float
) -> None:
    assert groups(line(text, usual, extra)) == starts(text)


@pytest.mark.parametrize("usual", [0.0, 0.3, 0.8, 1.2])
def test_even_gaps_are_no_spaces_however_wide(usual: float) -> None:
    assert groups(line("23456", usual, 0)) == [0]


@pytest.mark.parametrize(("usual", "spaces"), [(0.3, False), (0.8, False), (1.5, True)])
def test_a_single_gap_is_judged_by_what_is_common(usual: float, spaces: bool) -> None:
    assert groups(line("23", usual, 0)) == ([0, 1] if spaces else [0])


def test_a_jump_in_height_begins_a_group() -> None:
    assert groups([(0, 0, 30, 50), (34, 10, 10, 20), (48, 10, 10, 20)]) == [0, 1]


@given(lines)
def test_groups_are_of_all_digits_in_order(boxes: list[tuple[int, int, int, int]]) -> None:
    found = groups(boxes)
    assert found[:1] == [0][: len(boxes)]
    assert all(a < b for a, b in pairwise([*found, len(boxes)]))


@given(lines, st.integers(2, 9), st.integers(-300, 300))
def test_size_and_place_do_not_matter(
    boxes: list[tuple[int, int, int, int]], zoom: int, away: int
) -> None:
    larger = [(x * zoom + away, y * zoom, w * zoom, h * zoom) for x, y, w, h in boxes]
    assert groups(larger) == groups(boxes)


@given(lines)
def test_from_right_to_left_the_same_gaps_are_spaces(
    boxes: list[tuple[int, int, int, int]],
) -> None:
    mirrored = [(-x - w, y, w, h) for x, y, w, h in reversed(boxes)]
    assert {len(boxes) - start for start in groups(mirrored)[1:]} == set(groups(boxes)[1:])


@given(st.lists(st.floats(0, 30), min_size=1, max_size=20))
def test_of_two_gaps_in_a_line_the_wider_is_likelier_a_space(gaps: list[float]) -> None:
    likely = space_probabilities(np.sort(gaps))
    assert np.isfinite(likely).all()
    assert (np.diff(likely) >= -1e-9).all()
    assert (likely >= 0).all()
    assert (likely <= 1 + 1e-9).all()


def test_the_density_integrates_to_one() -> None:
    x = np.linspace(-1, 30, 400_001)
    for shape, scale in ((3.4, 0.1), (16.0, 0.08), (2.0, 1.5)):
        assert np.exp(log_gamma_density(x, shape, scale)).sum() * (x[1] - x[0]) == pytest.approx(1)
    assert log_gamma_density(GRID_HEIGHTS, 16.0, 0.08).argmax() == 24  # at (shape - 1) scale = 1.2


def drawn(text: str, extra: float) -> np.ndarray:
    """Digits of straight strokes, dark on light; a space adds `extra` heights to a gap."""
    canvas = np.full(
        (2 * HEIGHT, 60 + round((0.9 * len(text) + extra * 3) * HEIGHT)), 250, np.uint8
    )
    strokes = {
        "2": [[(0, 8), (6, 1), (14, 0), (21, 4), (22, 11), (17, 20), (0, 40), (24, 40)]],
        "4": [[(16, 0), (0, 27), (24, 27)], [(16, 12), (16, 40)]],
        "6": [
            [(20, 0), (8, 10), (1, 24), (3, 35), (11, 40), (20, 36), (22, 28), (15, 21), (3, 25)]
        ],
        "0": [[(12, 0), (4, 5), (0, 20), (4, 35), (12, 40), (20, 35), (24, 20), (20, 5), (12, 0)]],
        "9": [[(23, 9), (16, 0), (5, 2), (1, 11), (6, 19), (16, 18), (23, 9), (22, 24), (17, 40)]],
    }
    for c, box in zip(text.replace(" ", ""), line(text, 0.35, extra), strict=True):
        points = [np.add(stroke, (box[0], HEIGHT // 2)) for stroke in strokes[c]]
        cv2.polylines(canvas, points, False, 40, 4, cv2.LINE_AA)
    return canvas


@pytest.mark.parametrize("text", ["60 4 9", "22 4 0 9", "6029 42"])
@pytest.mark.parametrize("extra", [0.9, 1.8, 2.5])
def test_spaces_of_a_whole_picture(text: str, extra: float) -> None:
    (line,) = read(drawn(text, extra)).lines
    if extra < 1:  # wide, but digits that stand apart may be as wide: with or without a space
        line, text = line.replace(" ", ""), text.replace(" ", "")
    assert line == text


@pytest.mark.parametrize(("kind", "last"), [(JOINS, [0, 1, 2, 3, 4]), (PARTS, [3, 4])])
def test_the_network_may_part_what_no_gap_does(kind: int, last: list[int]) -> None:
    """It sees what is between the digits, which here are as far from one another everywhere."""
    boxes = np.array([(40 * i, 50, 24, 40) for i in range(5)])
    follow = np.full((5, 3), 0.01)
    follow[:, JOINS] = 0.98
    follow[2] = 0.01
    follow[2, kind] = 0.98
    heat, digits = np.full(5, 0.9), np.full((5, 10), 0.1)
    tables = heat, heat, boxes, digits, follow, boxes[:, :2] + [40, 0]
    found = Peaks(*(np.asarray(a, np.float32) for a in tables))
    assert grouped(found, [0, 1, 2, 3, 4])[-1] == last
