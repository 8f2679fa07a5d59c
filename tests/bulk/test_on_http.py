"""Pictures at addresses of the web: a folder that is listed, archives of a server without parts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from bulked import NAMES, finish, rows_of
from conftest import missing

pytestmark = pytest.mark.slow


class Quiet(SimpleHTTPRequestHandler):
    """Python's own server, which knows no parts of files."""

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def web(pictures: Path) -> Iterator[str]:
    """The address at which the folder of this test is."""
    try:
        import aiohttp  # noqa: F401
    except ImportError as error:
        missing("http", str(error))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(Path.cwd())))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_folder_of_the_web_is_all_that_is_in_it(pictures: Path, web: str) -> None:
    whole = finish("whole")
    assert finish("far", sources=(f"{web}/in/",)) == whole
    told, known = (
        {row["source"].partition("in/")[2]: row["lines"] for row in rows_of(name)}
        for name in ("far", "whole")
    )
    assert told == known
    assert told.keys() >= set(NAMES)


def test_a_signed_address_and_one_that_is_not_there(pictures: Path, web: str) -> None:
    told = finish("far", sources=(f"{web}/in/0.png?signature=a.b*c", f"{web}/in/absent.png"))
    assert (told["pictures"], told["errors"]) == (2, 1)
    assert [bool(row["error"]) for row in rows_of("far")] == [False, True]
