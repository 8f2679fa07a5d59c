"""What every request passes before anything is done for it: small middlewares, one duty each.

The Host must be one of this server's, the Origin must be the web page's own, and what a browser
says of where a request comes from is believed. A body is counted while it arrives and must arrive
in time; every answer carries the headers that limit what a web page may do.

Inside: the middlewares, and `middleware`, the list in which they stand around the application. Not
inside: who may come in (`access`), and connections that say nothing (`connection`).
"""

from __future__ import annotations

import asyncio
import logging
import time

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from digitus.limits import BODY_BYTES, BODY_SECONDS
from digitus.serve.access import AccessPolicy
from digitus.serve.metrics import Metrics
from digitus.serve.responses import CLOSE, error_response, refusal, unexpected

log = logging.getLogger("digitus.serve")

CLIENT_GONE = 499  # the status under which metrics count a request whose client hung up
SINGLE_HEADERS = ("host", "origin", "content-length", "authorization")
NO_TOKEN = (
    "open the address with the token that `digitus serve` printed, or send it in the header "
    "Authorization: Bearer"
)
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(), geolocation=()",
}


def middleware(policy: AccessPolicy, metrics: Metrics, door: Middleware) -> list[Middleware]:
    """All middlewares, outermost first; `door` knows who may come in."""
    return [
        Middleware(CountRequests, metrics),
        Middleware(SetSecurityHeaders),
        Middleware(AnswerErrors),
        Middleware(RefuseAmbiguousHeaders),
        Middleware(RefuseEncodings),
        Middleware(RefuseForeignNames, policy),
        Middleware(RefuseForeignPages),
        door,
        Middleware(LimitBodySize),
        Middleware(LimitBodyTime),
    ]


class HttpMiddleware:
    """Lets everything through; the classes below do one thing each, to HTTP requests only."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the server's start and end."""
        await (self.handle if scope["type"] == "http" else self.app)(scope, receive, send)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        await self.app(scope, receive, send)


