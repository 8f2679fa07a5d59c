"""Finds put into lines and groups."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitus.detection import lines
from digitus.detection.lines import UNLIKE, lines_of, parting
from digitus.detection.maps import ENDS, JOINS, PARTS, Peaks
from digitus.types import Floats64

SURE = 0.98


def finds(rows: list[list[str]], *, links: bool = True, slope: float = 0.0) -> tuple[Peaks, str]:
    """Digits in rows of groups, in an order of chance, and the text of them."""
    boxes, follow, after, values = [], [], [], []
    for r, groups in enumerate(rows):
        x = 20.0
        places = []
        for group in groups:
            for c in group:
                places.append((x, 50 + 60.0 * r + slope * x, c))
                x += 24
            x += 40
        ends = np.cumsum([len(g) for g in groups]).tolist()
        for i, (px, py, c) in enumerate(places):
            last = i + 1 == len(places)
            kind = ENDS if last else (PARTS if i + 1 in ends else JOINS)
            boxes.append((px, py, 16, 28))
            values.append(int(c))
            follow.append(np.where(np.arange(3) == kind, SURE, (1 - SURE) / 2))
            to = (px, py) if last else places[i + 1][:2]
            after.append(to if links else (px, py + 500))
    order = np.random.default_rng(len(boxes)).permutation(len(boxes))
    digits = np.eye(10, dtype=np.float32)[values]
    heat = np.ones(len(boxes), np.float32)
    found = Peaks(
        heat, heat, np.array(boxes, np.float32), digits, np.array(follow, np.float32),
        np.array(after, np.float32),
    )  # fmt: skip
    return found.take(order), "/".join(" ".join(groups) for groups in rows)


def text(found: Peaks) -> str:
    value = found.digits.argmax(1)
    lines = []
    for line in lines_of(found):
        spaces = [" " if odds > 0 else "" for odds in parting(found, line)]
        lines.append("".join(str(value[i]) + s for i, s in zip(line, [*spaces, ""], strict=True)))
    return "/".join(lines)


groups = st.lists(st.text("0123456789", min_size=1, max_size=5), min_size=1, max_size=4)


@given(st.lists(groups, min_size=1, max_size=4), st.floats(-0.2, 0.2))
def test_links_give_lines_and_groups(rows: list[list[str]], slope: float) -> None:
    found, wanted = finds(rows, slope=slope)
    assert text(found) == wanted


@given(st.lists(groups, min_size=1, max_size=3))
def test_each_find_is_in_one_line_whatever_the_links_say(rows: list[list[str]]) -> None:
    found, _ = finds(rows, links=False)
    seen = [i for line in lines_of(found) for i in line]
    assert sorted(seen) == list(range(len(found)))


def test_without_links_a_row_is_still_one_line() -> None:
    found, _ = finds([["12", "345"]], links=False)
    assert text(found) == "12345"


def test_a_digit_without_a_link_is_put_where_it_stands_in_its_row() -> None:
    found, _ = finds([["12345"], ["678"]])
    lost = int(np.flatnonzero(found.digits.argmax(1) == 3)[0])
    found.after[lost] = (900, 900)
    for i, after in enumerate(found.after):  # nor does any link lead to it
        if np.allclose(after, found.boxes[lost, :2]):
            found.follow[i] = (1.0, 0.0, 0.0)
    value = found.digits.argmax(1)
    assert [[int(value[i]) for i in line] for line in lines_of(found)] == [
        [1, 2, 3, 4, 5],
        [6, 7, 8],
    ]


def test_links_that_run_in_a_circle_end_somewhere() -> None:
    found, _ = finds([["123"]])
    found.after[:] = np.roll(found.boxes[:, :2], 1, axis=0)
    found.follow[:] = (0.0, 1.0, 0.0)
    seen = [i for line in lines_of(found) for i in line]
    assert sorted(seen) == [0, 1, 2]


def test_nothing_makes_no_line() -> None:
    found, _ = finds([["1"]])
    assert lines_of(found.take(np.zeros(0, np.intp))) == []


def noise(count: int, seed: int = 0) -> Peaks:
    """Finds anywhere and of any size, whose links lead nowhere."""
    rng = np.random.default_rng(seed)
    boxes = np.column_stack(
        [rng.uniform(0, 900, (count, 2)), np.exp(rng.normal(3, 0.4, (count, 2)))]
    )
    alike = np.full((count, 10), 0.1, np.float32)
    ends = np.tile(np.float32([1, 0, 0]), (count, 1))
    heat = np.ones(count, np.float32)
    return Peaks(heat, heat, boxes.astype(np.float32), alike, ends, boxes[:, :2].astype(np.float32))


@pytest.mark.parametrize("seed", range(3))
def test_rows_that_are_not_looked_at_could_not_have_been_joined(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = noise(150, seed)
    found.boxes[50:, 1] = np.round(found.boxes[50:, 1] / 90) * 90  # in rows, exactly
    quickly = lines_of(found)
    assert 9 < len(quickly) < 150

    def all_alike(extents: Floats64, top: float, bottom: float, height: float) -> list[int]:
        return [r for r, (_, _, h) in enumerate(extents) if 1 / UNLIKE < h / height < UNLIKE]

    monkeypatch.setattr(lines, "_within_reach", all_alike)
    assert lines_of(found) == quickly


def test_noise_is_not_compared_find_by_find(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []
    apart = lines._apart
    monkeypatch.setattr(lines, "_apart", lambda *given: compared.append(1) or apart(*given))
    found = noise(1000)
    assert sum(map(len, lines_of(found))) == 1000
    assert len(compared) < 5 * 1000  # with every row: 63,878
