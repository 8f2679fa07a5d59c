"""Parts cover what is wanted, once, in rectangles of a size that memory can bear, and cheaply."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from digitus.detection.parts import CELL, HALO, MOST, Cells, parts


def wanted(*rows: str) -> Cells:
    """Cells that are drawn."""
    return np.array([[cell == "#" for cell in row] for row in rows])


def covered(cells: Cells) -> npt.NDArray[np.int64]:
    """How many parts cover each cell."""
    count = np.zeros(cells.shape, int)
    for part in parts(cells):
        count[part] += 1
    return count


def seen(cells: Cells) -> float:
    """Cells that are seen, halos with them."""
    more = 2 * HALO / CELL
    return sum((a.stop - a.start + more) * (b.stop - b.start + more) for a, b in parts(cells))


@given(arrays(np.bool_, st.tuples(st.integers(1, 31), st.integers(1, 31))))
def test_all_that_is_wanted_is_covered_once(cells: Cells) -> None:
    count = covered(cells)
    assert (count[cells] == 1).all()
    assert count.max() <= 1
    for rows, columns in parts(cells):
        assert 1 <= rows.stop - rows.start <= MOST
        assert 1 <= columns.stop - columns.start <= MOST
        edges = cells[rows, columns]
        assert edges[0].any()
        assert edges[-1].any()
        assert edges[:, 0].any()
        assert edges[:, -1].any()
    h, w = cells.shape
    assert seen(cells) <= (h + -(-h // MOST)) * (w + -(-w // MOST)) * 1.1


def test_what_lies_together_is_one_part_and_what_lies_apart_is_several() -> None:
    assert [*parts(np.zeros((4, 5), bool))] == []
    line = wanted(".......", ".#####.", ".#.###.", ".......")
    assert [*parts(line)] == [(slice(1, 3), slice(1, 6))]
    corners = wanted("##......", "##......", "........", "......##")
    assert [*parts(corners)] == [(slice(0, 2), slice(0, 2)), (slice(3, 4), slice(6, 8))]
    angle = wanted("#######", "#......", "#......", "#......", "#......")
    assert len([*parts(angle)]) == 2
    assert len([*parts(angle.T)]) == 2


def test_a_page_full_of_digits_is_cut_evenly() -> None:
    sizes = [
        (a.stop - a.start, b.stop - b.start) for a, b in parts(np.ones((2 * MOST + 2, MOST), bool))
    ]
    assert sum(h for h, _ in sizes) == 2 * MOST + 2
    assert all(w == MOST and abs(h - (2 * MOST + 2) / 3) < 1 for h, w in sizes)
