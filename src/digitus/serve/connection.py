"""Connections: clients that are slow, silent, endless, or ask for other protocols.

uvicorn itself waits without end for the head of a request, and for a client that does not read; it
keeps whatever headers come, also those after a body in chunks (trailers), and where a request asks
to upgrade to HTTP/2 it leaves the body unread.

Inside: `Connection`, uvicorn's own with limits. Not inside: what is asked and answered, and how
large bodies may be (`middleware`).
"""

from __future__ import annotations

import asyncio

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from digitus.limits import BODY_SECONDS, CONNECTIONS, HEAD_BYTES, HEAD_SECONDS, STUCK_SECONDS

LATER_SECONDS = 5.0  # after `BODY_SECONDS`, so that the middleware can say why first
UPGRADES = (b"upgrade", b"http2-settings")


def _refused(status: str, why: str, *headers: str) -> bytes:
    body = f'{{"error":"{why}"}}'
    kind = "Content-Type: application/json"
    head = [f"HTTP/1.1 {status}", *headers, kind, f"Content-Length: {len(body)}"]
    return "\r\n".join([*head, "Connection: close", "", body]).encode("ascii")


BUSY = _refused("503 Service Unavailable", "too many connections", "Retry-After: 2")
LARGE_HEAD = _refused(
    "431 Request Header Fields Too Large",
    f"the head of a request has {HEAD_BYTES} bytes at most; too many cookies, perhaps",
)


class _TooLargeError(Exception):
    """Ends the parser's work on a head or trailers of more than `HEAD_BYTES`."""


class Connection(HttpToolsProtocol):
    """uvicorn's connection with limits on time, and on the size of heads and trailers."""

    _timer: asyncio.TimerHandle | None = None  # for the head, then for the body
    _write_timer: asyncio.TimerHandle | None = None  # for the client to read on
    _in_head = False
    _unread_bytes = 0  # since the beginning of the head, or the last of the body
    _header_bytes = 0  # of this request, trailers included
    _upgrading = False  # the head asks for another protocol

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has connected: waits for its request, or says that there are too many."""
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS:
            self.connections.discard(self)
            transport.set_protocol(asyncio.Protocol())
            transport.write(BUSY)
            transport.close()
        else:
            self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        """Bytes of a request have come."""
        self._unset_keepalive_if_required()
        if self._timer is None and (self.cycle is None or self.cycle.response_complete):
            self._wait_for_head()
        self._unread_bytes += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._stay(data[upgrade.args[0] :])
            return
        except httptools.HttpParserError:
            if not self.transport.is_closing():
                self.send_400_response("Invalid HTTP request received.")
            return
        if self._unread_bytes > HEAD_BYTES:
            self._refuse()

    def _stay(self, rest: bytes) -> None:
        """Reads the request again without its upgrade, which a server may ignore (RFC 9110).

        The parser has left out the body, and reads no more.
        """
        if self.transport.is_closing():
            return
        version = self.parser.get_http_version().encode("ascii")
        head = b"%s %s HTTP/%s\r\n" % (self.parser.get_method(), self.url, version)
        for name, value in self.headers:
            if name == b"connection":
                kept = [v.strip() for v in value.split(b",") if v.strip().lower() not in UPGRADES]
                value = b", ".join(kept)
            if name not in UPGRADES and (value or name != b"connection"):
                head += b"%s: %s\r\n" % (name, value)
        self._upgrading = False
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn's own
        self._unread_bytes = 0
        self.data_received(head + b"\r\n" + rest)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._header_bytes = 0
        self._in_head = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer, which has no use here and is not kept."""
        self._header_bytes += len(name) + len(value) + 4
        if self._header_bytes > HEAD_BYTES:
            self._refuse()
            raise _TooLargeError
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._in_head = False
        self._stop_timer()
        method = self.parser.get_method()
        self._upgrading = self.parser.should_upgrade() and method != b"CONNECT"
        if not self._upgrading:
            later = BODY_SECONDS + LATER_SECONDS
            self._timer = self.loop.call_later(later, self.transport.abort)
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of the body is there."""
        self._unread_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is there, trailers included."""
        self._stop_timer()
        self._unread_bytes = 0
        if not self._upgrading:
            super().on_message_complete()

    def pause_writing(self) -> None:
        """The client does not keep up with its answer."""
        super().pause_writing()
        self._write_timer = self.loop.call_later(STUCK_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """The client reads again."""
        super().resume_writing()
        self._stop_write_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended."""
        self._stop_timer()
        self._stop_write_timer()
        super().connection_lost(exc)

    def _refuse(self) -> None:
        """Ends a connection whose head or trailers do not end."""
        if self._in_head and (self.cycle is None or self.cycle.response_complete):
            self.transport.write(LARGE_HEAD)
            self.transport.close()
        else:  # an answer may be on its way
            self.transport.abort()

    def _wait_for_head(self) -> None:
        self._unread_bytes = 0
        self._timer = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _stop_write_timer(self) -> None:
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None
