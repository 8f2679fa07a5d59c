"""The page and the exported page in Debian's Firefox: each view opens, and what is typed is read.

By Marionette, which Firefox has in it; Playwright drives only a Firefox of its own. What hardly
hangs on the browser is tested in Chromium alone (the other modules here).
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from browser.conftest import Server
from conftest import missing
from serving import wait_for

SETTINGS = {
    "marionette.port": 0,  # one that is free
    "browser.dom.window.dump.enabled": True,  # what goes wrong in a page is printed
    "javascript.options.showInConsole": True,
    "devtools.console.stdout.content": True,
    "ui.prefersReducedMotion": 1,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.update.auto": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
}
COMPLAINTS = ("JavaScript error: http", "JavaScript error: file", "console.error")
READY = {
    "read": "#view-read .drop",
    "inside": "#view-inside .layer .maps",
    "learn": "#view-learn .diagram",
    "mistakes": "#view-mistakes .misread",
}
PLACES = [(0.2, y / 100) for y in range(20, 80, 5)]  # of a one, in shares of the sheet


@dataclass
class Firefox:
    """A Firefox, and what its pages printed."""

    marionette: Any
    printed: Path

    def script(self, code: str, *given: object) -> Any:
        """What the code returns in the page."""
        return self.marionette.execute_script(code, script_args=given, sandbox=None)

    def text(self, selector: str) -> str:
        """What the element says; nothing where there is none."""
        return str(
            self.script("return document.querySelector(arguments[0])?.textContent", selector)
        )

    def shows(self, selector: str) -> bool:
        """Whether the element is there, and takes up room."""
        code = "return Boolean(document.querySelector(arguments[0])?.getClientRects().length)"
        return bool(self.script(code, selector))

    def write(self, selector: str, places: Sequence[tuple[float, float]]) -> None:
        """Moves the mouse, pressed, over places of the element."""
        code = "const b = document.querySelector(arguments[0]).getBoundingClientRect();"
        code += "return [b.left, b.top, b.width, b.height]"
        left, top, width, height = self.script(code, selector)
        mouse = self.marionette.actions.sequence("pointer", "mouse")
        for k, (x, y) in enumerate(places):
            mouse.pointer_move(round(left + x * width), round(top + y * height), duration=10)
            if k == 0:
                mouse.pointer_down()
        mouse.pointer_up().perform()

    def complaints(self) -> list[str]:
        """What went wrong in pages."""
        lines = self.printed.read_text("utf-8", "replace").splitlines()
        return [line for line in lines if line.startswith(COMPLAINTS)]


@pytest.fixture(scope="module")
def firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    """One that is driven."""
    path = shutil.which("firefox-esr") or shutil.which("firefox")
    if path is None:
        missing("firefox", "there is no firefox on this machine")
    try:
        from marionette_driver.marionette import Marionette
    except ImportError:
        missing("firefox", "marionette-driver is not installed: pip install marionette-driver")
    folder = tmp_path_factory.mktemp("firefox")
    wanted = (f'user_pref("{name}", {str(v).lower()});' for name, v in SETTINGS.items())
    (folder / "user.js").write_text("\n".join(wanted), "utf-8")
    command = [
        path,
        "--headless",
        "--marionette",
        "--no-remote",
        "--profile",
        folder,
        "about:blank",
    ]
    printed = folder / "printed.txt"
    with printed.open("w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        try:
            told = folder / "MarionetteActivePort"
            port = int(wait_for(lambda: told.exists() and told.read_text(), 60))
            marionette = Marionette("127.0.0.1", port=port)
            marionette.start_session()
            yield Firefox(marionette, printed)
            marionette.delete_session()
        finally:
            process.terminate()
            process.wait(timeout=20)


def test_a_digit_is_read_and_every_view_opens(firefox: Firefox, server: Server) -> None:
    firefox.marionette.navigate(server.address)
    wait_for(lambda: firefox.shows("canvas.paper"))
    firefox.script("document.querySelector('canvas.paper').focus()")
    sheet = firefox.marionette.find_element("css selector", "canvas.paper")
    for typed, read in ("8", "8"), ("3", "83"):
        sheet.send_keys(typed)
        wait_for(lambda read=read: firefox.text("#view-draw .value") == read)  # type: ignore[misc]
    wait_for(lambda: firefox.shows("#view-draw .steps .seen"))
    for view, ready in READY.items():
        firefox.script("location.hash = arguments[0]", view)
        wait_for(lambda ready=ready: firefox.shows(ready))  # type: ignore[misc]
        wide, room = firefox.script("return [document.documentElement.scrollWidth, innerWidth]")
        assert wide <= room, view
    firefox.marionette.navigate(f"{server.address}mathematics/Conv")
    wait_for(lambda: firefox.shows("math"))
    assert firefox.complaints() == []


def test_the_exported_page_reads_from_its_file(firefox: Firefox, exported_page: Path) -> None:
    firefox.marionette.navigate(exported_page.as_uri())
    firefox.write("#sheet", PLACES)
    wait_for(lambda: firefox.text("#answer") == "1")
    assert firefox.complaints() == []


def test_what_goes_wrong_in_a_page_is_seen(firefox: Firefox, server: Server) -> None:
    firefox.marionette.navigate(server.address)
    firefox.script("setTimeout(() => { throw new Error('seen') })")
    wait_for(firefox.complaints)
