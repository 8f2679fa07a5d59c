"""The doubtful digits of many pictures in one HTML file, where a person types what they are.

Inside: `doubts_of`, what is needed of one picture, so that the picture can be let go, and `review`,
which makes the file of many; its few lines of script (`review.js`) take the keys and save the
corrected table, and the digits that were typed with their pictures, for `digitus adapt`. Not
inside: what is doubtful (`digitus.reading.result`).
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from digitus.reading.result import Digit, Reading
from digitus.report.formats import quantity
from digitus.report.html import Section, fill, standalone
from digitus.report.pictures import photo_uri
from digitus.types import Box, Bytes, Grey

TEMPLATE = "report/review.html"
MARGIN = 0.8  # of a digit's longer side, shown around it
LARGEST_SIDE = 220  # pixels of the longer side of what is shown around a digit, at most
GUESSES = 3  # likely answers that are offered


@dataclass(frozen=True)
class Cut:
    """A part of a picture, `width` x `height` of its pixels, and the frame of a digit in it."""

    uri: str
    width: int
    height: int
    frame: Box


@dataclass(frozen=True)
class Doubt:
    """A doubtful digit: its surroundings, its line and place in it, the likely answers.

    `image` [28 28] is what the network saw.
    """

    surroundings: Cut
    where: str
    line: str
    place: int
    value: int | None
    likely: tuple[tuple[int, float], ...]
    image: Grey


@dataclass(frozen=True)
class Doubts:
    """What is needed of one picture: its lines, and each doubtful digit.

    `places` are line and place in the line of each; `digits` counts all that were found.
    """

    name: str
    lines: tuple[str, ...]
    places: tuple[tuple[int, int], ...]
    doubts: tuple[Doubt, ...]
    digits: int


def doubts_of(name: str, picture: Bytes, reading: Reading) -> Doubts:
    """What is doubtful in a picture, grey [h w] or RGB [h w 3]."""
    places, doubts = [], []
    for number, (line, signs) in enumerate(zip(reading.lines, reading.characters(), strict=True)):
        for place, (_, digit) in enumerate(signs):
            if digit and digit.doubtful:
                box = _in_pixels(digit.box, picture.shape[1] / reading.width)
                where = f"{name}, line {number + 1}"
                cut = _surroundings(picture, box)
                doubts.append(
                    Doubt(cut, where, line, place, digit.value, _likely(digit), digit.image)
                )
                places.append((number, place))
    return Doubts(name, reading.lines, tuple(places), tuple(doubts), len(reading.digits))


def _likely(digit: Digit) -> tuple[tuple[int, float], ...]:
    """The likeliest answers with their probabilities."""
    order = np.argsort(-digit.probabilities, kind="stable")[:GUESSES].tolist()
    return tuple((d, float(digit.probabilities[d])) for d in order)


def review(pictures: Iterable[Doubts]) -> str:
    """One HTML file with all doubtful digits of many pictures.

    It holds the whole table of lines; what is typed there changes the table, and a button saves it
    as CSV. Nothing leaves the file.
    """
    table: list[dict[str, object]] = []
    places: list[tuple[int, int]] = []  # row of the table, place in its text
    doubts: list[Doubt] = []
    digits = files = 0
    for picture in pictures:
        files += 1
        digits += picture.digits
        doubts += picture.doubts
        places += [(len(table) + line, place) for line, place in picture.places]
        table += [
            {"file": picture.name, "line": number, "text": [*line]}
            for number, line in enumerate(picture.lines, 1)
        ]
    images = [base64.b64encode(doubt.image.tobytes()).decode() for doubt in doubts]
    data = {"table": table, "doubts": places, "images": images}
    body = fill(TEMPLATE, "doubts", doubts=doubts, data=data)
    return standalone(
        f"{quantity(len(doubts), 'doubtful digit')} · digitus",
        fill(TEMPLATE, "header", doubts=len(doubts), digits=digits, files=files),
        [Section("doubts", "To be checked", body)],
        "Everything on this page is in this one file, and nothing is sent anywhere.",
        style_sheets=["report/review.css"],
        script="report/review.js",
    )


def _in_pixels(box: Box, zoom: float) -> Box:
    """A box in a picture that is `zoom` times as large."""
    x, y, w, h = (round(side * zoom) for side in box)
    return x, y, max(w, 1), max(h, 1)


def _surroundings(picture: Bytes, box: Box) -> Cut:
    """The part of the picture around a box, and the box in it as a frame."""
    x, y, w, h = box
    around = round(MARGIN * max(w, h)) + 2
    height, width = picture.shape[:2]
    left, top = max(x - around, 0), max(y - around, 0)
    cut = picture[top : min(y + h + around, height), left : min(x + w + around, width)]
    high, wide = cut.shape[:2]
    zoom = LARGEST_SIDE / max(high, wide)
    if zoom < 1:
        size = (max(1, round(wide * zoom)), max(1, round(high * zoom)))
        cut = np.asarray(cv2.resize(cut, size, interpolation=cv2.INTER_AREA), np.uint8)
    uri = photo_uri(np.ascontiguousarray(cut))
    return Cut(uri, wide, high, (x - left, y - top, w, h))
