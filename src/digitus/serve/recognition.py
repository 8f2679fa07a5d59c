"""Digits read: single ones of 28 x 28, a drawing, a picture.

Inside: the three handlers with what they take and give. Not inside: reading
(`digitus.reading.read`), and how images are batched (`batcher`).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Annotated, Literal, cast

import cv2
import msgspec
import numpy as np
from msgspec import UNSET, Meta, Struct, UnsetType

import digitus.reading.result
from digitus.datasets.digits import SIDE
from digitus.reading.read import DrawnSteps, read
from digitus.recognizer import Recognizer
from digitus.serve.batcher import Batcher
from digitus.serve.models import ModelQuery, Models
from digitus.serve.operation import Media, operation
from digitus.serve.responses import refusal
from digitus.serve.values import (
    PIXELS,
    Answer,
    Base64,
    Digit,
    Pixels,
    Share,
    TenShares,
    Whole,
    packed,
    rounded,
)
from digitus.serve.worker_pool import WorkerPool
from digitus.types import Floats, Grey, Images

MOST_IMAGES = 2000  # in a request: about a second's work
MOST_CANVAS_PIXELS = 4 * 10**6
LONGEST_PATTERN = 100  # characters

NumberOfDigits = Annotated[
    int, Meta(ge=1, le=LONGEST_PATTERN, description="So many digits are in it.")
]
CanvasSide = Annotated[int, Meta(ge=1, le=10_000, description="In pixels.")]


class ImagesBody(Struct, frozen=True):
    """Images of 28 x 28 numbers, row by row, white ink on black."""

    images: Annotated[list[Pixels], Meta(min_length=1, max_length=MOST_IMAGES)]


class RecognizedImage(Answer, frozen=True):
    """What is said of an image: its digit, None where refused, and all ten probabilities."""

    value: Digit | None
    confidence: Share
    probabilities: TenShares


class Answers(Answer, frozen=True):
    """An answer for each image."""

    answers: list[RecognizedImage]


class ReadQuery(ModelQuery, frozen=True, kw_only=True):
    """How a picture is read."""

    digits: NumberOfDigits | UnsetType = UNSET
    pattern: (
        Annotated[
            str,
            Meta(
                max_length=LONGEST_PATTERN,
                description="The form of the number: # for a digit.",
                extra_json_schema={"pattern": "^[ -~]*#[ -~]*$"},
            ),
        ]
        | UnsetType
    ) = UNSET
    images: Annotated[
        Literal[0, 1], Meta(description="1: with what the network saw of each digit.")
    ] = 0

    def form(self) -> str | None:
        """The pattern that the answer must have, as in "######" for six digits."""
        if self.pattern is not UNSET:
            if self.digits is not UNSET:
                raise refusal(400, "say ?digits= or ?pattern=, not both")
            if "#" not in self.pattern or not self.pattern.isprintable():
                raise refusal(400, "?pattern= needs a # for each digit")
            return self.pattern
        return None if self.digits is UNSET else "#" * self.digits


class ReadDigit(Answer, frozen=True):
    """A digit in a picture; `box` is x, y, width, height in its pixels."""

    value: Digit | None
    confidence: Share
    box: Annotated[list[int], Meta(min_length=4, max_length=4)]
    line: Whole
    image: Base64 | UnsetType = UNSET
    probabilities: TenShares | UnsetType = UNSET


class Reading(Answer, frozen=True):
    """What is written in a picture, as `digitus read --format jsonl` prints it."""

    file: None
    width: Whole
    height: Whole
    lines: list[str]
    digits: list[ReadDigit]


class DrawQuery(ModelQuery, frozen=True, kw_only=True):
    """The size of a drawing."""

    width: CanvasSide
    height: CanvasSide
    steps: Annotated[Literal[0, 1], Meta(description="1: with the steps on the way.")] = 0
    digits: NumberOfDigits | UnsetType = UNSET


class Step(Answer, frozen=True):
    """A drawing on its way to the network, as a grey picture."""

    name: str
    about: str
    width: Whole
    height: Whole
    data: Base64


class Drawn(Answer, frozen=True):
    """What is written in a drawing, and how long it took to see it."""

    reading: Reading
    milliseconds: float
    steps: list[Step] | UnsetType = UNSET


@dataclass(frozen=True)
class Recognition:
    """The handlers that read digits."""

    models: Models
    batcher: Batcher
    pool: WorkerPool
    pictures: WorkerPool

    @operation(errors=(404, 409))
    async def recognize(self, query: ModelQuery, body: bytes | ImagesBody) -> Answers:
        """Recognize 1 to 2000 images of 28 x 28, white ink on black.

        Images that arrive together are recognized together, and the last of the six decimals of a
        probability may depend on how many they are, since sums are then rounded in another order.
        """
        images = images_of(body)
        if query.model is UNSET:
            probabilities = await self.batcher.probabilities(images)
            return Answers(recognized(probabilities, self.models.own.threshold))
        recognizer = await self.models.asked(query, self.pool)
        probabilities = await self.pool.run(recognizer.probabilities, images)
        return Answers(recognized(probabilities, recognizer.threshold))

    @operation(abandon=True, errors=(404, 409))
    async def read(self, query: ReadQuery, body: Annotated[bytes, Media("image/*")]) -> Reading:
        """Read a picture: PNG, JPEG, BMP, TIFF or WebP as the body."""
        if not body:
            raise refusal(400, "the body must be a picture", "empty")
        form = query.form()
        recognizer = await self.models.asked(query, self.pictures)
        return await self.pictures.run(_read, recognizer, body, form, bool(query.images))

    @operation(abandon=True, errors=(404, 409))
    async def draw(self, query: DrawQuery, body: bytes) -> Drawn:
        """Read a drawing, grey bytes row by row: ink on one plain ground."""
        drawing = drawing_of(query, body)
        recognizer = await self.models.asked(query, self.pool)
        pattern = None if query.digits is UNSET else "#" * query.digits
        return await self.pool.run(_draw, recognizer, drawing, pattern, bool(query.steps))


def _read(recognizer: Recognizer, picture: bytes, pattern: str | None, images: bool) -> Reading:
    return as_sent(read(picture, recognizer=recognizer, pattern=pattern), images=images)


def _draw(recognizer: Recognizer, drawing: Grey, pattern: str | None, steps: bool) -> Drawn:
    start = time.perf_counter()
    reading = read(drawing, recognizer=recognizer, pattern=pattern, keep_steps=steps, drawn=True)
    milliseconds = round(1000 * (time.perf_counter() - start), 1)
    kept = reading.steps
    shown = steps_of(drawing, kept) if isinstance(kept, DrawnSteps) else UNSET
    return Drawn(as_sent(reading, images=True), milliseconds, shown)


def images_of(body: bytes | ImagesBody) -> Images:
    """The images [n 28 28] in a body."""
    if isinstance(body, ImagesBody):
        found = np.rint(np.array(body.images)).astype(np.uint8)
    else:
        found = np.frombuffer(body, np.uint8)
        if found.size % PIXELS:
            why = f"{found.size} bytes are not a number of 28 x 28 images (784 bytes each)"
            raise refusal(400, why)
    count = found.size // PIXELS
    if not 1 <= count <= MOST_IMAGES:
        why = f"send 1 to {MOST_IMAGES} images at a time, not {count}"
        raise refusal(413 if count else 400, why)
    return found.reshape(-1, SIDE, SIDE)


def drawing_of(query: DrawQuery, body: bytes) -> Grey:
    """The drawing [h w] in a body."""
    size = query.width * query.height
    what = f"{query.width} x {query.height} pixels"
    if size > MOST_CANVAS_PIXELS:
        raise refusal(413, f"{what} are more than {MOST_CANVAS_PIXELS // 10**6} million")
    if len(body) != size:
        raise refusal(400, f"{what} need {size} bytes, not {len(body)}")
    return np.frombuffer(body, np.uint8).reshape(query.height, query.width)


def as_sent(reading: digitus.reading.result.Reading, *, images: bool) -> Reading:
    """A reading as it is sent; `images`: with what the network saw of each digit."""
    table = reading.to_json()
    if not images:
        return msgspec.convert(table, Reading)
    digits = [
        {**about, "image": packed(digit.image), "probabilities": rounded(digit.probabilities)}
        for about, digit in zip(table["digits"], reading.digits, strict=True)
    ]
    return msgspec.convert({**table, "digits": digits}, Reading)


def recognized(probabilities: Floats, threshold: float) -> list[RecognizedImage]:
    """What is said of each image."""
    best = probabilities.argmax(axis=1).tolist()
    found = []
    for digit, row in zip(best, probabilities, strict=True):
        confidence = float(row[digit])
        value = digit if confidence >= threshold else None
        found.append(RecognizedImage(value, round(confidence, 6), rounded(row)))
    return found


def steps_of(drawing: Grey, steps: DrawnSteps) -> list[Step]:
    """A drawing on its way to the network, step by step, as grey pictures of its own size."""
    height, width = drawing.shape
    ink = cast(Grey, cv2.resize(steps.ink, (width, height)))
    return [
        Step("picture", "as it was drawn", width, height, packed(drawing)),
        Step("ink", "the ink, without specks", width, height, packed(ink)),
    ]
