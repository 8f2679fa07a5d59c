"""Digits that the simulated pen writes stroke by stroke: /api/pen.

Inside: the pen's path for one digit, and the image that it leaves. Not inside: the pen
(`digitus.synthetic.pen`).
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from digitus.nn import stream
from digitus.serve.operation import operation
from digitus.serve.values import Answer, Base64, Digit, FourNumbers, WholeInQuery, packed
from digitus.synthetic.pen import write
from digitus.synthetic.strokes import render


class PenPath(Struct):
    """Which digit."""

    digit: Digit


class PenQuery(Struct):
    """Which hand."""

    seed: Annotated[WholeInQuery, Meta(description="Another seed, another hand.")] = 0


class Written(Answer, frozen=True):
    """Each stroke as rows of x, y, seconds, width; and the 28 x 28 bytes that it all leaves."""

    strokes: list[list[FourNumbers]]
    image: Base64


@operation()
async def pen(path: PenPath, query: PenQuery) -> Written:
    """A digit written by a simulated pen: its path, and the image it leaves."""
    writing = write([path.digit], stream(query.seed, "pen", path.digit))
    strokes = [[[round(x, 4) for x in row] for row in path.tolist()] for path in writing.paths(0)]
    return Written(strokes, packed(render(writing)[0]))
