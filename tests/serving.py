"""A server to test: in a thread of this process, on a free port, with a small recognizer."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from digitus.recognizer import Recognizer
from digitus.serve.access import AccessPolicy
from digitus.serve.app import application
from digitus.serve.classroom.roster import Roster
from digitus.serve.server import listen, server
from small import recognizer

LESSON = {"layers": "784-8-10", "examples": 300, "epochs": 2}


@dataclass(frozen=True)
class Serving:
    """A running server."""

    port: int
    client: httpx.Client
    stop: Callable[[], None]
    cookie: str
    word: str = ""  # by which one joins, where it is a class's

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def connect(self) -> socket.socket:
        """A bare connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)

    def begin(self, **settings: Any) -> str:
        """A training run of a moment; its id."""
        begun = self.client.post("/api/runs", json={**LESSON, **settings})
        assert begun.status_code == 201, begun.text
        return str(begun.json()["id"])

    def run(self, run: str) -> dict[str, Any]:
        """How a training run stands."""
        found: dict[str, Any] = self.client.get(f"/api/runs/{run}").json()
        return found

    def until(self, run: str, *statuses: str) -> dict[str, Any]:
        """Waits until a training run has one of these statuses."""
        return wait_for(lambda: (now := self.run(run))["status"] in statuses and now)

    def ask(self, run: str, command: str, **body: Any) -> httpx.Response:
        """Something asked of a training run."""
        return self.client.post(f"/api/runs/{run}/{command}", json=body)


# Whoever asks a server of these tests does without certificates: it has none, and to read those of
# the world takes longer than most requests.
get, post = partial(httpx.get, verify=False), partial(httpx.post, verify=False)


def wait_for(found: Callable[[], Any], seconds: float = 120.0) -> Any:
    """What a function gives as soon as it gives something."""
    late = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < late, "waited too long"
        time.sleep(0.01)
    return value


def events(
    ours: Serving, run: str, last: str = "", until: str = "finished"
) -> list[tuple[str, str, dict[str, Any]]]:
    """Id, name and data of the events up to the first of that name."""
    headers = {"last-event-id": last} if last else {}
    found = []
    with httpx.stream(
        "GET", f"{ours.address}/api/runs/{run}/events", headers=headers, verify=False
    ) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        block: dict[str, str] = {}
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            if name:
                block[name] = value
            elif "event" in block:
                found.append((block["id"], block["event"], json.loads(block["data"])))
                if block["event"] == until:
                    return found
                block = {}
    return found


def metric(ours: Serving, name: str) -> float:
    """A figure of /metrics."""
    found = re.search(rf"^{name} (\S+)$", ours.client.get("/metrics").text, re.MULTILINE)
    assert found, name
    return float(found[1])


@contextmanager
def serving(
    folder: Path,
    token: str | None = None,
    model: Recognizer | None = None,
    *,
    of_class: bool = False,
) -> Iterator[Serving]:
    """A server for the length of a block, which it leaves in order."""
    listening = listen("127.0.0.1", 0)
    port = listening.getsockname()[1]
    roster = Roster(folder, token, f"http://127.0.0.1:{port}/") if of_class else None
    policy = AccessPolicy("127.0.0.1", port, roster.token if roster else token)
    app = application(model or recognizer(), policy, folder, roster=roster)
    ours = server(app)
    thread = threading.Thread(target=ours.run, kwargs={"sockets": [listening]})
    thread.start()

    def stop() -> None:
        ours.should_exit = True
        thread.join(60)

    try:
        wait_for(lambda: ours.started or not thread.is_alive())
        assert ours.started
        with httpx.Client(verify=False, base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            yield Serving(port, client, stop, policy.cookie, roster.word if roster else "")
    finally:
        stop()
        listening.close()
    assert not thread.is_alive(), "the server does not end"
