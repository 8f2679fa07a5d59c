"""The other views in the browser: Read, Inside, Mistakes; keyboard and colours of all of them."""

from __future__ import annotations

import base64
import csv
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

from browser.conftest import Server, Visit, open_blocks, until
from browser.visits import holding
from digitus.synthetic.strokes import strokes
from digitus.types import Floats

if TYPE_CHECKING:
    from playwright.sync_api import Page

# Presses a file on the page as if it were dropped there.
DROP = """async ([base64, name]) => {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name, { type: "image/png" }));
  const target = document.querySelector("#view-read .drop");
  const how = { dataTransfer: data, bubbles: true, cancelable: true };
  target.dispatchEvent(new DragEvent("drop", how));
}"""
FOCUSED = """(e => e.getAttribute("aria-label") || e.textContent.trim())(document.activeElement)"""


def photo(folder: Path) -> tuple[Path, list[str]]:
    """A picture of two rows of digits on uneven paper, drawn here, and what is written there."""
    digits = strokes(10, seed=11)
    light = np.linspace(235, 200, 900)[None, :] + np.linspace(0, 12, 420)[:, None]
    page = light.astype(np.float32)
    for k in range(10):
        row, column = divmod(k, 5)
        image = cv2.resize(digits.images[k], (112, 112), interpolation=cv2.INTER_CUBIC)
        y, x = 60 + row * 170, 90 + column * 150
        page[y : y + 112, x : x + 112] *= 1 - 0.75 * image.astype(np.float32) / 255
    path = folder / "page.png"
    assert cv2.imwrite(str(path), page.astype(np.uint8))
    labels = "".join(map(str, digits.labels))
    return path, [labels[:5], labels[5:]]


def lines(page: Page) -> list[str]:
    """What stands in the list of numbers."""
    return [text.replace(" ", "") for text in page.locator(".lines li").all_inner_texts()]


def test_a_dropped_photo_is_read_corrected_and_saved(
    visit: Visit, server: Server, tmp_path: Path
) -> None:
    path, truth = photo(tmp_path)
    page = visit.page(server.address + "#read")
    page.wait_for_selector(".drop")
    page.evaluate(DROP, [base64.b64encode(path.read_bytes()).decode(), "page.png"])
    page.wait_for_selector(".boxes g")
    found = lines(page)
    assert [len(line) for line in found] == [5, 5]
    right = sum(a == b for a, b in zip("".join(found), "".join(truth), strict=True))
    assert right >= 8, (found, truth)
    # One digit is corrected by keyboard, the next is taken out.
    page.locator(".boxes g").nth(0).focus()
    page.keyboard.press("4" if found[0][0] != "4" else "5")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Delete")
    now = lines(page)
    assert now == [("4" if found[0][0] != "4" else "5") + found[0][2:], found[1]]
    with page.expect_download() as download:
        page.click("text=Save as CSV")
    saved = tmp_path / "numbers.csv"
    download.value.save_as(saved)
    rows = list(csv.reader(saved.read_text("utf-8").splitlines()))
    assert rows[0] == ["picture", "line", "number", "doubtful"]
    assert [row[2] for row in rows[1:]] == now
    page.click(".one >> text=Look inside")
    page.wait_for_selector("#view-inside .maps:visible")


@pytest.mark.slow
def test_what_is_no_picture_is_refused_in_one_line(
    visit: Visit, server: Server, tmp_path: Path
) -> None:
    page = visit.page(server.address + "#read")
    fake = tmp_path / "fake.png"
    fake.write_bytes(b"not a picture at all")
    page.set_input_files("#view-read input[type=file] >> nth=0", fake)
    page.wait_for_selector("#alert:not([hidden])")
    assert "\n" not in page.inner_text("#alert")
    visit.complaints.clear()  # the browser reports the status 400


def check_lens(page: Page, layer: dict[str, Any], values: Floats) -> None:
    """The lens is on the layer, and its result is what the network computed there."""
    assert layer["name"].startswith(page.inner_text(".lens h2 span"))
    place = page.inner_text(".lens h2 small").replace(" · held", "").replace(",", "").split()
    shape = layer["shape_out"]
    numbers = [int(word) for word in place if word.isdecimal()]
    if place[0] == "map":
        channel, row, column = numbers
        at = (row * shape[1] + column) * shape[2] + channel
    else:
        (at,) = numbers
    words = page.inner_text(".lens .result").replace("−", "-")
    assert float(words) == pytest.approx(float(values[at]), rel=2e-3, abs=2e-3), layer["name"]


def test_the_lens_computes_what_the_network_computed(visit: Visit, server: Server) -> None:
    page = visit.page(server.address + "#inside")
    open_blocks(page)
    with page.expect_response(lambda r: r.url.endswith("/api/inside")) as told:
        page.get_by_role("button", name="An 8 by the simulated pen").click()
    layers = told.value.json()["layers"]
    drawn = [one["index"] for one in layers if one["kind"] not in ("Scale", "Flatten")]
    for layer in (layers[i] for i in drawn):
        values = np.frombuffer(base64.b64decode(layer["activation"]["data"]), "<f4")
        canvas = page.locator(".layer .maps").nth(drawn.index(layer["index"]))
        canvas.scroll_into_view_if_needed()
        canvas.focus()
        for _ in range(4):  # units or places
            until(page, partial(check_lens, page, layer, values))
            page.keyboard.press("PageDown")


