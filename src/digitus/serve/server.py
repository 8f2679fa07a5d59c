"""The server as a process: its socket, uvicorn, and clients that are too slow.

Inside: the address, the limits of connections, start and end. Not inside: what is answered (`app`).
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import socket

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from digitus.errors import OutputError

HEADER_SECONDS = 10.0  # for the head of a request, counted from its first byte or the connection
IDLE_SECONDS = 30  # between two requests
STUCK_SECONDS = 30.0  # for a client that takes nothing of its answer
GRACE_SECONDS = 3  # to finish what is being answered when the server ends
MOST_HEAD_BYTES = 32_768
MOST_CONNECTIONS = 512  # each costs a file descriptor, of which a process often has 1,024
M_ARENA_MAX = -8  # glibc's name for it
BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nContent-Type: application/json\r\n"
    b'Content-Length: 32\r\nConnection: close\r\n\r\n{"error":"too many connections"}'
)


class TimeLimitedProtocol(HttpToolsProtocol):
    """uvicorn's connection with time limits.

    uvicorn itself waits without end for the head of a request, and for a client that does not read.
    """

    _head_timer: asyncio.TimerHandle | None = None  # until the head is there
    _write_timer: asyncio.TimerHandle | None = None  # until the client reads on
    _head_bytes = 0  # bytes of the head so far

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has connected: waits for its request, or says that there are too many."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            self.connections.discard(self)
            transport.set_protocol(asyncio.Protocol())
            transport.write(BUSY)
            transport.close()
        else:
            self._start_head_timer()

    def data_received(self, data: bytes) -> None:
        """Bytes of a request have come."""
        if self._head_timer is None and (self.cycle is None or self.cycle.response_complete):
            self._start_head_timer()
        super().data_received(data)
        if self._head_timer is not None:
            self._head_bytes += len(data)
            if self._head_bytes > MOST_HEAD_BYTES:
                self.transport.abort()

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._stop_head_timer()
        super().on_headers_complete()

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
        self._stop_head_timer()
        self._stop_write_timer()
        super().connection_lost(exc)

    def _start_head_timer(self) -> None:
        self._head_bytes = 0
        self._head_timer = self.loop.call_later(HEADER_SECONDS, self.transport.abort)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _stop_write_timer(self) -> None:
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None


def listen(host: str, port: int) -> socket.socket:
    """A socket at that address, port 0 for any that is free. Raises `OutputError`."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # With the protocol named, asyncio sends every answer at once (TCP_NODELAY). Without it
        # the second packet of each waits for a delayed acknowledgement: 44 ms instead of 1.
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen(MOST_CONNECTIONS)
        except OSError:
            listening.close()
            raise
    except OSError as error:
        why = error.strerror or str(error)
        raise OutputError(f"cannot listen on {host}, port {port}: {why}") from None
    return listening


class StreamEndingServer(uvicorn.Server):
    """uvicorn's server, but streams end at once when it does, instead of at the last moment."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Closes the streams, then shuts down."""
        self.config.app.state.close_streams()  # type: ignore[union-attr]
        await super().shutdown(sockets)


def limit_arenas() -> None:
    """Limits glibc to two places (arenas) for all threads' memory.

    glibc gives threads up to 8 arenas a core, between which free memory gets lost: with 4 cores and
    all kinds of requests, 138 MB after five minutes, and no more, instead of 156 and growing.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):  # another C library
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 2)


def server(app: Starlette) -> StreamEndingServer:
    """uvicorn with our limits; `run(sockets=[...])` serves until the process is interrupted."""
    limit_arenas()
    config = uvicorn.Config(
        app,
        http=TimeLimitedProtocol,
        ws="none",
        lifespan="on",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        log_level="error",  # what clients do wrong is no news, however often
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    return StreamEndingServer(config)
