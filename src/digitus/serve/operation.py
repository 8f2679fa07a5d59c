"""Handlers whose signature is their description.

::

    @operation(errors=(409,))
    async def mistakes(self, path: RunPath, query: MistakesQuery) -> Mistakes:
        \"\"\"Digits held back that the run misread after its latest epoch.\"\"\"

A handler may have the parameters `path`, `query` and `body`, which are read into the structs of its
signature, and `request`, the request itself. A body of `bytes` is taken as it comes. What a handler
returns is sent as JSON. `openapi` is made of the same signatures and docstrings, so the description
cannot differ from what is done.

Inside: that. Not inside: which address a handler has (`app`).
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

from msgspec import Struct
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from digitus.serve import decoding
from digitus.serve.responses import answer

Handler: TypeAlias = Callable[..., Awaitable[object]]
F = TypeVar("F", bound=Handler)

OCTETS = "application/octet-stream"
ANYWHERE = (400, 403, 503)  # refusals that every address may give


@dataclass(frozen=True)
class Media:
    """Bytes of this media type: `Annotated[bytes, Media("image/*")]`."""

    kind: str


def operation(
    *,
    status: int = 200,
    errors: tuple[int, ...] = (),
    media: str = "application/json",
    abandon: bool = False,
) -> Callable[[F], F]:
    """Marks a handler.

    `status` and `media` are the status and media type of a success; `errors` are refusals that
    cannot be seen from the signature. A handler that changes nothing may be given up when the
    client has gone (`abandon`).
    """

    def marked(handler: F) -> F:
        handler.__dict__["marks"] = (status, errors, media, abandon)
        return handler

    return marked


@dataclass(frozen=True)
class Operation:
    """A handler and what its signature says; a Starlette endpoint."""

    handler: Handler
    summary: str
    description: str
    path: type[Struct] | None
    query: type[Struct] | None
    body: type[Struct] | None  # the struct of a JSON body
    raw: str  # the media type of a body that is taken as it comes, or ""
    request: bool  # whether the handler wants the request itself
    answer: object  # the struct of the answer, or None
    status: int
    media: str
    errors: tuple[int, ...]
    abandon: bool

    @classmethod
    def of(cls, handler: Handler) -> Operation:
        """The operation of a marked handler."""
        status, errors, media, abandon = handler.__dict__["marks"]
        hints = get_type_hints(handler, include_extras=True)
        body, raw = _bodies(hints.get("body"))
        return cls(
            handler,
            *_described(inspect.getdoc(handler) or ""),
            hints.get("path"),
            hints.get("query"),
            body,
            raw,
            "request" in hints,
            hints["return"],
            status,
            media,
            (*ANYWHERE, *_refusals("path" in hints, body, raw), *errors),
            abandon,
        )

    async def __call__(self, request: Request) -> Response:
        """Reads the request, calls the handler, and sends what it returns."""
        given: dict[str, object] = {"request": request} if self.request else {}
        if self.path is not None:
            given["path"] = decoding.path(request, self.path)
        if self.query is not None:
            given["query"] = decoding.query(request, self.query)
        if self.body is not None and (decoding.is_json(request) or not self.raw):
            given["body"] = await decoding.body(request, self.body)
        elif self.raw:
            given["body"] = await request.body()
        doing = self.handler(**given)
        found = await (_while_asked(request, doing) if self.abandon else doing)
        if isinstance(found, Response):
            return found
        return Response(status_code=self.status) if found is None else answer(found, self.status)


def _described(text: str) -> tuple[str, str]:
    """A docstring's summary, and the rest of it, each in one line."""
    summary, _, rest = text.partition("\n\n")
    return summary.replace("\n", " "), rest.replace("\n", " ")


async def _while_asked(request: Request, doing: Awaitable[object]) -> object:
    """What a handler returns. When the client goes, cancels it and raises `ClientDisconnect`."""
    handling = asyncio.ensure_future(doing)
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait((handling, gone), return_when=asyncio.FIRST_COMPLETED)
        if handling.done():
            return handling.result()
        raise ClientDisconnect
    finally:
        gone.cancel()
        handling.cancel()


async def _gone(request: Request) -> None:
    """Waits until the client goes. Its body has been read, so nothing else can come."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _bodies(hint: object) -> tuple[type[Struct] | None, str]:
    """The struct that a JSON body is read into, and the media type of raw bytes, or ""."""
    kinds = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    struct, raw = None, ""
    for kind in kinds:
        if kind is bytes:
            raw = OCTETS
        elif get_origin(kind) is Annotated:
            raw = next(m.kind for m in get_args(kind) if isinstance(m, Media))
        elif isinstance(kind, type) and issubclass(kind, Struct):
            struct = kind
    return struct, raw


def _refusals(path: bool, body: type[Struct] | None, raw: str) -> list[int]:
    """The statuses of refusals in which reading a request may end."""
    found = [404] if path else []
    if body or raw:
        found.append(413)
    return found if raw or not body else [*found, 415]
