"""What axe finds on the page: nothing, in every view, in both schemes, at three widths.

There every view also fits, and all that can be pressed has a name, whatever axe takes for one. Both
schemes on a telephone, where the second one is looked at for its colours; elsewhere one scheme, for
colours hardly hang on the width. On a tablet, which shows what a desk shows, only what hangs on the
width is looked at again.
axe-core comes with a package for tests; the page itself knows nothing of it.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import pytest

from browser.conftest import PHONE, Server, Visit, full

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow

WIDTHS = {"phone": PHONE, "tablet": {"viewport": {"width": 768, "height": 1024}}, "desk": {}}
SCHEMES = {"phone": ("light", "dark"), "tablet": ("light",), "desk": ("dark",)}
VIEWS = ("draw", "read", "forms", "inside", "learn", "mistakes")
# What can be pressed or filled in, and has no name that a screen reader could say.
NAMELESS = """(view) => [...document.querySelectorAll(
  `#view-${view} :is(button, input, select, canvas[tabindex])`)]
  .filter((e) => e.checkVisibility() && !e.labels?.length
    && !(e.getAttribute("aria-label") || e.textContent.trim()))
  .map((e) => e.outerHTML)"""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OF_WIDTH = ["target-size", "scrollable-region-focusable", "color-contrast"]
OF_COLOURS = ["color-contrast", "link-in-text-block"]  # all that another scheme changes
RUN = """rules => axe.run(document, { runOnly: rules, resultTypes: ["violations"] })
  .then(({ violations }) => violations.flatMap((v) => v.nodes.map((n) =>
    `${v.id}: ${n.target} ${n.any.concat(n.all).map((c) => c.message).join("; ")}`)))"""


def findings(page: Page, rules: list[str] = RULES) -> list[str]:
    """What axe objects to on the page as it is."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
    found: list[str] = page.evaluate(RUN, rules)
    return found


@pytest.mark.parametrize(
    ("visit", "schemes", "rules"),
    [(how, SCHEMES[name], OF_WIDTH if name == "tablet" else RULES) for name, how in WIDTHS.items()],
    indirect=["visit"],
    ids=WIDTHS,
)
@pytest.mark.usefixtures("finished")
def test_every_view_fits_has_names_and_nothing_for_axe_to_find(
    visit: Visit, server: Server, schemes: tuple[str, ...], rules: list[str]
) -> None:
    page = visit.page(server.address)
    wrong: dict[tuple[str, str], list[str]] = {}
    for view in VIEWS:
        page.emulate_media(color_scheme=schemes[0])  # type: ignore[arg-type]
        full(page, server.address, view)
        wide, room = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert wide <= room, view
        wrong[view, schemes[0]] = findings(page, rules) + page.evaluate(NAMELESS, view)
        for scheme in schemes[1:]:
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            wrong[view, scheme] = findings(page, OF_COLOURS)
    assert not any(wrong.values()), wrong
