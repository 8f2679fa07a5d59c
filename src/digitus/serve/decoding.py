"""Requests read into structs, and what is wrong with them said in one line.

Inside: JSON bodies, and the texts of query and path as numbers where numbers are meant. Not inside:
how long and how large a body may be while it arrives (`middleware`), and what is done with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import TypeVar

import msgspec
from msgspec import Struct
from starlette.requests import Request

from digitus.files import one_line
from digitus.limits import JSON_BYTES
from digitus.serve.responses import refusal

S = TypeVar("S", bound=Struct)

DECIMAL = re.compile(r"[0-9]{1,9}")
# msgspec's names of types, in words for a person.
WORDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "null": "null",
}
COMPLAINT = re.compile(r"(?P<what>.*?)(?: - at `\$\.?(?P<where>.*)`)?", re.DOTALL)
EXPECTED = re.compile(r"Expected `(?P<kind>[^`]*)`(?P<limit>.*?)(?:, got `.*`)?", re.DOTALL)
FIELD = re.compile(r"Object (?P<how>missing required|contains unknown) field `(?P<name>.*)`", re.S)


def in_words(error: msgspec.ValidationError) -> str:
    """What does not fit a struct, in one line for a person.

    >>> in_words(msgspec.ValidationError("Expected `int` >= 1 - at `$.epochs`"))
    'epochs must be a whole number >= 1'
    """
    complaint = COMPLAINT.fullmatch(str(error))
    assert complaint
    what, where = complaint["what"], complaint["where"] or "the body"
    if expected := EXPECTED.fullmatch(what):
        kinds = [WORDS.get(kind, f"an {kind}") for kind in expected["kind"].split(" | ")]
        return one_line(f"{where} must be {' or '.join(kinds)}{expected['limit']}")
    if field := FIELD.fullmatch(what):
        if field["how"] == "contains unknown":
            return one_line(f"there is no field {field['name'][:40]!r} in {where}")
        return one_line(f"{field['name']} is missing in {where}")
    return one_line(f"{where}: {what[:1].lower()}{what[1:]}")


def is_json(request: Request) -> bool:
    """Whether the body says that it is JSON."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json"


async def body(request: Request, kind: type[S]) -> S:
    """The JSON object in the body; an empty body counts as {}."""
    if not is_json(request):
        raise refusal(415, "send JSON, with the header Content-Type: application/json")
    text = await request.body()
    if len(text) > JSON_BYTES:
        size = JSON_BYTES // 10**6
        raise refusal(413, f"JSON of more than {size} MB; send raw bytes instead", "large", n=size)
    try:
        return msgspec.json.decode(text or b"{}", type=kind)
    except msgspec.ValidationError as error:
        raise refusal(400, in_words(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise refusal(400, f"the body is not JSON: {one_line(str(error))[:100]}") from None


def query(request: Request, kind: type[S]) -> S:
    """The query as a struct; names that the struct does not have are ignored."""
    found = {}
    for name, text in request.query_params.multi_items():
        if name in found and name in kind.__struct_fields__:
            raise refusal(400, f"?{name}= must not be said twice")
        found[name] = text
    try:
        return _converted(found, kind)
    except msgspec.ValidationError as error:
        why = in_words(error).replace("the body", "the address")
        raise refusal(400, why) from None


def path(request: Request, kind: type[S]) -> S:
    """The path's values as a struct. A value that does not fit is a 404."""
    try:
        return _converted(request.path_params, kind)
    except msgspec.ValidationError as error:
        raise refusal(404, f"there is nothing at this address: {in_words(error)}") from None


def _converted(texts: Mapping[str, str], kind: type[S]) -> S:
    """Texts as a struct. Numbers must be decimal digits alone: neither "1e3" nor "1.0"."""
    numbers = _numbers(kind)
    return msgspec.convert(
        {
            name: int(text) if name in numbers and DECIMAL.fullmatch(text) else text
            for name, text in texts.items()
        },
        kind,
    )


@cache
def _numbers(kind: type[Struct]) -> frozenset[str]:
    """The fields of a struct that are numbers."""
    info = msgspec.inspect.type_info(kind)
    assert isinstance(info, msgspec.inspect.StructType)
    return frozenset(field.encode_name for field in info.fields if not _takes_text(field.type))


def _takes_text(kind: msgspec.inspect.Type) -> bool:
    if isinstance(kind, msgspec.inspect.Metadata):
        return _takes_text(kind.type)
    if isinstance(kind, msgspec.inspect.UnionType):
        return any(map(_takes_text, kind.types))
    return isinstance(kind, msgspec.inspect.StrType)
