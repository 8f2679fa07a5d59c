"""Drawing in the browser: with the mouse, with a finger, by keyboard; the answer follows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image, ImageSequence

from browser.conftest import PHONE, Server, Visit, sure, until
from digitus.nn import stream
from digitus.synthetic.pen import write
from digitus.types import Floats64

if TYPE_CHECKING:
    from playwright.sync_api import Browser, CDPSession, Page, Route

SIDE = 0.72  # of the sheet's height: the digit's
APART = 7  # points of a path between two moves, each of which costs the browser and the server
# For each digit a hand that writes it so plainly that any trained network is sure of it.
HANDS = (0, 0, 1, 0, 0, 1, 1, 1, 1, 0)

SEEN = """() => {
  const c = document.querySelector('.steps .seen');
  return c && [c.width, c.height, [...c.getContext('2d').getImageData(0, 0, 28, 28).data]];
}"""
BENT = """() => {
  const copy = new OffscreenCanvas(28, 28).getContext('2d', { willReadFrequently: true });
  copy.drawImage(document.querySelector('.morph .pixels'), 0, 0);
  return [...copy.getImageData(0, 0, 28, 28).data];
}"""
SHOWS = "text => document.querySelector('#view-draw .value').textContent === text"


def paths(digit: int) -> list[Floats64]:
    """The strokes of a simulated pen that writes the digit: rows of (x, y, ...), from 0 to 1."""
    return write([digit], stream(HANDS[digit], "browser", digit)).paths(0)


def on_sheet(page: Page, path: Floats64) -> list[tuple[float, float]]:
    """A path in the middle of the sheet, in pixels of the window."""
    box = page.locator("canvas.paper").bounding_box()
    assert box
    side = SIDE * box["height"]
    x = box["x"] + (box["width"] - side) / 2 + path[:, 0] * side
    y = box["y"] + (box["height"] - side) / 2 + path[:, 1] * side
    return list(zip(x.tolist(), y.tolist(), strict=True))


def with_mouse(page: Page, digit: int) -> None:
    """Writes a digit with the mouse."""
    for path in paths(digit):
        (x, y), *rest = on_sheet(page, path)
        page.mouse.move(x, y)
        page.mouse.down()
        for x, y in rest[::APART] + rest[-1:]:
            page.mouse.move(x, y)
        page.mouse.up()


def with_finger(page: Page, client: CDPSession, digit: int) -> None:
    """Writes a digit with a finger."""

    def touch(kind: str, *points: tuple[float, float]) -> None:
        at = [{"x": x, "y": y} for x, y in points]
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    for path in paths(digit):
        first, *rest = on_sheet(page, path)
        touch("touchStart", first)
        for point in rest[::APART] + rest[-1:]:
            touch("touchMove", point)
        touch("touchEnd")


def expect_value(page: Page, text: str) -> None:
    """Waits until all ink is answered; then this is what was read."""
    page.wait_for_selector("#view-draw .answer[aria-busy=false]")
    assert page.inner_text("#view-draw .value") == text


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


def test_the_way_to_another_digit_is_saved_as_an_animation(visit: Visit, server: Server) -> None:
    page = visit.page(server.address)
    with_mouse(page, 3)
    page.wait_for_selector(".morph:not([hidden])")
    with page.expect_download() as told:
        page.click("text=Save as an animation")
    assert told.value.suggested_filename.startswith("digitus-3-")
    with Image.open(told.value.path()) as film:
        assert (film.n_frames, film.info["loop"]) == (33, 0)
        frames = [np.array(frame.convert("RGB"), int) for frame in ImageSequence.Iterator(film)]
    for k in (0, 16, 32):  # each as the slider shows it
        page.fill(".morph input", str(k))
        ours = np.array(page.evaluate(BENT)).reshape(28, 28, 4)[..., :3]
        paper = frames[k][1, 1]
        theirs = frames[k][12:232:8, 12:232:8]  # the middle of each cell
        ink = [abs(picture - paper).sum(axis=2) for picture in (ours, theirs)]
        apart = [part / part.max() for part in ink]  # the colour after the turn is another
        assert abs(apart[0] - apart[1]).max() < 0.1
    assert len({frame.tobytes() for frame in frames}) > 20


def test_a_link_shows_the_same_way_to_another_digit_on_every_screen(
    visit: Visit, browser: Browser, server: Server
) -> None:
    page = visit.page(server.address)
    with_mouse(page, 3)
    page.wait_for_selector(".morph:not([hidden])")
    page.fill(".morph input", "16")
    page.wait_for_url("**bend=16**")
    telephone = {**PHONE, "reduced_motion": "reduce"}
    for settings in (telephone, {**telephone, "viewport": {"width": 740, "height": 360}}):
        context = browser.new_context(**settings)
        other = Visit(context, server.address)
        sent = other.page(page.url)
        sent.wait_for_selector(".morph:not([hidden])")
        told = (sent.inner_text(".verdict-line"), sent.evaluate(BENT))
        assert told == (page.inner_text(".verdict-line"), page.evaluate(BENT))
        assert "bend=16" in sent.url  # and so does whoever gets it from there
        assert not other.complaints
        context.close()
    page.get_by_role("button", name="Clear").click()
    with_mouse(page, 8)  # other ink begins at its own beginning
    page.wait_for_function("() => document.querySelector('.morph h2').textContent.includes('8')")
    assert "bend" not in page.url


def looked_at(page: Page) -> tuple[str, str, object]:
    """The address, what is said of the way to another digit, and where on it the slider is."""
    return page.url, page.inner_text(".verdict-line"), page.evaluate(BENT)


def test_a_link_has_its_ink_bend_and_digit_again_after_another_view(
    visit: Visit, server: Server
) -> None:
    page = visit.page(server.address)
    with_mouse(page, 3)
    page.wait_for_selector(".morph:not([hidden])")
    page.fill(".morph input", "16")
    page.wait_for_url("**bend=16**")
    sent = visit.page(page.url)
    for each in (page, sent):  # who drew it, and whoever was sent the address
        each.wait_for_selector(".morph:not([hidden])")
        before = looked_at(each)
        each.click("nav >> text=Inside")
        each.wait_for_selector("#view-inside .maps:visible")
        each.click("nav >> text=Draw")
        each.wait_for_url(before[0])
        assert looked_at(each) == before


def test_ink_that_is_too_long_for_an_address_has_no_bend_there_either(
    visit: Visit, server: Server
) -> None:
    page = visit.page(server.address)
    box = page.locator("canvas.paper").bounding_box()
    assert box
    x, y, height = box["x"] + box["width"] / 2, box["y"], box["height"]
    page.mouse.move(x, y + 0.1 * height)
    page.mouse.down()
    for k in range(36):  # up and down a 1: more than 700 points, and still a 1
        page.mouse.move(x, y + (0.1 if k % 2 else 0.9) * height, steps=24)
    page.mouse.up()
    expect_value(page, "1")
    page.wait_for_selector(".morph:not([hidden])")
    page.fill(".morph input", "16")
    page.wait_for_function("() => document.querySelector('.morph input').ariaValueText")
    assert "?" not in page.url
    assert page.locator(".morph >> text=Copy the link").is_hidden()


def holding(page: Page, what: str) -> list[Route]:
    """The first of these requests, which is held back as soon as it comes."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route(what, hold)
    return held


