"""The application: which address answers what.

Inside: the addresses, what answers them, errors as JSON, what begins and ends with the server. Not
inside: the socket and uvicorn (`server`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digitus.errors import DigitusError
from digitus.recognizer import Recognizer
from digitus.serve.access import AccessPolicy
from digitus.serve.batcher import Batcher
from digitus.serve.classroom.door import Door, cookie_name
from digitus.serve.classroom.handlers import ClassHandlers
from digitus.serve.classroom.roster import MOST_PUPILS, Roster
from digitus.serve.handbook.handlers import Handbook
from digitus.serve.health import HealthHandler
from digitus.serve.inside import InsideHandlers
from digitus.serve.live.handlers import RunHandlers
from digitus.serve.live.runs import LiveRuns
from digitus.serve.metrics import CONTENT_TYPE, Metrics
from digitus.serve.middleware import RequireToken, middleware
from digitus.serve.mistakes import MistakesHandler
from digitus.serve.models import Models
from digitus.serve.openapi import Addresses, document
from digitus.serve.operation import Handler, Operation
from digitus.serve.paper.handlers import FormHandlers
from digitus.serve.pen import pen
from digitus.serve.recognition import Recognition
from digitus.serve.responses import error_response, json_text, refused
from digitus.serve.static_files import StaticFiles, read_files
from digitus.serve.worked import worked
from digitus.serve.worker_pool import WorkerPool

Endpoint = Callable[[Request], Awaitable[Response]]


class Backend:
    """What answers: the recognizer, threads to work in, training runs, and metrics of all three.

    Training runs are kept in `folder`; with a `roster`, each belongs to somebody of a class.
    """

    def __init__(self, recognizer: Recognizer, folder: Path, roster: Roster | None = None) -> None:
        self.recognizer = recognizer
        self.batcher = Batcher(recognizer)
        self.pool = WorkerPool(MOST_PUPILS if roster else 0)
        # Threads of its own: large pictures or 10,000 digits at once keep nobody from drawing.
        self.pictures = WorkerPool()
        self.runs = LiveRuns(folder, self._answers, of_class=roster is not None)
        self.models = Models(recognizer, self.runs)
        self.recognition = Recognition(self.models, self.batcher, self.pool, self.pictures)
        self.metrics = self._metrics()

    def _answers(self) -> int:
        """How many requests are being worked on."""
        return self.pool.busy + self.pictures.busy + (self.batcher.queued > 0)

    def _metrics(self) -> Metrics:
        metrics, batcher = Metrics(), self.batcher
        metrics.counter("images", "Images recognized.", lambda: batcher.images)
        metrics.counter("batches", "Batches they came in.", lambda: batcher.batches)
        metrics.gauge("images_waiting", "Images not yet recognized.", lambda: batcher.queued)
        metrics.gauge("runs", "Training runs that go on or are paused.", lambda: self.runs.going)
        metrics.gauge("runs_ending", "Runs removed that still work.", lambda: self.runs.ending)
        metrics.gauge(
            "tasks",
            "Pictures and layers worked on or waiting.",
            lambda: self.pool.busy + self.pictures.busy,
        )
        return metrics

    def addresses(self) -> Addresses:
        """The HTTP interface: its operations by path and method."""
        models = self.models
        recognition = self.recognition
        inside = InsideHandlers(models, self.pool)
        mistakes = MistakesHandler(models, self.pictures)
        forms = FormHandlers(models, self.pictures)
        runs = RunHandlers(self.runs, self.pool)
        health = HealthHandler(models, self.pool)
        handlers: dict[str, dict[str, Handler]] = {
            "/api/recognize": {"POST": recognition.recognize},
            "/api/read": {"POST": recognition.read},
            "/api/draw": {"POST": recognition.draw},
            "/api/inside": {"POST": inside.inside},
            "/api/weights/{name}": {"GET": inside.weights},
            "/api/mistakes": {"GET": mistakes.mistakes},
            "/api/mistakes/progress": {"GET": mistakes.progress},
            "/api/pen/{digit}": {"GET": pen},
            "/api/worked": {"GET": worked},
            "/api/forms/open": {"POST": forms.open},
            "/api/forms/check": {"POST": forms.check},
            "/api/forms/print": {"POST": forms.print},
            "/api/forms/pages": {"POST": forms.pages},
            "/api/forms/propose": {"POST": forms.propose},
            "/api/forms/read": {"POST": forms.read},
            "/api/recipes": {"GET": runs.recipes},
            "/api/runs": {"GET": runs.all, "POST": runs.begin},
            "/api/runs/{id}": {"GET": runs.one, "DELETE": runs.remove},
            "/api/runs/{id}/events": {"GET": runs.events},
            "/api/runs/{id}/model": {"GET": runs.model},
            "/api/runs/{id}/report": {"GET": runs.report},
            "/api/runs/{id}/mistakes": {"GET": runs.mistakes},
            "/api/runs/{id}/equation": {"POST": runs.equation},
            "/api/runs/{id}/pace": {"POST": runs.pace},
            "/api/runs/{id}/pause": {"POST": runs.pause},
            "/api/runs/{id}/resume": {"POST": runs.resume},
            "/api/runs/{id}/step": {"POST": runs.step},
            "/api/runs/{id}/stop": {"POST": runs.stop},
            "/api/health": {"GET": health.health},
        }
        return described(handlers)

    @asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        """Resumes the runs when the server starts, and saves them when it ends."""
        self.runs.open()
        yield
        await asyncio.to_thread(self.runs.close)
        self.batcher.close()
        self.pool.close()
        self.pictures.close()


def application(
    recognizer: Recognizer,
    policy: AccessPolicy,
    folder: Path,
    *,
    roster: Roster | None = None,
    reload_page: bool = False,
) -> Starlette:
    """The whole server as an ASGI application; training runs are kept in `folder`.

    With a `roster` it is a class's: `policy` knows the teacher's token, and pupils join.
    """
    backend = Backend(recognizer, folder, roster)
    addresses = backend.addresses()
    door = Middleware(RequireToken, policy)
    if roster is not None:
        door = Middleware(Door, policy, roster)
        known = cookie_name(policy)
        own = ClassHandlers(roster, backend.runs, backend.recognition, backend.pictures, known)
        addresses = {**addresses, **described(own.addresses())}
    files = StaticFiles(read_files(), reload_page)
    handbook = Handbook(files, backend.pool).addresses()

    async def metrics(request: Request) -> Response:
        return Response(backend.metrics.text(), media_type=CONTENT_TYPE)

    @cache
    def description() -> str:
        """Made when first asked for, which most servers never are."""
        return json_text(document(addresses, token=policy.token is not None))

    async def openapi(request: Request) -> Response:
        return Response(description(), media_type="application/json")

    app = Starlette(
        routes=[
            *(route(path, operations) for path, operations in addresses.items()),
            *(route(path, methods) for path, methods in handbook.items()),
            route("/metrics", {"GET": metrics}),
            route("/openapi.json", {"GET": openapi}),
            route("/api", {"GET": files.api}),
            route("/static/{name}", {"GET": files.static}),
            route("/", {"GET": files.index}),
        ],
        middleware=middleware(policy, backend.metrics, door),
        exception_handlers={
            HTTPException: _refused,
            DigitusError: _failed,
        },
        lifespan=backend.lifespan,
    )
    app.state.close_streams = backend.runs.close_streams
    return app


def described(handlers: Mapping[str, Mapping[str, Handler]]) -> Addresses:
    """Handlers by path and method, as operations with what their signatures say."""
    return {
        path: {method: Operation.of(handler) for method, handler in methods.items()}
        for path, methods in handlers.items()
    }


def route(path: str, endpoints: Mapping[str, Endpoint]) -> Route:
    """One address with an endpoint for each method. Metrics count it under its path."""

    async def handle(request: Request) -> Response:
        return await endpoints["GET" if request.method == "HEAD" else request.method](request)

    handle.__name__ = path
    return Route(path, handle, methods=list(endpoints))


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    error.detail = _words(error)
    return error_response(error, request.headers)


def _words(error: HTTPException) -> str:
    """An error as one line, also one that the framework raises."""
    own = {404: "there is nothing at this address", 405: "this address takes another method"}
    return own.get(error.status_code, error.detail) if error.detail[:1].isupper() else error.detail


async def _failed(request: Request, error: Exception) -> Response:
    """A picture or a request that cannot be what it claims, or a disk that takes no more."""
    assert isinstance(error, DigitusError)
    return error_response(refused(error), request.headers)
