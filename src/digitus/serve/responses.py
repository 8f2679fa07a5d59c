"""Answers on their way out: JSON, and refusals in one line, to people as a page.

Inside: that. Not inside: what is answered (the handlers), and how a request is read (`decoding`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from http import HTTPStatus
from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from digitus.serve.values import Answer


class Error(Answer, frozen=True):
    """What went wrong, in one line for a person."""

    error: Annotated[str, Meta(min_length=1)]


def refusal(status: int, why: str, **headers: str) -> HTTPException:
    """What ends a request, when raised: one line for a person. Retry_After is Retry-After."""
    return HTTPException(status, why, {k.replace("_", "-"): v for k, v in headers.items()} or None)


def json_text(content: object) -> str:
    """A struct or a dictionary as JSON.

    Numbers that are not finite raise `ValueError`; msgspec's own encoder would write null for them.
    """
    return json.dumps(msgspec.to_builtins(content), separators=(",", ":"), allow_nan=False)


def answer(content: object, status: int = 200) -> Response:
    """An answer in JSON."""
    return Response(json_text(content), status, media_type="application/json")


def error_response(error: HTTPException, asked: Mapping[str, str]) -> Response:
    """A refusal as it is sent: JSON, or a page where the headers of the request ask for one.

    A browser does so when somebody opens an address or follows a link; scripts and programs do not.
    """
    if "text/html" in asked.get("accept", ""):
        response: Response = HTMLResponse(_page(error), error.status_code)
    else:
        response = answer(Error(error.detail), error.status_code)
    response.headers.update(error.headers or {})
    response.headers["vary"] = "accept"
    return response


def _page(error: HTTPException) -> str:
    """A refusal for a person. It loads nothing: who lacks the token could not load it."""
    title = f"{error.status_code} {HTTPStatus(error.status_code).phrase}"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{title} - digitus</title></head>"
        f"<body><main><h1>{title}</h1><p>{escape(error.detail)}</p>"
        '<p><a href="/">digitus</a></p></main></body></html>\n'
    )