def test_a_way_that_is_ready_late_leaves_the_address_of_another_view_alone(
    visit: Visit, server: Server
) -> None:
    page = visit.page("about:blank")
    held = holding(page, "**/api/recognize*")
    page.goto(server.address)
    with_mouse(page, 3)
    until(page, lambda: sure(bool(held)))  # the way is being worked out
    page.click("#view-draw >> text=Look inside")
    page.wait_for_url("**#inside?digit=**")
    address = page.url
    held[0].continue_()
    page.wait_for_selector(".morph:not([hidden])", state="attached")
    assert page.url == address
    page.click("nav >> text=Draw")
    page.wait_for_url("**#draw?ink=**")
    assert "your 3" in page.inner_text(".morph h2")


def test_a_link_whose_way_is_ready_late_keeps_its_own_digit(visit: Visit, server: Server) -> None:
    drawn = visit.page(server.address)
    with_mouse(drawn, 3)
    drawn.wait_for_url("**ink=**")
    page = visit.page("about:blank")
    held = holding(page, "**steps=1*")
    page.goto(drawn.url)
    until(page, lambda: sure(bool(held)))
    page.click("nav >> text=Inside")
    page.wait_for_url("**#inside?digit=**")
    first = page.url
    page.locator(".samples button").nth(8).click()
    page.wait_for_url(lambda url: url != first)
    address = page.url
    held[0].continue_()
    page.wait_for_selector(".morph:not([hidden])", state="attached")
    assert page.url == address
    page.click("nav >> text=Draw")
    page.wait_for_url("**#draw?ink=**")
    assert "your 3" in page.inner_text(".morph h2")


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
