"""What axe finds on the page: nothing, in every view, in both schemes, at three widths.

Both schemes on a telephone; elsewhere one, for colours hardly hang on the width.
axe-core comes with a package for tests; the page itself knows nothing of it.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest

from browser.conftest import PHONE, Server, Visit, full

if TYPE_CHECKING:
    from playwright.sync_api import Page

WIDTHS = {"phone": PHONE, "tablet": {"viewport": {"width": 768, "height": 1024}}, "desk": {}}
SCHEMES = {"phone": ("light", "dark"), "tablet": ("light",), "desk": ("dark",)}
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


@pytest.mark.parametrize("view", ["draw", "read", "forms", "inside", "learn", "mistakes"])
@pytest.mark.parametrize(
    ("visit", "schemes"),
    [(how, SCHEMES[name]) for name, how in WIDTHS.items()],
    indirect=["visit"],
    ids=WIDTHS,
)
@pytest.mark.usefixtures("finished")
def test_axe_finds_nothing(
    visit: Visit, server: Server, view: str, schemes: tuple[str, ...]
) -> None:
    page = visit.page(server.address)
    wrong: dict[str, Any] = {}
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        full(page, server.address, view)
        if found := findings(page):
            wrong[scheme] = found
    assert not wrong
