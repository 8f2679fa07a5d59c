"""The tour leads through the views and goes on where it was left; a step by hand, and on paper."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from browser.conftest import Server, Visit
from browser.test_axe import findings
from digitus.serve.worked import worked_step
from serve.test_words import table

if TYPE_CHECKING:
    from playwright.sync_api import Page

NAMED = re.compile(r"[“„«]\s?(.+?)\s?[”“»]")
NUMBER = re.compile(r"\b\d+(?:[.,]\d+)?\b(?!-)")
SPOKEN = pytest.mark.parametrize(
    ("language", "visit"),
    [("en", {}), ("de", {"locale": "de-DE"}), ("fr", {"locale": "fr-FR"})],
    indirect=["visit"],
    ids=["en", "de", "fr"],
)

pytestmark = pytest.mark.slow


def step_to(page: Page, title: str) -> str:
    """Goes on to the step of that title; what there is to do."""
    while title not in page.inner_text(".tour h2"):
        page.click(".tour button.primary")
    return page.locator(".tour h2 + p").inner_text()


@SPOKEN
def test_what_the_tour_names_is_on_the_page(language: str, visit: Visit, server: Server) -> None:
    said = table(language)
    page = visit.page(server.address)
    page.click("#tour")
    for name in ("loss", "downhill", "step"):
        task = step_to(page, said[f"tour.{name}"][0])
        page.wait_for_selector("form.lesson")
        if name == "downhill":
            rates = NUMBER.findall(task)
            assert len(rates) == 3
            assert set(rates) <= set(rates_of(page))
        else:
            (named,) = NAMED.findall(task)
            assert page.locator("#view-learn").locator("option, button", has_text=named).count()


def rates_of(page: Page) -> list[str]:
    """The learning rates that can be set, each once."""
    page.focus("#lesson-rate")
    page.keyboard.press("Home")
    shown = [page.inner_text(".lesson output")]
    for _ in range(100):
        page.keyboard.press("ArrowRight")
        if page.inner_text(".lesson output") == shown[-1]:
            break
        shown.append(page.inner_text(".lesson output"))
    return shown


@SPOKEN
def test_the_tour_leads_through_the_views_and_goes_on_where_it_was_left(
    language: str, visit: Visit, server: Server
) -> None:
    said = {key: sentences[0] for key, sentences in table(language).items() if sentences}
    page = visit.page(server.address)
    page.click(".top nav a[href='#mistakes']")
    page.wait_for_selector(f"h1:visible:has-text('{said['view.mistakes']}')")
    page.click("#tour")
    page.wait_for_selector("#view-draw canvas.paper")  # it leads to where its step is done
    page.wait_for_function("() => scrollY === 0")
    seen = [page.inner_text(".tour h2")]
    assert page.is_hidden(".tour details p")
    page.click(".tour summary")
    assert page.inner_text(".tour details p")
    for _ in range(4):
        page.click(".tour button.primary")
        seen.append(page.inner_text(".tour h2"))
    assert len(set(seen)) == 5
    page.reload()
    page.wait_for_selector(".tour")
    assert page.inner_text(".tour h2") == seen[-1]

    # The fifth step is done by hand, a line at a time.
    lines = worked_step().lines
    page.wait_for_selector(".worked-lines input:visible")
    assert findings(page) == []
    written = {"en": ".", "de": ",", "fr": ","}[language]
    page.fill(".worked-lines input:visible", str(lines[0].answer + 0.1))
    page.keyboard.press("Enter")
    assert page.inner_text(".worked-lines .red")
    for line in lines[:-1]:
        answer = f"{line.answer:.4f}".replace("-", "−").replace(".", written)
        page.fill(".worked-lines input:visible", answer)
        page.keyboard.press("Enter")
    page.reload()
    page.wait_for_selector(".worked-lines input:visible")
    assert page.locator(".worked-lines .solved").count() == len(lines) - 1
    page.get_by_role("button", name=said["worked.show"]).last.click()
    assert f"0{written}8620" in page.inner_text(".verdict-line:visible")

    # On paper, a worksheet: blanks for all lines, the answers apart.
    colour = "e => getComputedStyle(e).color"
    page.emulate_media(media="print")
    assert page.locator(".solved").first.evaluate(colour) == "rgba(0, 0, 0, 0)"
    page.emulate_media(media="screen")
    page.get_by_role("button", name=said["worked.again"]).click()
    assert page.locator(".answers").is_hidden()
    page.emulate_media(media="print")
    assert page.locator(".worked-lines input:visible").count() == len(lines)
    assert page.locator(".answers").is_visible()
    assert page.locator(".tour, .top, .worked-lines button").first.is_hidden()

    page.emulate_media(media="screen")
    page.click(".tour button.primary")  # the sixth is about convolutions: the small one has none
    page.locator("#view-inside .block h3", has_text="Conv").first.wait_for()
    assert page.input_value("#which") == ""
    for _ in range(3):
        page.click(".tour button.primary")
    assert page.locator(".tour").count() == 0
    page.wait_for_selector(f"h1:visible:has-text('{said['view.mistakes']}')")


@pytest.mark.parametrize("visit", [{"locale": "fr-FR"}], indirect=True)
def test_no_line_begins_with_a_sign_of_two_parts(visit: Visit, server: Server) -> None:
    page = visit.page(server.address)
    page.click("#tour")
    for _ in range(7):
        page.click(".tour button.primary")
        assert re.search("[?!;:»]", page.locator(".tour").inner_text())
        assert not re.search(" [?!;:»]|« ", page.locator(".tour").inner_text())


@pytest.mark.parametrize(
    "visit",
    [{"locale": tag, "viewport": {"width": 360, "height": 740}} for tag in ("de", "es", "fr")],
    indirect=True,
)
def test_its_buttons_are_one_row_on_a_telephone(visit: Visit, server: Server) -> None:
    page = visit.page(server.address)
    page.click("#tour")
    page.click(".tour button.primary")
    tops = page.locator(".tour > .row > *").evaluate_all(
        "all => all.map((e) => Math.round(e.getBoundingClientRect().top))"
    )
    assert len(tops) == 3
    assert len(set(tops)) == 1
