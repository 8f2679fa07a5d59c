"""Writing in the browser: digits of the simulated pen, by mouse or finger, on the sheet of Draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from digitus.nn import stream
from digitus.synthetic.pen import write
from digitus.types import Floats64

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession, Page

SIDE = 0.72  # of the sheet's height: the digit's
APART = 7  # points of a path between two moves, each of which costs the browser and the server
# For each digit a hand that writes it so plainly that any trained network is sure of it.
HANDS = (0, 0, 1, 0, 0, 1, 1, 1, 1, 0)


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
