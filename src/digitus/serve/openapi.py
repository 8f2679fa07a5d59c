"""What can be asked and what is answered, for programs: /openapi.json (OpenAPI 3.1).

Inside: the document, made of the signatures of the handlers (`operation`) and the structs in them.
Not inside: the web page for people (`static/api.html`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import msgspec
from msgspec import Struct

from digitus import __version__
from digitus.serve.operation import Operation
from digitus.serve.responses import Error

Table: TypeAlias = dict[str, object]  # what JSON can hold
Addresses: TypeAlias = Mapping[str, Mapping[str, Operation]]  # by path and method

REFERENCE = "#/components/schemas/{name}"
BINARY = {"type": "string", "format": "binary"}
GOOD = {200: "Done.", 201: "Begun.", 204: "Gone."}
ERRORS = {
    400: "The request makes no sense; `error` says why in a line.",
    403: "Asked by a web page of another site, by another host name, with a wrong word, or by a "
    "visitor who may not.",
    404: "There is no such thing.",
    409: "Not in the state that the run is in.",
    413: "Too large.",
    415: "Not with this Content-Type.",
    429: "Tried too often; try again after Retry-After seconds.",
    503: "Too much to do; try again after Retry-After seconds. Without them: it took too long.",
    507: "There is no room to keep it.",
}


def document(addresses: Addresses, *, token: bool) -> Table:
    """The whole document; `token` says whether visitors need one."""
    _, components = msgspec.json.schema_components(_structs(addresses), ref_template=REFERENCE)
    parts: Table = {"schemas": components}
    found: Table = {
        "openapi": "3.1.0",
        "info": {
            "title": "digitus",
            "version": __version__,
            "summary": "Reads handwritten digits.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": {
            path: {method.lower(): _operation(done) for method, done in methods.items()}
            for path, methods in addresses.items()
        },
        "components": parts,
    }
    if token:
        parts["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        found["security"] = [{"token": []}]
    return found


def _structs(addresses: Addresses) -> list[object]:
    """The structs that are sent and answered as JSON."""
    done = [each for methods in addresses.values() for each in methods.values()]
    found = {each.body for each in done} | {each.answer for each in done if _is_json(each)}
    return [Error, *(found - {None, type(None)})]


def _is_json(done: Operation) -> bool:
    return done.media == "application/json" and done.status != 204


def _operation(done: Operation) -> Table:
    found: Table = {
        "summary": done.summary,
        **({"description": done.description} if done.description else {}),
        "parameters": [*_parameters("path", done.path), *_parameters("query", done.query)],
        "responses": _responses(done),
    }
    content: Table = {done.raw: {"schema": BINARY}} if done.raw else {}
    if done.body:
        content["application/json"] = {"schema": _reference(done.body)}
    if content:
        found["requestBody"] = {"required": True, "content": content}
    return found


def _parameters(place: str, kind: type[Struct] | None) -> list[Table]:
    """A parameter for each field of a struct, with the description from its schema."""
    if kind is None:
        return []
    schema = msgspec.json.schema_components([kind])[1][kind.__name__]
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "in": place,
            "required": name in required,
            "description": about.pop("description", ""),
            "schema": about,
        }
        for name, about in schema["properties"].items()
    ]


def _responses(done: Operation) -> Table:
    good: Table = {"description": GOOD[done.status]}
    if _is_json(done):
        good["content"] = {"application/json": {"schema": _reference(done.answer)}}
    elif done.status != 204:
        good["content"] = {done.media: {}}
    error = {"application/json": {"schema": _reference(Error)}}
    refused = {str(s): {"description": ERRORS[s], "content": error} for s in sorted(done.errors)}
    return {str(done.status): good, **refused}


def _reference(kind: object) -> Table:
    assert isinstance(kind, type)
    return {"$ref": REFERENCE.format(name=kind.__name__)}
