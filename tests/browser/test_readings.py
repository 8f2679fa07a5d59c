"""What a person has corrected, when the picture is read again: all stays where it was said."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from browser.conftest import Server, Visit, until
from browser.test_views import photo

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

pytestmark = pytest.mark.slow

# A picture whose lines are given as lists of [value, left, top], each digit 30 x 40 pixels, read,
# then changed by a person, then read anew: its lines before and after.
SCENE = """async ({ lines, again, change }) => {
  const readings = await import("/static/readings.js");
  const box = ([, left, top, width = 30, height = 40]) => [left, top, width, height];
  const digit = (one) => ({ value: one[0], box: box(one), confidence: one[0] === null ? 0 : 0.99 });
  const read = (of) => ({
    digits: of.flatMap((one, line) => one.map((d) => ({ ...digit(d), line }))),
    lines: of.map((one) => one.map(([value]) => value ?? "?").join("")),
  });
  const own = (one) => ({ ...digit(one), was: one[0], own: true });
  const page = readings.picturePage("page.png");
  readings.take(page, read(lines));
  for (const [how, at, ...more] of change) {
    if (how === "replace") readings.replace(page, at.map((k) => page.digits[k]), more.map(own));
    else if (how === "add") readings.add(page, own(at));
    else Object.assign(page.digits[at], more[0]);
  }
  const before = readings.texts(page);
  readings.take(page, read(again ?? lines));
  const { value, corrected = false, gone = false } = page.digits[0];
  return { before, after: readings.texts(page), first: [value, corrected, gone] };
}"""
# Two lines that fall from left to right: the second begins at the height where the first ends.
TILTED = [
    [[1, 0, 100], [2, 100, 120], [3, 200, 140]],
    [[4, 0, 150, 60], [5, 100, 170], [6, 200, 190]],
]
# Lines that run down the picture, each a little crooked, the second to the left of the first.
ON_ITS_SIDE = [
    [[1, 202, 0], [2, 200, 60], [3, 203, 120]],
    [[4, 100, 0], [5, 102, 60], [6, 99, 120]],
]
UNSEEN = [[*ON_ITS_SIDE[0], [None, 201, 240]], ON_ITS_SIDE[1]]


@pytest.fixture
def page(visit: Visit, server: Server) -> Page:
    return visit.page(server.address + "#read")


def scene(page: Page, **given: Any) -> Any:
    return page.evaluate(SCENE, given)


@pytest.mark.parametrize(
    ("lines", "change", "again", "wanted"),
    [
        (TILTED, ["replace", [3], [7, 0, 150], [8, 30, 150]], None, ["123", "7856"]),
        (TILTED, ["replace", [3, 4], [9, 0, 150, 130, 60]], None, ["123", "96"]),
        (TILTED, ["add", [9, 300, 160]], None, ["1239", "456"]),
        (TILTED, ["add", [9, 300, 210]], None, ["123", "4569"]),
        (TILTED, ["add", [9, 0, 260]], None, ["123", "456", "9"]),
        (ON_ITS_SIDE, ["add", [9, 198, 180]], None, ["1239", "456"]),
        (ON_ITS_SIDE, ["add", [9, 198, 180]], UNSEEN, ["1239", "456"]),
        (ON_ITS_SIDE, ["add", [9, 10, 60]], None, ["123", "456", "9"]),
        (ON_ITS_SIDE, ["replace", [1], [7, 200, 60, 15], [8, 215, 60, 15]], None, ["1783", "456"]),
    ],
)
def test_a_persons_boxes_keep_their_places(
    page: Page, lines: Any, change: Any, again: Any, wanted: list[str]
) -> None:
    found = scene(page, lines=lines, change=[change], again=again)
    assert (found["before"], found["after"]) == (wanted, wanted)


def test_what_was_taken_out_and_back_is_as_it_was_read(page: Page) -> None:
    """Another network reads an 8 where a 3 was taken out: what is taken back is the 8."""
    lines, again = [[[3, 0, 0], [4, 40, 0]]], [[[8, 0, 0], [4, 40, 0]]]
    found = scene(page, lines=lines, again=again, change=[["set", 0, {"gone": True}]])
    assert (found["after"], found["first"]) == (["4"], [8, False, True])
    corrected = {"value": 5, "corrected": True}
    found = scene(page, lines=lines, again=again, change=[["set", 0, corrected]])
    assert (found["after"], found["first"]) == (["54"], [5, True, False])


def test_boxes_are_not_read_again_for_what_nobody_waits_for(
    visit: Visit, server: Server, tmp_path: Path
) -> None:
    page = visit.page(server.address + "#read")
    page.set_input_files("#view-read input[type=file] >> nth=0", photo(tmp_path)[0])
    boxes = page.locator(".boxes g")
    boxes.nth(9).click()
    page.get_by_role("button", name="Split in two").click()
    boxes.nth(10).wait_for()
    asked: list[int] = []

    def full(route: Route) -> None:
        asked.append(1)
        route.fulfill(status=503, headers={"Retry-After": "0.1"}, json={"error": "busy"})

    page.route("**/api/read?*digits=1*", full)
    page.route("**/api/read?*pattern=%23-*", lambda route: route.abort())
    for pattern in ("#####", "#-####"):  # the second is asked while the first's boxes wait
        page.fill("#read-pattern", pattern)
        page.keyboard.press("Tab")
        until(page, lambda: asked[3])
    page.get_by_role("button", name="Try again").wait_for()
    page.wait_for_timeout(200)
    before = len(asked)
    page.wait_for_timeout(500)
    assert len(asked) == before
    visit.complaints.clear()  # the browser reports the status 503
