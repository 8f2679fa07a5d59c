"""Signs: each can be drawn, stands where it belongs, and parts the digits or does not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import examples
from digitus.nn.arrays import stream
from digitus.synthetic.glyphs import Style, glyphs, stroke_width
from digitus.synthetic.pages.pages import pages
from digitus.synthetic.pages.texts import DIGITS, truth, with_signs
from digitus.synthetic.signs import SIGNS, sign


@pytest.mark.parametrize("character", SIGNS)
@pytest.mark.parametrize("digit", [12, 40, 400])
def test_a_sign_is_ink_beside_a_digit(character, digit):
    for seed in range(4):
        ink, below = sign(character, digit, 0.08 * digit, 0.2, stream(seed, "sign"))
        assert ink.max() > 150
        assert ink.any(0).all() or character in ":;%=—"
        assert ink[0].any()
        assert ink[-1].any()
        assert -0.35 * digit < below < 1.1 * digit
        assert below + ink.shape[0] < 1.35 * digit + 2
        longest = {"-": 1.7, "—": 1.9}.get(character, 1.2)  # a dash may be long
        assert ink.shape[1] < longest * digit


def test_points_stand_on_the_line_and_strokes_in_the_middle():
    rng = stream(3, "sign")
    point, low = sign(".", 100, 8, 0, rng)
    stroke, middle = sign("-", 100, 8, 0, rng)
    raised, high = sign("'", 100, 8, 0, rng)
    assert high + raised.shape[0] < 40 < middle < middle + stroke.shape[0] < 80 < low
    assert max(point.shape) < 25


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("1.234,50", "123450"), ("12+34", "12 34"), ("2024-12-31", "2024 12 31"),
        ("= 120.000.=", "120000"), ("99⁵⁰", "9950"), ("(3 + 4) x 2 =", "3 4 2"),
        ("1'250.-", "1250"), ("4.700—", "4700"), ("12:30", "12 30"), ("3/4 km", "3 4"),
        ("12, 5", "12 5"), ("7", "7"),
    ],
)  # fmt: skip
def test_signs_part_the_digits_or_do_not(line, read):
    assert truth(line) == read


@given(st.integers(0, 2**32))
@examples(200)
def test_all_that_is_written_can_be_drawn(seed):
    line = with_signs(stream(seed, "line"))
    assert set(line) <= DIGITS | set(SIGNS) | {" "}
    assert DIGITS & set(line)
    assert truth(line) == " ".join(truth(line).split())


@pytest.mark.parametrize("pen", [0.03, 0.08, 0.16])
def test_the_width_of_a_stroke_is_measured(pen):
    inks = glyphs(np.arange(10), [100.0] * 10, Style(pen), None, stream(1, "pen"))
    # Thick strokes run together where a hand is narrow: they seem wider there.
    assert 0.75 * pen < stroke_width(inks) / 100 < 1.3 * pen + 0.01


@pytest.mark.slow
def test_a_page_knows_its_signs():
    found = set()
    for page in pages(60, 5, kinds={"signs", "underlined", "screen"}):
        grey = page.picture if page.picture.ndim == 2 else page.picture.min(2)
        paper, darkest = int(grey[0, 0]), int(grey.min())
        inside = np.zeros(grey.shape, bool)
        for _, (x, y, w, h), line in (*page.digits, *page.signs):
            assert line < len(page.lines)
            assert (grey[y : y + h, x : x + w] < paper - 0.2 * (paper - darkest)).any()
            inside[y : y + h, x : x + w] = True
        assert not ((grey < paper - 0.3 * (paper - darkest)) & ~inside).any()
        found |= {character for character, _, _ in page.signs}
    assert found >= set("+-x/=().,:_")
