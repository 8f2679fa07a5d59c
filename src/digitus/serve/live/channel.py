"""What happens in a run, told to all who watch, as server-sent events.

Whoever comes, or has missed more than is kept, gets the state as it is and from there on what
happens; whoever was away for a moment (`Last-Event-ID`) gets what was missed. Nobody who reads
slowly holds up the run or fills the memory: what is kept is kept once, for all.

Inside: keeping, numbering and following events. Not inside: what they say (`telling`).

Written by hand: the format is one function, and no library for server-sent events has what is
needed beside it: past events, one memory for all who watch, a picture that replaces the last.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable

from digitus.serve.responses import json_text

KEPT_EVENTS = 600  # a minute of a fast run
HEARTBEAT_SECONDS = 15.0  # a proxy or a phone takes a connection for dead that is silent for long
RETRY_MILLISECONDS = 1000  # after which a browser connects again


class Channel:
    """The events of one run. `publish` may be called by any thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, state: Callable[[], object]) -> None:
        self._loop, self._state = loop, state
        self._lock = threading.Lock()
        self._events: deque[tuple[int, str, str]] = deque(maxlen=KEPT_EVENTS)  # number, name, JSON
        self._number = 0
        # Part of each event's id: numbers from before the server was restarted mean nothing now.
        self._life = secrets.token_hex(4)
        self._waiting: set[asyncio.Event] = set()
        self.closed = False

    @property
    def watched(self) -> int:
        """How many follow the events."""
        return len(self._waiting)

    def publish(self, name: str, data: object) -> None:
        """Tells everyone. Of the large pictures ("weights") only the last is kept."""
        text = json_text(data)
        with self._lock:
            if name == "weights":
                for i, (number, old, _) in enumerate(self._events):
                    if old == "weights":
                        self._events[i] = (number, "", "")
            self._number += 1
            self._events.append((self._number, name, text))
        self._wake()

    def close(self) -> None:
        """Ends the stream of everyone who follows."""
        self.closed = True
        self._wake()

    def _wake(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake_all)

    def _wake_all(self) -> None:
        for news in self._waiting:
            news.set()

    async def follow(self, last: str = "") -> AsyncIterator[str]:
        """Events as text, from the one after `last` where that is known."""
        news = asyncio.Event()
        self._waiting.add(news)
        try:
            yield f"retry: {RETRY_MILLISECONDS}\n\n"
            position = self._position(last)
            while not self.closed:
                news.clear()
                texts, position = self._since(position)
                for text in texts:
                    yield text
                if not texts:
                    try:
                        async with asyncio.timeout(HEARTBEAT_SECONDS):
                            await news.wait()
                    except TimeoutError:
                        yield ": still here\n\n"
        finally:
            self._waiting.discard(news)

    def _position(self, last: str) -> int | None:
        """The number of a Last-Event-ID, None where it is not one of ours."""
        life, _, number = last.partition("-")
        if life == self._life and number.isascii() and number.isdecimal() and len(number) < 12:
            return int(number)
        return None

    def _since(self, position: int | None) -> tuple[list[str], int]:
        """The events after a position; the whole state where some of them are no longer kept."""
        with self._lock:
            number = self._number
            kept = list(self._events)
        oldest = kept[0][0] if kept else number + 1
        if position is None or not oldest - 1 <= position <= number:
            state = json_text(self._state())
            return [self._text(number, "state", state)], number
        return [
            self._text(n, name, text) for n, name, text in kept if n > position and name
        ], number

    def _text(self, number: int, name: str, data: str) -> str:
        return f"id: {self._life}-{number}\nevent: {name}\ndata: {data}\n\n"
