"""What a first visit to each view of the web page costs, in a browser that has kept nothing.

    python benchmarks/visit.py [MODEL] [--visits 10] [--json FILE]

Needs Playwright and Chromium, on the machine that serves. The browser itself measures the first
contentful paint, the largest contentful paint, the cumulative layout shift (without shifts that
follow a key or a press) and the bytes of scripts. A view counts as there when what it is for is
seen; in Inside, the maps of a whole network.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from digitus.recognizer import DEFAULT, load
from pen import BROWSERS
from server import CORES, Server, keep, priority

if TYPE_CHECKING:
    from playwright.sync_api import Browser

READY = {
    "draw": ".steps .seen", "read": ".drop", "inside": ".layer .maps", "learn": ".diagram",
    "mistakes": ".misread",
}  # fmt: skip
TIMES = ("first_ms", "largest_ms", "there_ms")
WATCH = """window.seen = { largest: 0, moved: 0 };
const watch = (type, add) => new PerformanceObserver((list) => list.getEntries().forEach(add))
  .observe({ type, buffered: true });
watch("largest-contentful-paint", (e) => (seen.largest = e.startTime));
watch("layout-shift", (e) => (seen.moved += e.hadRecentInput ? 0 : e.value));"""
FIGURES = """() => new Promise((done) => setTimeout(() => done({
  first_ms: performance.getEntriesByName("first-contentful-paint")[0].startTime,
  largest_ms: seen.largest,
  moved: seen.moved,
  scripts: performance.getEntriesByType("resource").filter((e) => e.name.endsWith(".js"))
    .reduce((sum, e) => sum + e.decodedBodySize, 0),
}), 500))"""
THERE = """selector => [...document.querySelectorAll(selector)]
  .some((e) => e.getClientRects().length) && performance.now()"""


def main() -> None:
    """Measures and prints, or writes."""
    parser = argparse.ArgumentParser(description="What a first visit to each view costs.")
    parser.add_argument("model", nargs="?", default=DEFAULT)
    parser.add_argument("--visits", type=int, default=10)
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    about: dict[str, Any] = {
        "model": load(arguments.model).recipe.name,
        "visits": arguments.visits,
        "cores": len(CORES),
        "priority": priority(),
        "load_before": [round(x, 2) for x in os.getloadavg()],  # others' work
    }
    with tempfile.TemporaryDirectory() as name:
        server = Server(arguments.model, Path(name), set(CORES))
        try:
            views = measured(server.address, arguments.visits)
        finally:
            server.close()
    parts = {"visit": {"views": views, **about}}
    print(json.dumps(parts, indent=1))
    if arguments.json:
        keep(parts, arguments.json)


def measured(address: str, visits: int) -> dict[str, dict[str, float]]:
    """For each view the medians of its figures, and the largest of those that must stay small."""
    from playwright.sync_api import sync_playwright

    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        raise SystemExit("there is no chromium on this machine")
    with sync_playwright() as playwright:
        rights = ["--no-sandbox"] if os.geteuid() == 0 else []  # as root in a container needs it
        browser = playwright.chromium.launch(executable_path=path, args=rights)
        views = {}
        for view in READY:
            visit(browser, address, view)  # the server prepares what it keeps
            found = [visit(browser, address, view) for _ in range(visits)]
            views[view] = {
                **{key: round(median(one[key] for one in found), 1) for key in TIMES},
                "first_ms_most": round(max(one["first_ms"] for one in found), 1),
                "moved_most": round(max(one["moved"] for one in found), 4),
                "scripts": found[0]["scripts"],
            }
        browser.close()
    return views


def visit(browser: Browser, address: str, view: str) -> dict[str, float]:
    """The figures of one visit, by somebody who was never there."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_init_script(WATCH)
    page = context.new_page()
    page.goto(f"{address}/#{view}")
    there = page.wait_for_function(THERE, arg=f"#view-{view} {READY[view]}", polling=10)
    found = {**page.evaluate(FIGURES), "there_ms": there.json_value()}
    context.close()
    return found


if __name__ == "__main__":
    main()
