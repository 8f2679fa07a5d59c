"""The HTTP interface: what strangers send to every address, in this process and without a socket.

A target is named by a method and an address, as in `POST /api/read`. Its input is the body, where
the address takes one: JSON if it begins like that and the address takes JSON, else bytes. For other
addresses it is what replaces `{...}` in the path, then `?` and the query. An answer is right if its
status is below 500, or if it says in a line that there is too much to do. The addresses of a class
are asked by its teacher, by a pupil, and at the door by a stranger; a pupil's cookie is an input,
too, since anybody can send one.

Inside: two servers, one of them a class's, and their targets. Not inside: the bytes of connections
(`uvicorn`'s, `serve.server`).
"""

from __future__ import annotations

import asyncio
import atexit
import json
import logging
import re
import tempfile
import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from digitus.errors import DigitusError
from digitus.serve.access import AccessPolicy
from digitus.serve.app import Backend, application, described
from digitus.serve.classroom.door import JOIN, cookie_name
from digitus.serve.classroom.handlers import ClassHandlers
from digitus.serve.classroom.roster import Roster
from digitus.serve.operation import Operation
from fuzzing.bodies import BODIES, LESSON
from fuzzing.reading import damage, recognizer, some_files
from fuzzing.target import Target

BUSY = (503, 507)  # too much is asked for, or there is no room
STREAM = "/api/runs/{id}/events"
# These need a run that has ended; all others are asked of one that is paused.
OF_A_NETWORK = {f"/api/runs/{{id}}/{part}" for part in ("model", "report", "mistakes")}
QUERIES = {
    "/api/draw": b"width=40&height=40&steps=1",
    "/api/read": b"images=1&pattern=%23%23-%23",
    "/api/inside": b"layers=0,2",
    "/api/mistakes": b"true=3&read=5&offset=1&limit=2",
    "/api/pen/{digit}": b"seed=4",
    "/api/runs/{id}/mistakes": b"true=3&read=5",
}
ASCII = bytes(range(0x21, 0x7F)).decode()
TRIES, PAUSE_SECONDS = 200, 0.05  # looks at a run that begins or ends, and the time between them
OWN = b"own"  # stands for the id of an existing run, for a pupil, and for the class's word
PLACES = {"digit": b"7", "name": b"2.W", "id": OWN, "number": OWN}
CLASS, ME = "/api/class", "/api/class/me"
OF_A_PUPIL = (ME, "/api/class/drawing")


class RefusedError(DigitusError):
    """An error that the server answered with."""


class Server(logging.Handler):
    """The application, which lives until the process ends, and its runs."""

    def __init__(self, of_class: bool) -> None:
        super().__init__()
        logging.getLogger("digitus.serve").addHandler(self)
        self.errors: list[BaseException] = []
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory(prefix="digitus-fuzz-")
        folder = Path(self.folder.name)
        self.roster = Roster(folder) if of_class else None
        self.policy = AccessPolicy(token=self.roster.token if self.roster else None)
        self.app = application(recognizer(True), self.policy, folder, roster=self.roster)
        self.life = self.app.router.lifespan_context(self.app)
        self.loop.run_until_complete(self.life.__aenter__())
        self.runs: dict[str, str] = {}  # their ids, by status
        self.asked = 0

    def close(self) -> None:
        """Ends it."""
        self.loop.run_until_complete(self.life.__aexit__(None, None, None))
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()
        self.folder.cleanup()
        logging.getLogger("digitus.serve").removeHandler(self)
        atexit.unregister(self.close)

    def emit(self, record: logging.LogRecord) -> None:
        """Notes exceptions that the server logs: it has answered them with status 500."""
        if record.exc_info and record.exc_info[1]:
            self.errors.append(record.exc_info[1])

    def a_run(self, path: str) -> bytes:
        """The id of a run as the address needs it; another is begun if that has changed."""
        wanted = "finished" if path in OF_A_NETWORK else "paused"
        if wanted not in self.runs or self._status(wanted) != wanted:
            if wanted in self.runs:
                self.ask("DELETE", f"/api/runs/{self.runs[wanted]}".encode())
            self.runs[wanted] = self._begun(LESSON | {"paused": wanted == "paused"})
            for _ in range(TRIES):
                if self._status(wanted) == wanted:
                    break
                time.sleep(PAUSE_SECONDS)
        return self.runs[wanted].encode()

    def a_pupil(self) -> tuple[int, str]:
        """The number and the secret of somebody who has just joined, and is the only one."""
        assert self.roster
        self.roster.clear()
        secret = self.roster.join(self.roster.word, "Ada", "127.0.0.1")
        return self.roster.pupils[0].number, secret

    def _begun(self, lesson: dict[str, Any]) -> str:
        """The id of a new run, once those that were removed have ended."""
        for _ in range(TRIES):
            status, told = self.ask("POST", b"/api/runs", body=json.dumps(lesson).encode())
            if status not in BUSY:
                break
            time.sleep(PAUSE_SECONDS)
        return str(json.loads(told)["id"])

    def _status(self, wanted: str) -> str:
        """The status of the run that should have this one; "" if it was removed."""
        status, told = self.ask("GET", f"/api/runs/{self.runs[wanted]}".encode())
        return str(json.loads(told)["status"]) if status == 200 else ""

    def ask(
        self,
        method: str,
        path: bytes,
        query: bytes = b"",
        body: bytes = b"",
        kind: str = "",
        *headers: tuple[bytes, bytes],
    ) -> tuple[int, bytes]:
        """Status and body of the answer. Raises the exception behind a status of 500."""
        kind = kind or "application/json"
        self.asked += 1
        # Each time another client, since one that says many wrong words has to wait.
        origin = f"127.{self.asked >> 16 & 255}.{self.asked >> 8 & 255}.{self.asked & 255}"
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
            "scheme": "http", "path": path.decode("utf-8", "replace"), "raw_path": path,
            "query_string": query, "root_path": "",
            "headers": [
                (b"host", b"127.0.0.1"),
                (b"content-type", kind.encode()),
                (b"content-length", str(len(body)).encode()),
                *headers,
            ],
            "client": (origin, 1), "server": ("127.0.0.1", 0), "state": {},
        }  # fmt: skip
        answer: dict[str, Any] = {"status": 0, "body": b""}

        async def whole() -> None:
            given = iter([{"type": "http.request", "body": body, "more_body": False}])

            async def receive() -> Any:
                for message in given:
                    return message
                return await asyncio.Event().wait()  # the client stays to hear the answer

            async def send(message: Any) -> None:
                answer["status"] = message.get("status", answer["status"])
                answer["body"] += message.get("body", b"")

            await self.app(scope, receive, send)

        self.errors.clear()
        self.loop.run_until_complete(whole())
        if self.errors:
            raise self.errors[0]
        assert answer["status"], "no answer"
        assert answer["status"] < 500 or answer["status"] in BUSY, answer
        return answer["status"], answer["body"]


