"""Links to what is drawn, in the browser: ink, the way to another digit, and what it is beside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image, ImageSequence

from browser.conftest import PHONE, Server, Visit, sure, until
from browser.writing import expect_value, with_mouse

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

pytestmark = pytest.mark.slow


BENT = """() => {
  const copy = new OffscreenCanvas(28, 28).getContext('2d', { willReadFrequently: true });
  copy.drawImage(document.querySelector('.morph .pixels'), 0, 0);
  return [...copy.getImageData(0, 0, 28, 28).data];
}"""


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


def expect_own_addresses(page: Page, late: Route) -> None:
    """The way that is ready late leaves another view's address alone, and is Draw's afterwards."""
    address = page.url
    late.continue_()
    page.wait_for_selector(".morph:not([hidden])", state="attached")
    assert page.url == address
    page.click("nav >> text=Draw")
    page.wait_for_url("**#draw?ink=**")
    assert "your 3" in page.inner_text(".morph h2")


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
    expect_own_addresses(page, held[0])


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
    expect_own_addresses(page, held[0])
