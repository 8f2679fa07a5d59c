"""The doubtful digits of many pictures on one page, where a person types what they are.

Inside: `doubts_of`, what the page needs of one picture, so that the picture can be let go, and
`review`, which makes the page of many; its few lines of script (`review.js`) take the keys and save
the corrected table. Not inside: what is doubtful (`annotate`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

import cv2
import numpy as np

from digitus.reading.result import Digit, Reading
from digitus.report.annotate import doubtful
from digitus.report.page import Section, count, document, part, percent
from digitus.report.pictures import photo_uri
from digitus.types import Box, Bytes

AROUND = 0.8  # of a digit's longer side: what is shown of its neighbourhood
SIDE = 220  # pixels at most of what is shown around a digit
GUESSES = 3  # likely answers that are offered


@dataclass(frozen=True)
class Doubts:
    """What the page needs of one picture: its lines, and of each doubtful digit where it is.

    `places` are line and place in the line, `cards` the HTML that shows the digit; `digits` counts
    all that were found.
    """

    name: str
    lines: tuple[str, ...]
    places: tuple[tuple[int, int], ...]
    cards: tuple[str, ...]
    digits: int


def doubts_of(name: str, picture: Bytes, reading: Reading) -> Doubts:
    """What is doubtful in a picture, grey [h w] or RGB [h w 3]."""
    places, cards = [], []
    every = iter(reading.digits)
    for number, line in enumerate(reading.lines):
        for place, digit in ((i, next(every)) for i, c in enumerate(line) if c != " "):
            if doubtful(digit):
                box = _in_pixels(digit.box, picture.shape[1] / reading.width)
                where = f"{name}, line {number + 1}"
                cards.append(_card(where, line, place, digit, _surroundings(picture, box)))
                places.append((number, place))
    return Doubts(name, reading.lines, tuple(places), tuple(cards), len(reading.digits))


def review(pictures: Iterable[Doubts]) -> str:
    """One HTML file with all doubtful digits of many pictures.

    It holds the whole table of lines; what is typed on the page changes the table, and a button
    saves it as CSV. Nothing leaves the page.
    """
    table: list[dict[str, object]] = []
    doubts: list[tuple[int, int]] = []  # row of the table, place in its text
    cards: list[str] = []
    digits = files = 0
    for picture in pictures:
        files += 1
        digits += picture.digits
        cards += picture.cards
        doubts += [(len(table) + line, place) for line, place in picture.places]
        table += [
            {"file": picture.name, "line": number, "text": [*line]}
            for number, line in enumerate(picture.lines, 1)
        ]
    data = json.dumps({"table": table, "doubts": doubts}).replace("<", "\\u003c")
    body = (
        "<p>Type what each digit is: <kbd>0</kbd> to <kbd>9</kbd>; <kbd>Enter</kbd> if the answer "
        "is right; <kbd>x</kbd> if it is no digit; the arrow keys go back and forth. Then save.</p>"
        f'<ol class="doubts">{"".join(cards)}</ol>'
        if cards
        else "<p>No digit is doubtful. The table can be saved as it is.</p>"
    )
    bar = (
        '<p class="save"><button type="button" id="save">Save the table (CSV)</button> '
        f'<output id="done" aria-live="polite">0 of {len(doubts)} checked</output></p>'
        f'<script type="application/json" id="data">{data}</script>'
    )
    return document(
        title=f"{len(doubts)} doubtful digits · digitus",
        header='<p class="kicker">digitus · review</p>'
        f"<h1>{count(len(doubts), 'doubtful digit')}</h1>"
        f'<p class="about">of {count(digits, "digit")} in {count(files, "picture")}</p>',
        sections=[Section("doubts", "To be checked", bar + body)],
        style=part("review.css"),
        footer="<p>Everything on this page is in this one file, and nothing is sent anywhere.</p>",
        script="review.js",
    )


def _in_pixels(box: Box, zoom: float) -> Box:
    """A box in a picture that is `zoom` times as large."""
    x, y, w, h = (round(side * zoom) for side in box)
    return x, y, max(w, 1), max(h, 1)


def _card(where: str, line: str, place: int, digit: Digit, surroundings: str) -> str:
    """One doubtful digit: its surroundings, its line, the likely answers."""
    order = np.argsort(-digit.probabilities, kind="stable")[:GUESSES].tolist()
    guesses = "".join(
        f'<button type="button" data-answer="{d}">{d}'
        f"<small>{percent(float(digit.probabilities[d]), 0)}</small></button>"
        for d in order
    )
    guess = "?" if digit.value is None else str(digit.value)
    text = f"{escape(line[:place])}<mark>{escape(line[place])}</mark>{escape(line[place + 1 :])}"
    return (
        f'<li class="doubt" tabindex="0" data-guess="{order[0]}" '
        f'aria-label="{escape(where)}, read as {guess}">{surroundings}'
        f'<div><output class="now">{guess}</output><p class="guesses">{guesses}'
        '<button type="button" data-answer="x">no digit</button></p>'
        f'<p class="where">{escape(where)}<br><span class="text">{text}</span></p></div></li>'
    )


def _surroundings(picture: Bytes, box: Box) -> str:
    """The part of the picture around a box, with a frame there."""
    x, y, w, h = box
    around = round(AROUND * max(w, h)) + 2
    height, width = picture.shape[:2]
    left, top = max(x - around, 0), max(y - around, 0)
    cut = picture[top : min(y + h + around, height), left : min(x + w + around, width)]
    high, wide = cut.shape[:2]
    zoom = SIDE / max(high, wide)
    if zoom < 1:
        size = (max(1, round(wide * zoom)), max(1, round(high * zoom)))
        cut = np.asarray(cv2.resize(cut, size, interpolation=cv2.INTER_AREA), np.uint8)
    frame = f'<rect x="{x - left}" y="{y - top}" width="{w}" height="{h}"/>'
    return (
        f'<svg viewBox="0 0 {wide} {high}" aria-hidden="true">'
        f'<image href="{photo_uri(np.ascontiguousarray(cut))}" width="{wide}" height="{high}"/>'
        f"{frame}</svg>"
    )
