"""The application: which address answers what.

Inside: the table of routes, errors as JSON, what begins and ends with the server. Not inside: the
socket and uvicorn (`server`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digitus import __version__
from digitus.errors import DigitusError
from digitus.recognizer import Recognizer
from digitus.serve.bodies import answer, error_response
from digitus.serve.description import description
from digitus.serve.door import Door
from digitus.serve.inside import Inside
from digitus.serve.metrics import CONTENT_TYPE, Metrics
from digitus.serve.middleware import layers
from digitus.serve.mistakes import Mistakes
from digitus.serve.pages import Pages, read_files
from digitus.serve.penned import pen
from digitus.serve.recognizing import Recognizing
from digitus.serve.runs import WISHES, Runs
from digitus.serve.work import Batcher, Workshop

Handler = Callable[[Request], Awaitable[Response]]


def application(
    recognizer: Recognizer, door: Door, folder: Path, *, reload_page: bool = False
) -> Starlette:
    """The whole server as an ASGI application; training runs are kept in `folder`."""
    metrics, batcher, workshop = Metrics(), Batcher(recognizer), Workshop()
    # Of its own, so that large pictures, and 10,000 digits at once, keep nobody from drawing.
    pictures = Workshop()
    pages = Pages(read_files(), reload_page)
    recognizing = Recognizing(recognizer, batcher, workshop, pictures)
    inside = Inside(recognizer, workshop)
    mistakes = Mistakes(recognizer, pictures)
    runs = Runs(folder, workshop)
    metrics.counter("images", "Images recognized.", lambda: batcher.images)
    metrics.counter("batches", "Batches they came in.", lambda: batcher.batches)
    metrics.gauge("images_waiting", "Images not yet recognized.", lambda: batcher.queued)
    metrics.gauge("runs", "Training runs that go on or are paused.", lambda: runs.going)
    metrics.gauge(
        "tasks",
        "Pictures and layers worked on or waiting.",
        lambda: workshop.busy + pictures.busy,
    )

    async def health(request: Request) -> Response:
        return answer({"status": "ok", "version": __version__, "model": about(recognizer)})

    async def openapi(request: Request) -> Response:
        return answer(description(token=door.token is not None))

    async def figures(request: Request) -> Response:
        return Response(metrics.text(), media_type=CONTENT_TYPE)

    @asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        runs.open()
        yield
        await asyncio.to_thread(runs.close)
        batcher.close()
        workshop.close()
        pictures.close()

    app = Starlette(
        routes=[
            at("/api/recognize", POST=recognizing.recognize),
            at("/api/draw", POST=recognizing.draw),
            at("/api/read", POST=recognizing.read),
            at("/api/inside", POST=inside.look),
            at("/api/weights/{name}", GET=inside.weights),
            at("/api/mistakes", GET=mistakes.mistakes),
            at("/api/pen/{digit}", GET=pen),
            at("/api/recipes", GET=runs.recipes),
            at("/api/runs", GET=runs.all, POST=runs.begin),
            at("/api/runs/{id}", GET=runs.one, DELETE=runs.remove),
            at("/api/runs/{id}/events", GET=runs.events),
            at("/api/runs/{id}/mistakes", GET=runs.mistakes),
            at("/api/runs/{id}/equation", POST=runs.equation),
            at("/api/runs/{id}/pace", POST=runs.pace),
            *(at(f"/api/runs/{{id}}/{wish}", POST=runs.wish) for wish in WISHES),
            at("/api/health", GET=health),
            at("/metrics", GET=figures),
            at("/openapi.json", GET=openapi),
            at("/api", GET=pages.api),
            at("/static/{name}", GET=pages.static),
            at("/", GET=pages.index),
        ],
        middleware=layers(door, metrics),
        exception_handlers={
            HTTPException: _refused,
            DigitusError: _unreadable,
        },
        lifespan=life,
    )
    app.state.let_go = runs.let_go
    return app


def at(path: str, **handlers: Handler) -> Route:
    """One address with a handler for each method. It is counted under its path."""

    async def handle(request: Request) -> Response:
        return await handlers["GET" if request.method == "HEAD" else request.method](request)

    handle.__name__ = path
    return Route(path, handle, methods=list(handlers))


def about(recognizer: Recognizer) -> dict[str, Any]:
    """What is told of the model."""
    return {
        "name": recognizer.recipe.name,
        "about": recognizer.recipe.about,
        "parameters": recognizer.parameter_count,
        "threshold": recognizer.threshold,
        "temperature": recognizer.temperature,
        "data": recognizer.recipe.data,
    }


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    error.detail = _words(error)
    return error_response(error)


def _words(error: HTTPException) -> str:
    """One line; those of the framework in ours."""
    own = {404: "there is nothing at this address", 405: "this address takes another method"}
    return own.get(error.status_code, error.detail) if error.detail[:1].isupper() else error.detail


async def _unreadable(request: Request, error: Exception) -> Response:
    """A picture or a request that cannot be what it claims: the client's fault."""
    return answer({"error": str(error)}, 400)
