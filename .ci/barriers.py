"""Fails where axe finds a barrier on the built documentation site.

    python -m sphinx -W --keep-going docs docs/_build/html && python .ci/barriers.py

A page of each kind is looked at as on a phone, a tablet and a desktop, in light colours and in dark
ones. With a folder as argument, a picture of each look is written there.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from importlib.resources import files
from itertools import product
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

SITE = Path(__file__).parent.parent / "docs" / "_build" / "html"
FIRST = "index.html"
KINDS = (FIRST, "papers-taught.html", "course/01-pixels.html", "course/de/10-convolution.html",
         "course/glossary.html", "de/teaching.html", "reference/training.html")  # fmt: skip
LOOKS: tuple[tuple[int, Any], ...] = tuple(product((360, 768, 1280), ("light", "dark")))
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = """rules => axe.run(document, { runOnly: rules, resultTypes: ["violations"] })
  .then(({ violations }) => violations.flatMap((v) => v.nodes.map((n) =>
    `${v.id}: ${n.target} ${n.any.concat(n.all).map((c) => c.message).join("; ")}`)))"""


def axe() -> str:
    """The program that looks for barriers."""
    return files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")


def barriers(browser: Browser, name: str, width: int, scheme: Any) -> Iterator[str]:
    """What axe objects to on a page at a width, in a colour scheme."""
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto((SITE / name).as_uri())
    page.evaluate(axe())
    for folder in map(Path, sys.argv[1:]):
        folder.mkdir(exist_ok=True)
        page.screenshot(path=folder / f"{name.replace('/', '-')}-{width}-{scheme}.png")
    for found in page.evaluate(RUN, RULES):
        yield f"{name}, {width} pixels, {scheme}: {found}"
    context.close()


def main() -> None:
    """Looks at the pages and says what is in the way."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        looks = [(name, *look) for name in KINDS for look in LOOKS]
        found = [line for look in looks for line in barriers(browser, *look)]
        browser.close()
    print("\n".join(found) or f"{len(looks)} looks at the site, no barrier")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
