"""The report on a network as a whole: it holds what it shows, fetches nothing, is for everybody."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from digitus.errors import OutputError
from digitus.report import report, write_report
from html_page import Page
from scored import epochs, evaluation, recognizer


def test_nothing_is_fetched_and_text_is_escaped() -> None:
    evil = '<script src="https://example.org/x.js"></script>"\'&'
    r = recognizer(about=evil, data=evil)
    r = replace(r, history={evil: [evil], "data": {"name": evil}})
    text = report(r, evaluation(name=evil), epochs(2))
    found = Page(text)
    assert [tag for tag, _ in found.tags].count("script") == 1
    assert found.text.count(evil.replace("  ", " ")) >= 3
    for tag, attributes in found.tags:
        assert tag not in ("link", "iframe", "object", "embed", "base", "form", "img")
        assert not attributes.keys() & {"src", "srcset", "xlink:href", "action", "onclick"}
        assert (attributes.get("href") or "#").startswith("#")
    for address in re.findall(r"url\(([^)]*)\)", text):
        assert address.startswith(("data:image/png;base64,", "#"))
    assert "@import" not in text
    assert "default-src 'none'" in text


def test_a_small_share_is_text_too() -> None:
    """“<0.1 %” is no tag, nor “>99.9 %” the end of one."""
    e = evaluation(1000, 300)
    e.probabilities[0] = np.eye(10)[e.answers[0]] * 0.9998 + 0.00001
    text = re.sub(r"<(style|script)>.*?</\1>", "", report(recognizer(), e, []), flags=re.DOTALL)
    assert "&lt;0.1\u00a0%" in text
    assert "&gt;99\u00a0%" in text
    assert not re.search(r"<[^a-z/!]|>>", text)


def test_a_perfect_score() -> None:
    found = Page(report(recognizer(), evaluation(wrong=0, threshold=0.0), epochs(1)))
    assert "300 of 300 right: 100.00 % (" in found.text
    assert "every digit was read right" in found.text
    assert "No answer is below the threshold" in found.text
    assert found.with_class("misread") == []
    assert "worst" not in {a.get("id") for _, a in found.tags}


@pytest.mark.parametrize("n", [1, 2, 11])
def test_tiny_sets_all_wrong(n: int) -> None:
    found = Page(report(recognizer(), evaluation(n, n, threshold=1.1), []))
    assert f"0 of {n} right: 0.00 %" in found.text
    assert "–" in found.text  # the accuracy of no accepted answers, or of absent digits


def test_without_training_there_are_no_curves() -> None:
    found = Page(report(recognizer(), evaluation(), []))
    assert "learning" not in {a.get("id") for _, a in found.tags}
    assert Page(report(recognizer(), evaluation())).text == found.text


def test_the_history_of_the_recognizer_gives_the_curves() -> None:
    r = replace(recognizer(), history={"epochs": epochs(4), "digitus": "9.8.7"})
    text = Page(report(r, evaluation())).text
    assert "4 epochs in 6.0 s, 1,000 images a second" in text
    assert "digitus 9.8.7" in text


def test_accessible() -> None:
    found = Page(report(recognizer(), evaluation(), epochs(3)))
    headings = [tag for tag, _ in found.tags if re.fullmatch("h[1-6]", tag)]
    assert headings.count("h1") == 1
    levels = [int(tag[1]) for tag in headings]
    assert all(b - a <= 1 for a, b in pairwise(levels))
    assert all(a.get("scope") in ("row", "col") for tag, a in found.tags if tag == "th")
    assert all(a.get("aria-label") for _, a in found.tags if a.get("role") == "img")
    assert all(a.get("role") == "img" for tag, a in found.tags if tag == "svg")
    assert found.tags[0] == ("html", {"lang": "en"})
    ids = [a["id"] for _, a in found.tags if "id" in a]
    assert len(ids) == len(set(ids))


def test_the_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "report.html"
    write_report(path, recognizer(), evaluation(10_000, 500), epochs(5))
    assert path.read_text("utf-8").endswith("</html>\n")
    assert path.stat().st_size < 1_500_000  # even of pictures that are noise
    assert list(path.parent.iterdir()) == [path]
    with pytest.raises(OutputError, match="cannot write"):
        write_report(tmp_path, recognizer(), evaluation(20, 1))  # a folder is there
