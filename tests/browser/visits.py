"""Visits to the page: contexts that several share, and pages that may not complain.

Inside: the connection to the browser, a visit, requests that are held back. Not inside: the browser
and the server (`conftest`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, Route

TIMEOUT_MS = 60_000  # of what is waited for: other work may run beside the tests
# Which digit the simulated pen writes is chance: the same in each run here (Park & Miller 1988).
CHANCE = "{ let at = 1988; Math.random = () => (at = (at * 16807) % 2147483647) / 2147483647; }"


@dataclass
class Driver:
    """Playwright's connection to the browser, and the contexts that visits share.

    A context and a renderer of its own cost a visit as much as the page itself. So visits with the
    same settings are of one context, in which a page without a script keeps the renderer alive.
    """

    browser: Browser
    stop: Callable[[], None]
    contexts: dict[str, tuple[BrowserContext, CDPSession]] = field(default_factory=dict)

    def context(self, settings: dict[str, Any], plain: str) -> tuple[BrowserContext, CDPSession]:
        """The context with these settings, and a session by which all that it keeps is cleared."""
        key = repr(sorted(settings.items()))
        if key not in self.contexts:
            context = self.browser.new_context(**settings)
            kept = context.new_page()
            kept.goto(plain)
            self.contexts[key] = context, context.new_cdp_session(kept)
        return self.contexts[key]


@dataclass
class Visit:
    """A context of the browser whose pages must not complain, nor ask another host."""

    context: BrowserContext
    host: str
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context.set_default_timeout(TIMEOUT_MS)

    def page(self, address: str) -> Page:
        """A new page at the address."""
        page = self.context.new_page()
        page.add_init_script(CHANCE)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._console)
        page.on("request", self._request)
        page.goto(address)
        return page

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _request(self, request: Any) -> None:
        if not request.url.startswith((self.host, "blob:")):
            self.complaints.append(f"a request to {request.url}")


def holding(page: Page, pattern: str) -> list[Route]:
    """The requests to such addresses, as they come: each waits until its test lets it go on."""
    held: list[Route] = []

    def hold(route: Route) -> None:  # of what an `append` takes Playwright would not know
        held.append(route)

    page.route(pattern, hold)
    return held
