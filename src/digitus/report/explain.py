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

from digitus.errors import DataError
from digitus.reading.result import Candidate, Reading, Steps
from digitus.report.annotate import annotate, doubtful
from digitus.report.formats import quantity
from digitus.report.html import Section, fill, standalone
from digitus.report.pictures import Sheet, ink_sheet, ink_uri, photo_uri
from digitus.types import Box, Bytes, Images

TEMPLATE = "report/explain.html"
LARGEST_SIDE = 1000  # pixels of a map's longer side, at most
ANSWERS_SHOWN = 3  # of a digit, with their probabilities
MOST_REJECTED = 24  # ways to cut a line that were not taken: the best of them are shown
MOST_FRAMES = 1500  # drawn over a map: more would be noise
MARGIN = 6  # pixels shown around the ink of a line


def explain(picture: Bytes, reading: Reading, name: str) -> str:
    """One HTML file on how the picture, grey [h w] or RGB [h w 3], was read; `name` is its title.

    Raises `DataError` where the reading did not keep its steps.
    """
    steps = reading.steps
    if steps is None:
        raise DataError(f"{name}: was read without keeping the steps, so they cannot be shown")
    found = ink_sheet("found", _stack(d.image for d in reading.digits))
    tried = ink_sheet("tried-ink", _stack(c.image for c in steps.candidates))
    return standalone(
        f"{name} · digitus",
        fill(TEMPLATE, "header", name=name, reading=reading, lines=_lines(reading)),
        [
            _answer(reading, found, annotate(picture, reading)),
            _light(steps),
            _pieces(steps),
            _cuts(steps, tried),
        ],
        "Everything on this page is in this one file.",
        sheets=["report/explain.css"],
        style=found.css + tried.css,
    )


def _lines(reading: Reading) -> list[list[tuple[str, bool]]]:
    """The characters of each line, and whether each is doubtful."""
    rest = iter(reading.digits)
    return [[(c, c != " " and doubtful(next(rest))) for c in line] for line in reading.lines]


@dataclass(frozen=True, eq=False)
class _Frame:
    """A frame over a map, in the map's pixels, and what is said of it; `out`: not taken."""

    box: Box
    words: str
    out: bool = False


@dataclass(frozen=True, eq=False)
class _Map:
    """A picture of `width` x `height` pixels with frames over it; `inked` ones follow the theme."""

    uri: str
    width: int
    height: int
    caption: str
    frames: Sequence[_Frame] = ()
    inked: bool = False


@dataclass(frozen=True, eq=False)
class _Card:
    """What the network saw (its place in a sheet), what it was read as, the likeliest answers."""

    place: int
    words: str
    value: str
    kind: str
    likely: Sequence[tuple[int, float]]


def _answer(reading: Reading, sheet: Sheet, annotated: bytes) -> Section:
    """What was read, where, and what the network made of it."""
    uri = f"data:image/png;base64,{base64.b64encode(annotated).decode('ascii')}"
    cards = [
        _Card(
            k,
            f"{k + 1}. in line {d.line + 1}",
            "?" if d.value is None else str(d.value),
            "doubt" if doubtful(d) else "",
            _likely(d.probabilities.tolist()),
        )
        for k, d in enumerate(reading.digits)
    ]
    body = fill(TEMPLATE, "answer", annotated=uri, sheet=sheet, cards=cards)
    return Section("answer", "What was read", body)


def _light(steps: Steps) -> Section:
    """From the picture to its ink."""
    maps = [
        _photo(steps.grey, "grey: what came in"),
        _photo(steps.paper, "paper: its light without ink"),
        _ink(steps.ink, "ink that is left"),
    ]
    body = fill(
        TEMPLATE,
        "light",
        steps=steps,
        maps=maps[:2],
        rules=_ink(steps.rules.view(np.uint8) * 255, "") if steps.rules.any() else None,
        ruled=float(steps.rules.mean()),
        ink=maps[2],
    )
    return Section("light", "Light and ink", body)


