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
            bars([0.5, 1.25], label="t"),
        )
    )


@pytest.mark.parametrize(
    ("language", "said", "ticks"),
    [
        ("en", ("digit a", "weights", "curves over t: w", "bars: 0 0.5; 1 1.25"), {"0.2", "0.5"}),
        (
            "de",
            ("Ziffer a", "Gewichte", "Kurven über t: w", "Balken: 0 0,5; 1 1,25"),
            {"0,2", "0,5"},
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
