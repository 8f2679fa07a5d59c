"""How long after a stroke its answer is on the web page, in a browser.

    python benchmarks/pen.py [MODEL] [--strokes 100] [--json FILE]

Needs Playwright and Chromium. The simulated pen's digits are written with the mouse at the pen's
own pace, so the web page also asks while the pen moves. Measured in the browser: from the event
that the pen was lifted to the frame that shows the answer to all of the ink. Server and browser
share the machine's cores; the browser paints with them, too.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from digitus.nn import stream
from digitus.recognizer import DEFAULT, load
from digitus.synthetic.pen import write
from digitus.types import Floats64
from server import CORES, Server, keep, priority

if TYPE_CHECKING:
    from playwright.sync_api import Page


BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
ANSWERED = ".answer[aria-busy=false]"
WATCH = """
    const side = document.querySelector(".answer");
    let lifted;
    window.times = [];
    document.querySelector("canvas.paper").addEventListener(
      "pointerup", () => { lifted = performance.now(); }, true);
    new MutationObserver(() => {
      if (lifted === undefined || side.getAttribute("aria-busy") !== "false") return;
      const begun = lifted;
      lifted = undefined;
      requestAnimationFrame(() => window.times.push(performance.now() - begun));
    }).observe(side, { attributes: true });
"""


def main() -> None:
    """Measures and prints, or writes."""
    parser = argparse.ArgumentParser(description="From a stroke to its answer, in a browser.")
    parser.add_argument("model", nargs="?", default=DEFAULT)
    parser.add_argument("--strokes", type=int, default=100)
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    recognizer = load(arguments.model)
    about = {
        "model": recognizer.recipe.name,
        "cores": len(CORES),
        "priority": priority(),
        "load_before": [round(x, 2) for x in os.getloadavg()],  # others' work
    }
    with tempfile.TemporaryDirectory() as name:
        server = Server(arguments.model, Path(name), set(CORES))
        try:
            times = measured(server.address, arguments.strokes)
        finally:
            server.close()
    figures = {f"p{q}_ms": round(float(np.percentile(times, q)), 1) for q in (50, 90, 99)}
    parts = {"pen": {"strokes": len(times), **figures, **about}}
    print(json.dumps(parts, indent=1))
    if arguments.json:
        keep(parts, arguments.json)


def measured(address: str, strokes: int) -> list[float]:
    """Milliseconds from the end of a stroke to its answer on the page, at least so many."""
    from playwright.sync_api import sync_playwright

    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        raise SystemExit("there is no chromium on this machine")
    with sync_playwright() as playwright:
        # Root in a container may not be allowed the sandbox.
        rights = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=path, args=rights)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(address)
        page.wait_for_selector("canvas.paper")
        page.evaluate(WATCH)
        digit, times = 0, []
        while len(times) < strokes:
            page.get_by_role("button", name="Clear").click()
            for stroke in write([digit % 10], stream(digit, "pen")).paths(0):
                page.wait_for_selector(ANSWERED)
                follow(page, stroke)
            page.wait_for_selector(ANSWERED)
            page.wait_for_timeout(50)  # for the frame that shows it
            digit, times = digit + 1, page.evaluate("window.times")
        browser.close()
    return [float(t) for t in times]


def follow(page: Page, path: Floats64) -> None:
    """Writes one stroke with the mouse, in the pen's own time."""
    box = page.locator("canvas.paper").bounding_box()
    assert box
    side = 0.72 * box["height"]
    left, top = box["x"] + (box["width"] - side) / 2, box["y"] + (box["height"] - side) / 2
    (x, y, start, _), *points = path.tolist()
    page.mouse.move(left + x * side, top + y * side)
    page.mouse.down()
    begun = time.perf_counter()
    for x, y, at, _ in points:
        wait = at - start - (time.perf_counter() - begun)
        if wait > 0 or at == points[-1][2]:  # points that come too late are left out, as by a mouse
            time.sleep(max(0.0, wait))
            page.mouse.move(left + x * side, top + y * side)
    page.mouse.up()


if __name__ == "__main__":
    main()