def _pieces(steps: Steps) -> Section:
    """Connected ink, and what became of it."""
    kept = [box for box, what in steps.pieces if what == "digit"]
    left_out = [(box, what) for box, what in steps.pieces if what != "digit"]
    frames = [_Frame(box, "digit") for box in kept[:MOST_FRAMES]]
    frames += [_Frame(box, what, out=True) for box, what in left_out[: MOST_FRAMES - len(frames)]]
    reasons = Counter(what for _, what in left_out).most_common()
    body = fill(
        TEMPLATE,
        "pieces",
        ink=_ink(
            steps.ink,
            f"{quantity(len(kept), 'piece')} of ink taken for digits, {len(left_out)} left out "
            "(red)",
            frames,
        ),
        reasons=[[what, quantity(n)] for what, n in reasons],
    )
    return Section("pieces", "Pieces of ink", body)


def _cuts(steps: Steps, sheet: Sheet) -> Section:
    """Each line: the way that was chosen, and the best of those that were not."""
    lines = []
    for line, boxes in enumerate(steps.lines):
        ways = [(k, c) for k, c in enumerate(steps.candidates) if c.line == line]
        chosen = [(k, c) for k, c in ways if c.chosen]
        others = sorted(((k, c) for k, c in ways if not c.chosen), key=lambda way: -way[1].score)
        strip = _strip(steps, boxes, [c for _, c in chosen]) if boxes else None
        rejected = [_way(k, c, "not") for k, c in others[:MOST_REJECTED]]
        lines.append((strip, [_way(k, c) for k, c in chosen], len(others), rejected))
    return Section("cuts", "Lines and cuts", fill(TEMPLATE, "cuts", sheet=sheet, lines=lines))


def _strip(steps: Steps, boxes: Sequence[Box], chosen: Sequence[Candidate]) -> _Map:
    """The ink of a line, with a frame around each chosen digit."""
    x, y, w, h = np.array(boxes).T
    height, width = steps.ink.shape
    left, top = max(int(x.min()) - MARGIN, 0), max(int(y.min()) - MARGIN, 0)
    right = min(int((x + w).max()) + MARGIN, width)
    bottom = min(int((y + h).max()) + MARGIN, height)
    frames = [
        _Frame((c.box[0] - left, c.box[1] - top, *c.box[2:]), f"score {c.score:.2f}")
        for c in chosen
    ]
    caption = "the line's ink, and the digits it was cut into"
    return _ink(steps.ink[top:bottom, left:right], caption, frames)


def _way(k: int, c: Candidate, kind: str = "") -> _Card:
    value = str(int(c.probabilities.argmax()))
    return _Card(k, f"score {c.score:.2f}", value, kind, _likely(c.probabilities.tolist()))


def _likely(probabilities: Sequence[float]) -> list[tuple[int, float]]:
    """The likeliest digits with their probabilities."""
    order = sorted(range(10), key=lambda d: -probabilities[d])[:ANSWERS_SHOWN]
    return [(d, probabilities[d]) for d in order]


def _photo(picture: Bytes, caption: str) -> _Map:
    h, w = picture.shape
    return _Map(photo_uri(_fit(picture)), w, h, caption)


def _ink(ink: Bytes, caption: str, frames: Sequence[_Frame] = ()) -> _Map:
    h, w = ink.shape
    return _Map(ink_uri(_fit(ink)), w, h, caption, frames, inked=True)


def _stack(images: Iterable[Bytes]) -> Images:
    """Images as one array [n 28 28], of none too."""
    return np.array([*images], np.uint8).reshape(-1, 28, 28)


def _fit(picture: Bytes) -> Bytes:
    """A map no larger than it is shown."""
    zoom = LARGEST_SIDE / max(picture.shape)
    if zoom >= 1:
        return picture
    size = tuple(max(1, round(side * zoom)) for side in picture.shape[::-1])
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
