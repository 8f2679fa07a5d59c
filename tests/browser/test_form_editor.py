"""Forms in the browser: laid out by pointer and by keys, saved, printed, tried on a sheet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

from browser.conftest import PHONE, Server, Visit, until
from digitus.forms.form import Form
from digitus.forms.pages import PageReader
from digitus.forms.pdf import as_pdf
from digitus.forms.propose import propose
from digitus.forms.rows import rows
from digitus.forms.table import load_form, to_toml
from digitus.reading.options import ReadingOptions
from digitus.recognizer import load
from filled_forms import ASLANT, FORM, filled, photographed, printed
from serve.test_words import table

if TYPE_CHECKING:
    from playwright.sync_api import Page

LANGUAGES = ("en", "de", "es", "fr", "zh")
GROUPS = "#view-forms .form-page g"


def begun(visit: Visit, server: Server) -> Page:
    page = visit.page(server.address + "#forms")
    page.get_by_role("button", name="Begin a form").click()
    page.wait_for_selector(GROUPS)
    return page


def opened(visit: Visit, server: Server, path: Path) -> Page:
    page = visit.page(server.address + "#forms")
    page.set_input_files("#view-forms .drop input[type=file]", path)
    page.wait_for_selector(GROUPS)
    return page


def filed(path: Path, form: Form) -> Path:
    path.write_text(to_toml(form), "utf-8")
    return path


def saved(page: Page, path: Path) -> Form:
    """The form, as the file that the page saves has it."""
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the file").click()
    download.value.save_as(path)
    return load_form(path)


def place(page: Page, i: int) -> list[float]:
    """Where a field lies, as the page keeps it."""
    kept = json.loads(page.evaluate("() => localStorage.getItem('form')"))
    found: list[float] = kept["field"][i]["place"]
    return found


def dragged(page: Page, selector: str, dx: float, dy: float) -> None:
    """Drags an element by so many pixels."""
    box = page.locator(selector).bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx / 2, y + dy / 2)
    page.mouse.move(x + dx, y + dy)
    page.mouse.up()


def scale(page: Page) -> float:
    """Pixels of a millimetre."""
    found: float = page.evaluate(
        "() => { const e = document.querySelector('.form-page');"
        " return e.getBoundingClientRect().width / e.viewBox.baseVal.width; }"
    )
    return found


def test_a_form_is_laid_out_by_keys_alone(visit: Visit, server: Server, tmp_path: Path) -> None:
    page = begun(visit, server)
    page.locator(GROUPS).first.focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowDown", "Shift+ArrowRight", "Shift+ArrowUp"):
        page.keyboard.press(key)
    assert place(page, 0) == [21, 37, 37, 8]
    page.keyboard.press("Enter")  # to its settings
    page.keyboard.press("Control+A")
    page.keyboard.type("meter")
    page.keyboard.press("Tab")
    page.keyboard.type("Number of the meter")
    page.keyboard.press("Tab")  # the kind
    page.keyboard.press("Tab")
    page.keyboard.press("Control+A")
    page.keyboard.type("####-##")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.id") == "forms-date"
    page.get_by_label("luhn").press("Space")
    page.get_by_label("must be filled in").press("Space")
    (field,) = saved(page, tmp_path / "form.toml").fields
    assert (field.name, field.label, field.pattern) == ("meter", "Number of the meter", "####-##")
    assert (field.place, field.checks, field.required) == ((21, 37, 37, 8), ("luhn",), True)
    page.get_by_role("button", name="Add a field").press("Enter")
    assert page.locator(GROUPS).count() == 2
    page.keyboard.press("Delete")
    assert page.locator(GROUPS).count() == 1
    page.keyboard.press("Control+Z")
    assert page.locator(GROUPS).count() == 2


@pytest.mark.slow
def test_a_field_is_dragged_made_larger_drawn_and_taken_back(visit: Visit, server: Server) -> None:
    page = begun(visit, server)
    zoom = scale(page)
    dragged(page, f"{GROUPS} .area", 10 * zoom, 20 * zoom)
    x, y, w, h = place(page, 0)
    assert [x, y] == pytest.approx([30, 55], abs=0.3)
    assert [w, h] == [36, 9]
    dragged(page, f"{GROUPS} .grip", 18 * zoom, 3 * zoom)
    assert place(page, 0) == pytest.approx([x, y, 54, 12], abs=0.3)
    page.get_by_role("button", name="Undo").click()
    assert place(page, 0) == [x, y, 36, 9]
    page.get_by_role("button", name="Undo").click()
    assert place(page, 0) == [20, 35, 36, 9]
    assert page.get_by_role("button", name="Undo").is_disabled()
    corner = page.locator(".form-page").bounding_box()
    assert corner
    page.mouse.move(corner["x"] + 60 * zoom, corner["y"] + 70 * zoom)
    page.mouse.down()
    page.mouse.move(corner["x"] + 100 * zoom, corner["y"] + 80 * zoom, steps=3)
    page.mouse.up()
    assert place(page, 1) == pytest.approx([60, 70, 40, 10], abs=0.4)


@pytest.mark.slow
def test_fields_follow_a_name_that_changes(visit: Visit, server: Server, tmp_path: Path) -> None:
    page = opened(visit, server, filed(tmp_path / "scores.toml", FORM))
    page.locator(".field-list >> text=first").click()
    page.fill("#forms-field", "one")
    page.locator(GROUPS).nth(3).click()  # what was typed is of the field before
    form = saved(page, tmp_path / "saved.toml")
    assert [field.name for field in form.fields] == ["player", "one", "second", "total"]
    assert form.sums[0].of == ("one", "second")
    assert page.input_value("#forms-sum") == "one, second"


@pytest.mark.slow
def test_what_is_wrong_is_told_and_nothing_is_saved(visit: Visit, server: Server) -> None:
    page = begun(visit, server)
    page.fill("#forms-field", "no name")
    page.get_by_role("button", name="Save the file").click()
    page.wait_for_selector("#alert:not([hidden])")
    assert "letters, digits and _, and" in page.inner_text("#alert")
    assert "letters, digits and _, and" in page.inner_text("#view-forms .wrong-form")


@pytest.mark.slow
def test_fields_of_a_blank_sheet_are_proposed(visit: Visit, server: Server, tmp_path: Path) -> None:
    blank = tmp_path / "theirs.png"
    cv2.imwrite(str(blank), printed())
    page = opened(visit, server, blank)
    assert page.locator(".form-page image").count() == 1
    form = saved(page, tmp_path / "theirs.toml")
    wanted = propose("theirs", [printed()], ["theirs.png"])
    assert [field.place for field in form.fields] == [field.place for field in wanted.fields]
    assert form.blank == (str(blank),)
    assert page.get_by_role("button", name="Print as PDF").is_hidden()


@pytest.mark.slow
def test_a_form_that_another_took_the_place_of_comes_back(
    visit: Visit, server: Server, tmp_path: Path
) -> None:
    page = begun(visit, server)
    page.fill("#forms-field", "mine")
    page.keyboard.press("Tab")
    blank = tmp_path / "theirs.png"
    cv2.imwrite(str(blank), printed())
    page.set_input_files("#view-forms .drop input[type=file]", blank)
    page.wait_for_selector(".form-page image")
    page.get_by_role("button", name="Undo").click()
    page.wait_for_selector(".form-page image", state="detached")
    assert page.inner_text(".field-list") == "mine"


@pytest.mark.slow
def test_a_blank_sheet_that_is_taken_can_be_given_back(
    visit: Visit, server: Server, tmp_path: Path
) -> None:
    blank = tmp_path / "theirs.png"
    cv2.imwrite(str(blank), printed())
    page = opened(visit, server, blank)
    page.reload()
    page.wait_for_selector(GROUPS)
    assert page.locator(".form-page image").count() == 0
    page.set_input_files("#view-forms .drop input[type=file]", blank)
    page.wait_for_selector(".form-page image")
    page.get_by_role("button", name="Undo").click()
    page.wait_for_selector(".form-page image", state="detached")


@pytest.mark.slow
def test_a_form_is_printed(visit: Visit, server: Server, tmp_path: Path) -> None:
    pytest.importorskip("reportlab")
    page = opened(visit, server, filed(tmp_path / "scores.toml", FORM))
    with page.expect_download() as download:
        page.get_by_role("button", name="Print as PDF").click()
    download.value.save_as(tmp_path / "scores.pdf")
    assert (tmp_path / "scores.pdf").read_bytes() == as_pdf(FORM)


@pytest.mark.slow
def test_a_sheet_is_read_and_what_is_doubtful_is_marked(
    visit: Visit, server: Server, model: Path, tmp_path: Path
) -> None:
    page = opened(visit, server, filed(tmp_path / "scores.toml", FORM))
    photo = photographed(filled(), ASLANT)
    cv2.imwrite(str(tmp_path / "sheet.png"), photo)
    page.set_input_files("#view-forms .result-side input[type=file]", tmp_path / "sheet.png")
    page.wait_for_selector(".trials tbody tr")
    reader = PageReader((FORM,), ReadingOptions(load(model)))
    (row,) = rows([("a", reader(tmp_path / "sheet.png"))], (FORM,))
    shown, said = page.locator(".trials tbody tr"), table("en")
    for i, field in enumerate(FORM.fields):
        name, value, _, flag = shown.nth(i).locator("th, td").all_inner_texts()
        assert name == field.name
        assert value == (row[name] or "–")
        why = row[f"{name}_flag"].split(", ")
        assert flag == ", ".join(said.get(f"forms.flag.{word}", [word])[0] for word in why)
        assert ("doubt" in (shown.nth(i).get_attribute("class") or "")) == bool(flag)
    assert page.locator(".trials .boxes g").count() == 4
    picture = page.locator(".trials .stage").bounding_box()
    assert picture
    assert picture["width"] > 400  # what was written can be compared with what was read


@pytest.mark.slow
def test_what_is_no_sheet_of_the_form_is_told(visit: Visit, server: Server, tmp_path: Path) -> None:
    page = opened(visit, server, filed(tmp_path / "scores.toml", FORM))
    cv2.imwrite(str(tmp_path / "other.png"), np.full((600, 400), 250, np.uint8))
    page.set_input_files("#view-forms .result-side input[type=file]", tmp_path / "other.png")
    page.wait_for_selector(".trials .problem")
    (said,) = table("en")["forms.problem.no-marks"]
    assert page.inner_text(".trials .problem") == said


@pytest.mark.slow
def test_a_form_is_still_there_when_the_page_comes_again(visit: Visit, server: Server) -> None:
    page = begun(visit, server)
    page.fill("#forms-field", "reading")
    page.keyboard.press("Tab")
    page.reload()
    page.wait_for_selector(GROUPS)
    assert page.inner_text(".field-list") == "reading"


@pytest.mark.slow
@pytest.mark.parametrize("visit", [PHONE], indirect=True)
def test_views_and_forms_fit_a_telephone_in_every_language(visit: Visit, server: Server) -> None:
    page = visit.page(server.address + "#forms")

    def fits() -> None:
        wide, room = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert wide <= room, language

    for language in LANGUAGES:
        page.evaluate("""tag => {
          localStorage.clear();
          localStorage.setItem('language', tag);
        }""", language)  # fmt: skip
        page.reload()
        assert page.get_attribute("html", "lang") == language
        page.locator("#view-forms .drop button").first.click()
        page.wait_for_selector(GROUPS)
        until(page, fits)
        links: list[Any] = page.locator(".top nav a").all()
        boxes = [link.bounding_box() for link in links]
        assert all(box["x"] >= 0 and box["x"] + box["width"] <= 360 for box in boxes if box)
        ends = [box["x"] + box["width"] for box in boxes if box]
        starts = [box["x"] for box in boxes if box]
        assert all(end <= start for end, start in zip(ends, starts[1:], strict=False)), language


@pytest.mark.slow
def test_a_dated_field_stays_in_order_whatever_its_kind(visit: Visit, server: Server) -> None:
    page = begun(visit, server)
    page.locator(GROUPS).first.click()
    page.select_option("#forms-date", "DD.MM.YYYY")
    for kind in ("comb", "line", "free", "boxes"):
        page.select_option("#forms-kind", kind)
        kept = json.loads(page.evaluate("() => localStorage.getItem('form')"))["field"][0]
        assert (kept["kind"], kept["date"], kept["pattern"]) == (kind, "DD.MM.YYYY", "")
    page.get_by_text("The form is in order.").wait_for()
