"""What clients send, read and checked; and what is wrong with it, in one line.

Inside: raw images and pictures, JSON of known shape, numbers of the query. Not inside: how long and
how large a body may be while it arrives (`middleware`), and what is done with it.
"""

from __future__ import annotations

import base64
import json
import math
from typing import Any, NoReturn

import numpy as np
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from digitus.types import Bytes, Numbers

SIDE = 28
PIXELS = SIDE * SIDE
MOST_IMAGES = 2000  # in a request: about a second's work
MOST_JSON = 4 * 10**6  # bytes; parsed in one go, while nobody else is answered
MOST = 10**8  # of any number in a query
MOST_CANVAS = 4 * 10**6  # pixels that can be drawn on


def refusal(status: int, why: str, **headers: str) -> HTTPException:
    """What ends a request, when raised: one line for a person. Retry_After is Retry-After."""
    return HTTPException(status, why, {k.replace("_", "-"): v for k, v in headers.items()} or None)


def answer(content: Any, status: int = 200) -> Response:
    """JSON. Numbers that are none would not be JSON and raise `ValueError`."""
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    return Response(text, status, media_type="application/json")


def error_response(error: HTTPException) -> Response:
    """A refusal as it is sent."""
    response = answer({"error": error.detail}, error.status_code)
    response.headers.update(error.headers or {})
    return response


def packed(array: Numbers, dtype: str = "u1") -> str:
    """An array's numbers in C order, little-endian, as base64."""
    return base64.b64encode(np.ascontiguousarray(array, dtype).data).decode("ascii")


def is_json(request: Request) -> bool:
    """Whether the body says that it is JSON."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json"


async def json_object(request: Request) -> dict[str, Any]:
    """The body's JSON object; an empty body is an empty one."""
    if not is_json(request):
        raise refusal(415, "send JSON, with the header Content-Type: application/json")
    body = await request.body()
    if len(body) > MOST_JSON:
        raise refusal(413, f"JSON of more than {MOST_JSON // 10**6} MB; send raw bytes instead")
    try:
        found = json.loads(body or b"{}", parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise refusal(400, f"the body is not JSON: {str(error)[:100]}") from None
    if not isinstance(found, dict):
        raise refusal(400, "the body must be a JSON object")
    return found


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number of JSON")


async def images(request: Request) -> Bytes:
    """Images [n 28 28]: raw bytes, or JSON {"images": [[784 numbers], ...]}."""
    if is_json(request):
        rows = (await json_object(request)).get("images")
        if not isinstance(rows, list):
            raise refusal(400, 'JSON must look like {"images": [[784 numbers from 0 to 255], ...]}')
        found = pixels(rows, "images", (len(rows), PIXELS))
    else:
        found = np.frombuffer(await request.body(), np.uint8)
        if found.size % PIXELS:
            raise refusal(
                400, f"{found.size} bytes are not a number of 28 x 28 images (784 bytes each)"
            )
    count = found.size // PIXELS
    if not 1 <= count <= MOST_IMAGES:
        raise refusal(
            413 if count else 400, f"send 1 to {MOST_IMAGES} images at a time, not {count}"
        )
    return found.reshape(-1, SIDE, SIDE)


def pixels(values: Any, name: str, shape: tuple[int, ...]) -> Bytes:
    """Numbers from 0 to 255 out of JSON, as bytes of this shape."""
    try:
        found = np.array(values)
    except (ValueError, OverflowError):  # rows of different lengths; a number too large
        found = np.zeros(0)
    if found.shape != shape or found.dtype.kind not in "iuf" or not _are_grey(found):
        raise refusal(
            400, f"{name} must be numbers from 0 to 255, {' x '.join(map(str, shape))} of them"
        )
    return np.rint(found).astype(np.uint8)


def _are_grey(values: Numbers) -> bool:
    return bool(((values >= 0) & (values <= 255)).all())


async def canvas(request: Request) -> Bytes:
    """A drawing [h w] as raw grey bytes, ?width= and ?height= pixels."""
    width = whole(request, "width", least=1, most=10_000)
    height = whole(request, "height", least=1, most=10_000)
    if width * height > MOST_CANVAS:
        raise refusal(
            413, f"{width} x {height} pixels are more than {MOST_CANVAS // 10**6} million"
        )
    body = await request.body()
    if len(body) != width * height:
        raise refusal(
            400, f"{width} x {height} pixels need {width * height} bytes, not {len(body)}"
        )
    return np.frombuffer(body, np.uint8).reshape(height, width)


def whole(
    request: Request, name: str, default: int | None = None, *, least: int = 0, most: int = MOST
) -> int:
    """A whole number of the query."""
    text = once(request, name)
    if text is None and default is not None:
        return default
    if text is None or not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise refusal(400, f"?{name}= must be a whole number")
    if not least <= int(text) <= most:
        raise refusal(400, f"?{name}={text} must be from {least} to {most}")
    return int(text)


def once(request: Request, name: str) -> str | None:
    """A parameter of the query, None where there is none."""
    found = request.query_params.getlist(name)
    if len(found) > 1:
        raise refusal(400, f"?{name}= must not be said twice")
    return found[0] if found else None


def digit(request: Request, name: str) -> int | None:
    """A digit of the query, None where it is not asked for."""
    return whole(request, name, most=9) if name in request.query_params else None


def number(value: Any, name: str) -> float:
    """A finite number out of JSON."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refusal(400, f"{name} must be a number")
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        raise refusal(400, f"{name} must be a finite number")
    return found
