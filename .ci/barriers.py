"""Fails where axe finds a barrier on the built documentation site.

    python -m sphinx -W --keep-going docs docs/_build/html && python .ci/barriers.py

A page of each kind is looked at as on a telephone and on a desk, the one in dark colours and the
other in light ones, and the first page also the other way round and on a tablet.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

SITE = Path(__file__).parent.parent / "docs" / "_build" / "html"
FIRST = "index.html"
KINDS = (FIRST, "train.html", "papers-taught.html", "course/10-convolution.html",
         "course/glossary.html", "reference/training.html")  # fmt: skip
LOOKS: tuple[tuple[int, Any], ...] = ((360, "dark"), (1280, "light"))
MORE: tuple[tuple[int, Any], ...] = ((360, "light"), (768, "light"), (768, "dark"), (1280, "dark"))
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = """rules => axe.run(document, { runOnly: rules, resultTypes: ["violations"] })
  .then(({ violations }) => violations.flatMap((v) => v.nodes.map((n) =>
    `${v.id}: ${n.target} ${n.any.concat(n.all).map((c) => c.message).join("; ")}`)))"""


def barriers(browser: Browser, name: str, width: int, scheme: Any) -> Iterator[str]:
    """What axe objects to on a page of a width."""
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto((SITE / name).as_uri())
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
    for found in page.evaluate(RUN, RULES):
        yield f"{name}, {width} pixels, {scheme}: {found}"
    context.close()


def main() -> None:
    """Looks at the pages and says what is in the way."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        looks = [(name, *look) for name in KINDS for look in LOOKS]
        looks += [(FIRST, *look) for look in MORE]
        found = [line for look in looks for line in barriers(browser, *look)]
        browser.close()
    print("\n".join(found) or f"{len(looks)} looks at the site, no barrier")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
