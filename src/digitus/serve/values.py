"""The kinds of values that requests and answers are made of, and arrays as JSON can hold them.

Each says once what it may be: msgspec checks by it what arrives, and the description of the
interface (`openapi`) is made of it.

Inside: that. Not inside: the requests and answers, which stand beside their handlers.
"""

from __future__ import annotations

import base64
from typing import Annotated, TypeAlias

import numpy as np
from msgspec import Meta, Struct

from digitus.datasets.digits import SIDE
from digitus.types import Images, Numbers, Params

PIXELS = SIDE * SIDE
MOST_IN_QUERY = 10**8  # the largest number that a query may hold

Whole: TypeAlias = Annotated[int, Meta(ge=0)]
WholeInQuery: TypeAlias = Annotated[int, Meta(ge=0, le=MOST_IN_QUERY)]
Share: TypeAlias = Annotated[float, Meta(ge=0, le=1)]
Digit: TypeAlias = Annotated[int, Meta(ge=0, le=9)]
Base64: TypeAlias = Annotated[str, Meta(extra_json_schema={"contentEncoding": "base64"})]
TenShares: TypeAlias = Annotated[list[Share], Meta(min_length=10, max_length=10)]
Confusion: TypeAlias = Annotated[
    list[Annotated[list[Whole], Meta(min_length=10, max_length=10)]],
    Meta(min_length=10, max_length=10),
]
GreyValue: TypeAlias = Annotated[float, Meta(ge=0, le=255)]
Pixels: TypeAlias = Annotated[list[GreyValue], Meta(min_length=PIXELS, max_length=PIXELS)]
FourNumbers: TypeAlias = Annotated[list[float], Meta(min_length=4, max_length=4)]


class Answer(Struct, frozen=True, forbid_unknown_fields=True):
    """The base of all answers: they have their own fields and no others."""


class FloatArray(Answer, frozen=True):
    """An array: its shape, and its numbers as float32, little-endian."""

    shape: list[Whole]
    data: Base64


def packed(array: Numbers, dtype: str = "u1") -> str:
    """An array's numbers in C order, little-endian, as base64."""
    return base64.b64encode(np.ascontiguousarray(array, dtype).data).decode("ascii")


def floats(array: Numbers) -> FloatArray:
    """An array with its numbers as float32."""
    return FloatArray(list(array.shape), packed(array, "<f4"))


def rounded(row: Numbers, places: int = 6) -> list[float]:
    """Numbers with so many decimals: half the text, and all that a web page can show."""
    return [round(p, places) for p in row.tolist()]


def as_numbers(images: Images, params: Params) -> Numbers:
    """Bytes [n h w] as inputs [n h w 1] in the precision of the parameters."""
    return images[..., None].astype(next(iter(params.values())).dtype)
