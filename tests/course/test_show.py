"""What lessons show: their words and numbers are those of the learner's language."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from digitus.course import bars, curve, pictures, weights
from digitus.course.progress import Progress


def drawn() -> str:
    """One drawing of each kind, as it stands on a page."""
    return "".join(
        drawing._repr_html_()
        for drawing in (
            pictures(np.zeros((28, 28)), ["a"]),
            weights(np.ones((2, 3))),
            curve({"w": [0.0, 0.25, 0.5]}, label="t"),
            bars([0.5, 1.25], np.array([0.1, 9.5]), label="t"),
        )
    )


@pytest.mark.parametrize(
    ("language", "said", "ticks"),
    [
        (
            "en",
            ("digit a", "weights", "curves over t: w", "bars: 0.1 0.5; 9.5 1.25"),
            {"0.2", "0.5", "9.5"},
        ),
        (
            "de",
            ("Ziffer a", "Gewichte", "Kurven über t: w", "Balken: 0,1 0,5; 9,5 1,25"),
            {"0,2", "0,5", "9,5"},
        ),
    ],
)
def test_drawings_speak_the_language_of_the_folder(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    language: str,
    said: tuple[str, ...],
    ticks: set[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Progress(tmp_path, language).save()
    html = drawn()
    assert re.findall(r'(?:alt|aria-label)="([^"]*)"', html) == list(said)
    found = set(re.findall(r">([\d.,]+)</text>", html))
    assert ticks <= found
    other = "," if language == "en" else "."
    assert not [tick for tick in found if other in tick]


def test_a_file_of_that_name_which_is_none_of_a_lesson(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    plain = drawn()
    (tmp_path / "progress.json").write_text('{"epoch": 3}')
    assert drawn() == plain


def test_a_straight_line_is_drawn_straight() -> None:
    """Also where the values differ by more than 20 times: lesson 2 is about lines."""
    html = curve({"line": np.linspace(0.01, 1, 60)}, np.linspace(0, 1, 60))._repr_html_()
    found = re.search(r'<polyline points="([^"]+)"', html)
    assert found is not None
    at = np.array([[float(v) for v in point.split(",")] for point in found[1].split()])
    steps = np.diff(at, axis=0)
    assert len(at) == 60
    assert np.abs(steps - steps.mean(axis=0)).max() < 0.11  # coordinates are written in tenths


def test_dots_have_the_same_colours_beside_curves() -> None:
    """Lesson 2 shows the same digits twice, then with lines between them."""
    points = {"digit 0": ([0.0], [1.0]), "digit 1": ([1.0], [0.0])}
    drawings = [curve({}, points=points), curve({"line": [0.0, 1.0]}, points=points)]
    found = [re.findall(r'<circle [^>]*fill="(#\w+)"', d._repr_html_()) for d in drawings]
    assert found[0] == found[1]
    assert len(set(found[0])) == 2
    line = re.search(r'stroke="(#\w+)" stroke-width="2"', drawings[1]._repr_html_())
    assert line is not None
    assert line[1] not in found[0]
