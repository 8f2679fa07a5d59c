"""What charts and pictures draw, and how numbers are written."""

from __future__ import annotations

import re

import numpy as np
import pytest

from digitus import plotting
from digitus.report import charts, formats, pictures
from sheets import picture


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.98412, "98.41"), (1.0, "100.00"), (0.999999, ">99.99"), (1e-9, "<0.01"), (0.0, "0.00")],
)
def test_percentages_do_not_round_away_the_last_mistake(share: float, words: str) -> None:
    assert formats.percent(share) == f"{words}\u00a0%"
    assert formats.percent(None) == "–"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.25, "0.2 s"), (59.96, "1 min 0 s"), (75.2, "1 min 15 s"), (7300, "2 h 1 min")],
)
def test_durations(seconds: float, words: str) -> None:
    assert formats.duration(seconds).replace("\u00a0", " ") == words


@pytest.mark.parametrize(
    "values", [[0.0], [1.0, 1.0], [0.9, 0.99], [1e-6, 1.0], [-3.0, 4.0], [float("nan")], [2e9, 2e9]]
)
def test_axes_hold_their_values(values: list[float]) -> None:
    forms = [plotting.number, plotting.percentage] if max(values) <= 1 else [plotting.number]
    for form in forms:
        axis = plotting.axis_for([plotting.Series("", "", np.array(values))], form)
        ticks = axis.ticks()
        assert ticks
        assert len({form(t) for t in ticks}) == len(ticks)
        assert all(0 <= axis.share(v) <= 1 for v in values if np.isfinite(v))


def test_the_field_marks_each_misread_digit() -> None:
    wrong = np.zeros(450, bool)
    wrong[[0, 201, 449]] = True
    drawn = charts.field(wrong)
    assert re.findall(r"M(\d+) (\d+)h", drawn) == [("0", "0"), ("1", "1"), ("49", "2")]
    assert "the 3 misread" in drawn
    large = np.zeros(3 * charts.LARGEST_FIELD, bool)
    large[[3, 5]] = True
    assert re.findall(r"M(\d+) (\d+)h", charts.field(large)) == [("1", "0")]


def test_zero_weights_cannot_be_seen() -> None:
    tiles = pictures.signed_tiles("w", np.zeros((3, 5, 5)))
    assert not picture(tiles.uri)[..., 3].any()