SERVERS: dict[bool, Server] = {}


def server(of_class: bool = False) -> Server:
    """The server of this process, or that of a class."""
    if of_class not in SERVERS:
        SERVERS[of_class] = Server(of_class)
        atexit.register(SERVERS[of_class].close)
    return SERVERS[of_class]


def close() -> None:
    """Ends all servers."""
    while SERVERS:
        SERVERS.popitem()[1].close()


def operations() -> dict[str, Operation]:
    """All operations of the interface by method and address."""
    backend = Backend(recognizer(True), Path("never-opened"))
    with tempfile.TemporaryDirectory() as folder:
        roster = Roster(Path(folder))
    own = ClassHandlers(roster, backend.runs, backend.recognition, backend.pictures, "")
    addresses = {**backend.addresses(), **described(own.addresses())}
    return {
        f"{method} {path}": operation
        for path, methods in addresses.items()
        for method, operation in methods.items()
        if path != STREAM  # one that does not end
    }


ADDRESSES = tuple(operations())


def _addressed(path: str, data: bytes) -> tuple[bytes, bytes]:
    """The address and query that bytes make of a path, for a request without a body."""
    there, _, query = data.partition(b"?")
    if "{id}" in path and OWN in there:
        there = there.replace(OWN, server().a_run(path))
    elif "{number}" in path and OWN in there:
        there = there.replace(OWN, b"%d" % server(True).a_pupil()[0])
    # Other bytes would not get past the HTTP parser.
    there, query = (quote(part, safe=ASCII).encode() for part in (there, query))
    return re.sub(rb"{\w+}", lambda _: there, path.encode()), query


def tried(name: str, operation: Operation, data: bytes) -> None:
    """One request."""
    method, path = name.split(" ")
    ours = server(path.startswith(CLASS))
    headers = list(_shown(name, ours, data)) if ours.roster else []
    kind = ""
    if operation.body is None and not operation.raw:
        place, query = _addressed(path, data)
        data = b""
    else:
        query = QUERIES.get(path, b"")
        place = path.encode()
        if "{id}" in path:
            place = place.replace(b"{id}", ours.a_run(path))
        if operation.body is None or (operation.raw and data[:1] != b"{"):
            kind = operation.raw.replace("*", "png")
    if path == "/api/draw":  # the width is that of the body
        query = query.replace(b"width=40&height=40", b"width=%d&height=1" % max(1, len(data)))
    if path == JOIN and ours.roster:
        data = data.replace(OWN, ours.roster.word.encode())
    status, told = ours.ask(method, place, query, data, kind, *headers)
    if name == "POST /api/runs" and status == 201:
        ours.ask("DELETE", f"/api/runs/{json.loads(told)['id']}".encode())
    if status >= 400:
        raise RefusedError(json.loads(told)["error"] if told[:1] == b"{" else told.decode()[:100])


def _shown(name: str, ours: Server, data: bytes) -> Iterable[tuple[bytes, bytes]]:
    """The headers by which a class's server knows the client; a pupil's cookie is the input."""
    _, path = name.split(" ")
    if path == JOIN:
        ours.a_pupil()  # and there is room for another
    elif path in OF_A_PUPIL:
        _, secret = ours.a_pupil()
        cookie = f"{cookie_name(ours.policy)}={secret}".encode()
        yield b"cookie", data.replace(OWN, cookie) if name.startswith("GET") else cookie
    else:
        yield b"authorization", f"Bearer {ours.policy.token}".encode()


def seeds(name: str, operation: Operation) -> Iterable[bytes]:
    """Requests as they should be."""
    _, path = name.split(" ")
    if name == f"GET {ME}":
        return [b"a=b; own", b'own; a="\\"; own']
    if operation.body is None and not operation.raw:
        (there,) = re.findall(r"{(\w+)}", path) or [""]
        return [PLACES.get(there, b"") + b"?" + QUERIES.get(path, b"")]
    if path == "/api/read":
        return some_files()
    found = BODIES.get(path, [{}])
    return [one if isinstance(one, bytes) else json.dumps(one).encode() for one in found]


def target(name: str) -> Target:
    """The target of a method and address."""
    operation = operations()[name]
    if name == "POST /api/read":
        return Target(partial(tried, name, operation), some_files, damage, 20_000, 600)
    return Target(partial(tried, name, operation), partial(seeds, name, operation))
