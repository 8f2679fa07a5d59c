"""What axe finds on the page: nothing, in every view, in both schemes, at three widths.

axe-core comes with a package for tests; the page itself knows nothing of it.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest

from browser.conftest import PHONE, Server, Visit

if TYPE_CHECKING:
    from playwright.sync_api import Page

WIDTHS = {"phone": PHONE, "tablet": {"viewport": {"width": 768, "height": 1024}}, "desk": {}}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = """rules => axe.run(document, { runOnly: rules, resultTypes: ["violations"] })
  .then(({ violations }) => violations.flatMap((v) => v.nodes.map((n) =>
    `${v.id}: ${n.target} ${n.any.concat(n.all).map((c) => c.message).join("; ")}`)))"""


def findings(page: Page) -> list[str]:
    """What axe objects to on the page as it is."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
    found: list[str] = page.evaluate(RUN, RULES)
    return found


def full(page: Page, address: str, view: str) -> None:
    """Opens a view, and lets it show what it has."""
    page.goto(f"{address}#{view}")
    if view == "draw":
        page.focus("canvas.paper")
        page.keyboard.press("8")
        page.wait_for_selector(".steps .seen")
    elif view == "read":
        page.wait_for_selector(".drop")
    elif view == "inside":
        page.wait_for_selector(".layer .maps:visible")
        page.locator(".layer .maps").last.focus()
        page.wait_for_selector(".lens .terms")
    elif view == "learn":
        page.wait_for_selector(".digits tbody tr")
    else:
        page.wait_for_selector("#view-mistakes .misread")


@pytest.fixture(scope="module")
def finished(server: Server) -> None:
    """A run that has ended, so that Learn is full."""
    import httpx

    from serving import wait_for

    with httpx.Client(base_url=server.address, timeout=60) as client:
        wanted = {"layers": "784-8-10", "epochs": 1, "examples": 600}
        run = client.post("/api/runs", json=wanted).json()["id"]
        wait_for(lambda: client.get(f"/api/runs/{run}").json()["status"] == "finished", 60)


@pytest.mark.parametrize("view", ["draw", "read", "inside", "learn", "mistakes"])
@pytest.mark.parametrize("visit", WIDTHS.values(), indirect=True, ids=WIDTHS)
@pytest.mark.usefixtures("finished")
def test_axe_finds_nothing(visit: Visit, server: Server, view: str) -> None:
    page = visit.page(server.address)
    wrong: dict[str, Any] = {}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        full(page, server.address, view)
        if found := findings(page):
            wrong[scheme] = found
    assert not wrong
