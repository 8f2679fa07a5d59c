"""The page in a real browser: Debian's chromium, or another that Playwright can drive.

The server is a process of its own, as users start it; its network is a small one that has just
learnt the simulated pen's digits, so that these tests need no weights and no MNIST.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

import digitus
from browser.visits import TIMEOUT_MS, Driver, Visit
from conftest import missing, once
from serving import wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

T = TypeVar("T")
HERE = Path(__file__).parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
# What moved until now that nobody had asked to, as a share of the screen (cumulative layout shift).
SHIFTS = """() => new Promise((done) => {
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const e of list.getEntries()) if (!e.hadRecentInput) sum += e.value;
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(sum), 300);
})"""
NETWORK = [
    {"kind": "Scale"},
    {"kind": "Conv", "channels": 8},
    {"kind": "BatchNorm"},
    {"kind": "Relu"},
    {"kind": "MaxPool"},
    {"kind": "Conv", "channels": 24},
    {"kind": "BatchNorm"},
    {"kind": "Relu"},
    {"kind": "MaxPool"},
    {"kind": "Flatten"},
    {"kind": "Dense", "units": 10},
]


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where the browser is, on a machine that can drive it."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        missing("browser", "Playwright is not installed: pip install playwright")
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        missing("browser", "there is no chromium on this machine, which draws and presses here")
        raise AssertionError  # not reached: missing() never returns
    return path


@pytest.fixture(scope="session")
def endpoint(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the one browser that all tests share, a process of its own."""
    profile = tmp_path_factory.mktemp("chromium")
    command = [
        chromium,
        "--headless=new",
        "--remote-debugging-port=0",
        f"--user-data-dir={profile}",
    ]
    command += ["--no-first-run", "--disable-extensions", "--disable-background-networking"]
    # A container's root may not have the sandbox, and little memory to share.
    command += ["--no-sandbox"] if os.geteuid() == 0 else []
    command += ["--disable-dev-shm-usage", "--hide-scrollbars", "about:blank"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    told = profile / "DevToolsActivePort"
    try:
        port = wait_for(lambda: told.exists() and told.read_text().split())[0]
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=60)


drivers: list[Driver] = []  # one at most


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """Closes the connection behind the last test here: others may want event loops of their own."""
    if drivers and (nextitem is None or HERE not in nextitem.path.parents):
        drivers.pop().stop()  # which closes its contexts, too


@pytest.fixture
def driven(endpoint: str) -> Driver:
    """The connection to the browser, made when a test first asks for it."""
    if not drivers:
        from playwright.sync_api import sync_playwright

        playwright = sync_playwright().start()
        drivers.append(Driver(playwright.chromium.connect_over_cdp(endpoint), playwright.stop))
    return drivers[0]


@pytest.fixture
def browser(driven: Driver) -> Browser:
    """The browser, for who wants a context of his own."""
    return driven.browser


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory, chromium: str) -> Path:
    """A file with a convolutional network that has learnt the simulated pen's digits: seconds."""
    from digitus.recipe import from_table
    from digitus.synthetic.strokes import strokes
    from digitus.training.loop import Finished, train

    recipe = from_table(
        {
            "name": "pen", "data": "strokes", "development": 500, "network": NETWORK,
            "schedule": {"kind": "Cosine", "rate": 0.01}, "batch_size": 32, "epochs": 3,
        }
    )  # fmt: skip

    def learnt(path: Path) -> None:
        *_, last = train(recipe, strokes(4000, seed=1), threads=1)
        assert isinstance(last, Finished)
        last.recognizer.save(path)

    return once(tmp_path_factory, "pen.safetensors", learnt)


