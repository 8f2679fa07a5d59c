"""Training runs over HTTP: /api/runs and what lies below it, and /api/recipes.

Inside: the handlers, thin. Not inside: what runs do (`run`, `runs`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeVar, cast

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from digitus.limits import WATCHERS
from digitus.serve.live.channel import Channel
from digitus.serve.live.control import FASTEST_PACE, SLOWEST_PACE, Command, checked_pace
from digitus.serve.live.equations import StepEquations
from digitus.serve.live.lesson import Lesson, lesson_from
from digitus.serve.live.offers import Offers, offers
from digitus.serve.live.run_state import RunState, Summary
from digitus.serve.live.runs import ID, LiveRuns
from digitus.serve.mistakes import Mistakes, MistakesQuery, misread
from digitus.serve.operation import OCTETS, operation
from digitus.serve.responses import refusal
from digitus.serve.values import Answer, Whole
from digitus.serve.worker_pool import WorkerPool

EVENT_STREAM = "text/event-stream"

S = TypeVar("S", bound=Struct)
BETWEEN = {"type": "number", "minimum": SLOWEST_PACE, "maximum": FASTEST_PACE}
Pace = Annotated[
    float,
    Meta(
        description=f"Steps a second at most, from {SLOWEST_PACE} to {FASTEST_PACE:g}; "
        "0: as fast as it can.",
        extra_json_schema={"anyOf": [{"const": 0}, BETWEEN]},
    ),
]


def with_optional(of: type[Struct]) -> Callable[[type[S]], type[S]]:
    """Gives a struct all fields of another, each of which may be left out."""
    fields = [(f.name, f.type | UnsetType, UNSET) for f in msgspec.structs.fields(of)]

    def extended(kind: type[S]) -> type[S]:
        made = msgspec.defstruct(
            kind.__name__,
            fields,
            bases=(kind,),
            namespace={"__doc__": kind.__doc__},
            frozen=True,
            forbid_unknown_fields=True,
        )
        return cast(type[S], made)

    return extended


@with_optional(Lesson)
class RunBody(Struct, frozen=True):
    """A recipe's settings, some replaced, and how the run starts."""

    paused: bool = False
    pace: Pace = 0.0
    start_from: Annotated[
        str,
        Meta(
            pattern=f"^({ID.pattern})?$",
            description="The id of a run with the same layers, with whose weights this begins.",
        ),
    ] = ""

    def lesson(self) -> Lesson:
        """What to learn. Raises `RecipeError`."""
        given = {name: getattr(self, name) for name in Lesson.__struct_fields__}
        return lesson_from({name: value for name, value in given.items() if value is not UNSET})


class PaceBody(Struct, frozen=True):
    """The pace that is asked for."""

    pace: Pace


class EmptyBody(Struct, frozen=True):
    """An object; nothing in it is read. It must be JSON, which no HTML form can send."""


class RunPath(Struct, frozen=True):
    """The id of a run in a path."""

    id: Annotated[str, Meta(pattern=f"^{ID.pattern}$")]


class RunList(Answer, frozen=True):
    """All runs, oldest first, and how many there may be and go on at most."""

    runs: list[Summary]
    most: Whole
    most_going: Whole


