"""The application: which address answers what.

Inside: the table of routes, errors as JSON, what begins and ends with the server. Not inside: the
socket and uvicorn (`server`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digitus import __version__
from digitus.errors import DigitusError
from digitus.recognizer import Recognizer
from digitus.serve.bodies import answer
from digitus.serve.counters import Counters
from digitus.serve.description import description
from digitus.serve.gate import Door, Gate
from digitus.serve.inside import Inside
from digitus.serve.mistakes import Mistakes
from digitus.serve.pages import Pages, read_files
from digitus.serve.penned import pen
from digitus.serve.recognizing import Recognizing
from digitus.serve.runs import Runs
from digitus.serve.work import Batcher, Workshop

log = logging.getLogger("digitus.serve")


def application(
    recognizer: Recognizer, door: Door, folder: Path, *, reload_page: bool = False
) -> Starlette:
    """The whole server as an ASGI application; training runs are kept in `folder`."""
    counters, batcher, workshop = Counters(), Batcher(recognizer), Workshop()
    pages = Pages(read_files(), reload_page)
    recognizing = Recognizing(recognizer, batcher, workshop)
    inside = Inside(recognizer, workshop)
    mistakes = Mistakes(recognizer, workshop)
    runs = Runs(folder, workshop)

    async def health(request: Request) -> Response:
        return answer({"status": "ok", "version": __version__, "model": about(recognizer)})

    async def openapi(request: Request) -> Response:
        return answer(description(token=door.token is not None))

    async def metrics(request: Request) -> Response:
        figures = {
            "images_total": ("counter", "Images recognized.", float(batcher.images)),
            "batches_total": ("counter", "Batches they came in.", float(batcher.batches)),
            "images_waiting": ("gauge", "Images not yet recognized.", float(batcher.queued)),
            "runs": ("gauge", "Training runs that go on or are paused.", float(runs.going)),
            "tasks": ("gauge", "Pictures and layers worked on or waiting.", float(workshop.busy)),
        }
        return Response(counters.text(figures), media_type="text/plain; version=0.0.4")

    @asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        runs.open()
        yield
        await asyncio.to_thread(runs.close)
        batcher.close()
        workshop.close()

    app = Starlette(
        routes=[
            Route("/api/recognize", recognizing.recognize, methods=["POST"]),
            Route("/api/draw", recognizing.draw, methods=["POST"]),
            Route("/api/read", recognizing.read, methods=["POST"]),
            Route("/api/inside", inside.look, methods=["POST"]),
            Route("/api/weights/{name}", inside.weights),
            Route("/api/mistakes", mistakes.mistakes),
            Route("/api/pen/{digit}", pen),
            Route("/api/recipes", runs.recipes),
            Route("/api/runs", runs.all),
            Route("/api/runs", runs.begin, methods=["POST"]),
            Route("/api/runs/{id}", runs.one),
            Route("/api/runs/{id}", runs.remove, methods=["DELETE"]),
            Route("/api/runs/{id}/events", runs.events),
            Route("/api/runs/{id}/mistakes", runs.mistakes),
            Route("/api/runs/{id}/pace", runs.pace, methods=["POST"]),
            Route("/api/runs/{id}/equation", runs.equation, methods=["POST"]),
            Route("/api/runs/{id}/{wish}", runs.wish, methods=["POST"]),
            Route("/api/health", health),
            Route("/metrics", metrics),
            Route("/openapi.json", openapi),
            Route("/api", pages.api),
            Route("/static/{name}", pages.static),
            Route("/", pages.index),
        ],
        middleware=[Middleware(Gate, door=door, counters=counters)],
        exception_handlers={
            HTTPException: _refused,
            DigitusError: _unreadable,
            Exception: _broken,
        },
        lifespan=life,
    )
    app.state.let_go = runs.let_go
    return app


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
    response = answer({"error": _words(error)}, error.status_code)
    response.headers.update(error.headers or {})
    return response


def _words(error: HTTPException) -> str:
    """One line; those of the framework in ours."""
    own = {404: "there is nothing at this address", 405: "this address takes another method"}
    return own.get(error.status_code, error.detail) if error.detail[:1].isupper() else error.detail


async def _unreadable(request: Request, error: Exception) -> Response:
    """A picture or a request that cannot be what it claims: the client's fault."""
    return answer({"error": str(error)}, 400)


async def _broken(request: Request, error: Exception) -> Response:
    """Our fault. Starlette raises it again for the log."""
    return answer({"error": "the server made a mistake; its log says more"}, 500)
