"""The report on a network that finds digits: curves, pages, what is said of each find."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from digitus.detection.maps import Peaks
from digitus.detection.score import part_names
from digitus.detection.source import TrainedPages
from digitus.nn import He, HeatmapFocal, MultiTask, SmoothAbsolute, initial, stream
from digitus.recipe import load_recipe
from digitus.report.finding import Counts, counts, frames_of, learning, page_report
from digitus.synthetic.pages.pages import Page
from html_page import Page as Html
from small import FINDS, recipe

SHEET = Page(
    np.full((60, 120, 3), 230, np.uint8),
    ("12", "3"),
    ((1, (10, 10, 20, 30), 0), (2, (40, 10, 20, 30), 0), (3, (80, 20, 20, 30), 1)),
    frozenset({"lines", "pencil"}),
)


def peaks(*finds: tuple[float, float, int, float]) -> Peaks:
    """Finds by middle, digit and heat, 20 x 30 pixels large."""
    n = len(finds)
    boxes = np.array([(x, y, 20, 30) for x, y, _, _ in finds], np.float32).reshape(n, 4)
    heat = np.array([heat for *_, heat in finds], np.float32)
    digits = np.eye(10, dtype=np.float32)[[digit for _, _, digit, _ in finds]].reshape(n, 10)
    return Peaks(heat, heat, boxes, digits, np.zeros((n, 3), np.float32), boxes[:, :2])


def epochs(count: int) -> list[dict[str, Any]]:
    shared = {"accuracy": 0.5, "development_accuracy": 0.25, "rate": 0.01, "seconds": 2.0}
    return [
        {
            **shared,
            "epoch": n,
            "loss": 3 / n,
            "development_loss": 4 / n,
            "development_parts": {"heat": 1 / n, "offset and size": 2 / n},
        }
        for n in range(1, count + 1)
    ]


def test_each_find_and_each_digit_has_one_frame() -> None:
    found = peaks((50, 25, 7, 0.8), (20, 25, 1, 0.9), (22, 26, 4, 0.6), (5, 55, 9, 0.7))
    frames = {(f.kind, f.words) for f in frames_of(SHEET, found)}
    assert frames == {
        ("digit", "1; heat 90.0\N{NO-BREAK SPACE}%"),
        ("refused", "2 taken for 7; heat 80.0\N{NO-BREAK SPACE}%"),
        ("unlikely", "9, where no digit is; heat 70.0\N{NO-BREAK SPACE}%"),
        ("unlikely", "4, where no digit is; heat 60.0\N{NO-BREAK SPACE}%"),
        ("missed", "3, not found"),
    }
    told = counts(Counter(f.kind for f in frames_of(SHEET, found)))
    assert (told, told.digits) == (Counts(1, 1, 1, 2), 3)
    assert [f.kind for f in frames_of(SHEET, peaks())] == ["missed"] * 3


def test_curves_go_over_the_crops_that_were_seen() -> None:
    section = learning(epochs(3), 4800)
    assert section is not None
    page = Html(section.body)
    assert page.text.count("thousand examples seen") == 5  # loss, right, rate, and two parts
    for title in ("Loss", "Share right", "Learning rate", "Heat", "Offset and size"):
        assert f"<figcaption>{title}</figcaption>" in section.body
    assert ">10<" in section.body
    assert "thousand" not in learning(epochs(3), 48).body
    assert learning([], 4800) is None
    for epoch in (old := epochs(2)):  # of a run that knew no parts
        del epoch["development_parts"]
    section = learning(old, 4800)
    assert section is not None
    assert "parts of the loss" not in section.body


def test_a_report_needs_no_other_file() -> None:
    small = recipe(FINDS, about="<b>")
    params = initial(small.network, (192, 192, 1), He(), stream(1), np.float32)
    history = {
        "digitus": "0.1.0", "numpy": "2", "data": {"name": "pages", "sha256": "0"}, "examples": 4,
        "development": 26, "epochs": epochs(2),
    }  # fmt: skip
    text = page_report(TrainedPages(small, params, history), [SHEET])
    page = Html(text)
    assert "&lt;b&gt;" in text
    assert "25.00 % of the digits are found, on 26 crops held back" in page.text
    assert "lines, pencil: " in page.text
    for tag, attributes in page.tags:
        assert tag not in ("link", "iframe", "object", "embed", "img")
        address = attributes.get("href") or "#"
        assert address.startswith(("#", "data:image/jpeg;base64,"))
    assert "AveragePool" in page.text
    assert "learnt from" in page.text


@pytest.mark.parametrize(
    ("loss", "names"),
    [
        (
            load_recipe("page").loss,
            ["heat", "offset and size", "link", "follow", "digit", "finer"],
        ),
        (
            MultiTask([(HeatmapFocal(), 2, 1.0), (SmoothAbsolute(), 18, 1.0)]),
            ["heat and offset", "offset and size and link and follow and digit"],
        ),
    ],
)
def test_parts_of_a_loss_are_called_after_what_they_are_about(
    loss: MultiTask, names: list[str]
) -> None:
    assert part_names(loss) == names
