"""Numbers, shares and times stand in the page as the reader's language writes them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from browser.conftest import Server, Visit, full

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

pytestmark = pytest.mark.slow

# Of each language: 6370, 6280, 0.003, a share and a time, as people write them there.
FORMS = {
    "en": ("6,370", "6,280", "0.003", r"\d{1,2}\.\d\u00a0%", r"\d\d:\d\d [AP]M"),
    "de": ("6.370", "6.280", "0,003", r"\d{1,2},\d\u00a0%", r"\d\d:\d\d"),
    "es": ("6370", "6280", "0,003", r"\d{1,2},\d\u00a0%", r"\d\d:\d\d"),
    "fr": ("6\u202f370", "6\u202f280", "0,003", r"\d{1,2},\d[\u00a0\u202f]%", r"\d\d:\d\d"),
    "zh": ("6,370", "6,280", "0.003", r"\d{1,2}\.\d%", r"\d\d:\d\d"),
}
# What is said outside equations, which have the point in every language, and outside the version.
SAID = """() => {
  const equations = 'math, .lens, .equation-box, .stepper, .worked-lines, .answers, .nine, #model';
  const told = [...document.querySelectorAll('body, body *')].filter((e) => !e.closest(equations));
  return told.flatMap((e) => [e.getAttribute('aria-label'), e.getAttribute('aria-valuetext'),
    e.title, ...[...e.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data)])
    .filter(Boolean);
}"""
ENGLISH = re.compile(r"[1-9]\d{0,2},\d{3}(?!\d)|\d\.\d{1,2}(?!\d)|\d\.\d{4}|\b0\.\d|\d %")


def spoken(language: str) -> dict[str, Any]:
    """A visit by somebody whose browser speaks the language."""
    return {"locale": language}


@pytest.mark.parametrize(
    ("visit", "language"),
    [(spoken(language), language) for language in FORMS],
    indirect=["visit"],
    ids=list(FORMS),
)
@pytest.mark.usefixtures("finished")
def test_figures_are_written_as_the_language_writes_them(
    visit: Visit, server: Server, language: str
) -> None:
    parameters, drawn, rate, share, time = FORMS[language]
    page = visit.page(server.address + "#learn")
    page.wait_for_selector(".digits tbody tr")
    assert page.inner_text(".figures dd b >> nth=3") == parameters
    assert drawn in page.locator(".diagram text").all_text_contents()
    assert re.fullmatch(share, page.inner_text(".figures dd b >> nth=0"))
    assert re.fullmatch(share, page.inner_text(".digits td:last-child >> nth=0").strip(">< "))
    assert page.inner_text(".lesson output") == rate
    assert page.get_attribute("#lesson-rate", "aria-valuetext") == rate
    assert rate in page.inner_text(".watching h2")
    assert re.search(rf" · {time} · ", page.inner_text(".runs .now small >> nth=0"))


@pytest.mark.parametrize("visit", [spoken("de")], indirect=True)
@pytest.mark.usefixtures("finished")
def test_no_number_of_the_page_is_left_in_english(visit: Visit, server: Server) -> None:
    page = visit.page("about:blank")
    page.route("**/api/inside*", dropping)
    page.goto(server.address)
    for view in ("draw", "read", "inside", "learn", "mistakes", "worked", "forms"):
        opened(page, server.address, view)
        said = page.evaluate(SAID)
        assert len(said) > 50, view
        assert [text for text in said if ENGLISH.search(text)] == [], view
        if view == "inside":  # and its equations have the point, but for what they say in words
            assert "r = 0,3" in page.inner_text(".layers")
            assert re.search(r"\d\.\d", page.inner_text(".lens .working"))
            assert not re.search(r"\d,\d", page.inner_text(".lens .working"))


@pytest.mark.parametrize("visit", [spoken("de")], indirect=True)
def test_only_settings_in_names_are_numbers(visit: Visit, server: Server) -> None:
    page = visit.page(server.address)
    named = """async (names) => {
      const { layerName } = await import("/static/numbers.js");
      return names.map((name) => layerName(name));
    }"""
    names = {
        "Dropout(0.3)": "Dropout(0,3)",
        "Residual(2)(0.25)": "Residual(2)(0,25)",
        "AdamW: 5.1.0.W": "AdamW: 5.1.0.W",
        "1.0.W": "1.0.W",
    }
    assert page.evaluate(named, list(names)) == list(names.values())


def dropping(route: Route) -> None:
    """The network, as if it had a Dropout layer, whose rate stands in its name."""
    answer = route.fetch()
    told = answer.json()
    flatten = next(layer for layer in told["layers"] if layer["kind"] == "Flatten")
    flatten.update(kind="Dropout", name="Dropout(0.3)", settings={"rate": 0.3})
    route.fulfill(response=answer, json=told)


def opened(page: Page, address: str, view: str) -> None:
    """Opens a view until it shows its numbers."""
    if view == "forms":
        page.goto(f"{address}#forms")
        page.locator("#view-forms button.primary:visible").first.click()
        page.wait_for_selector("text=Das Formular ist in Ordnung.")
    elif view == "worked":
        page.goto(f"{address}#worked")
        page.wait_for_selector(".worked-lines li")
    else:
        full(page, address, view)
