"""The server as a process: its socket, uvicorn, start and end.

Inside: that. Not inside: what is answered (`app`), and clients that are too slow (`connection`).
"""

from __future__ import annotations

import contextlib
import ctypes
import socket

import uvicorn
from starlette.applications import Starlette

from digitus.errors import OutputError
from digitus.limits import CONNECTIONS
from digitus.serve.connection import Connection

IDLE_SECONDS = 30  # between two requests
GRACE_SECONDS = 3  # to finish what is being answered when the server ends
M_ARENA_MAX = -8  # as glibc's malloc.h defines it


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
            listening.listen(CONNECTIONS)
        except OSError:
            listening.close()
            raise
    except (OSError, UnicodeError) as error:  # the second for an impossible name
        why = getattr(error, "strerror", None) or str(error)
        raise OutputError(f"cannot listen on {host}, port {port}: {why}") from None
    return listening


class StreamEndingServer(uvicorn.Server):
    """uvicorn's server, but streams end at once when it does, instead of at the last moment."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Closes the streams, then shuts down."""
        self.config.app.state.close_streams()  # type: ignore[union-attr]
        await super().shutdown(sockets)


def limit_arenas() -> None:
    """Limits glibc's malloc to two arenas for all threads.

    It makes up to 8 a core, and what is freed in one is of no use to the others: with 4 cores and
    all kinds of requests, 138 MB after five minutes, and no more, instead of 156 and growing.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):  # a C library without that call
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 2)


def server(app: Starlette) -> StreamEndingServer:
    """uvicorn with our limits; `run(sockets=[...])` serves until the process is interrupted."""
    limit_arenas()
    config = uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        lifespan="on",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        log_level="error",  # mistakes of clients are not worth a line in the log
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    return StreamEndingServer(config)
