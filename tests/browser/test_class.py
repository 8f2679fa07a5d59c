"""A class in two browsers: the pupil comes in by the word, the teacher sees it on the board."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from browser.conftest import PHONE, Server, Visit
from browser.test_axe import findings
from serving import Serving, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

pytestmark = pytest.mark.slow

TOKEN = "the-teacher"
REFUSED = "Failed to load resource: the server responded with a status of "


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Serving]:
    with serving(tmp_path, TOKEN, of_class=True) as serves:
        yield serves


def one_stroke(page: Page) -> None:
    """Writes a 1 with the mouse: what is typed is written stroke by stroke, each with an answer."""
    place = page.locator("canvas.paper").bounding_box()
    assert place
    x, y = place["x"] + place["width"] / 2, place["y"] + place["height"] / 4
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + place["height"] / 2, steps=8)
    page.mouse.up()


def waiting(route: Route) -> None:
    """The board, as if the first pupil's network waited for others."""
    answer = route.fetch()
    told = answer.json()
    told["waiting"] = 1
    told["pupils"][0].update(layers="784-10", status="waiting")
    route.fulfill(response=answer, json=told)


def test_a_pupil_comes_in_and_is_on_the_board(browser: Browser, ours: Serving) -> None:
    visits = [Visit(browser.new_context(**how), ours.address) for how in (PHONE, {})]
    try:
        pupil = visits[0].page(f"{ours.address}/")
        pupil.fill("#word", "nothing")
        pupil.fill("#name", "Ada")
        assert findings(pupil) == []
        pupil.keyboard.press("Enter")
        pupil.wait_for_selector("[role=alert]:has-text('not the word')")
        pupil.fill("#word", ours.word.upper())
        pupil.keyboard.press("Enter")
        pupil.wait_for_selector("button.me:has-text('Ada')")
        # What the browser itself says of the page that is only the way in, and of the wrong word.
        assert [text.startswith(REFUSED) for text in visits[0].complaints] == [True, True]
        visits[0].complaints.clear()

        board = visits[1].page(f"{ours.address}/?token={TOKEN}#board")
        board.wait_for_selector(".pupils h2:has-text('Ada')")
        assert board.inner_text(".join-word") == ours.word
        assert "token" not in board.url
        assert findings(board) == []
        counts = "1 has joined · 0 networks learn · 0 wait for their turn"
        assert board.inner_text("#view-board .head .note") == counts
        board.route("**/api/class", waiting)
        board.wait_for_selector("text=1 waits for its turn")
        assert board.inner_text(".pupils .note >> nth=0") == "784-10 · waits for its turn"
        board.unroute("**/api/class")

        one_stroke(pupil)
        pupil.wait_for_url("**ink=**")  # the pen is up, and this is what it has written
        pupil.click("text=Show it to the class")
        pupil.wait_for_selector("#view-draw .answer >> text=the board has it")
        board.wait_for_selector(".pupils .shown canvas")
        assert findings(pupil) == findings(board) == []
        board.click(".pupils .shown button")
        board.wait_for_selector(".pupils .shown", state="detached")

        board.focus(".pupils button")
        pupil.click("button.me")
        pupil.fill("form.me input", "Lovelace")
        pupil.keyboard.press("Enter")
        board.wait_for_selector(".pupils h2:has-text('Lovelace')")
        assert board.evaluate("document.activeElement.matches('.pupils button')")
        board.click(".pupils button")
        board.click(".pupils button.red")
        board.wait_for_selector(".pupils:empty", state="attached")
        assert pupil.evaluate("fetch('/api/runs').then((r) => r.status)") == 401
        visits[0].complaints.clear()
        assert not visits[1].complaints
    finally:
        for visit in visits:
            visit.context.close()
    assert not visits[0].complaints