class RunHandlers:
    """The handlers of runs."""

    def __init__(self, runs: LiveRuns, pool: WorkerPool) -> None:
        self._runs, self._pool = runs, pool
        self._watchers = 0
        self._offers: Offers | None = None

    @operation()
    async def recipes(self) -> Offers:
        """What can be trained."""
        if self._offers is None:
            self._offers = await self._pool.run(offers)
        return self._offers

    @operation()
    async def all(self) -> RunList:
        """All training runs."""
        room = self._runs.room
        return RunList([run.summary() for run in self._runs], room.kept, room.going)

    @operation(status=201, errors=(404, 409, 507))
    async def begin(self, body: RunBody) -> RunState:
        """Begin a run: a recipe's settings, some replaced."""
        pace = checked_pace(body.pace)
        source = self._runs.network(body.start_from) if body.start_from else None
        run = self._runs.begin(body.lesson(), paused=body.paused, pace=pace, start_from=source)
        return run.state()

    @operation()
    async def one(self, path: RunPath) -> RunState:
        """How a run stands."""
        return self._runs[path.id].state()

    @operation(status=204, errors=(507,))
    async def remove(self, path: RunPath) -> None:
        """Remove a run."""
        self._runs.remove(self._runs[path.id])

    @operation(errors=(409,))
    async def pause(self, path: RunPath, body: EmptyBody) -> Summary:
        """Pause a run."""
        return self._asked(path, "pause")

    @operation(errors=(409, 507))
    async def resume(self, path: RunPath, body: EmptyBody) -> Summary:
        """Let a run go on, also one that has failed for want of room."""
        run = self._runs[path.id]
        self._runs.resume(run)
        return run.summary()

    @operation(errors=(409,))
    async def step(self, path: RunPath, body: EmptyBody) -> Summary:
        """Take one step of a paused run."""
        return self._asked(path, "step")

    @operation(errors=(409,))
    async def stop(self, path: RunPath, body: EmptyBody) -> Summary:
        """End a run for good."""
        return self._asked(path, "stop")

    def _asked(self, path: RunPath, command: Command) -> Summary:
        run = self._runs[path.id]
        run.ask(command)
        return run.summary()

    @operation()
    async def pace(self, path: RunPath, body: PaceBody) -> Summary:
        """Set how fast a run goes."""
        run = self._runs[path.id]
        run.go_at(checked_pace(body.pace))
        return run.summary()

    @operation(errors=(409,))
    async def equation(self, path: RunPath, body: EmptyBody) -> StepEquations:
        """The next step of a paused run, equation by equation."""
        return await self._pool.run(self._runs[path.id].equations)

    @operation(errors=(409,))
    async def mistakes(self, path: RunPath, query: MistakesQuery) -> Mistakes:
        """Digits held back that the run misread after its latest epoch."""
        run = self._runs[path.id]
        return await self._pool.run(lambda: misread(run.evaluation(), query, run.recipe.data))

    @operation(media=OCTETS, errors=(409,))
    async def model(self, path: RunPath) -> Response:
        """A run's network as a file, as `digitus train` writes it."""
        content = await self._pool.run(self._runs.network(path.id).read_bytes)
        return _file(content, OCTETS, f"digitus-{path.id}.safetensors")

    @operation(media="text/html", errors=(409,))
    async def report(self, path: RunPath) -> Response:
        """The report on a run's network, and on the digits held back: one file for a browser."""
        text = await self._pool.run(self._runs[path.id].report)
        return _file(text.encode(), "text/html", f"digitus-{path.id}.html")

    @operation(media=EVENT_STREAM)
    async def events(self, path: RunPath, request: Request) -> Response:
        """What happens in a run, as server-sent events; the first is its state."""
        channel = self._runs[path.id].channel
        if self._watchers >= WATCHERS:
            raise refusal(503, "too many watch already", wait=10)
        if request.method == "HEAD":  # which would wait for a body that nobody sends
            return Response(media_type=EVENT_STREAM)
        last = request.headers.get("last-event-id", "")
        self._watchers += 1  # counted now, not when the stream begins: many may come at once
        return _Watching(channel, last, self._gone)

    def _gone(self) -> None:
        self._watchers -= 1


def _file(content: bytes, kind: str, name: str) -> Response:
    """A file to be saved: shown in the browser, it would have the rights of our own web page."""
    how = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=kind, headers=how)


class _Watching(StreamingResponse):
    """The events of a run as they happen; `gone` is called at the end, whatever ended it."""

    def __init__(self, channel: Channel, last: str, gone: Callable[[], None]) -> None:
        super().__init__(channel.follow(last), media_type=EVENT_STREAM)
        self._gone = gone

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends the events."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._gone()
