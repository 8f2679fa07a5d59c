"""What all tests share: one thread, no network, and where the real MNIST is.

`DIGITUS_REQUIRE=mnist` (words separated by commas) turns the skips for want of a thing into
failures, so that a machine that has it can be sure that its tests ran.
"""

from __future__ import annotations

import os

# Read once, when NumPy is imported: neither results nor times may depend on the machine's cores.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["MKL_NUM_THREADS"] = "1"

import fcntl
import gc
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import hypothesis
import pytest
from threadpoolctl import threadpool_limits

from digitus.synthetic import not_digits
from digitus.threads import cores

# The processes that share the tests, and some hundred that these start, import the same files: they
# are compiled once, whatever the machine says.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
gc.disable()  # while thousands of tests are collected, of which none goes before the end
cv2.setNumThreads(1)
threadpool_limits(1)
not_digits.BLOCK = 20  # pictures drawn at once: who learns from a few draws no 500 for them
# The same examples in every run, so that a failure is of the change, and some of all; all of them
# (`--hypothesis-profile=all`) are a job of `.ci/run`. `fuzz` looks for new ones, and `few` is for
# what was tried on another Python.
hypothesis.settings.register_profile("fuzz", deadline=None, database=None)
for name, count in (("all", 100), ("digitus", 30), ("few", 20)):
    hypothesis.settings.register_profile(
        name, deadline=None, database=None, derandomize=True, max_examples=count
    )
hypothesis.settings.load_profile("digitus")


def examples(count: int) -> hypothesis.settings:
    """So many instead of 100 where the profile asks for all; otherwise its share of them."""
    share = hypothesis.settings.default.max_examples / 100
    return hypothesis.settings(max_examples=max(round(count * share), min(count, 5)))


ROOT = Path(__file__).parent.parent
BROWSER = "tests/browser/test_"


@pytest.hookimpl
def pytest_collection_finish() -> None:
    """From here on there is waste, but not among what has been collected."""
    gc.freeze()
    gc.enable()


def missing(thing: str, why: str) -> None:
    """Skips the test, or fails it where `DIGITUS_REQUIRE` names the thing."""
    if thing in os.environ.get("DIGITUS_REQUIRE", "").split(","):
        pytest.fail(f"DIGITUS_REQUIRE names {thing}, but {why}")
    pytest.skip(why)


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A file that all processes of a run share: the first that needs it makes it."""
    folder = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    path = folder / name
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            made = folder / f"made-{name}"  # which ends as the file does
            make(made)
            made.rename(path)
    return path


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than cores: who waits for a browser, a server or a process leaves his core idle."""
    return cores() + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With several processes (`-n`) a file's tests go to one of them, and share what they prepare.

    Those of the browser are two halves, each with a browser and a server of its own: what is in one
    waits for the page half of its time. The few that are not slow stay together. They take longest
    and come first, as they are collected: ordered by how many tests there are, the files with a few
    long ones would come last, and one process would wait for another.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            if not file.startswith(BROWSER):
                return file
            if config.option.markexpr == "not slow":
                return BROWSER
            return f"{BROWSER}{'a to h' if file < f'{BROWSER}i' else 'i to z'}"

    if config.option.dist != "load":
        return None
    config.option.loadscopereorder = False
    return ByFile(config, log)


@pytest.fixture(scope="session")
def mnist_dir() -> Path:
    """The folder with the four original files of MNIST."""
    roots = [os.environ.get("DIGITUS_DATA"), ROOT.parent / "shared" / "data"]
    for folder in (Path(root) for root in roots if root):
        for place in (folder / "mnist", folder):
            if (place / "t10k-images-idx3-ubyte.gz").is_file():
                return place
    missing("mnist", "MNIST is not on this machine; set DIGITUS_DATA to the folder that holds it")
    raise AssertionError  # not reached: missing() never returns


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests may talk to this machine only; a test that reaches further fails."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "localhost", "::1"):
            raise RuntimeError(f"a test tried to reach {address}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)
