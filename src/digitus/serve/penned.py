"""Digits that the simulated pen writes before one's eyes: /api/pen.

Inside: the pen's path for one digit, and the image that it leaves. Not inside: the pen
(`digitus.synthetic.pen`).
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from digitus.nn import stream
from digitus.serve import bodies
from digitus.serve.bodies import answer, packed, refusal
from digitus.synthetic.pen import write
from digitus.synthetic.strokes import render


async def pen(request: Request) -> Response:
    """GET /api/pen/DIGIT?seed=N."""
    name = request.path_params["digit"]
    if name not in tuple("0123456789"):
        raise refusal(404, "the pen writes the digits 0 to 9")
    writing = write([int(name)], stream(bodies.whole(request, "seed", 0), "pen", int(name)))
    strokes = [[[round(x, 4) for x in row] for row in path.tolist()] for path in writing.paths(0)]
    return answer({"strokes": strokes, "image": packed(render(writing)[0])})
