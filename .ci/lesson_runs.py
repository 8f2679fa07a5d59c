"""Fails where a lesson of the built site does not run in a browser, or a search does not find it.

    python -m sphinx -W --keep-going docs docs/_build/html && python .ci/lesson_runs.py

A cell that needs those above it is run, then changed and run again, then run with an error; what
was changed and solved is there again after a reload. A search from the lesson answers in its
language, and lists pages in that language first. Nothing is asked of another host, and axe finds no
barrier in the output.
"""

from __future__ import annotations

import functools
import shutil
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from barriers import RULES, RUN, SITE, axe
from playwright.sync_api import Page, Request, sync_playwright

LESSON = "course/de/02-neuron.html"
TIMEOUT = 60_000  # milliseconds


class Quiet(SimpleHTTPRequestHandler):
    """The site's files, without a word for each."""

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


def output(page: Page, cell: int, words: str) -> str:
    """What a cell shows after a click, once it has run and these words are in it.

    While it runs its button says something else, and a click on it would end the run.
    """
    element = page.locator("div.cell").nth(cell)
    button = element.locator("button.run")
    at_rest = button.inner_text()
    button.click()
    element.locator("button.run", has_text=at_rest).wait_for(timeout=TIMEOUT)
    found = element.locator(".cell_output", has_text=words)
    found.wait_for(timeout=TIMEOUT)
    return found.inner_text()


def carried_out(page: Page) -> list[str]:
    """What is wrong with the lesson, run as above."""
    wrong = []
    if "% richtig" not in output(page, 1, "% richtig"):
        wrong.append("the second cell does not say how many are right")
    if page.locator("div.cell").nth(0).locator(".cell_output svg").count() != 1:
        wrong.append("the first cell draws nothing")
    code = page.locator("div.cell").nth(1).locator("pre[contenteditable]")
    code.fill("print(6 * 7)")
    output(page, 1, "42")
    code.fill("1 / 0")
    output(page, 1, "ZeroDivisionError")
    answer = page.locator("div.cell").last
    answer.locator("pre[contenteditable]").fill(
        'check("2c", lambda w, b, x1: -(w[0] * x1 + b) / w[1])'
    )
    output(page, page.locator("div.cell").count() - 1, "Richtig.")
    page.evaluate(axe())
    wrong += [str(found) for found in page.evaluate(RUN, RULES)]
    page.reload()
    if "2c" not in page.locator("div.cell .solved").last.inner_text():
        wrong.append("what was solved is forgotten")
    if page.locator("div.cell pre[contenteditable]").nth(1).inner_text() != "1 / 0":
        wrong.append("what was changed is forgotten")
    return wrong


def searched(page: Page) -> list[str]:
    """What is wrong with a search, which leaves the lesson."""
    wrong = []
    page.locator("input[name=q]").fill("Neuron")
    page.locator("input[name=q]").press("Enter")
    page.locator(".search-summary", has_text=" Stellen.").wait_for(timeout=TIMEOUT)
    found = page.locator("#search-results li > a").all_inner_texts()
    foreign = [one.endswith(" (en)") for one in found]
    if "Ein Neuron und eine Gerade" not in found or foreign != sorted(foreign) or not foreign[-1]:
        wrong.append(f"a search for a German word finds {found}")
    page.evaluate(axe())
    wrong += [str(one) for one in page.evaluate(RUN, RULES)]
    page.locator("#search-results li > a").first.click()
    page.locator(".highlighted").first.wait_for(timeout=TIMEOUT)
    if "Nicht mehr hervorheben" not in page.locator("#searchbox").inner_text():
        wrong.append("what was searched for stays highlighted in English")
    return wrong


def main() -> None:
    """Serves the site on this machine, looks at one lesson and searches."""
    handler = functools.partial(Quiet, directory=str(SITE))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    here = f"http://127.0.0.1:{server.server_port}/"
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    asked: list[Request] = []

    def note(request: Request) -> None:
        asked.append(request)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page()
        page.context.on("request", note)
        page.goto(here + LESSON)
        wrong = carried_out(page)
        for folder in map(Path, sys.argv[1:]):
            page.screenshot(path=folder / "lesson-run.png", full_page=True)
        wrong += searched(page)
        for folder in map(Path, sys.argv[1:]):
            page.screenshot(path=folder / "found.png")
        browser.close()
    server.shutdown()
    strange = {one.url for one in asked if not one.url.startswith((here, "data:", "blob:"))}
    wrong += [f"{url} was asked for" for url in sorted(strange)]
    print("\n".join(wrong) or f"{LESSON} is carried out in a browser, and found")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
