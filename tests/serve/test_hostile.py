"""Requests that ask for more than they bring: each is refused while it is still cheap."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time

import pytest

from digitus.cancellation import check
from digitus.limits import HEAD_BYTES
from digitus.serve import worker_pool
from digitus.serve.live import handlers
from measured import growth
from serving import Serving, metric, wait_for

MB = 10**6


def said(line: socket.socket, content: bytes) -> bytes:
    """What the server answers until it hangs up, which it may do before all is sent."""
    line.settimeout(20)
    answer = b""
    try:
        line.sendall(content)
        while part := line.recv(65536):
            answer += part
    except ConnectionError:
        pass
    return answer


def answered(line: socket.socket) -> tuple[int, bytes]:
    """Status and body of the next answer."""
    answer = http.client.HTTPResponse(line)
    answer.begin()
    return answer.status, answer.read()


def head(ours: Serving, *lines: str, path: str = "/api/recognize") -> bytes:
    start = [f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{ours.port}", *lines]
    return "\r\n".join([*start, "", ""]).encode()


@pytest.mark.parametrize("path", ["/api/recognize", "/api/inside"])
@pytest.mark.parametrize("long", [1500, 2 * MB])
def test_json_text_bomb(served: Serving, path: str, long: int) -> None:
    """NumPy would give every number as much room as the text has: 2.4 GB, or 2 TB."""
    values = ["a" * long] + [0] * 400_000
    field = "images" if path == "/api/recognize" else "pixels"
    content = json.dumps({field: values}).encode()
    kind = {"content-type": "application/json"}
    with growth() as grown:
        answer = served.client.post(path, content=content, headers=kind)
    assert answer.status_code == 400
    assert field in answer.json()["error"]
    assert grown.bytes < 100 * MB


@pytest.mark.parametrize("trailer", [b"X-Trailer: " + b"x" * 1000 + b"\r\n", b"x" * 1000])
def test_chunk_trailers(served: Serving, trailer: bytes) -> None:
    """Many of them, or a single one of which the name does not end."""
    with served.connect() as line, growth() as grown:
        line.sendall(head(served, "Transfer-Encoding: chunked") + b"310\r\n" + bytes(784) + b"\r\n")
        line.sendall(b"0\r\n")
        sent = sent_until_cut(line, trailer * 100)
    assert sent < 20 * MB  # what fits between two sockets, and a little
    assert grown.bytes < 30 * MB


def sent_until_cut(line: socket.socket, what: bytes) -> int:
    """How many bytes can be sent, at most a gigabyte, before the server hangs up."""
    for i in range(10**9 // len(what)):
        try:
            line.sendall(what)
        except ConnectionError:
            return i * len(what)
    pytest.fail("was not cut")


def test_a_chunked_body_with_trailers_is_read(served: Serving) -> None:
    with served.connect() as line:
        body = b"310\r\n" + bytes(784) + b"\r\n0\r\nX-Checksum: 7\r\n\r\n"
        more = head(served, "Transfer-Encoding: chunked", "Connection: close")
        assert said(line, more + body).startswith(b"HTTP/1.1 200")


def test_a_large_head_is_refused_also_if_it_comes_at_once(served: Serving) -> None:
    for lines in ([f"X-{i}: {'x' * 900}" for i in range(100)], ["X: " + "x" * 95_000]):
        with served.connect() as line:
            answer = said(line, head(served, *lines, "Content-Length: 784") + bytes(784))
        assert answer.startswith(b"HTTP/1.1 431"), answer[:100]
        about, _, body = answer.partition(b"\r\n\r\n")
        assert f"Content-Length: {len(body)}".encode() in about
        assert str(HEAD_BYTES) in json.loads(body)["error"]


@pytest.mark.parametrize("at_once", [True, False])
def test_h2c_and_head_are_answered_in_http_1(served: Serving, at_once: bool) -> None:
    """Java's client and `curl --http2` ask so; the wish may be passed over, the body may not."""
    wish = "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"
    asked = head(served, *wish, "Content-Length: 784")
    with served.connect() as line:
        for _ in range(2):  # the connection stays
            if at_once:
                line.sendall(asked + bytes(784))
            else:
                line.sendall(asked[:50])
                time.sleep(0.02)
                line.sendall(asked[50:])
                time.sleep(0.02)
                line.sendall(bytes(784))
            status, body = answered(line)
            assert status == 200
            assert len(json.loads(body)["answers"]) == 1
        chunked = head(served, *wish, "Transfer-Encoding: chunked")
        line.sendall(chunked + b"310\r\n" + bytes(784) + b"\r\n0\r\n\r\n")
        assert answered(line)[0] == 200


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("Transfer-Encoding: gzip, chunked", b"501"),
        ("Content-Encoding: gzip", b"415"),
        ("Content-Encoding: br, gzip", b"415"),
        ("Content-Encoding: identity", b"200"),
    ],
)
def test_packed_bodies_are_not_read_as_they_are(
    served: Serving, header: str, status: bytes
) -> None:
    chunked = header.startswith("Transfer")
    body = b"310\r\n" + bytes(784) + b"\r\n0\r\n\r\n" if chunked else bytes(784)
    length = [] if chunked else ["Content-Length: 784"]
    with served.connect() as line:
        asked = head(served, header, *length, "Connection: close") + body
        assert said(line, asked).split(b" ")[1] == status


def test_a_burst_of_watchers_does_not_pass_their_limit(
    alone: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handlers, "WATCHERS", 8)
    run = alone.begin(paused=True)
    alone.until(run, "paused")
    events = f"/api/runs/{run}/events"
    asked = f"GET {events} HTTP/1.1\r\nHost: 127.0.0.1:{alone.port}\r\n\r\n".encode()
    lines = [alone.connect() for _ in range(25)]
    try:
        for line in lines:
            line.sendall(asked)
        answers = [line.recv(65536)[:12] for line in lines]
        assert answers.count(b"HTTP/1.1 200") == 8
        assert answers.count(b"HTTP/1.1 503") == 17
    finally:
        for line in lines:
            line.close()

    def room() -> bool:  # those who have gone make room
        with alone.client.stream("GET", events) as answer:
            return answer.status_code == 200

    wait_for(room)


def test_work_ends_when_the_client_goes(alone: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, ended = threading.Event(), threading.Event()

    def endless(*_: object) -> None:
        begun.set()
        try:
            while True:
                check()
                time.sleep(0.01)
        finally:
            ended.set()

    monkeypatch.setattr("digitus.serve.recognition.read", lambda *_, **__: endless())
    with alone.connect() as line:
        line.sendall(head(alone, "Content-Length: 3", path="/api/read") + b"abc")
        assert begun.wait(60)
        assert metric(alone, "digitus_tasks") == 1
    assert ended.wait(60)
    wait_for(lambda: metric(alone, "digitus_tasks") == 0)


def test_work_that_takes_too_long_gives_its_place_back(
    alone: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_pool, "WORK_SECONDS", 0.1)

    def endless(*_: object, **__: object) -> None:
        while True:
            check()
            time.sleep(0.01)

    monkeypatch.setattr("digitus.serve.recognition.read", endless)
    answer = alone.client.post("/api/read", content=b"abc")
    assert answer.status_code == 503
    assert "took longer" in answer.json()["error"]
    wait_for(lambda: metric(alone, "digitus_tasks") == 0)
