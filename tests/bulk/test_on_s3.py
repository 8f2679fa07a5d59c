"""A store that speaks S3 over HTTP, and fails and stalls at every method by turns: exactly once."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bulked import finish, in_this_process, job_of, rows_of
from conftest import missing
from digitus.bulk import parts, store
from digitus.bulk.job import PLAN
from digitus.bulk.store import Store

# What botocore and moto themselves use of Python that later versions will not have.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
BUCKET = "s3://box"
STALLED_SECONDS = 0.6  # for the client; the server leaves it waiting for longer


@dataclass
class Unreliable:
    """A WSGI application in front of another: of each method every third call fails, by turns.

    With 503, with 500, or by silence until the client has gone. `failed` and `stalled` count them
    by method.
    """

    within: Callable[..., Iterable[bytes]]
    on: bool = False
    calls: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    stalled: Counter[str] = field(default_factory=Counter)

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        if self.on:
            self.calls[method] += 1
            turn, which = divmod(self.calls[method], 3)
            if which == 0:
                if turn % 3 == 1:
                    self.stalled[method] += 1
                    time.sleep(2 * STALLED_SECONDS)
                self.failed[method] += 1
                start(("503 Slow Down", "500 Internal Error")[turn % 2], [])
                return [b""]
        return self.within(environ, start)


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[Unreliable, str]]:
    """moto's S3, and where it is."""
    try:
        import s3fs  # noqa: F401
        from moto.server import DomainDispatcherApplication, create_backend_app
        from werkzeug.serving import make_server
    except ImportError as error:
        missing("s3", str(error))
    app = Unreliable(DomainDispatcherApplication(create_backend_app))
    running = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield app, f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    thread.join()


@pytest.fixture
def box(server: tuple[Unreliable, str], monkeypatch: pytest.MonkeyPatch) -> Unreliable:
    """A bucket; what is configured is what a user would: the environment."""
    import s3fs

    app, address = server
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", address)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")  # we ask again, botocore and s3fs need not
    monkeypatch.setattr(s3fs.S3FileSystem, "retries", 1)
    monkeypatch.setattr(store, "WAITS", (0.0, 0.0, 0.0, 0.0))
    monkeypatch.setattr(store, "STALLED_SECONDS", STALLED_SECONDS)
    app.on = False
    s3fs.S3FileSystem().mkdir("box")
    return app


def test_each_row_once_whatever_the_store_does(
    pictures: Path, box: Unreliable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "PART_PICTURES", 2)
    whole = finish("whole")
    for path in pictures.rglob("*"):
        if path.is_file():
            Store(f"{BUCKET}/in").write(str(path.relative_to(pictures)), path.read_bytes())
    box.on = True
    job, reader = job_of([f"{BUCKET}/in"], f"{BUCKET}/out/read")
    assert job.finished() is None
    told = job.carry_out(in_this_process, reader)
    for _ in zip(range(4), told, strict=False):  # then it is killed
        pass
    assert job.store.read(PLAN)
    again, reader = job_of([f"{BUCKET}/in"], f"{BUCKET}/out/read")
    [*again.carry_out(in_this_process, reader)]
    assert again.resumed
    assert again.tally.record() == whole
    about = job_of([f"{BUCKET}/in"], f"{BUCKET}/out/read")[0].finished()
    assert about is not None
    assert (about["pictures"], about["errors"]) == (13, 1)
    assert box.failed.keys() >= {"GET", "PUT"}
    assert min(box.stalled[method] for method in ("GET", "PUT")) > 0
    box.on = False
    Path("copy").mkdir()
    for name in job.store.names():
        if name.startswith("part-"):
            Path("copy", name).write_bytes(job.store.read(name) or b"")
    known, found = (
        sorted((row["source"].rpartition("in/")[2], row["sha256"], row["lines"]) for row in rows)
        for rows in (rows_of("whole"), rows_of("copy"))
    )
    assert found == known
