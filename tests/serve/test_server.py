"""Clients that are slow, silent, or too many; the beginning and the end."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from inspect import signature
from pathlib import Path

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from digitus.errors import OutputError
from digitus.serve import connection
from digitus.serve import server as module
from digitus.serve.connection import Connection
from digitus.serve.live.runs import CLOSE_SECONDS
from digitus.serve.server import listen
from serving import Serving, get, serving, wait_for

HEAD = b"POST /api/recognize HTTP/1.1\r\nHost: localhost\r\nContent-Length: 784\r\n\r\n"


OVERRIDDEN = (
    "connection_made",
    "data_received",
    "on_message_begin",
    "on_header",
    "on_headers_complete",
    "on_body",
    "on_message_complete",
    "pause_writing",
    "resume_writing",
    "connection_lost",
)


@pytest.mark.parametrize("method", OVERRIDDEN)
def test_uvicorn_still_calls_what_we_override(method: str) -> None:
    # It promises none of this: where it changes, the bound in pyproject.toml has to stay below.
    ours, theirs = getattr(Connection, method), getattr(HttpToolsProtocol, method)
    assert ours is not theirs
    assert list(signature(ours).parameters) == list(signature(theirs).parameters)


def test_uvicorn_has_no_names_of_ours() -> None:
    ours = {name for name in vars(Connection) if not name.startswith("__")}
    config = uvicorn.Config(lambda: None)
    theirs = HttpToolsProtocol(config, ServerState(), {}, _loop=asyncio.new_event_loop())
    theirs.loop.close()
    assert ours & set(dir(theirs)) == set(OVERRIDDEN)


def test_uvicorn_still_has_what_we_read() -> None:
    config = uvicorn.Config(lambda: None, http=Connection)
    state = ServerState()
    connection = Connection(config, state, {}, _loop=asyncio.new_event_loop())
    assert connection.connections is state.connections
    assert connection.cycle is None
    assert connection.transport is None
    connection.on_message_begin()
    assert (connection.url, connection.headers) == (b"", [])
    assert callable(connection._unset_keepalive_if_required)
    assert callable(connection.send_400_response)
    connection.loop.close()
    cycle = signature(RequestResponseCycle).parameters
    made = RequestResponseCycle(**dict.fromkeys(cycle))
    assert made.response_complete is False
    assert "sockets" in signature(uvicorn.Server.shutdown).parameters
    assert module.server(Starlette()).config.http is Connection


def closed(line: socket.socket) -> bool:
    """Whether the server has hung up."""
    line.settimeout(0.001)
    try:
        return line.recv(4096) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def say_until_cut(line: socket.socket, what: bytes) -> None:
    """Says something over and over until the server hangs up."""
    start = time.monotonic()
    while time.monotonic() - start < 60:
        try:
            line.sendall(what)
        except ConnectionError:
            return
        time.sleep(0.01)
    pytest.fail("was not cut")


@pytest.mark.parametrize("said", [b"", b"\r\n", b"GET / HT", HEAD[:-2]])
def test_who_does_not_finish_a_request_is_cut(
    served: Serving, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.2)
    with served.connect() as line:
        line.sendall(said)
        wait_for(lambda: closed(line))


def test_also_after_a_first_request(served: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.2)
    with served.connect() as line:
        line.sendall(HEAD + bytes(784))
        assert line.recv(4096).startswith(b"HTTP/1.1 200")
        time.sleep(0.3)
        assert not closed(line)  # nothing wrong with being idle
        line.settimeout(60)
        line.sendall(HEAD[:20])
        wait_for(lambda: closed(line))


def test_who_drips_is_cut(served: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.3)
    with served.connect() as line:
        line.sendall(b"GET / HTTP/1.1\r\n")
        say_until_cut(line, b"X-Header: and another\r\n")


def test_a_head_without_end_is_cut(served: Serving) -> None:
    with served.connect() as line:
        line.sendall(b"GET / HTTP/1.1\r\n")
        say_until_cut(line, b"X: " + b"x" * 4000 + b"\r\n")


def test_who_does_not_read_is_cut(served: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "STUCK_SECONDS", 0.3)
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.connect(("127.0.0.1", served.port))
        line.settimeout(60)
        # Many answers are asked for, and none is taken.
        say_until_cut(line, 10 * b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n")


def test_what_is_not_http_is_turned_away(served: Serving) -> None:
    with served.connect() as line:
        line.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello\r\n\r\n")
        wait_for(lambda: closed(line))


def test_sixty_four_slow_clients_do_not_stop_the_others(served: Serving) -> None:
    lines = [served.connect() for _ in range(64)]
    stop = threading.Event()

    def drip() -> None:
        while not stop.is_set():
            for line in lines[32:]:
                line.sendall(b"\0")
            time.sleep(0.05)

    for i, line in enumerate(lines):
        line.sendall(HEAD[: 10 + i] if i < 32 else HEAD)
    thread = threading.Thread(target=drip)
    thread.start()
    try:
        times = []
        for _ in range(100):
            start = time.perf_counter()
            assert served.client.post("/api/recognize", content=bytes(784)).status_code == 200
            times.append(time.perf_counter() - start)
    finally:
        stop.set()
        thread.join()
        for line in lines:
            line.close()
    assert sorted(times)[10] < 0.05  # a millisecond or two, but others may be at work here


def test_who_hangs_up_is_no_news(served: Serving, caplog: pytest.LogCaptureFixture) -> None:
    def gone() -> str:
        lines = served.client.get("/metrics").text.splitlines()
        return "".join(line for line in lines if 'status="499"' in line)

    before = gone()
    with served.connect() as line:
        line.sendall(HEAD + bytes(100))
    wait_for(lambda: gone() != before)
    assert not caplog.records


def test_too_many_connections(served: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CONNECTIONS", 8)
    lines = [served.connect() for _ in range(8)]
    try:
        with served.connect() as line:
            line.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answer = line.recv(4096)
        assert answer.startswith(b"HTTP/1.1 503")
        assert b"Retry-After" in answer
        head, _, body = answer.partition(b"\r\n\r\n")
        assert f"Content-Length: {len(body)}".encode() in head
    finally:
        for line in lines:
            line.close()

    def room() -> bool:
        try:
            return get(f"{served.address}/api/health").status_code == 200
        except httpx.TransportError:
            return False

    wait_for(room)


def test_answers_are_sent_at_once(served: Serving) -> None:
    # Without TCP_NODELAY every one of them waits 40 ms for an acknowledgement.
    times = []
    for _ in range(20):
        start = time.perf_counter()
        served.client.get("/api/health")
        times.append(time.perf_counter() - start)
    assert min(times) < 0.03  # whatever else goes on here


def test_it_ends_although_somebody_watches(tmp_path: Path) -> None:
    with serving(tmp_path) as ours:
        run = ours.begin(paused=True)
        ours.until(run, "paused")
        watching = httpx.stream(
            "GET", f"{ours.address}/api/runs/{run}/events", timeout=20, verify=False
        )
        with watching as answer:
            lines = answer.iter_lines()
            while next(lines) != "event: state":
                pass
            start = time.monotonic()
            ours.client.close()
            stopping = threading.Thread(target=lambda: list(lines))
            stopping.start()
            ours.stop()
            stopping.join(60)
            assert not stopping.is_alive()
        took = time.monotonic() - start
    assert took < CLOSE_SECONDS  # else it has waited for a run in vain


def test_an_address_in_use_is_one_line(served: Serving) -> None:
    with pytest.raises(OutputError, match=rf"cannot listen on 127\.0\.0\.1, port {served.port}: "):
        listen("127.0.0.1", served.port)
    with pytest.raises(OutputError, match=r"cannot listen on no\.such\.host\.invalid, port 1: "):
        listen("no.such.host.invalid", 1)
