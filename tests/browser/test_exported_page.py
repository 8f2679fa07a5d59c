"""The exported page in a real browser, opened from its file, without a network; and the module."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

import digitus
import portable
from browser.conftest import TIMEOUT_MS
from digitus.reading.result import DOUBTFUL_BELOW
from digitus.synthetic.pages.pages import pages
from digitus.synthetic.strokes import strokes

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow

ONE = [[(0.2, 0.2), (0.2, 0.75)]]
SEVEN = [[(0.34, 0.22), (0.47, 0.22), (0.39, 0.75)]]


@pytest.fixture
def page(browser: Browser, exported_page: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The page, in a browser that is offline; it must complain of nothing.

    `@pytest.mark.parametrize("page", [(locale, "#de")], indirect=True)` sets whose browser it
    is, and what its address ends with.
    """
    locale, address = getattr(request, "param", ("en-US", ""))
    context = browser.new_context(offline=True, locale=locale)
    context.set_default_timeout(TIMEOUT_MS)
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.goto(exported_page.as_uri() + address)
    yield opened
    context.close()
    assert not complaints


def write(page: Page, strokes: Sequence[Sequence[tuple[float, float]]]) -> None:
    """Moves the mouse over the sheet; places are shares of its sides."""
    box = page.locator("#sheet").bounding_box()
    assert box
    for stroke in strokes:
        places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place, steps=5)
        page.mouse.up()


def test_a_number_is_read_as_it_is_written(page: Page) -> None:
    answer = page.locator("#answer")
    write(page, ONE)
    answer.get_by_text("1", exact=True).wait_for()
    write(page, SEVEN)
    page.locator("#answer", has_text="17").wait_for()
    assert "%" in str(answer.locator("span").first.get_attribute("title"))
    page.keyboard.press("Backspace")
    page.locator("#answer:not(:has-text('7'))", has_text="1").wait_for()
    page.get_by_role("button", name="Clear").click()
    page.locator("#answer:empty").wait_for(state="attached")


def test_a_photo_is_read(page: Page, tmp_path: Path) -> None:
    written = next(pages(1, 16, kinds=["number"]))
    photo = tmp_path / "note.png"
    Image.fromarray(written.picture).save(photo)
    page.locator("#photo").set_input_files(photo)
    (line,) = digitus.read(photo).lines
    page.locator("#answer", has_text=line).wait_for()
    assert page.locator("#answer").inner_text() == line
    assert page.locator("#answer").get_attribute("data-doubtful") == str(DOUBTFUL_BELOW)
    page.locator("#photo").set_input_files(
        {"name": "x.png", "mimeType": "image/png", "buffer": b"no"}
    )
    page.locator("#told", has_text="x.png is no picture").wait_for()
    write(page, ONE)  # a sheet again
    page.locator("#answer", has_text="1").wait_for()


@pytest.mark.parametrize(
    ("page", "language", "heading"),
    [
        (("de-AT", ""), "de", "Schreib eine Zahl"),
        (("ja-JP", ""), "en", "Write a number"),
        (("de-DE", "#fr"), "fr", "Écrivez un nombre"),
        (("en-US", "#constructor"), "en", "Write a number"),
    ],
    indirect=["page"],
)
def test_it_speaks_the_language_of_its_reader(page: Page, language: str, heading: str) -> None:
    page.get_by_role("heading", name=heading, exact=True).wait_for()
    assert page.locator("html").get_attribute("lang") == language
    words = page.evaluate("JSON.parse(document.getElementById('words').textContent)")[language]
    assert page.title() == words["title"]
    shown = page.locator("[data-say]").all()
    assert {each.inner_text() for each in shown} <= {*words.values()}
    assert page.locator("#sheet").get_attribute("aria-label") == words["sheet"]
    write(page, ONE)
    page.locator("#answer").get_by_text("1", exact=True).wait_for()
    separator = page.locator("#answer span").first.get_attribute("title") or ""
    assert ("," in separator) == (language in ("de", "fr"))


def test_the_module_answers_as_python_does(browser: Browser) -> None:
    """The recognizer that ships, in float32."""
    shipped, images = digitus.load(), strokes(60, seed=8).images
    code, text = (
        base64.b64encode(part).decode("ascii") for part in (portable.script(shipped), images)
    )
    context = browser.new_context(offline=True)
    found, _, _ = context.new_page().evaluate(portable.IN_PAGE, [code, text, 1])
    context.close()
    np.testing.assert_allclose(found, shipped.probabilities(images), atol=1e-4)
