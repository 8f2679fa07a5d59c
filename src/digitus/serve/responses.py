"""Answers on their way out: JSON, and refusals in one line, to people as a web page.

Inside: that. Not inside: what is answered (the handlers), and how a request is read (`decoding`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from http import HTTPStatus
from math import isfinite
from numbers import Integral, Real
from typing import Annotated, Any, TypeAlias, cast

import msgspec
from msgspec import UNSET, Meta, UnsetType, structs
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from digitus.errors import DigitusError, OutputError
from digitus.files import reason
from digitus.serve.refusals import Code
from digitus.serve.values import Answer

CLOSE = {"Connection": "close"}  # for requests that are not read to their end

Value: TypeAlias = str | int | float
CodeSaid: TypeAlias = Annotated[
    Code,
    Meta(
        description="Which error this is, where the web page says it in its reader's language. It "
        "stays the same when the line is reworded."
    ),
]
ValuesSaid: TypeAlias = Annotated[
    dict[str, Value], Meta(description="The names and numbers in the line, beside a code.")
]


class Error(Answer, frozen=True):
    """What went wrong, in one line for a person."""

    error: Annotated[str, Meta(min_length=1)]
    code: CodeSaid | UnsetType = UNSET
    values: ValuesSaid | UnsetType = UNSET


class Refusal(HTTPException):
    """An exception that ends a request, with the answer that is sent."""

    def __init__(self, status: int, error: Error, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, error.error, headers)
        self.error = error


def refusal(
    status: int,
    why: str,
    code: Code | UnsetType = UNSET,
    /,
    *,
    wait: int = 0,
    headers: Mapping[str, str] | None = None,
    **values: Value,
) -> Refusal:
    """A refusal to be raised: one line for a person.

    With a code the web page says it in its reader's language, with the values in their places;
    after `wait` seconds the same may be asked again.
    """
    said = {**(headers or {}), **({"Retry-After": str(wait)} if wait else {})}
    return Refusal(status, Error(why, code, values or UNSET), said)


def refused(error: DigitusError) -> Refusal:
    """The refusal for an error that a picture, a request or a run has raised. It never raises."""
    why = str(error) or type(error).__name__
    status = 507 if isinstance(error, OutputError) else 400
    if not error.code:
        return Refusal(status, Error(why))
    values = {name: _plain(value) for name, value in error.values.items()}
    return Refusal(status, Error(why, cast(Code, error.code), values or UNSET))


def unexpected(error: Exception) -> Refusal:
    """The refusal for an error that nobody expected, which the log has: the system's, or ours."""
    if isinstance(error, OSError):
        return refusal(500, f"the system refused what this needs: {reason(error)}", "system")
    return refusal(500, "the server made a mistake; its log says more", "mistake")


def _plain(value: object) -> Value:
    """A value as JSON has it: NumPy's numbers are numbers, and what is not finite is text."""
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real) and isfinite(value):
        return float(value)
    return str(value)


def named(failure: Error | None) -> dict[str, Any]:
    """An error's fields by their names, for an answer or a file that has the same; {} for none."""
    return structs.asdict(failure) if failure else {}


def json_text(content: object) -> str:
    """A struct or a dictionary as JSON.

    Numbers that are not finite raise `ValueError`; msgspec's own encoder would write null for them.
    """
    return json.dumps(msgspec.to_builtins(content), separators=(",", ":"), allow_nan=False)


def answer(content: object, status: int = 200) -> Response:
    """An answer in JSON."""
    return Response(json_text(content), status, media_type="application/json")


def error_response(error: HTTPException, asked: Mapping[str, str]) -> Response:
    """A refusal as it is sent: JSON, or a web page where the headers of the request ask for one.

    A browser does so when somebody opens an address or follows a link; scripts and programs do not.
    """
    if "text/html" in asked.get("accept", ""):
        response: Response = HTMLResponse(_web_page(error), error.status_code)
    else:
        said = error.error if isinstance(error, Refusal) else Error(error.detail)
        response = answer(said, error.status_code)
    response.headers.update(error.headers or {})
    response.headers["vary"] = "accept"
    return response


def _web_page(error: HTTPException) -> str:
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
