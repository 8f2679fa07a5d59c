"""The review of forms in a browser: by the keyboard alone, once and twice; what is saved."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from browser.conftest import PHONE, TIMEOUT_MS
from browser.test_axe import findings
from digitus.forms.doubts import plan
from digitus.forms.form import Field, Form
from digitus.forms.review import Cut, review
from digitus.forms.trust import chance_wrong
from digitus.report.pictures import photo_uri
from filled_forms import FORM, VALUES, printed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow

SHEETS = 8  # of four fields each


def made(*, twice: bool, form: Form = FORM, values: Mapping[str, str] = VALUES) -> str:
    """The page of some sheets on which all is to be looked at."""
    rows: list[dict[str, Any]] = []
    for number in range(SHEETS):
        row: dict[str, Any] = {"form": form.name, "file": f"{number}.png", "page": 1}
        for name, value in values.items():
            sure = {"_confidence": 0.5 + 0.01 * number, "_flag": "doubtful", "_place": "1 2 3 4"}
            row |= {name: value, **{name + key: told for key, told in sure.items()}}
        rows.append(row)
    uri = photo_uri(printed()[:100, :300])
    digits = np.full((3, 28, 28), 7, np.uint8)
    cuts = {
        (row["file"], 1, name): Cut(uri, 300, 100, (10, 10, 50, 20), digits)
        for row in rows
        for name in values
    }
    return review(rows, plan(rows, [form], 0.0), cuts, 0.0, twice=twice)


@pytest.fixture
def page(browser: Browser, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    path = tmp_path / "review.html"
    settings, twice = getattr(request, "param", ({}, False))
    path.write_text(made(twice=twice), "utf-8")
    context = browser.new_context(**settings)
    context.set_default_timeout(TIMEOUT_MS)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(path.as_uri())
    yield page
    context.close()
    assert not complaints


def saved(page: Page, button: str) -> list[dict[str, str]]:
    """The rows that a button saves."""
    page.evaluate(
        """() => { URL.createObjectURL = (blob) => { window.saved = blob.text(); return "#"; } }"""
    )
    page.locator(button).click()
    return list(csv.DictReader(io.StringIO(page.evaluate("() => window.saved"))))


def test_thirty_fields_by_the_keyboard(page: Page) -> None:
    count = SHEETS * len(VALUES)
    assert page.evaluate("() => document.activeElement.id") == "field-0"
    page.keyboard.type("4321")  # replaces what stands there
    for _ in range(count):
        page.keyboard.press("Enter")
    assert page.evaluate("() => document.activeElement.id") == "save"
    assert f"{count} of {count} checked" in page.locator("#done").inner_text()
    expected = len(VALUES) * sum(chance_wrong(0.5 + 0.01 * number) for number in range(SHEETS))
    assert f"1 were wrong, {expected:.1f} were expected" in page.locator("#held").inner_text()
    rows = saved(page, "#save")
    assert len(rows) == count
    assert [rows[0][key] for key in ("form", "file", "page", "field", "read", "value")] == [
        "scores", "0.png", "1", "player", "12-34", "43-21",
    ]  # fmt: skip
    assert all(row["read"] == row["value"] for row in rows[1:])
    digits = saved(page, "#digits")
    assert len(digits) == 3 * 3 * SHEETS  # of the field with four digits three were seen
    assert digits[0]["label"] == "1"
    assert {digits[0][f"pixel{i}"] for i in range(784)} == {"7"}


def test_back_and_forth(page: Page) -> None:
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("() => document.activeElement.id") == "field-1"
    assert saved(page, "#save") == []


@pytest.mark.parametrize("page", [({}, True)], indirect=True)
def test_what_is_typed_twice_is_settled_when_both_agree(page: Page) -> None:
    count = SHEETS * len(VALUES)
    assert page.locator("input").first.input_value() == ""
    for _ in range(count):
        page.keyboard.type("170")
        page.keyboard.press("Enter")
    assert f"0 of {count} checked" in page.locator("#done").inner_text()
    assert page.evaluate("() => document.activeElement.id") == "field-0"
    for number in range(count):
        page.keyboard.type("171" if number == 2 else "170")
        page.keyboard.press("Enter")
    assert page.evaluate("() => document.activeElement.id") == "field-2"
    assert page.locator(".told").nth(2).inner_text() == "170 or 171?"
    page.keyboard.type("171")
    page.keyboard.press("Enter")
    assert f"{count} of {count} checked" in page.locator("#done").inner_text()
    assert [row["value"] for row in saved(page, "#save")].count("171") == 1
    for typed, left in (("172", 1), ("170", 0), ("172", 1), ("172", 0)):  # somebody looks again
        page.locator("#field-5").focus()
        page.locator("#field-5").fill(typed)
        page.keyboard.press("Enter")
        assert f"{count - left} of {count} checked" in page.locator("#done").inner_text(), typed
        assert page.locator(".checked").count() == count - left
    assert saved(page, "#save")[-1]["value"] == "172"


@pytest.mark.parametrize("page", [(PHONE, False)], indirect=True)
def test_axe_finds_nothing(page: Page) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert findings(page) == []
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360


AMOUNTS = Form("amounts", (Field("amount", (20.0, 30.0, 50.0, 9.0), pattern="####,#"),))


@pytest.mark.parametrize("twice", [False, True])
def test_where_the_comma_is_is_asked_not_guessed(page: Page, tmp_path: Path, twice: bool) -> None:
    """1805 is 180,5 or, where the last box is empty, 1805: ten times as much."""
    path = tmp_path / "amounts.html"
    path.write_text(made(twice=twice, form=AMOUNTS, values={"amount": "18"}), "utf-8")
    page.goto(path.as_uri())
    typed = {"1805": "", "180,5": "180,5", "180.5": "180,5", "1805,": "1805", "18055": "1805,5"}
    for _ in range(1 + twice):
        page.locator("#field-0").focus()
        for at, (keys, value) in enumerate(typed.items()):
            page.keyboard.press("Control+A")
            page.keyboard.type(keys)
            page.keyboard.press("Enter")
            if not value:  # it stays there and says why
                assert page.evaluate("() => document.activeElement.id") == "field-0"
                said = page.locator(".field .told").first.text_content()
                assert said == "Where is the comma? 180,5 or 1805,"
            else:
                assert page.evaluate("() => document.activeElement.id") == f"field-{at}"
        for _ in range(SHEETS - 4):
            if twice:
                page.keyboard.type("18,0")
            page.keyboard.press("Enter")  # or what stands there, a number without decimals
    found = [row["value"] for row in saved(page, "#save")]
    assert found == ["180,5", "180,5", "1805", "1805,5"] + ["18,0" if twice else "18"] * 4
