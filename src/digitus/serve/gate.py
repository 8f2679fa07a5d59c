"""The gate: what every request passes before anything is done for it.

A page of another site must not be able to drive the server or to read from it, whatever name that
site gives this machine; so the Host must be one of this server's, the Origin must be the page's
own, and browsers' own word about where a request comes from is believed. Beyond loopback everyone
needs the token. A body is counted while it arrives and must arrive in time; every answer carries
the headers that keep a page in its place.

Inside: that, as an ASGI layer around the application. Not inside: connections that say nothing
(`server`).
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ipaddress
import logging
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from digitus.serve.bodies import answer, refusal
from digitus.serve.counters import Counters

log = logging.getLogger("digitus.serve")

MOST_BYTES = 20 * 10**6
BODY_SECONDS = 30.0
GONE = 499  # how a request is counted whose client hung up
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
HEADERS = [
    (name.encode(), value.encode())
    for name, value in {
        "content-security-policy": POLICY,
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(self), microphone=(), geolocation=()",
    }.items()
]
NO_STORE = (b"cache-control", b"no-store")


@dataclass(frozen=True)
class Door:
    """Who may come in: `host` is the address listened on, `token` None where none is needed."""

    host: str = "127.0.0.1"
    port: int = 0
    token: str | None = None

    @property
    def loopback(self) -> bool:
        """Whether only this machine can connect."""
        return is_loopback(self.host)

    @property
    def cookie(self) -> str:
        """The name of the token's cookie; cookies do not tell ports apart."""
        return f"digitus-{self.port}"

    def knows(self, host: str) -> bool:
        """Whether a Host header names this server.

        A site that points its own name at this machine (DNS rebinding) sends that name; it cannot
        make a browser send an address, so any address passes where other machines may connect.
        """
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
        name = name.lower()
        if self.loopback:
            return is_loopback(name)
        own = {self.host.lower(), "localhost", socket.gethostname().lower()}
        return name in own or _address(name) is not None

    @property
    def pass_(self) -> str:
        """What a browser keeps instead of the token: a hash, which any cookie can hold."""
        return hashlib.sha256((self.token or "").encode()).hexdigest()

    def admits(self, token: str) -> bool:
        """Whether this is the token; the time it takes does not tell how much of it is right."""
        return _same(token, self.token or "")


def _same(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode())


def is_loopback(host: str) -> bool:
    """Whether a name or an address stands for this machine alone."""
    address = _address(host)
    return host.lower() == "localhost" if address is None else address.is_loopback


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None


class Gate:
    """The application behind the gate."""

    def __init__(self, app: ASGIApp, door: Door, counters: Counters) -> None:
        self._app, self._door, self._counters = app, door, counters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the server's start and end."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        clock = time.perf_counter()
        status = 0
        extra: list[tuple[bytes, bytes]] = []

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = {name for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *HEADERS,
                    *extra,
                    *([] if b"cache-control" in own else [NO_STORE]),
                ]
            await send(message)

        self._counters.began()
        try:
            extra += self._check(scope)
            await self._app(scope, _bounded(scope, receive), send_on)
        except HTTPException as refusal:
            response = answer({"error": refusal.detail}, refusal.status_code)
            response.headers.update(refusal.headers or {})
            await response(scope, receive, send_on)
        except ClientDisconnect:  # nobody is left to be answered
            status = status or GONE
        except Exception:
            if status:  # half of an answer is out: uvicorn ends the connection, and logs it
                raise
            log.exception("%r", scope["path"])
            why = {"error": "the server made a mistake; its log says more"}
            await answer(why, 500)(scope, receive, send_on)
        finally:
            self._counters.ended(scope, status or 500, time.perf_counter() - clock)

    def _check(self, scope: Scope) -> list[tuple[bytes, bytes]]:
        """Raises `HTTPException` for who may not come in; returns headers for who may."""
        headers: dict[str, str] = {}
        for name, value in scope["headers"]:
            key = name.decode("latin-1")
            if key in headers and key in ("host", "origin", "content-length", "authorization"):
                raise refusal(400, f"two headers {key}", Connection="close")
            headers[key] = value.decode("latin-1")
        host = headers.get("host", "")
        if not self._door.knows(host):
            raise refusal(403, f"this server is not called {host[:100]!r}", Connection="close")
        origin = headers.get("origin")
        if origin is not None and origin.lower() != f"{scope['scheme']}://{host}".lower():
            raise refusal(403, "a page of another site may not ask this server", Connection="close")
        _check_site(scope, headers)
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length) > MOST_BYTES:
            raise refusal(
                413, f"at most {MOST_BYTES // 10**6} MB, not {length} bytes", Connection="close"
            )
        return self._check_token(scope, headers)

    def _check_token(self, scope: Scope, headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
        """The cookie to set where the token came in the address."""
        door = self._door
        if door.token is None:
            return []
        kind, _, given = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and door.admits(given.strip()):
            return []
        try:
            cookies = SimpleCookie(headers.get("cookie", ""))
        except CookieError:
            cookies = SimpleCookie()
        if door.cookie in cookies and _same(cookies[door.cookie].value, door.pass_):
            return []
        query = parse_qs(scope["query_string"].decode("latin-1"))
        if door.admits(query.get("token", [""])[0]):
            cookie = f"{door.cookie}={door.pass_}; Path=/; HttpOnly; SameSite=Strict"
            return [(b"set-cookie", cookie.encode())]
        raise refusal(
            401,
            "open the address with the token that `digitus serve` printed, or send it in the "
            "header Authorization: Bearer",
            WWW_Authenticate="Bearer",
        )


def _check_site(scope: Scope, headers: Mapping[str, str]) -> None:
    """Browsers say where a request comes from; from elsewhere, only links to the page may."""
    site = headers.get("sec-fetch-site", "none")
    opened = scope["method"] == "GET" and headers.get("sec-fetch-mode") == "navigate"
    if site not in ("none", "same-origin") and not opened:
        raise refusal(403, "a page of another site may not ask this server", Connection="close")


def _bounded(scope: Scope, receive: Receive) -> Receive:
    """`receive`, as long as the body is not too large and not too late."""
    size, whole = 0, False
    late = asyncio.get_running_loop().time() + BODY_SECONDS

    async def bounded() -> Message:
        nonlocal size, whole
        if whole:  # what follows is the end of the connection
            return await receive()
        try:
            async with asyncio.timeout_at(late):
                message = await receive()
        except TimeoutError:
            raise refusal(
                408, f"the body took longer than {BODY_SECONDS:.0f} s", Connection="close"
            ) from None
        size += len(message.get("body", b""))
        if size > MOST_BYTES:
            raise refusal(413, f"at most {MOST_BYTES // 10**6} MB", Connection="close")
        whole = not message.get("more_body", False)
        return message

    return bounded