@pytest.mark.slow
def test_a_changed_weight_or_pixel_changes_the_answer(visit: Visit, server: Server) -> None:
    page = visit.page(server.address + "#inside")
    page.locator(".layer .maps").last.focus()
    page.wait_for_selector(".lens .turn")
    scores = page.locator("#view-inside .proof small").all_inner_texts
    before = scores()
    page.locator(".lens .turn").first.focus()
    for _ in range(30):  # by three times the largest weight: a score over ten has no decimals
        page.keyboard.press("ArrowUp")
    page.wait_for_selector("text=Put back the changed weight")

    def check(same: bool) -> None:
        assert (scores() == before) == same

    until(page, partial(check, same=False))
    page.click("text=Put back the changed weight")
    until(page, partial(check, same=True))
    box = page.locator("canvas.digit").bounding_box()
    assert box
    page.mouse.move(box["x"] + 30, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 60, steps=12)
    page.mouse.up()
    until(page, partial(check, same=False))


def test_mistakes_are_filtered_and_open_inside(visit: Visit, server: Server) -> None:
    page = visit.page(server.address + "#mistakes")
    page.wait_for_selector("#view-mistakes .misread")
    cell = page.locator("#view-mistakes .confusion .wrong button").first
    count = int(cell.inner_text())
    label = cell.get_attribute("aria-label") or ""
    true, read = label[0], label[10]
    cell.click()
    page.wait_for_function(
        "words => document.querySelector('#view-mistakes .note').textContent === words",
        arg=f"{count} misread",
    )
    shown = page.locator("#view-mistakes .misread span").all_inner_texts()
    assert shown == [f"{true} → {read}"] * min(count, 60)
    page.locator("#view-mistakes .misread").first.click()
    page.wait_for_selector("#view-inside .maps:visible")
    assert page.inner_text("#view-inside .value") in (read, "?")


@pytest.mark.slow
def test_the_keyboard_reaches_everything_and_the_colours_stay(visit: Visit, server: Server) -> None:
    page = visit.page(server.address)
    page.wait_for_selector("canvas.paper")
    reached = set()
    for _ in range(16):
        page.keyboard.press("Tab")
        reached.add(page.evaluate(FOCUSED))
    assert {"Draw", "Mistakes", "Dark colours", "Undo", "Clear", "Width of the pen"} <= reached
    page.get_by_role("button", name="Dark colours").click()
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


@pytest.mark.slow
def test_mistakes_that_did_not_come_are_asked_for_again(visit: Visit, server: Server) -> None:
    page = visit.page("about:blank")
    page.route("**/api/mistakes?*", lambda route: route.abort())
    page.goto(server.address + "#mistakes")
    again = page.get_by_role("button", name="Try again")
    again.wait_for()
    page.unroute("**/api/mistakes?*")
    again.click()
    page.wait_for_selector("#view-mistakes .misread")
    assert again.is_hidden()
    visit.complaints.clear()  # the browser says of the request that it failed


@pytest.mark.slow
@pytest.mark.parametrize("part", ["**/api/pen/*", "**/api/inside*"])
def test_inside_that_did_not_come_is_asked_for_again(
    visit: Visit, server: Server, part: str
) -> None:
    page = visit.page("about:blank")
    page.route(part, lambda route: route.abort())
    page.goto(server.address + "#inside")
    again = page.get_by_role("button", name="Try again")
    again.wait_for()
    page.unroute(part)
    again.click()
    page.wait_for_selector("#view-inside .block .maps:visible")
    assert again.is_hidden()
    visit.complaints.clear()  # the browser says of the request that it failed


@pytest.mark.slow
def test_mistakes_say_how_far_they_are(visit: Visit, server: Server) -> None:
    page = visit.page("about:blank")
    page.route("**/api/mistakes/progress*", lambda r: r.fulfill(json={"done": 1500, "count": 6000}))
    held = holding(page, "**/api/mistakes?*")
    page.goto(server.address + "#mistakes")
    page.wait_for_selector("text=1,500 of 6,000")
    assert page.locator("#view-mistakes .confusion").is_hidden()
    assert page.get_by_role("progressbar").get_attribute("aria-valuenow") == "25"
    held[0].continue_()
    page.wait_for_selector("#view-mistakes .misread")
    assert page.get_by_role("progressbar").count() == 0


@pytest.mark.slow
@pytest.mark.parametrize("again", [False, True])
def test_a_visit_finds_nothing_that_another_left(visit: Visit, server: Server, again: bool) -> None:
    """Visits share a context, whose cache would hide what a first visitor has to load."""
    page = visit.page(server.address)
    page.wait_for_selector("canvas.paper")
    loaded = page.evaluate(
        "performance.getEntriesByType('resource')"
        ".map((each) => [each.name, each.transferSize, each.encodedBodySize])"
    )
    assert loaded
    assert not [name for name, sent, long in loaded if sent < long]
