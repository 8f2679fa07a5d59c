"""Answers on their way out: JSON, and refusals in one line.

Inside: that. Not inside: what is answered (the handlers), and how a request is read (`decoding`).
"""

from __future__ import annotations

import json
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from starlette.exceptions import HTTPException
from starlette.responses import Response

from digitus.serve.values import Answer


class Error(Answer, frozen=True):
    """What went wrong, in one line for a person."""

    error: Annotated[str, Meta(min_length=1)]


def refusal(status: int, why: str, **headers: str) -> HTTPException:
    """What ends a request, when raised: one line for a person. Retry_After is Retry-After."""
    return HTTPException(status, why, {k.replace("_", "-"): v for k, v in headers.items()} or None)


def json_text(content: Any) -> str:
    """A struct or a dictionary as JSON.

    Numbers that are not finite raise `ValueError`; msgspec's own encoder would write null for them.
    """
    return json.dumps(msgspec.to_builtins(content), separators=(",", ":"), allow_nan=False)


def answer(content: Any, status: int = 200) -> Response:
    """An answer in JSON."""
    return Response(json_text(content), status, media_type="application/json")


def error_response(error: HTTPException) -> Response:
    """A refusal as it is sent."""
    response = answer(Error(error.detail), error.status_code)
    response.headers.update(error.headers or {})
    return response