class CountRequests(HttpMiddleware):
    """Counts requests by route and status, and measures how long they take."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        super().__init__(app)
        self._metrics = metrics

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Counts it, however it ends."""
        start = time.perf_counter()
        status = 0

        async def send_on(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        self._metrics.began()
        try:
            await self.app(scope, receive, send_on)
            status = status or CLIENT_GONE
        finally:
            self._metrics.ended(scope, status or 500, time.perf_counter() - start)


class SetSecurityHeaders(HttpMiddleware):
    """Gives every answer the headers that limit what a web page may do, and bar caching."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Adds the headers to the head of the answer."""

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(SECURITY_HEADERS)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        await self.app(scope, receive, send_on)


class AnswerErrors(HttpMiddleware):
    """Turns exceptions into answers: refusals as they are, what nobody expected as status 500."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers in one line, if that can still be done."""
        answering = False

        async def send_on(message: Message) -> None:
            nonlocal answering
            answering = True
            await send(message)

        try:
            await self.app(scope, receive, send_on)
        except HTTPException as error:
            await error_response(error, Headers(scope=scope))(scope, receive, send_on)
        except ClientDisconnect:  # nobody is left to be answered
            pass
        except Exception as error:
            if answering:  # half of an answer is out: uvicorn ends the connection, and logs it
                raise
            log.exception("%r", scope["path"])
            await error_response(unexpected(error), Headers(scope=scope))(scope, receive, send_on)


class Check(HttpMiddleware):
    """Lets a request pass unless `check` raises a refusal."""

    def check(self, scope: Scope, headers: Headers) -> None:
        """Raises `HTTPException`."""
        raise NotImplementedError

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Checks the head, then lets the request pass."""
        self.check(scope, Headers(scope=scope))
        await self.app(scope, receive, send)


class RefuseAmbiguousHeaders(Check):
    """Refuses a request that repeats a header on which a check relies."""

    def check(self, scope: Scope, headers: Headers) -> None:
        """Looks for repeated headers."""
        for name in SINGLE_HEADERS:
            if len(headers.getlist(name)) > 1:
                raise refusal(400, f"two headers {name}", headers=CLOSE)


class RefuseEncodings(Check):
    """Refuses encoded bodies: nothing is decoded here, so they would be read as they are.

    A wish for another protocol is not refused but ignored, as RFC 9110 allows (`connection`).
    """

    def check(self, scope: Scope, headers: Headers) -> None:
        """Looks at both kinds of encodings."""
        way = ", ".join(headers.getlist("transfer-encoding"))
        if way.strip().lower() not in ("", "chunked"):
            raise refusal(501, f"no Transfer-Encoding {way[:80]!r} here", headers=CLOSE)
        packed = ", ".join(headers.getlist("content-encoding"))
        if packed.strip().lower() not in ("", "identity"):
            raise refusal(415, f"no Content-Encoding {packed[:80]!r} here; send it as it is")


class RefuseForeignNames(Check):
    """Refuses host names that are not this server's, as in DNS rebinding."""

    def __init__(self, app: ASGIApp, policy: AccessPolicy) -> None:
        super().__init__(app)
        self._policy = policy

    def check(self, scope: Scope, headers: Headers) -> None:
        """Compares the Host header with the names that are allowed."""
        host = headers.get("host", "")
        if not self._policy.allows_host(host):
            raise refusal(403, f"this server is not called {host[:100]!r}", headers=CLOSE)


class RefuseForeignPages(Check):
    """Refuses what web pages of other sites send; they may link to ours, and nothing else."""

    def check(self, scope: Scope, headers: Headers) -> None:
        """Compares the Origin, and believes what browsers say of where a request comes from."""
        origin, own = headers.get("origin"), f"{scope['scheme']}://{headers.get('host')}"
        site = headers.get("sec-fetch-site", "none")
        linked = scope["method"] == "GET" and headers.get("sec-fetch-mode") == "navigate"
        foreign_origin = origin is not None and origin.lower() != own.lower()
        if foreign_origin or not (site in ("none", "same-origin") or linked):
            raise refusal(403, "a page of another site may not ask this server", headers=CLOSE)


class RequireToken(HttpMiddleware):
    """Refuses visitors without the token, if there is one; from the address it becomes a cookie."""

    def __init__(self, app: ASGIApp, policy: AccessPolicy) -> None:
        super().__init__(app)
        self._policy = policy

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Looks for the token in the header, in a cookie, in the address."""
        headers = Headers(scope=scope)
        if self._policy.token is None or self._in_header(headers) or self._in_cookie(headers):
            await self.app(scope, receive, send)
            return
        if not self._policy.allows_token(QueryParams(scope["query_string"]).get("token", "")):
            raise refusal(401, NO_TOKEN, "token", headers={"WWW-Authenticate": "Bearer"})
        cookie = f"{self._policy.cookie_name}={self._policy.cookie}; "

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.append("set-cookie", cookie + "Path=/; HttpOnly; SameSite=Strict")
            await send(message)

        await self.app(scope, receive, send_on)

    def _in_header(self, headers: Headers) -> bool:
        kind, _, given = headers.get("authorization", "").partition(" ")
        given = given.strip().encode("latin-1").decode("utf-8", "replace")  # bytes, as they came
        return kind.lower() == "bearer" and self._policy.allows_token(given)

    def _in_cookie(self, headers: Headers) -> bool:
        # Python's own parser stops at the first cookie it does not understand, and browsers send
        # the cookies of every server on this host, whatever its port.
        cookies = cookie_parser("; ".join(headers.getlist("cookie")))
        return self._policy.allows_cookie(cookies.get(self._policy.cookie_name, ""))


class LimitBodySize(HttpMiddleware):
    """Refuses a body as soon as it is known to be too large: by its header, or on arrival."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Counts the bytes."""
        said = Headers(scope=scope).get("content-length", "0")
        if said.isdecimal() and int(said) > BODY_BYTES:
            raise self._refusal(f", not {said} bytes")
        size = 0

        async def receive_counted() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > BODY_BYTES:
                raise self._refusal()
            return message

        await self.app(scope, receive_counted, send)

    def _refusal(self, why: str = "") -> HTTPException:
        most = BODY_BYTES // 10**6
        return refusal(413, f"at most {most} MB{why}", "large", headers=CLOSE, n=most)


class LimitBodyTime(HttpMiddleware):
    """Refuses a body that takes too long to arrive, counted from the head of the request."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Looks at the clock while it waits for the body."""
        late = asyncio.get_running_loop().time() + BODY_SECONDS
        whole = False

        async def receive_in_time() -> Message:
            nonlocal whole
            if whole:  # what follows is the end of the connection, which may take its time
                return await receive()
            try:
                async with asyncio.timeout_at(late):
                    message = await receive()
            except TimeoutError:
                why = f"the body took longer than {BODY_SECONDS:g} s"
                raise refusal(408, why, "slow", headers=CLOSE, n=BODY_SECONDS) from None
            whole = not message.get("more_body", False)
            return message

        await self.app(scope, receive_in_time, send)
