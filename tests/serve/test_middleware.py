"""Who may come in, what they may bring, and what every answer carries."""

from __future__ import annotations

import html
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from digitus.serve import middleware
from digitus.serve.access import AccessPolicy
from serving import Serving, serving

TOKEN = "a sécret that nobody guesses"
IMAGE = bytes(784)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("runs"), TOKEN) as ours:
        yield ours


@pytest.mark.parametrize(
    "host", ["127.0.0.1:{}", "localhost:{}", "LOCALHOST", "[::1]:{}", "127.9.9.9"]
)
def test_its_own_names(served: Serving, host: str) -> None:
    answer = served.client.get("/api/health", headers={"host": host.format(served.port)})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:{}", "127.0.0.1.evil.example", "192.168.0.7:{}", "", "8.8.8.8"],
)
def test_names_that_others_give_it(served: Serving, host: str) -> None:
    answer = served.client.get("/", headers={"host": host.format(served.port)})
    assert answer.status_code == 403
    assert "not called" in answer.json()["error"]


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "http://localhost:1",
        "https://127.0.0.1:{}",
        "http://127.0.0.1:{}0",
    ],
)
def test_pages_of_other_sites_are_turned_away(served: Serving, method: str, origin: str) -> None:
    headers = {"origin": origin.format(served.port)}
    answer = served.client.request(method, "/api/runs", headers=headers)
    assert answer.status_code == 403
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_its_own_page_is_not(served: Serving) -> None:
    headers = {"origin": served.address, "sec-fetch-site": "same-origin"}
    assert served.client.post("/api/recognize", content=IMAGE, headers=headers).status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_browsers_say_is_believed(served: Serving, site: str) -> None:
    headers = {"sec-fetch-site": site, "sec-fetch-mode": "no-cors"}
    assert served.client.get("/api/mistakes", headers=headers).status_code == 403
    headers["sec-fetch-mode"] = "navigate"  # a form sent from elsewhere
    assert served.client.post("/api/recognize", content=IMAGE, headers=headers).status_code == 403
    assert served.client.get("/", headers=headers).status_code == 200  # a link


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""],
)
def test_a_form_cannot_start_a_run(served: Serving, kind: str) -> None:
    # These are what a page of another site may send without asking first.
    answer = served.client.post("/api/runs", content=b"{}", headers={"content-type": kind})
    assert answer.status_code == 415
    assert served.client.get("/api/runs").json()["runs"] == []


@pytest.mark.parametrize(
    "path", ["/", "/api/health", "/nowhere", "/static/nothing.js", "/api/runs/x"]
)
def test_every_answer_keeps_the_page_in_its_place(served: Serving, path: str) -> None:
    headers = served.client.get(path).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] in ("no-store", "no-cache")
    assert "server" not in headers


@pytest.mark.parametrize(
    "path",
    ["/static/..%2f..%2fapp.py", "/static/%2e%2e/app.py", "/static//etc/passwd", "/static/app.py",
     "/..%2f..%2f..%2fetc/passwd", "/api/runs/..%2f..", "/api/weights/..%2f..%2fx", "/static/.",
     "/static/%00", "/static/index.html%00.js"],
)  # fmt: skip
def test_nothing_reaches_the_file_system(served: Serving, path: str) -> None:
    with served.connect() as line:
        host = f"127.0.0.1:{served.port}"
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        answer = _all(line)
    assert answer[:12] in (b"HTTP/1.1 404", b"HTTP/1.1 400", b"HTTP/1.1 405"), answer[:200]
    assert b"root:" not in answer
    assert b"import" not in answer


def test_too_large_a_body_is_not_read(served: Serving) -> None:
    start = time.perf_counter()
    with served.connect() as line:
        head = f"POST /api/read HTTP/1.1\r\nHost: localhost:{served.port}\r\n"
        line.sendall(f"{head}Content-Length: {10**12}\r\n\r\n".encode())
        answer = _all(line)
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"at most 20 MB" in answer
    assert time.perf_counter() - start < 5


