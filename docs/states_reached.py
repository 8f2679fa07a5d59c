"""How each state of the web page is reached, as by a visitor; `docs/states.py` shows them.

A state is a function of a new page and the server's address. Not inside: the states of Learn
(`states_learnt`), taking pictures.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import gettempdir

from PIL import Image
from playwright.sync_api import Page

from screens import PICTURES, held

STATES: dict[str, Callable[[Page, str], None]] = {}


def state(reach: Callable[[Page, str], None]) -> Callable[[Page, str], None]:
    """Makes a function one of `STATES`, by its name."""
    STATES[reach.__name__.replace("_", "-")] = reach
    return reach


def opened(page: Page, at: str, where: str) -> None:
    """A state that needs no more than its address."""
    page.goto(at + where)
    page.wait_for_timeout(2000)


def nowhere(page: Page, what: str) -> None:
    """Nobody answers what the page asks for."""
    page.route(what, lambda route: route.abort())


def never(page: Page, what: str) -> None:
    """What the page asks for takes for ever."""
    page.route(what, lambda _: None)


def bad_files() -> tuple[Path, Path]:
    """A picture of nothing, and a file that is no picture."""
    folder = Path(gettempdir()) / "digitus-states"
    folder.mkdir(exist_ok=True)
    nothing, wrong = folder / "nothing.png", folder / "letter.png"
    Image.new("L", (600, 400), 240).save(nothing)
    wrong.write_bytes(b"no picture")
    return nothing, wrong


def typed(page: Page, text: str) -> None:
    """A number, written by keys."""
    page.focus("canvas.paper")
    for k, key in enumerate(text):
        page.keyboard.press(key)
        drawn = "n => document.querySelectorAll('.marks g').length === n"
        page.wait_for_function(drawn, arg=k + 1)
    page.wait_for_selector("#view-draw .answer[aria-busy=false]")


@state
def draw_empty(page: Page, at: str) -> None:
    """The paper after a digit has written itself."""
    page.goto(at)
    page.wait_for_timeout(6000)


@state
def draw_full(page: Page, at: str) -> None:
    """A number."""
    page.goto(at)
    typed(page, "2026")


@state
def draw_bent(page: Page, at: str) -> None:
    """A digit half on its way to another."""
    page.goto(at)
    typed(page, "4")
    page.wait_for_selector(".morph:not([hidden])")
    page.fill(".morph input", "16")
    page.locator(".morph").scroll_into_view_if_needed()


@state
def draw_wrong(page: Page, at: str) -> None:
    """A scribble."""
    page.goto(at)
    box = page.locator("canvas.paper").bounding_box()
    assert box
    x, y, w, h = box["x"], box["y"], box["width"], box["height"]
    page.mouse.move(x + 0.3 * w, y + 0.3 * h)
    page.mouse.down()
    for k in range(12):
        page.mouse.move(x + (0.3 + 0.4 * (k % 2)) * w, y + (0.3 + 0.04 * k) * h, steps=4)
    page.mouse.up()
    page.wait_for_timeout(1500)


@state
def draw_failed(page: Page, at: str) -> None:
    """A digit that nobody reads."""
    page.goto(at)
    page.wait_for_selector("canvas.paper")
    page.wait_for_timeout(3000)
    nowhere(page, "**/api/draw*")
    page.focus("canvas.paper")
    page.keyboard.press("4")
    page.wait_for_selector("#alert:not([hidden])")


@state
def read_empty(page: Page, at: str) -> None:
    """Nothing was given yet."""
    page.goto(f"{at}#read")
    page.wait_for_selector(".drop")


def given(page: Page, *files: Path) -> None:
    """Files chosen in Read."""
    page.set_input_files("#view-read input[type=file] >> nth=0", list(files))


@state
def read_working(page: Page, at: str) -> None:
    """A picture that is being read."""
    read_empty(page, at)
    never(page, "**/api/read*")
    given(page, PICTURES / "note.jpg")
    page.wait_for_timeout(1500)


@state
def read_full(page: Page, at: str) -> None:
    """A page of numbers, one of them chosen."""
    read_empty(page, at)
    given(page, PICTURES / "note.jpg")
    page.wait_for_selector(".boxes g")
    page.locator(".boxes g").nth(3).click()


@state
def read_several(page: Page, at: str) -> None:
    """Three pictures: digits, none, and no picture."""
    read_empty(page, at)
    given(page, PICTURES / "note.jpg", *bad_files())
    page.wait_for_selector(".thumb.failed")
    page.locator(".thumb").first.click()
    page.wait_for_selector(".boxes g")


@state
def read_nothing(page: Page, at: str) -> None:
    """A picture without digits."""
    read_empty(page, at)
    given(page, bad_files()[0])
    page.wait_for_timeout(2000)


@state
def read_wrong(page: Page, at: str) -> None:
    """A file that is no picture."""
    read_empty(page, at)
    given(page, bad_files()[1])
    page.wait_for_selector("#alert:not([hidden])")


@state
def read_failed(page: Page, at: str) -> None:
    """A picture that nobody reads."""
    read_empty(page, at)
    nowhere(page, "**/api/read*")
    given(page, PICTURES / "note.jpg")
    page.wait_for_selector("#alert:not([hidden])")


@state
def inside_working(page: Page, at: str) -> None:
    """A network that has not answered yet."""
    never(page, "**/api/inside*")
    page.goto(f"{at}#inside")
    page.wait_for_timeout(2500)


@state
def inside_full(page: Page, at: str) -> None:
    """The way of a 3."""
    page.goto(f"{at}#inside")
    page.wait_for_selector(".layer .maps:visible")
    page.get_by_role("button", name="A 3 by the simulated pen").click()
    page.wait_for_timeout(1500)


@state
def inside_lens(page: Page, at: str) -> None:
    """The lens on a number of the first convolution."""
    inside_full(page, at)
    held(page)


@state
def inside_failed(page: Page, at: str) -> None:
    """A network that does not answer."""
    nowhere(page, "**/api/inside*")
    page.goto(f"{at}#inside")
    page.wait_for_selector("#alert:not([hidden])")


@state
def mistakes_working(page: Page, at: str) -> None:
    """A quarter of the way."""
    page.route("**/api/mistakes/progress*", lambda r: r.fulfill(json={"done": 1500, "count": 6000}))
    never(page, "**/api/mistakes?*")
    page.goto(f"{at}#mistakes")
    page.wait_for_selector("text=1,500 of 6,000")


@state
def mistakes_full(page: Page, at: str) -> None:
    """All misread digits."""
    page.goto(f"{at}#mistakes")
    page.wait_for_selector(".misread")


@state
def mistakes_failed(page: Page, at: str) -> None:
    """Nobody answers."""
    nowhere(page, "**/api/mistakes*")
    page.goto(f"{at}#mistakes")
    page.wait_for_selector("#alert:not([hidden])")


@state
def tour(page: Page, at: str) -> None:
    """The first step of the tour."""
    page.goto(at)
    page.click("#tour")
    page.wait_for_selector(".tour")
    page.wait_for_timeout(1500)


for NAME, WHERE in {"worked": "#worked", "handbook": "mathematics"}.items():
    STATES[NAME] = partial(opened, where=WHERE)
