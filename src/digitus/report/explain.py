"""How a picture was read, step by step, as one HTML file: so that a misread digit is understood.

Inside: `explain`, which takes from a reading that kept its steps what `explain.html` shows. Not
inside: the picture with the answers alone (`annotate`) and correcting them (`review`).
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from digitus.detection.maps import ENDS, JOINS, LARGEST, SMALLEST
from digitus.errors import DataError
from digitus.reading.result import Find, Reading, Steps
from digitus.report.annotate import annotate
from digitus.report.formats import percent, quantity
from digitus.report.html import Section, fill, standalone
from digitus.report.overlay import Frame, Link, overlay
from digitus.report.pictures import Tiles, ink_tiles
from digitus.types import Bytes, Floats, Images

TEMPLATE = "report/explain.html"
ANSWERS_SHOWN = 3  # of a digit, with their probabilities
LOOKS_SHOWN = 2  # the same, of each network's look at a find
SAYS = 0.01  # the other digits say something where their probabilities differ by more
MOST_UNLIKELY = 24  # finds that are no digits: the hottest are shown
MOST_FRAMES = 1500  # drawn over a map: more would be noise
COOL, HOT = (255, 176, 0), (214, 32, 0)  # amber, red: where digits hardly are, and where they are
COVER = 0.8  # the heat's opacity, at most: ink is still seen through it
KINDS = {"digit": "", "refused": "doubt", "unlikely": "not"}  # of cards, by a find's fate


def explain(picture: Bytes, reading: Reading, name: str) -> str:
    """One HTML file on how the picture, grey [h w] or RGB [h w 3], was read; `name` is its title.

    Raises `DataError` where the reading did not keep its steps, or is that of a drawing.
    """
    steps = reading.steps
    if steps is None:
        raise DataError(f"{name}: was read without keeping the steps, so they cannot be shown")
    if not isinstance(steps, Steps):
        raise DataError(f"{name}: was read as a drawing, without the steps that could be shown")
    kept, unlikely = _in_order(steps, reading)
    hottest = unlikely[:MOST_UNLIKELY]
    found = ink_tiles("found", _stack(d.image for d in reading.digits))
    looks = ink_tiles("looks", _stack(f.image for f in (*kept, *hottest)))
    return standalone(
        f"{name} · digitus",
        fill(TEMPLATE, "header", name=name, reading=reading, lines=_lines(reading)),
        [
            _answer(reading, found, annotate(picture, reading)),
            _heat(steps),
            _found(steps, kept, unlikely),
            _looks(looks, kept, hottest, len(unlikely)),
        ],
        "Everything on this page is in this one file.",
        style_sheets=["report/overlay.css", "report/explain.css"],
        style=found.css + looks.css,
    )


def _in_order(steps: Steps, reading: Reading) -> tuple[list[Find], list[Find]]:
    """The finds that were kept, in the order of the reading, and the others, the hottest first."""
    places = {d.probabilities.tobytes(): k for k, d in enumerate(reading.digits)}
    last = len(places)
    kept = [f for f in steps.finds if f.fate != "unlikely"]
    unlikely = [f for f in steps.finds if f.fate == "unlikely"]
    return (
        sorted(kept, key=lambda f: places.get(f.probabilities.tobytes(), last)),
        sorted(unlikely, key=lambda f: -f.heat),
    )


def _lines(reading: Reading) -> list[list[tuple[str, bool]]]:
    """The characters of each line, and whether each is doubtful."""
    return [
        [(c, digit is not None and digit.doubtful) for c, digit in line]
        for line in reading.characters()
    ]


@dataclass(frozen=True, eq=False)
class _Card:
    """What the recognizer saw (its place among the tiles), how it was read, the likeliest answers.

    `rows` are answers by the name of what gave them; a name may be empty.
    """

    place: int
    words: str
    value: str
    kind: str
    rows: Sequence[tuple[str, Sequence[tuple[int, float]]]]


def _answer(reading: Reading, tiles: Tiles, annotated: bytes) -> Section:
    """What was read, where, and what the networks made of it."""
    uri = f"data:image/png;base64,{base64.b64encode(annotated).decode('ascii')}"
    cards = [
        _Card(
            k,
            f"{k + 1}. in line {d.line + 1}",
            "?" if d.value is None else str(d.value),
            "doubt" if d.doubtful else "",
            [("", [answer]) for answer in _likely(d.probabilities, ANSWERS_SHOWN)],
        )
        for k, d in enumerate(reading.digits)
    ]
    body = fill(TEMPLATE, "answer", annotated=uri, tiles=tiles, cards=cards)
    return Section("answer", "What was read", body)


def _heat(steps: Steps) -> Section:
    """Where the page network saw middles of digits."""
    warm = overlay(
        _warmed(steps), "the warmer a place, the likelier the middle of a digit is there"
    )
    body = fill(TEMPLATE, "heat", steps=steps, picture=warm, smallest=SMALLEST, largest=LARGEST)
    return Section("heat", "Where digits may be", body)


def _warmed(steps: Steps) -> Bytes:
    """The grey copy with the heat over it, RGB [h w 3]."""
    h, w = steps.grey.shape
    heat = cv2.resize(steps.heat, (w, h), interpolation=cv2.INTER_LINEAR)[:, :, None] / 255
    colour = (1 - heat) * np.array(COOL) + heat * np.array(HOT)
    mixed = (1 - COVER * heat) * steps.grey[:, :, None] + COVER * heat * colour
    return np.rint(mixed).astype(np.uint8)


def _found(steps: Steps, kept: Sequence[Find], unlikely: Sequence[Find]) -> Section:
    """The finds, what became of them, and what the network says follows each."""
    # What is drawn last lies on top.
    frames = [_frame(f) for f in (*kept, *unlikely)[:MOST_FRAMES]][::-1]
    links = [_link(f) for f in kept if f.follow.argmax() != ENDS][:MOST_FRAMES]
    count = Counter(f.fate for f in steps.finds)
    caption = f"{quantity(len(steps.finds), 'find')}: " + ", ".join(
        [
            quantity(count["digit"], "digit"),
            f"{quantity(count['refused'])} refused",
            f"{quantity(count['unlikely'])} unlikely to be digits",
        ]
    )
    body = fill(TEMPLATE, "found", picture=overlay(steps.grey, caption, frames, links))
    return Section("finds", "What was found", body)


def _frame(find: Find) -> Frame:
    words = f"{find.fate}: heat {percent(find.heat, 1)}, a digit {percent(_presence(find), 1)}"
    return Frame(find.box, words, find.fate)


def _link(find: Find) -> Link:
    x, y, w, h = find.box
    follows = int(find.follow.argmax())
    kind, group = ("joins", "the same group") if follows == JOINS else ("parts", "the next group")
    words = f"followed by a digit of {group}, {percent(float(find.follow[follows]), 1)}"
    return Link((x + w / 2, y + h / 2), find.after, words, kind)


def _looks(tiles: Tiles, kept: Sequence[Find], hottest: Sequence[Find], unlikely: int) -> Section:
    """For each find, what the three networks and the other digits make of it, and all together."""
    cards = [_look(k, f) for k, f in enumerate((*kept, *hottest))]
    body = fill(
        TEMPLATE,
        "looks",
        tiles=tiles,
        kept=cards[: len(kept)],
        hottest=cards[len(kept) :],
        unlikely=unlikely,
    )
    return Section("looks", "What each may be", body)


def _look(k: int, find: Find) -> _Card:
    best = int(find.probabilities.argmax())
    rows = [
        ("network", _likely(find.network, LOOKS_SHOWN)),
        ("close up", _likely(find.closeup, LOOKS_SHOWN)),
        # Without ink its answer would be that all digits are equally likely.
        ("recognizer", _likely(find.recognizer, LOOKS_SHOWN) if find.image.any() else []),
        *(
            [("the others", _likely(find.others, LOOKS_SHOWN))]
            if np.ptp(find.others) > SAYS
            else []
        ),
        ("together", _likely(find.probabilities, LOOKS_SHOWN)),
    ]
    words = f"a digit: {percent(_presence(find), 1)}"
    value = f"? {best}" if find.fate == "refused" else str(best)
    return _Card(k, words, value, KINDS[find.fate], rows)


def _presence(find: Find) -> float:
    """The probability that a find is a digit at all."""
    return min(float(find.probabilities.sum()), 1.0)


def _likely(probabilities: Floats, count: int) -> list[tuple[int, float]]:
    """The likeliest digits with their probabilities."""
    p = probabilities.tolist()
    return [(d, p[d]) for d in sorted(range(10), key=lambda d: -p[d])[:count]]


def _stack(images: Iterable[Bytes]) -> Images:
    """Images as one array [n 28 28], where n may be 0."""
    return np.array([*images], np.uint8).reshape(-1, 28, 28)
