"""The page and the exported page in Debian's Firefox: each view opens, and digits are read.

What hardly hangs on the browser is tested in Chromium alone (the other modules here).
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from browser.conftest import Server
from browser.marionette import PATIENCE, Firefox
from conftest import missing
from serving import wait_for

pytestmark = pytest.mark.slow

SETTINGS = {
    "marionette.port": 0,  # one that is free
    "browser.dom.window.dump.enabled": True,  # what goes wrong in a page is printed
    "javascript.options.showInConsole": True,
    "ui.prefersReducedMotion": 1,
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
}
READY = {
    "read": "#view-read .drop",
    "inside": "#view-inside .layer .maps",
    "learn": "#view-learn .diagram",
    "mistakes": "#view-mistakes .misread",
}
ONE = [(0.2, y / 100) for y in range(20, 80, 5)]


@pytest.fixture(scope="module")
def firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    """One that is driven."""
    path = shutil.which("firefox-esr") or shutil.which("firefox")
    if path is None:
        missing("firefox", "there is no firefox on this machine")
        raise AssertionError  # not reached: missing() never returns
    folder = tmp_path_factory.mktemp("firefox")
    wanted = (f'user_pref("{name}", {str(v).lower()});' for name, v in SETTINGS.items())
    (folder / "user.js").write_text("\n".join(wanted), "utf-8")
    command = [path, "--headless", "--marionette", "--no-remote", "--profile", str(folder)]
    printed = folder / "printed.txt"
    with printed.open("w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        try:
            told = folder / "MarionetteActivePort"
            port = int(wait_for(lambda: told.exists() and told.read_text(), PATIENCE))
            driven = Firefox(port, printed)
            yield driven
            driven.close()
        finally:
            process.terminate()
            process.wait(timeout=60)


def test_a_digit_is_read_and_every_view_opens(firefox: Firefox, server: Server) -> None:
    firefox.go(server.address)
    wait_for(partial(firefox.shows, "#view-draw .steps .seen"))  # the one that writes itself
    firefox.script("document.querySelector('canvas.paper').focus()")
    for key in "83":
        firefox.type(key)
    # As what they are read hangs on the hand that the simulated pen happens to have.
    wait_for(lambda: len(firefox.text("#view-draw .value") or "") == 2)
    for view, ready in READY.items():
        firefox.script("location.hash = arguments[0]", view)
        wait_for(partial(firefox.shows, ready))
        wide, room = firefox.script("return [document.documentElement.scrollWidth, innerWidth]")
        assert wide <= room, view
    firefox.go(f"{server.address}mathematics/Conv")
    assert firefox.shows("math")
    assert firefox.complaints() == []


def test_the_exported_page_reads_from_its_file(firefox: Firefox, exported_page: Path) -> None:
    firefox.go(exported_page.as_uri())
    firefox.write("#sheet", ONE)
    wait_for(lambda: firefox.text("#answer") == "1")
    assert firefox.complaints() == []


def test_what_goes_wrong_in_a_page_is_seen(firefox: Firefox, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.html"
    wrong.write_text("<script>throw new Error('seen')</script>", "utf-8")
    firefox.go(wrong.as_uri())
    wait_for(firefox.complaints)
