"""Digits read: single ones of 28 x 28, a drawing, a picture.

Inside: the three handlers, and a reading as JSON with what the network saw. Not inside: reading
(`digitus.reading.read`), and how images are batched (`work`).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import cv2
from starlette.requests import Request
from starlette.responses import Response

from digitus.reading.read import Reading, Steps, read
from digitus.recognizer import Recognizer
from digitus.serve import bodies
from digitus.serve.bodies import answer, packed, refusal
from digitus.serve.work import Batcher, Workshop
from digitus.types import Bytes, Floats, Numbers

LONGEST_PATTERN = 100


@dataclass(frozen=True)
class Recognizing:
    """The handlers that read digits."""

    recognizer: Recognizer
    batcher: Batcher
    workshop: Workshop
    pictures: Workshop

    async def recognize(self, request: Request) -> Response:
        """POST /api/recognize."""
        probabilities = await self.batcher.probabilities(await bodies.images(request))
        return answer({"answers": answers(probabilities, self.recognizer.threshold)})

    async def read(self, request: Request) -> Response:
        """POST /api/read."""
        pattern = _pattern(request)
        images = bool(bodies.whole(request, "images", 0, most=1))
        picture = await request.body()
        if not picture:
            raise refusal(400, "the body must be a picture")
        return answer(await self.pictures.do(self._read, picture, pattern, images))

    async def draw(self, request: Request) -> Response:
        """POST /api/draw."""
        steps = bool(bodies.whole(request, "steps", 0, most=1))
        return answer(await self.workshop.do(self._draw, await bodies.canvas(request), steps))

    def _read(self, picture: bytes, pattern: str | None, images: bool) -> dict[str, Any]:
        reading = read(picture, recognizer=self.recognizer, pattern=pattern)
        return with_images(reading) if images else reading.to_json()

    def _draw(self, drawing: Bytes, steps: bool) -> dict[str, Any]:
        clock = time.perf_counter()
        reading = read(drawing, recognizer=self.recognizer, keep_steps=steps, drawn=True)
        took = 1000 * (time.perf_counter() - clock)
        return {
            "reading": with_images(reading),
            **({"steps": steps_of(drawing, reading.steps)} if reading.steps else {}),
            "milliseconds": round(took, 1),
        }


def with_images(reading: Reading) -> dict[str, Any]:
    """The reading with what the network saw of each digit, and all that it made of it."""
    table = reading.to_json()
    for about, digit in zip(table["digits"], reading.digits, strict=True):
        about |= {"image": packed(digit.image), "probabilities": rounded(digit.probabilities)}
    return table


def answers(probabilities: Floats, threshold: float) -> list[dict[str, Any]]:
    """What is said of each image: its digit, None where refused, and all ten probabilities."""
    best = probabilities.argmax(axis=1).tolist()
    found = []
    for digit, row in zip(best, probabilities, strict=True):
        confidence = float(row[digit])
        found.append(
            {
                "value": digit if confidence >= threshold else None,
                "confidence": round(confidence, 6),
                "probabilities": rounded(row),
            }
        )
    return found


def rounded(row: Numbers, places: int = 6) -> list[float]:
    """Numbers with so many places, which is what a page can use and half of the text."""
    return [round(p, places) for p in row.tolist()]


def steps_of(drawing: Bytes, steps: Steps) -> list[dict[str, Any]]:
    """A drawing on its way to the network, step by step, as grey pictures of its own size."""
    size = drawing.shape[1], drawing.shape[0]
    shown = [
        ("picture", "as it was drawn", drawing),
        ("ink", "the ink, without specks", cv2.resize(steps.ink, size)),
    ]
    return [
        {
            "name": name,
            "about": about,
            "width": picture.shape[1],
            "height": picture.shape[0],
            "data": packed(picture),
        }
        for name, about, picture in shown
    ]


def _pattern(request: Request) -> str | None:
    """The pattern that the answer must have: ?pattern=####-##, or ?digits=6 for ######."""
    pattern = bodies.once(request, "pattern")
    if "digits" in request.query_params:
        if pattern is not None:
            raise refusal(400, "say ?digits= or ?pattern=, not both")
        return "#" * bodies.whole(request, "digits", least=1, most=LONGEST_PATTERN)
    if pattern is not None and not (
        "#" in pattern and len(pattern) <= LONGEST_PATTERN and pattern.isprintable()
    ):
        raise refusal(
            400, f"?pattern= needs a # for each digit, {LONGEST_PATTERN} characters at most"
        )
    return pattern
