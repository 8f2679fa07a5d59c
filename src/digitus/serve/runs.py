"""All training runs of a server: begun, listed, watched, kept and taken up again.

Inside: the folder that holds them, how many there may be, and the handlers. Not inside: one run
(`live`).
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import shutil
import time
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from digitus.errors import DigitusError, OutputError
from digitus.files import UNREADABLE
from digitus.serve import bodies, mistakes
from digitus.serve.bodies import answer, refusal
from digitus.serve.channel import Channel
from digitus.serve.lessons import Library, lesson_from, offers
from digitus.serve.live import Live, taken_up
from digitus.serve.work import Workshop

log = logging.getLogger("digitus.serve")

MOST_GOING = 4  # each has a thread
MOST_KEPT = 12  # the oldest that has ended makes room
MOST_WATCHERS = 64
SLOWEST, FASTEST = 0.1, 1000.0  # steps a second that can be asked for
ID = re.compile(r"[0-9a-f]{8}")
WISHES = ("pause", "resume", "step", "stop")


class Runs:
    """The handlers around the runs in a folder."""

    def __init__(self, folder: Path, workshop: Workshop) -> None:
        self._folder, self._workshop = folder, workshop
        self._library = Library()
        self._runs: dict[str, Live] = {}  # oldest first
        self._watchers = 0
        self._offers: dict[str, Any] | None = None

    def open(self) -> None:
        """Takes up what an earlier server left. Raises `OutputError`."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folders = [f for f in self._folder.iterdir() if ID.fullmatch(f.name)]
        except OSError as error:
            raise OutputError(f"cannot use {self._folder}: {error.strerror}") from None
        found = []
        for folder in folders:
            try:
                found.append(taken_up(folder, self._library))
            except (DigitusError, OSError, *UNREADABLE) as error:
                log.warning("%s is left alone: %s", folder, error)
        for run in sorted(found, key=lambda run: run.begun):
            self._add(run)

    def _add(self, run: Live) -> None:
        self._runs[run.id] = run
        if run.going:
            run.start()

    def let_go(self) -> None:
        """Ends all streams, so that the server can end."""
        for run in self._runs.values():
            run.channel.close()

    def close(self) -> None:
        """Every run keeps a checkpoint."""
        for run in self._runs.values():
            run.close()

    @property
    def going(self) -> int:
        """Runs that train, or are paused."""
        return sum(run.going for run in self._runs.values())

    async def recipes(self, request: Request) -> Response:
        """GET /api/recipes."""
        if self._offers is None:
            self._offers = await self._workshop.do(offers)
        return answer(self._offers)

    async def all(self, request: Request) -> Response:
        """GET /api/runs."""
        runs = [run.summary() for run in self._runs.values()]
        return answer({"runs": runs, "most": MOST_KEPT, "most_going": MOST_GOING})

    async def begin(self, request: Request) -> Response:
        """POST /api/runs."""
        table = await bodies.json_object(request)
        paused = table.pop("paused", False)
        if not isinstance(paused, bool):
            raise refusal(400, "paused must be true or false")
        pace = _pace(table.pop("pace", 0))
        lesson = lesson_from(table)
        self._make_room()
        folder = self._folder / secrets.token_hex(4)
        run = Live(folder, lesson, self._library, begun=time.time(), paused=paused, pace=pace)
        try:
            folder.mkdir(mode=0o700)
        except OSError as error:
            raise refusal(507, f"the run cannot be kept: {error.strerror}") from None
        self._add(run)
        return answer(run.state(), 201)

    def _make_room(self) -> None:
        if self.going >= MOST_GOING:
            raise refusal(503, f"{MOST_GOING} runs are going on; stop one first", Retry_After="30")
        ended = [run for run in self._runs.values() if not run.going]
        for run in ended[: max(0, len(self._runs) - MOST_KEPT + 1)]:
            self._remove(run)

    async def one(self, request: Request) -> Response:
        """GET /api/runs/ID."""
        return answer(self._run(request).state())

    async def remove(self, request: Request) -> Response:
        """DELETE /api/runs/ID."""
        run = self._run(request)
        await asyncio.to_thread(run.close)
        self._remove(run)
        return Response(status_code=204)

    def _remove(self, run: Live) -> None:
        run.close()
        self._runs.pop(run.id, None)
        shutil.rmtree(run.folder, ignore_errors=True)

    async def wish(self, request: Request) -> Response:
        """POST /api/runs/ID/pause, resume, step or stop."""
        await bodies.json_object(request)
        run = self._run(request)
        run.want(request.url.path.rpartition("/")[2])
        return answer(run.summary())

    async def pace(self, request: Request) -> Response:
        """POST /api/runs/ID/pace."""
        table = await bodies.json_object(request)
        run = self._run(request)
        run.go_at(_pace(table.get("pace")))
        return answer(run.summary())

    async def equation(self, request: Request) -> Response:
        """POST /api/runs/ID/equation."""
        await bodies.json_object(request)
        return answer(await self._workshop.do(self._run(request).equations))

    async def mistakes(self, request: Request) -> Response:
        """GET /api/runs/ID/mistakes."""
        wanted, run = mistakes.Wanted.of(request), self._run(request)
        return answer(await self._workshop.do(lambda: mistakes.page(run.evaluation(), wanted)))

    async def events(self, request: Request) -> Response:
        """GET /api/runs/ID/events."""
        channel = self._run(request).channel
        if self._watchers >= MOST_WATCHERS:
            raise refusal(503, "too many watch already", Retry_After="10")
        if request.method == "HEAD":  # which would wait for a body that it does not want
            return Response(media_type="text/event-stream")
        last = request.headers.get("last-event-id", "")
        return StreamingResponse(self._follow(channel, last), media_type="text/event-stream")

    async def _follow(self, channel: Channel, last: str) -> Any:
        self._watchers += 1
        try:
            async for text in channel.follow(last):
                yield text
        finally:
            self._watchers -= 1

    def _run(self, request: Request) -> Live:
        run = self._runs.get(request.path_params["id"])
        if run is None:
            raise refusal(404, "there is no such run")
        return run


def _pace(value: Any) -> float:
    pace = bodies.number(value, "pace")
    if pace and not SLOWEST <= pace <= FASTEST:
        raise refusal(400, f"pace must be 0 or from {SLOWEST:g} to {FASTEST:g} steps a second")
    return pace
