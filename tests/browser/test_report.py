"""The report on a network in a browser: its table of confusions by the keyboard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from browser.conftest import TIMEOUT_MS
from digitus.datasets.digits import Digits
from digitus.evaluation import Evaluation
from digitus.report import report
from scored import recognizer

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CLASSES = "0123456789AB"
MISREAD = [(2, 10), (2, 11), (11, 2), (11, 10)]  # a sign, what it is read as


def test_arrow_keys_walk_through_a_table_of_more_than_ten_signs(
    browser: Browser, tmp_path: Path
) -> None:
    """They took "read-11-10" for row 1 and column 1, and stopped at 9."""
    labels, answers = (np.array(of, np.uint8) for of in zip(*MISREAD, strict=True))
    digits = Digits(np.zeros((len(labels), 28, 28), np.uint8), labels, "signs", classes=CLASSES)
    path = tmp_path / "report.html"
    probabilities = np.eye(len(CLASSES))[answers]
    path.write_text(report(recognizer(), Evaluation(digits, probabilities, 0.0), []), "utf-8")
    page = browser.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    page.goto(path.as_uri())
    page.locator('.confusion a[href="#read-11-10"]').focus()
    seen = []
    for key in ("ArrowUp", "ArrowRight", "ArrowLeft", "ArrowDown"):
        page.keyboard.press(key)
        seen.append(page.evaluate("() => document.activeElement.hash"))
    page.close()
    assert seen == ["#read-2-10", "#read-2-11", "#read-2-10", "#read-11-10"]
