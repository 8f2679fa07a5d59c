"""The explanation of a reading, step by step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from digitus.errors import DataError
from digitus.report.explain import explain
from html_page import Page
from shown import REFUSED, SURE, UNSURE, fetches_nothing, picture, reading, steps


def test_it_says_how_the_picture_was_read():
    r = reading(SURE, UNSURE, REFUSED, lines=("38", "?"), steps=steps())
    text = explain(picture(), r, "a<b>.png")
    page = Page(text)
    assert fetches_nothing(page)
    assert "a<b>.png" in page.text
    assert "dark ink on light paper, made 2 times smaller, turned by 90 degrees" in page.text
    assert "too <small>" in page.text
    assert "score -0.25" in page.text
    assert "1 other way of cutting this line" in page.text
    assert len(page.with_class("way")) == 3 + 2
    assert len(page.with_class("doubt")) == 2
    assert page.text.count("70.0 %") == 2


def test_light_ink_and_nothing_found_are_explained_too():
    empty = replace(steps(), dark_ink=False, pieces=(), lines=(), candidates=(), turns=0, zoom=1.0)
    empty = replace(empty, rules=np.zeros((50, 100), bool))
    page = Page(explain(picture(), reading(lines=(), steps=empty), "empty.png"))
    assert "no digits" in page.text
    assert "light ink on dark paper." in page.text
    assert "No rules or boxes were found" in page.text


def test_what_has_no_steps_cannot_be_explained():
    with pytest.raises(DataError, match="without keeping the steps"):
        explain(picture(), reading(SURE), "x.png")
