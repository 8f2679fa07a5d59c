"""Series of a form in the browser: a value that never falls is set of its field."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from browser.conftest import Server, Visit
from browser.test_form_editor import filed, opened, saved
from digitus.forms.form import Field, Rising
from filled_forms import FORM

pytestmark = pytest.mark.slow


def test_a_value_that_never_falls_is_set_of_its_field(
    visit: Visit, server: Server, tmp_path: Path
) -> None:
    other = Rising("second", day="day")
    form = replace(
        FORM,
        fields=(*FORM.fields, Field("day", (62.0, 66.0, 60.0, 9.0), date="DD.MM.YYYY")),
        risings=(other,),
    )
    page = opened(visit, server, filed(tmp_path / "scores.toml", form))
    named = page.locator(".field-list button")
    named.filter(has_text="total").click()
    rises, of, day, most = (page.get_by_label(text, exact=True) for text in (
        "never falls from sheet to sheet", "For each", "In the order of", "At most so much a day"
    ))  # fmt: skip
    assert not of.is_visible()
    rises.check()
    assert saved(page, tmp_path / "form.toml").risings == (other, Rising("total"))
    of.select_option("player")
    assert not most.is_visible()
    assert day.locator("option").all_inner_texts() == ["the sheets", "day"]
    day.select_option("day")
    most.fill("2.5")
    most.press("Tab")
    rule = Rising("total", "player", "day", 2.5)
    assert saved(page, tmp_path / "form.toml").risings == (other, rule)
    named.filter(has_text="second").click()  # another field has a rule of its own
    assert rises.is_checked()
    assert (of.input_value(), day.input_value()) == ("", "day")
    named.filter(has_text="first").click()
    assert not rises.is_checked()
    named.filter(has_text="total").click()
    assert (of.input_value(), day.input_value(), most.input_value()) == ("player", "day", "2.5")
    day.select_option("")  # without days nothing is so much a day
    assert saved(page, tmp_path / "form.toml").risings == (other, replace(rule, day="", most=0.0))
    rises.uncheck()
    assert saved(page, tmp_path / "form.toml").risings == (other,)
    page.get_by_role("button", name="Undo").click()
    assert rises.is_checked()
