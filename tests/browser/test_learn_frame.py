"""Learn's form and drawing are there before the server has answered, and nothing moves then."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from browser.conftest import PHONE, SHIFTS, Server, Visit

if TYPE_CHECKING:
    from playwright.sync_api import Route

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("visit", [{}, PHONE], indirect=True)
@pytest.mark.parametrize("later", [".watching .head", "#view-learn .lead"])
def test_the_frame_is_there_before_the_server_has_answered(
    visit: Visit, server: Server, later: str
) -> None:
    wanted = {"layers": "784-10", "epochs": 1, "examples": 600, "paused": True}
    begun = visit.context.request.post(f"{server.address}api/runs", data=wanted).json()["id"]
    page = visit.page("about:blank")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(re.compile(r"/api/runs$"), hold, times=1)
    page.goto(server.address + "#learn")
    page.wait_for_selector("#view-learn .diagram")
    page.wait_for_selector("#view-learn .asked >> text=Looking for your networks")
    assert page.locator(later).is_hidden()
    if "watching" in later:
        held[0].continue_()
    else:  # as where nothing was trained yet
        held[0].fulfill(json={"runs": []})
    page.wait_for_selector(later)
    page.wait_for_selector("form.lesson")
    assert page.locator("#view-learn .asked").is_hidden()
    assert page.evaluate(SHIFTS) < 0.001
    visit.context.request.delete(f"{server.address}api/runs/{begun}")
