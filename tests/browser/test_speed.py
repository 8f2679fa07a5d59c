"""What a visit costs in bytes of scripts, and that hardly anything moves under the reader."""

from __future__ import annotations

import pytest

from browser.conftest import SHIFTS, Server, Visit

pytestmark = pytest.mark.slow

LARGEST = 150_000  # bytes of scripts, with one table of words
SCRIPTS = """() => performance.getEntriesByType('resource')
  .filter((e) => e.name.endsWith('.js')).reduce((sum, e) => sum + e.decodedBodySize, 0)"""


@pytest.mark.parametrize(
    "view", ["draw", "inside", "learn", "learn with a run", "mistakes", "forms"]
)
def test_a_visit_is_light_and_calm(first_visit: Visit, server: Server, view: str) -> None:
    if view == "learn with a run":  # the newest opens by itself
        lesson = {"layers": "784-10", "epochs": 1, "examples": 600, "paused": True}
        asks = first_visit.context.request
        assert asks.post(f"{server.address}api/runs", data=lesson).status < 300
    view = view.split(maxsplit=1)[0]
    page = first_visit.page(f"{server.address}#{view}")
    ready = {"draw": ".steps .seen", "inside": ".maps:visible", "learn": ".diagram",
             "mistakes": ".misread", "forms": ".drop"}[view]  # fmt: skip
    page.wait_for_selector(f"#view-{view} {ready}")
    assert 50_000 < page.evaluate(SCRIPTS) < LARGEST
    assert page.evaluate(SHIFTS) < 0.001
