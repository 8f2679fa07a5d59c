"""Nothing is cut, wrapped or covered, on a telephone, in landscape, and on a desk."""

from __future__ import annotations

import pytest

from browser.conftest import PHONE, Server, Visit

pytestmark = pytest.mark.slow

LANDSCAPE = {**PHONE, "viewport": {"width": 740, "height": 360}}
# Elements of one line whose text takes more than one.
WRAPPED = """selector => [...document.querySelectorAll(selector)].filter((e) => {
  const range = document.createRange();
  range.selectNodeContents(e);
  const lines = new Set([...range.getClientRects()].map((r) => Math.round(r.top / 8)));
  return lines.size > 1 || e.scrollWidth > e.clientWidth;
}).map((e) => e.textContent)"""
CUT = """selector => { const e = document.querySelector(selector), box = e.getBoundingClientRect();
  const places = (of) => [...e.querySelectorAll(of)].map((t) => t.getBoundingClientRect());
  return [box.right <= innerWidth, places('text, rect').every((t) => t.left >= box.left - 1
    && t.right <= box.right + 1), Math.min(...places('text').map((t) => t.height))]; }"""


@pytest.mark.parametrize("visit", [PHONE], indirect=True)
@pytest.mark.usefixtures("finished")
def test_a_share_stands_in_one_line_and_the_sketch_is_whole(visit: Visit, server: Server) -> None:
    page = visit.page(server.address)
    page.wait_for_selector("#view-draw .bars")
    page.evaluate(
        "() => document.querySelectorAll('.share').forEach(e => e.textContent = '>99.9\\u00a0%')"
    )
    assert page.evaluate(WRAPPED, "#view-draw .share") == []
    page.goto(server.address + "#learn")
    page.wait_for_selector(".watching .status.finished")  # what is typed is seen beside a run, too
    for layers in ("784-10", "784-32-10", "784-8c-p-16c-p-10"):
        page.fill("#lesson-layers", layers)
        page.wait_for_selector(f".diagram[aria-label^='The network {layers}:']")
        inside, whole, height = page.evaluate(CUT, ".diagram")
        assert inside, layers
        assert whole, layers
        assert height >= 12, layers


@pytest.mark.parametrize("visit", [LANDSCAPE], indirect=True)
def test_the_sheet_and_the_lens_leave_room(visit: Visit, server: Server) -> None:
    page = visit.page(server.address)
    box = page.locator("canvas.paper").bounding_box()
    assert box
    assert box["height"] <= 0.8 * 360  # to scroll by
    assert box["width"] <= 740 - 24
    page.goto(server.address + "#inside")
    page.wait_for_selector(".layer .maps:visible")
    page.locator(".layer .maps").last.focus()
    page.wait_for_selector(".lens .terms")
    lens, top = (page.locator(one).bounding_box() for one in (".lens", ".top"))
    assert lens
    assert top
    assert lens["y"] >= top["y"] + top["height"] + 48
    page.click(".lens > .icon")  # whatever it computes, it can be closed
    page.wait_for_selector(".lens", state="hidden")


def test_the_lens_covers_no_sample_digit_and_words_keep_their_spaces(
    visit: Visit, server: Server
) -> None:
    page = visit.page(server.address + "#inside")
    page.locator(".layer .maps").last.focus()
    page.wait_for_selector(".lens:not([hidden])")
    lens = page.locator(".lens").bounding_box()
    samples = page.locator(".samples").bounding_box()
    assert lens
    assert samples
    apart = lens["x"] >= samples["x"] + samples["width"]
    assert apart or lens["y"] >= samples["y"] + samples["height"]
    ends = page.evaluate(
        "() => [...document.querySelectorAll('mtext')].map((e) => e.textContent)"
        ".filter((text) => / $|^ /.test(text))"
    )
    assert ends == []
    row = page.locator(".layer", has_text="Flatten").locator("mtext").last
    assert row.text_content() == "\u00a0in one row"


@pytest.mark.parametrize("visit", [{"viewport": {"width": 768, "height": 1024}}], indirect=True)
def test_the_network_at_a_glance_is_whole_on_a_tablet(visit: Visit, server: Server) -> None:
    page = visit.page(server.address + "#inside")
    page.wait_for_selector(".way [aria-current]")
    assert page.evaluate(WRAPPED, ".way small") == []
    wide, room = page.locator(".network-map").evaluate("e => [e.scrollWidth, e.clientWidth]")
    assert wide <= room
    page.wait_for_selector(".way li:first-child [aria-current]")  # what is in view: the digit
    page.evaluate("() => scrollTo(0, document.body.scrollHeight)")
    page.wait_for_selector(".way li:not(:first-child) [aria-current]")


def test_a_digit_and_what_it_is_held_against_are_in_the_address(
    visit: Visit, server: Server
) -> None:
    page = visit.page(server.address + "#inside")
    page.wait_for_selector(".layer .maps:visible")
    page.wait_for_url("**digit=**")
    page.locator(".proof").nth(8).click()
    before = page.url
    page.locator(".editor canvas").click(position={"x": 20, "y": 20})  # a digit like no other
    page.wait_for_url(lambda url: url != before)
    assert "against=8" in page.url
    other = visit.page(page.url)
    other.wait_for_selector(".layer .maps:visible")
    seen = "() => document.querySelector('.way .pixels').toDataURL()"  # and no pointer on it
    assert other.evaluate(seen) == page.evaluate(seen)
    pressed = ".proof[aria-pressed=true] b"
    assert other.inner_text(pressed) == page.inner_text(pressed)
    page.click(".top nav a[href='#read']")
    page.wait_for_selector("#view-read:not([hidden])")
    page.click(".top nav a[href='#inside']")
    page.wait_for_url("**against=8**")  # away and back


@pytest.mark.parametrize(
    "visit",
    [{"locale": tag, "viewport": {"width": 740, "height": 360}} for tag in ("de", "es", "fr")],
    indirect=True,
)
def test_the_picker_says_which_network_where_the_names_of_views_are_long(
    visit: Visit, server: Server
) -> None:
    page = visit.page(server.address + "#mistakes")
    picker = page.locator("#which")
    picker.wait_for()
    for width in (648, 740):
        page.set_viewport_size({"width": width, "height": 360})
        box = picker.bounding_box()
        assert box
        assert box["width"] >= 79
        assert page.locator(".top").evaluate("e => e.scrollWidth <= e.clientWidth")
