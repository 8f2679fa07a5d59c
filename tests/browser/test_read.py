"""Read in the browser: what is doubtful, what failed, boxes that are corrected by hand."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from browser.conftest import Server, Visit, until
from browser.test_views import lines, photo
from browser.visits import holding

if TYPE_CHECKING:
    from playwright.sync_api import Route

pytestmark = pytest.mark.slow
READING = "**/api/read?*"  # the addresses at which pictures are read
# How high a badge of each kind is.
BADGES = """e => ["", "sure", "doubt", "failed"].map((kind) => {
  e.className = `badge ${kind}`;
  return e.offsetHeight;
})"""


def test_what_is_doubtful_is_what_the_command_calls_so(
    visit: Visit, server: Server, tmp_path: Path
) -> None:
    from digitus.reading.result import DOUBTFUL_BELOW

    page = visit.page("about:blank")

    def around(route: Route) -> None:
        answer = route.fetch()
        told = answer.json()
        for digit, confidence in zip(told["digits"], (0.02, -0.02), strict=False):
            digit["confidence"] = DOUBTFUL_BELOW + confidence
        for digit in told["digits"][2:]:
            digit["confidence"] = 1.0
        for digit in told["digits"]:
            digit["value"] = 7
        route.fulfill(response=answer, json=told)

    page.route("**/api/read*", around)
    page.goto(server.address + "#read")
    page.set_input_files("#view-read input[type=file] >> nth=0", photo(tmp_path)[0])
    page.wait_for_selector(".boxes g")
    assert page.locator(".boxes .doubt").count() == 1
    assert page.get_by_role("button", name="1 doubtful").is_visible()


def test_one_bad_picture_of_several_stays_marked(
    visit: Visit, server: Server, tmp_path: Path
) -> None:
    page = visit.page(server.address + "#read")
    fake = tmp_path / "fake.png"
    fake.write_bytes(b"not a picture at all")
    page.set_input_files("#view-read input[type=file] >> nth=0", [fake, photo(tmp_path)[0]])
    bad = page.locator(".thumb.failed")
    assert "fake.png" in bad.inner_text()
    heights = page.locator(".badge").first.evaluate(BADGES)
    assert len(set(heights)) == 1  # whatever it says
    page.locator(".thumb", has_text="page.png").locator("button[aria-pressed]").click()
    page.wait_for_selector(".boxes g")
    bad.locator("button[aria-pressed]").click()
    assert page.inner_text("#view-read .stage").startswith("fake.png: ")
    visit.complaints.clear()  # the browser reports the status 400


@pytest.mark.parametrize("visit", [{"locale": "de-DE"}], indirect=True)
def test_what_the_server_refuses_is_said_in_the_readers_language(
    visit: Visit, server: Server, tmp_path: Path
) -> None:
    fake = tmp_path / "fake.png"
    fake.write_bytes(b"not a picture at all")
    page = visit.page(server.address + "#read")
    page.set_input_files("#view-read input[type=file] >> nth=0", fake)
    page.wait_for_selector("#alert:visible")
    told = "fake.png: Das ist kein Bild in einem bekannten Format (PNG, JPEG, "
    assert page.inner_text("#alert").startswith(told)
    visit.complaints.clear()  # the browser reports the status 400


def copies(folder: Path, *names: str) -> list[Path]:
    """The same picture under several names."""
    picture = photo(folder)[0].read_bytes()
    files = [folder / f"{name}.png" for name in names]
    for file in files:
        file.write_bytes(picture)
    return files


def test_others_are_read_while_a_picture_is_looked_at(
    visit: Visit, server: Server, tmp_path: Path
) -> None:
    page = visit.page(server.address + "#read")
    names = copies(tmp_path, "first", "second", "third")
    held = holding(page, READING)
    page.set_input_files("#view-read input[type=file] >> nth=0", names)
    page.locator(".thumb .badge").nth(2).wait_for()  # all of them, before any is read
    looked = page.locator(".thumb button[aria-pressed='true'] .of")
    assert looked.inner_text() == "first.png"
    until(page, lambda: held[0])
    page.locator(".thumb button[aria-pressed]").nth(1).click()
    for count in (1, 2, 3):
        until(page, lambda count=count: held[count - 1])
        held[count - 1].continue_()
        page.locator(".thumb .badge.sure, .thumb .badge.doubt").nth(count - 1).wait_for()
        assert looked.inner_text() == "second.png", "it stays where the person looks"
        assert page.evaluate("document.activeElement.closest('.thumb') !== null")
    page.unroute("**/api/read?*")
    with page.expect_response(lambda r: "pattern" in r.url):
        page.fill("#read-pattern", "#####")
        page.keyboard.press("Tab")  # every picture is read again
    page.wait_for_function("() => !document.querySelector('.thumbs').textContent.includes('…')")
    assert looked.inner_text() == "second.png"
    assert page.locator(".whole tbody tr").count() == 6
    page.get_by_role("button", name="Remove first.png").focus()
    for _ in range(3):  # a key that is held removes no other
        page.keyboard.press("Enter")
        assert page.locator(".thumb").count() == 2
        assert looked.inner_text() == page.locator(":focus .of").inner_text() == "second.png"
    page.get_by_role("button", name="Remove second.png").focus()
    page.keyboard.press("Enter")  # and where one is left there is no list of them
    assert page.locator(".thumb").count() == 0
    assert page.evaluate("document.activeElement.id") == "title-read"


def test_a_picture_is_read_once_for_each_question_and_the_newest_answer_stays(
    visit: Visit, server: Server, tmp_path: Path
) -> None:
    page = visit.page(server.address + "#read")
    names = copies(tmp_path, "first", "second")
    held = holding(page, READING)

    def answer(route: Route, digit: int) -> None:
        """Every digit as this one."""
        response = route.fetch()
        told = response.json()
        for found in told["digits"]:
            found["value"] = digit
        told["lines"] = [re.sub(r"[\d?]", str(digit), line) for line in told["lines"]]
        route.fulfill(response=response, json=told)

    page.set_input_files("#view-read input[type=file] >> nth=0", names)
    page.locator(".thumb .badge").nth(1).wait_for()
    until(page, lambda: held[0])
    page.fill("#read-pattern", "#####")
    page.keyboard.press("Tab")  # both are read with it, the second for the first time
    until(page, lambda: held[2])
    answer(held[1], 1)
    answer(held[2], 1)
    page.locator(".thumb .badge.sure, .thumb .badge.doubt").nth(1).wait_for()
    answer(held[0], 2)  # without the pattern, and late
    page.wait_for_timeout(300)
    for route in held[3:]:
        route.continue_()
    assert len(held) == 3, "a picture is read again that was read already"
    assert set("".join(lines(page)).replace(" ", "")) == {"1"}, (
        "an old answer took the newer's place"
    )


def test_a_picture_that_nobody_read_is_tried_again(
    visit: Visit, server: Server, tmp_path: Path
) -> None:
    page = visit.page(server.address + "#read")
    held = holding(page, READING)
    page.set_input_files("#view-read input[type=file] >> nth=0", photo(tmp_path)[0])
    page.wait_for_selector(".busy:not([hidden])")
    busy = page.locator(".busy").bounding_box()
    assert busy
    assert busy["y"] + busy["height"] < page.viewport_size["height"]  # type: ignore[index]
    until(page, lambda: held[0])
    held[0].abort()
    page.wait_for_selector(".stage .blank:not([hidden])")
    page.unroute("**/api/read?*")
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector(".boxes g")
    assert page.get_by_role("button", name="Try again").is_hidden()
    visit.complaints.clear()  # the browser says of the request that it failed


def test_a_server_that_stays_busy_is_not_asked_for_ever(
    visit: Visit, server: Server, tmp_path: Path
) -> None:
    page = visit.page(server.address + "#read")
    asked: list[int] = []

    def full(route: Route) -> None:
        asked.append(1)
        headers = {"Retry-After": "0.01"} if len(asked) < 1000 else {}
        route.fulfill(status=503, headers=headers, json={"error": "too much to do"})

    page.route("**/api/read?*", full)
    page.set_input_files("#view-read input[type=file] >> nth=0", photo(tmp_path)[0])
    page.get_by_role("button", name="Try again").wait_for()
    assert 1 < len(asked) < 1000
    assert "too much to do" in page.inner_text("#view-read .stage")
    visit.complaints.clear()  # the browser reports the status 503


def test_what_a_person_said_stays_when_a_pattern_is_typed(
    visit: Visit, server: Server, tmp_path: Path
) -> None:
    page = visit.page(server.address + "#read")
    page.set_input_files("#view-read input[type=file] >> nth=0", photo(tmp_path)[0])
    boxes = page.locator(".boxes g")
    boxes.nth(9).wait_for()
    first, _ = lines(page)
    right = "4" if first[0] != "4" else "5"
    boxes.nth(0).focus()
    page.keyboard.press(right)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Delete")
    boxes.nth(8).click()
    page.get_by_role("button", name="Split in two").click()
    boxes.nth(10).wait_for()
    page.keyboard.press("1")  # which the left half is
    second = lines(page)[1]
    assert (len(second), second[3]) == (6, "1")
    with page.expect_response(lambda r: "pattern" in r.url):
        page.fill("#read-pattern", "###-###")
        page.keyboard.press("Tab")
    page.wait_for_selector(".lines:has-text('-')")
    # Of the six digits the first line lacks one, which nobody found; the second has the two halves.
    assert lines(page) == [f"{right}{first[2]}-{first[3:]}?", f"{second[:3]}-{second[3:]}"]
    assert page.locator(".boxes .corrected").count() == 2
    assert page.locator(".boxes .gone").count() == 1
    boxes.nth(1).click()
    page.get_by_role("button", name="Not a digit", exact=True).click()  # it is one after all
    assert lines(page)[0] == f"{right}{first[1:3]}-{first[3:]}?"


def test_boxes_are_split_joined_and_added(visit: Visit, server: Server, tmp_path: Path) -> None:
    page = visit.page(server.address + "#read")
    page.set_input_files("#view-read input[type=file] >> nth=0", photo(tmp_path)[0])
    boxes = page.locator(".boxes g")
    boxes.nth(9).wait_for()
    first, second = (list(line) for line in lines(page))
    boxes.nth(1).click()
    for name, count in (("Split in two", 11), ("Join with the next", 10)):
        page.get_by_role("button", name=name).click()
        page.wait_for_function("n => document.querySelectorAll('.boxes g').length === n", arg=count)
        now = [list(line) for line in lines(page)]
        assert [len(line) for line in now] == [count - 5, 5], name  # and each stays in its line
        assert now[0][0] == first[0]
        assert now[0][-3:] == first[-3:]
        assert now[1] == second
    # A box drawn by hand, around a digit that has one already.
    page.get_by_role("button", name="Add a box").click()
    place = boxes.nth(7).locator("rect").bounding_box()
    assert place
    x, y, right, bottom = (
        place["x"] - 2, place["y"] - 2,
        place["x"] + place["width"] + 2, place["y"] + place["height"] + 2,
    )  # fmt: skip
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(right, bottom, steps=4)
    page.mouse.up()
    boxes.nth(10).wait_for()
    assert [len(line) for line in lines(page)] == [5, 6]