@contextmanager
def joined(ours: Serving, name: str) -> Iterator[httpx.Client]:
    """A pupil without a browser."""
    with httpx.Client(verify=False, base_url=ours.address, timeout=60) as client:
        client.post("/api/class/join", json={"word": ours.word, "name": name}).raise_for_status()
        yield client


# What has the focus: the name on the card, then the button's own.
FOCUS = """() => {
  const at = document.activeElement;
  const name = at.closest(".card")?.querySelector("h2").textContent;
  return [name ?? at.tagName, at.matches("button") ? at.ariaLabel ?? at.textContent : ""];
}"""


def focused(board: Page, *wanted: str) -> None:
    """Waits until something has the focus."""
    board.wait_for_function(
        f"want => JSON.stringify(({FOCUS})()) === want",
        arg=json.dumps(wanted, separators=(",", ":")),
    )


def test_the_focus_stays_with_the_pupil_whatever_comes_between(
    browser: Browser, ours: Serving
) -> None:
    with ExitStack() as stack:
        ada, bob, _ = (stack.enter_context(joined(ours, name)) for name in ("Ada", "Bob", "Cy"))
        visit = Visit(browser.new_context(), ours.address)
        stack.callback(visit.context.close)
        board = visit.page(f"{ours.address}/?token={TOKEN}#board")
        card = board.locator(".card", has_text="Bob")
        card.get_by_role("button", name="send out", exact=True).focus()

        def drawn(client: httpx.Client) -> None:
            """A drawing arrives: a button more, before those that were there."""
            client.post("/api/class/drawing", content=bytes(784)).raise_for_status()

        drawn(ada)
        board.locator(".card", has_text="Ada").locator(".shown").wait_for()
        focused(board, "Bob", "send out")
        board.keyboard.press("Enter")
        focused(board, "Bob", "keep")  # whoever presses twice sends nobody out
        board.keyboard.press("Enter")
        focused(board, "Bob", "send out")
        board.keyboard.press("Enter")
        board.keyboard.press("Shift+Tab")
        focused(board, "Bob", "really send out")
        drawn(bob)
        card.locator(".shown").wait_for()
        focused(board, "Bob", "really send out")
        card.locator(".shown button").focus()
        board.keyboard.press("Enter")
        card.locator(".shown").wait_for(state="detached")
        focused(board, "Bob", "")  # the button went, the card is there
        board.keyboard.press("Tab")
        board.keyboard.press("Enter")
        board.keyboard.press("Shift+Tab")
        board.keyboard.press("Enter")
        card.wait_for(state="detached")
        focused(board, "H1", "")
        for _ in range(3):  # held a while longer
            board.keyboard.press("Enter")
        assert board.locator(".card h2").all_inner_texts() == ["Ada", "Cy"]
        board.get_by_role("button", name="Clear the class", exact=True).focus()
        board.keyboard.press("Enter")
        focused(board, "BUTTON", "keep")
        assert not visit.complaints


@pytest.mark.parametrize("visit", [{"color_scheme": "dark"}], indirect=True)
def test_the_worksheet_is_printed_with_blanks_and_in_dark_ink(visit: Visit, server: Server) -> None:
    page = visit.page(server.address + "#worked")
    page.locator(".worked-lines").get_by_role("button", name="Show").click()  # one is solved
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.emulate_media(media="print")
    lines = page.locator(".worked-lines > li").all()
    assert len(lines) == 10
    for line in lines:
        assert line.is_visible()
        answer = line.locator(".solved, .blank")
        assert answer.evaluate("e => getComputedStyle(e).color") == "rgba(0, 0, 0, 0)"
        inks = line.evaluate("""e => [...e.querySelectorAll('b, .left, small')].map((x) =>
            Math.max(...getComputedStyle(x).color.match(/[\\d.]+/g).slice(0, 3).map(Number)))""")
        assert max(inks) < 128, "light ink on white paper"
    assert page.locator(".answers li").count() == 10
    assert page.locator("#view-worked button:visible").count() == 0