def test_a_body_that_does_not_say_how_large_it_is(
    served: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(middleware, "BODY_BYTES", 100_000)

    def endless() -> Iterator[bytes]:
        for _ in range(100):
            yield bytes(10_000)

    try:
        answer = served.client.post("/api/read", content=endless())
    except httpx.WriteError:  # cut off while still sending
        return
    assert answer.status_code == 413


def test_a_body_that_comes_too_slowly(served: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(middleware, "BODY_SECONDS", 0.2)
    with served.connect() as line:
        head = f"POST /api/recognize HTTP/1.1\r\nHost: localhost:{served.port}\r\n"
        line.sendall(f"{head}Content-Length: 784\r\n\r\n".encode() + bytes(100))
        answer = _all(line)
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"connection: close" in answer.lower()


@pytest.mark.parametrize("name", ["Host", "Origin", "Authorization"])
def test_a_header_sent_twice_is_ambiguous(served: Serving, name: str) -> None:
    head = f"GET /api/health HTTP/1.1\r\nHost: localhost:{served.port}\r\nConnection: close\r\n"
    twice = f"{name}: http://localhost:{served.port}\r\n" * (1 if name == "Host" else 2)
    with served.connect() as line:
        line.sendall(f"{head}{twice}\r\n".encode())
        assert _all(line).startswith(b"HTTP/1.1 400")


def test_without_the_token_nothing_is_told(guarded: Serving) -> None:
    for path in ("/", "/static/app.css", "/api/health", "/metrics", "/openapi.json", "/nowhere"):
        answer = guarded.client.get(path)
        assert answer.status_code == 401, path
        assert answer.headers["www-authenticate"] == "Bearer"
    for given in ("y", "x", TOKEN[:-1], TOKEN + "x", "ü"):
        headers = {"authorization": f"Bearer {given}".encode()}
        assert guarded.client.get("/api/health", headers=headers).status_code == 401
        assert guarded.client.get("/", params={"token": given}).status_code == 401


def test_with_it_programs_come_in(guarded: Serving) -> None:
    headers = {"authorization": f"Bearer {TOKEN}".encode()}
    answer = guarded.client.get("/api/health", headers=headers)
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers


def test_with_it_in_the_address_a_browser_gets_a_cookie(guarded: Serving) -> None:
    with httpx.Client(verify=False, base_url=guarded.address) as browser:
        opened = browser.get("/", params={"token": TOKEN})
        assert opened.status_code == 200
        cookie = opened.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert browser.get("/api/health").status_code == 200
    for given in ("wrong", "", TOKEN, "\xfc", '"'):
        headers = {"cookie": f"digitus-{guarded.port}={given}".encode("latin-1")}
        assert guarded.client.get("/api/health", headers=headers).status_code == 401


def test_a_foreign_page_is_turned_away_even_with_the_token(guarded: Serving) -> None:
    headers = {"authorization": f"Bearer {TOKEN}".encode(), "origin": b"http://evil.example"}
    assert guarded.client.get("/api/health", headers=headers).status_code == 403


@pytest.mark.parametrize(
    "others",
    ['prefs={"a":1}', "a b=c", "[", "=x", "ünits=ä", 'x="y', "; ;", "a=1; a=2", "digitus-1=x"],
)
def test_cookies_of_others_are_no_matter(guarded: Serving, others: str) -> None:
    own = f"digitus-{guarded.port}={guarded.cookie}"
    for cookies in (f"{others}; {own}", f"{own}; {others}"):
        headers = {"cookie": cookies.encode()}
        assert guarded.client.get("/api/health", headers=headers).status_code == 200
    assert guarded.client.get("/api/health", headers={"cookie": others.encode()}).status_code == 401


def test_an_error_for_a_person_is_a_page(guarded: Serving, served: Serving) -> None:
    browser = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    answers = [
        (401, "Unauthorized", guarded.client.get("/?token=wrong", headers=browser)),
        (404, "Not Found", served.client.get("/<b>nowhere", headers=browser)),
        (405, "Method Not Allowed", served.client.post("/", headers=browser)),
        (403, "Forbidden", served.client.get("/", headers={**browser, "host": "<b>.example"})),
    ]
    for status, title, answer in answers:
        assert answer.status_code == status
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["vary"] == "accept"
        assert f"<h1>{status} {title}</h1>" in answer.text
        assert "<b>" not in answer.text
        program = answer.request
        program.headers["accept"] = "*/*"
        assert html.escape(served.client.send(program).json()["error"]) in answer.text


@pytest.mark.parametrize(
    ("host", "name", "known"),
    [
        ("0.0.0.0", "192.168.0.7:8000", True),
        ("0.0.0.0", "[fe80::1]:8000", True),
        ("0.0.0.0", "localhost", True),
        ("0.0.0.0", socket.gethostname(), True),
        ("0.0.0.0", "evil.example", False),
        ("box.example", "box.example:80", True),
        ("::1", "[::1]:8000", True),
        ("::1", "evil.example:8000", False),
    ],
)
def test_names_beyond_loopback(host: str, name: str, known: bool) -> None:
    assert AccessPolicy(host, 8000, "x").allows_host(name) is known


def _all(line: socket.socket) -> bytes:
    """Everything until the server hangs up."""
    parts = []
    while part := line.recv(65536):
        parts.append(part)
    return b"".join(parts)


def test_the_folder_of_runs_is_private(tmp_path: Path) -> None:
    with serving(tmp_path / "deep" / "runs") as ours:
        run = ours.begin(epochs=1)
        assert (tmp_path / "deep" / "runs").stat().st_mode & 0o077 == 0
        assert (tmp_path / "deep" / "runs" / run).stat().st_mode & 0o077 == 0
