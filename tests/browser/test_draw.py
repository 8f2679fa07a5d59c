"""Drawing in the browser: with the mouse, with a finger, by keyboard; the answer follows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from browser.conftest import PHONE, Server, Visit, sure, until
from browser.writing import APART, expect_value, on_sheet, paths, with_finger, with_mouse

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SEEN = """() => {
  const c = document.querySelector('.steps .seen');
  return c && [c.width, c.height, [...c.getContext('2d').getImageData(0, 0, 28, 28).data]];
}"""
SHOWS = "text => document.querySelector('#view-draw .value').textContent === text"


def test_digits_with_the_mouse(visit: Visit, server: Server) -> None:
    page = visit.page(server.address)
    for digit in (0, 2, 5, 6, 9):  # the others by finger, by keys and below
        with_mouse(page, digit)
        expect_value(page, str(digit))
        assert page.locator("#view-draw .bars .share").count() == 10
        read = page.locator("#view-draw .bars li").nth(digit).get_attribute("class") or ""
        assert "read" in read
        page.click("text=Clear")
        expect_value(page, "")


@pytest.mark.slow
def test_the_answer_follows_the_pen(visit: Visit, server: Server) -> None:
    page = visit.page(server.address)
    (path,) = paths(0)
    points = on_sheet(page, path)
    page.mouse.move(*points[0])
    page.mouse.down()
    for part in (points[: len(points) // 2], points[len(points) // 2 :]):
        for point in part[::APART] + part[-1:]:
            page.mouse.move(*point)
        page.wait_for_selector("#view-draw .answer[aria-busy=false]")
        assert page.inner_text("#view-draw .time").startswith("answered in")
    expect_value(page, "0")  # and the pen is still down
    page.mouse.up()


@pytest.mark.slow
@pytest.mark.parametrize("visit", [PHONE], indirect=True)
def test_digits_with_a_finger_and_nothing_scrolls(visit: Visit, server: Server) -> None:
    page = visit.page(server.address)
    client = visit.context.new_cdp_session(page)
    for digit in (1, 4, 8):  # straight down, as one scrolls; two strokes; a loop
        with_finger(page, client, digit)
        expect_value(page, str(digit))
        assert page.evaluate("scrollY") == 0
        page.get_by_role("button", name="Clear").tap()
        expect_value(page, "")


@pytest.mark.slow
def test_a_number_typed_with_the_simulated_pen(visit: Visit, server: Server) -> None:
    # The hand's seed: one that writes 1 and 7 plainly.
    page = visit.page("about:blank")
    page.add_init_script("Math.random = () => 1016 / 1e6")
    page.goto(server.address)
    page.focus("canvas.paper")
    for key, text in (("1", "1"), ("7", "17"), ("Backspace", "1"), ("Escape", "")):
        page.keyboard.press(key)
        page.wait_for_function(SHOWS, arg=text)
        several = len(text) if len(text) > 1 else 0
        assert page.locator("#view-draw .chip").count() == several
        assert page.locator("#view-draw .marks g").count() == len(text)


@pytest.mark.slow
def test_what_the_network_saw_is_what_it_is_given(visit: Visit, server: Server) -> None:
    page = visit.page(server.address)
    with page.expect_response(lambda r: "/api/draw" in r.url) as told:
        with_mouse(page, 3)
    expect_value(page, "3")

    def check() -> None:
        shown = page.evaluate(SEEN)
        assert shown
        assert shown[:2] == [28, 28]
        ink = 255 - np.array(shown[2]).reshape(28, 28, 4)[..., 0]
        rows, columns = np.nonzero(ink > 128)
        assert 14 < np.ptp(rows) <= 20  # all of it, and no more
        assert np.ptp(columns) <= 20
        assert abs(rows.mean() - 13.5) < 2

    until(page, check)
    assert told.value.ok
    page.click("#view-draw >> text=Look inside")
    page.wait_for_selector("#view-inside .maps:visible")
    assert page.inner_text("#view-inside .value") == "3"


LOW: dict[str, Any] = {**PHONE, "viewport": {"width": 740, "height": 360}}
# The ink that is seen: where it is, as shares of the sheet.
INK = """() => {
  const c = document.querySelector('#view-draw .paper');
  const often = { willReadFrequently: true };
  const copy = new OffscreenCanvas(c.width, c.height).getContext('2d', often);
  copy.drawImage(c, 0, 0);
  const { data } = copy.getImageData(0, 0, c.width, c.height);
  return [...Array(c.width * c.height).keys()].filter((i) => data[4 * i + 3] > 200);
}"""


def answer(page: Page) -> str:
    """All that is said of the ink, once all of it is answered."""
    page.wait_for_selector("#view-draw .answer[aria-busy=false]")
    said = page.inner_text("#view-draw .answer .bars")
    return said + page.inner_text("#view-draw .sure") + page.inner_text("#view-draw .value")


@pytest.mark.slow
def test_ink_is_answered_alike_on_every_screen(
    visit: Visit, browser: Browser, server: Server
) -> None:
    for digit in (4, 8):
        page = visit.page(server.address)
        with_mouse(page, digit)
        expect_value(page, str(digit))
        link = page.url
        desk = visit.page(link)
        expect_value(desk, str(digit))
        for settings in (PHONE, LOW):
            context = browser.new_context(**settings, reduced_motion="reduce")
            other = Visit(context, server.address)
            sent = other.page(link)
            expect_value(sent, str(digit))
            assert answer(sent) == answer(desk)
            wide, high = settings["viewport"].values()
            for width, height in ((high, wide), (wide, high)):  # turned, and back
                sent.set_viewport_size({"width": width, "height": height})
                until(sent, lambda: sure(answer(sent) == answer(desk)))  # noqa: B023
            assert sent.url == link
            assert not other.complaints
            context.close()


@pytest.mark.slow
@pytest.mark.parametrize("visit", [LOW], indirect=True)
def test_ink_from_a_higher_sheet_stays_where_it_is_when_more_is_written(
    visit: Visit, browser: Browser, server: Server
) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    drawn = Visit(context, server.address).page(server.address)
    with_mouse(drawn, 8)
    expect_value(drawn, "8")
    page = visit.page(drawn.url)
    context.close()
    expect_value(page, "8")
    before = set(page.evaluate(INK))
    sheet = page.locator("canvas.paper").bounding_box()
    assert sheet
    x, y = sheet["x"] + 0.8 * sheet["width"], sheet["y"] + 0.2 * sheet["height"]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 0.5 * sheet["height"], steps=9)
    page.mouse.up()
    page.wait_for_selector("#view-draw .chip >> nth=1")
    after = set(page.evaluate(INK))
    assert len(before - after) < 0.02 * len(before)
    columns, _ = page.locator("canvas.paper").evaluate("c => [c.width, c.height]")
    fresh = [at % columns / columns for at in after - before]
    assert abs(np.median(fresh) - 0.8) < 0.01, "under the pointer"


@pytest.mark.slow
def test_a_refusal_is_shown_as_one(visit: Visit, server: Server) -> None:
    page = visit.page(server.address)

    def doubt(route: object) -> None:
        answer = route.fetch()  # type: ignore[attr-defined]
        told = answer.json()
        for digit in told["reading"]["digits"]:
            digit.update(value=None, confidence=0.31, probabilities=[0.31] + [0.69 / 9] * 9)
        route.fulfill(response=answer, body=json.dumps(told))  # type: ignore[attr-defined]

    page.route("**/api/draw*", doubt)
    with_mouse(page, 8)
    expect_value(page, "?")

    def check() -> None:
        assert "perhaps 0 (31" in page.inner_text("#view-draw .sure")
        assert page.locator("#view-draw .bars .read").count() == 0
        assert "not sure" in page.inner_text("#live").lower()

    until(page, check)


@pytest.mark.slow
def test_a_server_that_is_gone_is_said_and_what_it_did_not_answer_has_no_answer_beside_it(
    visit: Visit, server: Server
) -> None:
    page = visit.page(server.address)
    with_mouse(page, 8)
    expect_value(page, "8")
    page.route("**/api/draw*", lambda route: route.abort())
    with_mouse(page, 1)
    page.wait_for_selector("#alert:not([hidden])")
    assert "does not answer" in page.inner_text("#alert")
    expect_value(page, "")
    assert page.locator(".marks g").count() == 0
    assert not page.inner_text("#view-draw .sure")
    visit.complaints.clear()  # the browser says of the requests that they failed


@pytest.mark.slow
@pytest.mark.parametrize("visit", [PHONE], indirect=True)
@pytest.mark.parametrize("by", ["keys", "mouse"])
def test_ink_stays_on_a_sheet_that_is_turned(visit: Visit, server: Server, by: str) -> None:
    page = visit.page(server.address)
    if by == "keys":
        page.focus("canvas.paper")
        page.keyboard.press("8")
    else:  # near the lower edge
        place = page.locator("canvas.paper").bounding_box()
        assert place
        x, y, height = place["x"] + place["width"] / 2, place["y"], place["height"]
        page.mouse.move(x, y + 0.45 * height)
        page.mouse.down()
        page.mouse.move(x, y + 0.95 * height, steps=9)
        page.mouse.up()
    page.wait_for_selector(".marks rect")
    page.set_viewport_size({"width": 740, "height": 360})

    def inside() -> None:
        sheet = page.locator("canvas.paper").bounding_box()
        box = page.locator(".marks rect").bounding_box()
        assert sheet
        assert box
        assert box["y"] >= sheet["y"] - 3
        assert box["y"] + box["height"] <= sheet["y"] + sheet["height"] + 5
        assert 0.5 < box["height"] / sheet["height"] <= 1.1

    until(page, inside)
