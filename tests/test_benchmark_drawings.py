"""The benchmark of drawings: they are what they say, and its figures are counted right."""

from __future__ import annotations

import numpy as np
import pytest

import drawings
from benchmarks.docs import drawings as page
from benchmarks.docs.results import results
from digitus.vision.ink import drawn_ink
from drawings_made import KINDS, NOTHING, Drawn, made

PEN = tuple(kind for kind in KINDS if not kind.startswith("mnist"))


@pytest.mark.slow
@pytest.mark.parametrize("kind", [*PEN, *NOTHING])
def test_drawings_are_the_same_for_the_same_seed_and_have_what_they_say(kind: str) -> None:
    for one, again in zip(made(4, 3, (kind,)), made(4, 3, (kind,)), strict=True):
        np.testing.assert_array_equal(one.picture, again.picture)
        assert one.lines == again.lines
        assert "".join(one.lines).isdigit() or (kind in NOTHING and one.lines == ())
        pieces = len(drawn_ink(one.picture))
        if kind in ("apart", "close", "thin", "thick", "uneven"):
            assert pieces >= len(one.lines[0])
        if kind == "touching":
            assert pieces < 2 * len(one.lines[0])


def test_figures_are_counted() -> None:
    blank = np.full((2, 2), 255, np.uint8)
    rows = [
        (Drawn("apart", blank, ("12",)), ("12",), 1.0),
        (Drawn("apart", blank, ("12",)), ("1?",), 2.0),
        (Drawn("apart", blank, ("12",)), ("123",), 3.0),
        (Drawn("apart", blank, ("1", "2")), (), 9.0),
    ]
    found = drawings.figures(rows)
    assert (found["sheets"], found["exact"], found["wrong_count"]) == (4, 0.25, 0.5)
    assert (found["invented"], found["median_ms"]) == (1, 2.5)
    other = {**found, "exact": 0.75}
    both = drawings.together({"apart": found, "thin": other, "blank": {**found, "exact": 0}})
    assert (both["sheets"], both["exact"], both["invented"]) == (8, 0.5, 2)


def test_the_page_says_what_was_measured() -> None:
    found = results("drawings")
    text = page.section(found)
    for kind, row in found["found"]["shipped"]["after"].items():
        assert f"| {page.ABOUT[kind]} | {100 * row['exact']:.1f} % |" in text