@pytest.fixture(scope="session")
def exported_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page that reads from its file, with the networks that ship."""
    return once(
        tmp_path_factory,
        "digitus.html",
        lambda path: digitus.load().export("html", path, check=False),
    )


@dataclass
class Server:
    """`digitus serve` as a process."""

    model: Path
    folder: Path
    port: int = 0
    process: subprocess.Popen[str] | None = field(default=None)

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        """Starts it, and waits until it says where it is."""
        command = [sys.executable, "-m", "digitus", "serve", str(self.model), "--port"]
        command += [str(self.port), "--folder", str(self.folder)]
        environment = {**os.environ, "DIGITUS_DATA": str(self.folder), "HOME": str(self.folder)}
        self.process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL
        )
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line.startswith("http://"), "the server did not start"
        self.port = int(line.strip().rstrip("/").rpartition(":")[2])

    def stop(self) -> None:
        """Ends it, as Ctrl-C would."""
        if self.process:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout=60)
            if self.process.stdout:
                self.process.stdout.close()
            self.process = None


@pytest.fixture(scope="session")
def server(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that all tests share."""
    server = Server(model, tmp_path_factory.mktemp("server"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def visit(driven: Driver, server: Server, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """A visit; `@pytest.mark.parametrize("visit", [{...}], indirect=True)` sets the context."""
    settings = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"}
    settings.update(getattr(request, "param", {}))
    context, session = driven.context(settings, server.address + "api/health")
    kept = context.pages[0]
    visit = Visit(context, server.address)
    yield visit
    for page in context.pages:
        if page != kept:
            page.unroute_all(behavior="wait")  # a handler at work would fail in the next test
            page.close()
    everything = {"origin": server.address.rstrip("/"), "storageTypes": "all"}
    session.send("Storage.clearDataForOrigin", everything)
    session.send("Network.clearBrowserCache")
    assert not visit.complaints


@pytest.fixture
def first_visit(browser: Browser, server: Server) -> Iterator[Visit]:
    """A visit to a page of which the browser has nothing yet."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    visit = Visit(context, server.address)
    yield visit
    context.close()
    assert not visit.complaints


def until(page: Page, check: Callable[[], T]) -> T:
    """What a check gives as soon as it holds: the page may still be drawing."""
    late = time.monotonic() + TIMEOUT_MS / 1000
    while True:
        try:
            return check()
        except (AssertionError, IndexError):  # or the list of what came is still short
            if time.monotonic() > late:
                raise
            page.wait_for_timeout(10)


def sure(holds: bool) -> None:
    """An assertion as an expression."""
    assert holds


def open_blocks(page: Page) -> None:
    """Shows every layer of Inside, once the network has answered."""
    page.wait_for_selector(".block .maps:visible")
    for button in page.locator(".unfold").all():
        button.click()


def full(page: Page, address: str, view: str) -> None:
    """Opens a view, and lets it show what it has."""
    page.goto(f"{address}#{view}")
    if view == "draw":
        page.focus("canvas.paper")
        page.keyboard.press("8")
        page.wait_for_selector(".steps .seen")
    elif view == "read":
        page.wait_for_selector(".drop")
    elif view == "forms":
        page.wait_for_selector("#view-forms .drop")
        page.get_by_role("button", name="Begin a form").click()
        page.wait_for_selector("text=The form is in order.")
    elif view == "inside":
        page.wait_for_selector(".layer .maps:visible")
        page.locator(".layer .maps").last.focus()
        page.wait_for_selector(".lens .terms")
    elif view == "learn":
        page.wait_for_selector(".digits tbody tr")
    else:
        page.wait_for_selector("#view-mistakes .misread")


@pytest.fixture(scope="module")
def finished(server: Server) -> None:
    """A run that has ended, so that Learn is full."""
    import httpx

    with httpx.Client(verify=False, base_url=server.address, timeout=60) as client:
        wanted = {"layers": "784-8-10", "epochs": 1, "examples": 600}
        run = client.post("/api/runs", json=wanted).json()["id"]
        wait_for(lambda: client.get(f"/api/runs/{run}").json()["status"] == "finished")


PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 740},
    "has_touch": True,
    "is_mobile": True,
}
