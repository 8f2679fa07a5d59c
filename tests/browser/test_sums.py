"""What stands in the lens adds up as it is shown, before and after a weight is changed."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

import pytest

from browser.conftest import Server, Visit, open_blocks, until

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow

# Every layer whose lens shows a sum: conv, batch normalisation, dense.
SUMS = """() => [...document.querySelectorAll('.lens .addend')].map((e) => e.textContent)"""


def check(page: Page, name: str) -> tuple[list[str], str]:
    """The addends in the lens on a layer, which must add up to its result, exactly."""
    assert name.startswith(page.inner_text(".lens h2 span"))
    addends = page.evaluate(SUMS)
    result = page.inner_text(".lens .result")
    numbers = [Decimal(text.replace("−", "-")) for text in addends]
    assert len(numbers) > 1
    assert sum(numbers) == Decimal(result.replace("−", "-")), (addends, result)
    assert len({len(text.partition(".")[2]) for text in (*addends, result)}) == 1
    return addends, result


def test_every_shown_sum_adds_up(visit: Visit, server: Server) -> None:
    page = visit.page(server.address + "#inside")
    open_blocks(page)
    for k in (0, 1, 4, 5, 8):  # both convolutions and normalisations, and the dense layer
        canvas = page.locator(".layer .maps").nth(k)
        name = canvas.get_attribute("aria-label") or ""
        canvas.focus()
        for key in ("PageDown", "ArrowRight", "ArrowDown"):
            page.keyboard.press(key)
            until(page, partial(check, page, name))


def test_a_changed_weight_changes_its_whole_equation(visit: Visit, server: Server) -> None:
    page = visit.page(server.address + "#inside")
    open_blocks(page)
    shown = ("the changed weight", "2 changed weights", "3 changed weights")
    for k, weights in zip((0, 4, 8), shown, strict=True):
        canvas = page.locator(".layer .maps").nth(k)
        name = canvas.get_attribute("aria-label") or ""
        canvas.focus()
        until(page, partial(check, page, name))
        page.keyboard.press("PageDown")
        before, result = until(page, partial(check, page, name))
        cell = page.locator(".lens .turn").nth(4)
        colour = "e => getComputedStyle(e).backgroundColor"
        painted = cell.evaluate(colour)
        cell.focus()
        for _ in range(6):
            with page.expect_response(lambda r: "/api/inside" in r.url):
                page.keyboard.press("ArrowUp")
        page.wait_for_selector(f"text=Put back {weights}")
        after, changed = until(page, partial(check, page, name))
        assert page.evaluate("document.activeElement.classList.contains('turn')")
        assert changed != result or after == before, "the ink under this weight may be 0"
        if changed != result:
            assert sum(a != b for a, b in zip(after, before, strict=True)) >= 1
        if k < 8:  # a cell of the grid: its colour says its value
            assert cell.evaluate(colour) != painted
