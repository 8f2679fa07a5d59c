"""Operations with files that need a server: a download, and a training run of our own server.

Inside: those. Not inside: what is done with files alone (`operations`).
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from unittest.mock import patch

from digitus.datasets.download import RemoteFile, fetch
from digitus.datasets.download import _parts as arriving
from digitus.errors import DigitusError
from digitus.recognizer import Recognizer, load
from digitus.serve.live.lesson import lesson_from
from digitus.training.run_folder import Run, load_checkpoint
from faults import Operation, Told
from mirrors import Mirror
from serving import LESSON, serving
from small import digits, same_arrays, trained

# A download.

CONTENT = bytes(range(256)) * 300
FILE = RemoteFile("digits", hashlib.sha256(CONTENT).hexdigest())


def in_thirds(url: str, most: int) -> Iterator[bytes]:
    """What a mirror sends, in parts that do not hang on how fast it comes."""
    whole = b"".join(arriving(url, most))
    third = -(-len(whole) // 3)
    yield from (whole[start : start + third] for start in range(0, len(whole), third))


def act_download(folder: Path) -> Told:
    with (
        mirror() as server,
        patch("digitus.datasets.download.PAUSE_SECONDS", 0),
        patch("digitus.datasets.download._parts", in_thirds),
    ):
        server.files = {FILE.name: CONTENT}
        try:
            fetch(FILE, (server.url,), folder / "cache", "hint")
        except DigitusError as error:
            return 1, [str(error)]
    return 0, []


def intact_download(folder: Path) -> None:
    assert all(FILE.is_at(path) for path in folder.rglob("*") if path.is_file())


def done_download(folder: Path) -> None:
    assert FILE.is_at(folder / "cache" / FILE.name)


@contextmanager
def mirror() -> Iterator[Mirror]:
    """A server that publishes files, for the length of a block."""
    server = Mirror()
    thread = threading.Thread(target=server.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.server.shutdown()
        server.server.server_close()
        thread.join()


# A training run of the server, begun or taken up again.

SETTINGS = {**LESSON, "epochs": 1}


def act_serve(folder: Path) -> Told:
    with serving(folder) as ours:
        answer = ours.client.get("/api/runs")
        assert answer.status_code == 200
        runs = [run["id"] for run in answer.json()["runs"]]
        if not runs:
            answer = ours.client.post("/api/runs", json=SETTINGS)
            if answer.status_code == 507:
                assert ours.client.get("/api/runs").json()["runs"] == []
                return 1, [answer.json()["error"]]
            assert answer.status_code == 201, answer.text
            runs = [answer.json()["id"]]
        (run,) = runs
        if ours.run(run)["status"] == "failed":
            assert ours.ask(run, "resume").status_code == 200
        state = ours.until(run, "finished", "failed")
        assert ours.client.get("/api/health").json()["status"] == "ok"
    return (1, [state["error"]]) if state["status"] == "failed" else (0, [])


def intact_serve(folder: Path) -> None:
    for path in folder.iterdir():
        intact_train_files(Run(path))


def intact_train_files(run: Run) -> None:
    if run.checkpoint.exists():
        load_checkpoint(run.checkpoint)
    if run.model.exists():
        load(run.model)


def done_serve(folder: Path) -> None:
    (path,) = folder.iterdir()
    assert same_arrays(load(Run(path).model).params, lesson().params)
    with serving(folder) as ours:
        (run,) = ours.client.get("/api/runs").json()["runs"]
        assert ours.until(run["id"], "finished", "failed")["status"] == "finished"


@cache
def lesson() -> Recognizer:
    """What the server's run learns where nothing fails."""
    return trained(lesson_from(SETTINGS).plan(), digits(300))[0]


SERVED = {
    "download": Operation(lambda _: None, act_download, intact_download, done_download),
    "serve": Operation(lambda _: None, act_serve, intact_serve, done_serve),
}
