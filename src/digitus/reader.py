"""From anybody's picture to the number: the digits that are written in it, in reading order.

Inside: `read`, which hands a picture from step to step and asks the recognizer in between. Not
inside: opening files, ink, lines and cuts (`vision`), the network (`recognizer`), and the form of
the answer (`reading`).

A picture is read as a page, and as one digit that fills it; the recognizer says which it is. It
also says which way is up, and whether long lines are rules or bars of digits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from digitus.errors import DataError
from digitus.reading import Candidate, Digit, Reading, Steps
from digitus.recognizer import Recognizer, load
from digitus.vision.choose import best_path, groups, score
from digitus.vision.colour import as_grey
from digitus.vision.decode import Picture, decode_pages
from digitus.vision.find import Layout, lay_out
from digitus.vision.ink import Ink, has_dark_ink
from digitus.vision.normalise import SIDE, Prepared, prepare_one
from digitus.vision.paper import Box, Bytes, at_most
from digitus.vision.split import atoms_of, stretches

__all__ = ["Candidate", "Digit", "Reading", "Steps", "read", "read_pages"]

Look: TypeAlias = Callable[[Bytes], npt.NDArray[np.floating[Any]]]

DECODED = 2000  # pixels: of a JPEG's longer side, as many as that are decoded, if it has them
MOST_CUT = 100  # pieces of a page that do not look like digits: if more, none of them is cut
SMALL = 64  # pixels: a smaller picture may be one digit, cut out already
SURE = 0.97  # the confidence above which ink that looks like a digit is not cut
DOUBT = 0.8  # of a page's ink: if less of it is read, the page may lie on its side or head
CLEARLY = 0.15  # of a page's ink: so much more must be read the other way, and
ENOUGH = 3  # so many digits
FEW = 3  # parts into which one digit may have been cut
# Of probability: so much less is enough where a picture may be one digit.
SLACK, SLACK_OF_SMALL = 0.1, 0.4
RULED = 0.1  # of a page's ink: so much more must be read with what looks like rules


def read(
    picture: str | Path | bytes | Bytes,
    *,
    recognizer: Recognizer | None = None,
    pattern: str | None = None,
    min_confidence: float | None = None,
    keep_steps: bool = False,
) -> Reading:
    """The digits written in a picture: a path, a file's bytes, or grey [h w] or RGB [h w 3] bytes.

    `recognizer` is the one that came along where none is given. `pattern` is the form of the
    number where it is known, "#" for a digit and anything else as it stands ("####-##"); then the
    likeliest cuts are chosen that give so many digits in a line. Digits less certain than
    `min_confidence` (default: the recognizer's threshold) are refused. `keep_steps` keeps what is
    on the way. Of a file with several pages, the first is read; `read_pages` reads them all.

    Raises `DataError` where the picture cannot be opened, with the reason.
    """
    pages = read_pages(
        picture,
        recognizer=recognizer,
        pattern=pattern,
        min_confidence=min_confidence,
        keep_steps=keep_steps,
    )
    return next(pages)


def read_pages(
    picture: str | Path | bytes | Bytes,
    *,
    recognizer: Recognizer | None = None,
    pattern: str | None = None,
    min_confidence: float | None = None,
    keep_steps: bool = False,
) -> Iterator[Reading]:
    """As `read`, for each page of a file; only a TIFF has more than one."""
    if pattern is not None and "#" not in pattern:
        raise ValueError(f"the pattern {pattern!r} has no # for a digit")
    recognizer = recognizer or load()
    threshold = recognizer.threshold if min_confidence is None else min_confidence
    asked = _Asked(recognizer.probabilities, threshold, pattern)
    for page in _pictures(picture):
        yield _read(_Sheet(as_grey(page.pixels), page.width, page.height), asked, keep_steps)


def _pictures(picture: str | Path | bytes | Bytes) -> Iterator[Picture]:
    if isinstance(picture, str | Path | bytes):
        source = Path(picture) if isinstance(picture, str) else picture
        return decode_pages(source, side=DECODED)
    shape = picture.shape
    if picture.dtype != np.uint8 or not picture.size or (len(shape) != 2 and shape[2:] != (3,)):
        raise DataError(
            f"a picture must be bytes [h w] or [h w 3], not {picture.dtype} {list(shape)}"
        )
    return iter([Picture(picture, shape[1], shape[0])])


@dataclass(frozen=True, eq=False)
class _Sheet:
    """A grey picture [h w] of what has `width` x `height` pixels."""

    grey: Bytes
    width: int
    height: int


@dataclass(frozen=True)
class _Asked:
    """What does not change from page to page."""

    look: Look
    threshold: float
    pattern: str | None

    def probabilities(self, images: Sequence[Bytes]) -> npt.NDArray[np.floating[Any]]:
        return self.look(np.array(images, np.uint8).reshape(-1, SIDE, SIDE))


def _read(picture: _Sheet, asked: _Asked, keep_steps: bool) -> Reading:
    """Tries the picture as one digit, as a page, without rules, and turned."""
    single = _single(picture, asked)
    small = max(picture.width, picture.height) <= SMALL
    if single and small and single[1].confidence >= SURE and _one(asked.pattern):
        return _reading_of_one(picture, single, asked, keep_steps)
    dark_ink = has_dark_ink(picture.grey)
    page = _page(picture, asked, _View(dark_ink))
    if page.ink.rules.any():  # or what looks like them: bars of digits in a row
        unruled = _page(picture, asked, _View(dark_ink, ruled=False))
        page = unruled if unruled.share > page.share + RULED else page
    if page.share < DOUBT:
        views = [_View(not dark_ink)]
        if page.tried >= ENOUGH:
            views += [_View(dark_ink, turns) for turns in (1, 2, 3)]
        best = max((_page(picture, asked, view) for view in views), key=lambda p: p.share)
        enough = ENOUGH if best.view.turns else 1
        if best.share > page.share + CLEARLY and len(best.digits) >= enough:
            page = best
    if single and _one(asked.pattern) and _fills(single[1], page.digits, asked.threshold):
        return _reading_of_one(picture, single, asked, keep_steps)
    lines = tuple(_text(line) for line in page.lines)
    steps = page.steps() if keep_steps else None
    return Reading(picture.width, picture.height, page.digits, lines, steps)


def _one(pattern: str | None) -> bool:
    """Whether a single digit is what is expected, or may be."""
    return pattern is None or pattern.count("#") == 1


def _single(picture: _Sheet, asked: _Asked) -> tuple[Prepared, Digit] | None:
    """The picture as one digit."""
    prepared = prepare_one(picture.grey)
    if prepared.blank:
        return None
    row = asked.probabilities([prepared.image])[0]
    zoom = picture.width / picture.grey.shape[1]
    x, y, w, h = (round(v * zoom) for v in prepared.box)
    value, confidence = _answer(row, asked.threshold)
    return prepared, Digit(value, confidence, (x, y, w, h), 0, prepared.image, row)


def _answer(
    probabilities: npt.NDArray[np.floating[Any]], threshold: float
) -> tuple[int | None, float]:
    confidence = float(probabilities.max())
    return (int(probabilities.argmax()) if confidence >= threshold else None), confidence


def _fills(single: Digit, found: Sequence[Digit], threshold: float) -> bool:
    """Whether a picture is better read as one digit than as a page with these."""
    x, y, w, h = single.box
    for digit in found:
        left, top, wide, high = digit.box
        if not (-0.1 * w <= left + wide / 2 - x <= 1.1 * w):
            return False
        if not (-0.1 * h <= top + high / 2 - y <= 1.1 * h):
            return False
    if not found:  # refused rather than left out, if there is something of a digit
        return single.confidence >= threshold / 2
    if len(found) > FEW:
        return False
    slack = SLACK_OF_SMALL if max(w, h) <= SMALL else SLACK
    return single.confidence >= math.prod(digit.confidence for digit in found) - slack


def _reading_of_one(
    picture: _Sheet, single: tuple[Prepared, Digit], asked: _Asked, keep_steps: bool
) -> Reading:
    prepared, digit = single
    text = _text([[digit]])
    steps = None
    if keep_steps:
        zoom = picture.width / prepared.ink.shape[1]
        x, y, w, h = digit.box
        box = (round(x / zoom), round(y / zoom), round(w / zoom), round(h / zoom))
        steps = Steps(
            grey=at_most(max(prepared.ink.shape), prepared.picture),
            paper=_as_bytes(prepared.paper),
            dark_ink=prepared.dark_ink,
            rules=prepared.rules,
            ink=_as_bytes(prepared.ink * 255),
            pieces=((box, "digit"),),
            lines=((box,),),
            candidates=(
                Candidate(0, box, digit.image, digit.probabilities, digit.confidence, True),
            ),
            zoom=zoom,
            turns=0,
        )
    return Reading(picture.width, picture.height, (digit,), (text,), steps)


@dataclass(frozen=True)
class _View:
    """A way to look at a picture: its polarity, turned by quarters, rules taken out or not."""

    dark_ink: bool
    turns: int = 0
    ruled: bool = True


@dataclass(frozen=True, eq=False)
class _Page:
    """A picture, seen in some way, read as lines of groups of digits."""

    view: _View
    zoom: float
    ink: Ink
    layout: Layout
    candidates: tuple[Candidate, ...]
    lines: tuple[tuple[tuple[Digit, ...], ...], ...]

    @property
    def digits(self) -> tuple[Digit, ...]:
        return tuple(digit for line in self.lines for group in line for digit in group)

    @property
    def tried(self) -> int:
        return sum(candidate.chosen for candidate in self.candidates)

    @cached_property
    def share(self) -> float:
        """How much of the ink is read: each digit counts by its size and its confidence."""
        ink = sum(max(c.box[2:]) for c in self.candidates if c.chosen)
        read = sum(d.confidence * max(d.box[2:]) for d in self.digits if d.value is not None)
        return read / max(ink * self.zoom, 1)

    def steps(self) -> Steps:
        digits = [(piece.box, "digit") for line in self.layout.lines for piece in line.pieces]
        left_out = [(piece.box, reason) for piece, reason in self.layout.left_out]
        inked = np.where(self.ink.labels > 0, np.clip(self.ink.strength, 0, 1), 0)
        return Steps(
            grey=self.ink.grey,
            paper=_as_bytes(self.ink.paper),
            dark_ink=self.ink.dark_ink,
            rules=self.ink.rules,
            ink=_as_bytes(inked * (255 / max(float(inked.max()), 1e-3))),
            pieces=(*digits, *left_out),
            lines=tuple(tuple(p.box for p in line.pieces) for line in self.layout.lines),
            candidates=self.candidates,
            zoom=self.zoom,
            turns=self.view.turns,
        )


def _as_bytes(values: npt.NDArray[np.floating[Any]]) -> Bytes:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _page(picture: _Sheet, asked: _Asked, view: _View) -> _Page:
    """Reads a page: ink, lines, each piece as it is, the doubtful ones cut, the best paths."""
    grey = np.ascontiguousarray(np.rot90(picture.grey, view.turns))
    ink, layout = lay_out(grey, dark_ink=view.dark_ink, ruled=view.ruled)
    zoom = max(picture.width, picture.height) / max(ink.grey.shape)
    whole = [atoms_of(ink, line, i, set()) for i, line in enumerate(layout.lines)]
    alone = [s for atoms in whole for s in stretches(atoms, 1)]
    cut: list[set[int]] = [set() for _ in whole]
    for s, row in zip(alone, asked.probabilities([s.image for s in alone]), strict=True):
        if row.max() < SURE or s.box[2] > 1.1 * max(s.box[3], layout.lines[s.line].height):
            cut[s.line].add(s.first)
    if sum(len(pieces) for pieces in cut) > MOST_CUT:  # no digits, or so many that it would last
        cut = [set() for _ in whole]
    tried = [
        stretches(atoms_of(ink, line, i, cut[i]) if cut[i] else whole[i])
        for i, line in enumerate(layout.lines)
    ]
    rows = iter(asked.probabilities([s.image for ways in tried for s in ways]))
    candidates: list[Candidate] = []
    lines: list[tuple[tuple[Digit, ...], ...]] = []
    for line, ways in zip(layout.lines, tried, strict=True):
        p = [next(rows) for _ in ways]
        scores = [score(s, line.height, float(row.max())) for s, row in zip(ways, p, strict=True)]
        path = best_path(ways, scores, asked.pattern) or []
        for i, (s, row) in enumerate(zip(ways, p, strict=True)):
            candidates.append(Candidate(s.line, s.box, s.image, row, scores[i], i in path))
        found = []
        for i in path:
            box = _upright(ways[i].box, view.turns, zoom, picture)
            value, confidence = _answer(p[i], asked.threshold)
            found.append(Digit(value, confidence, box, len(lines), ways[i].image, p[i]))
        parts = groups([ways[i].box for i in path], line.height)
        readable = tuple(g for g in (tuple(found[i] for i in part) for part in parts) if _reads(g))
        if readable:
            lines.append(readable)
    return _Page(view, zoom, ink, layout, tuple(candidates), tuple(lines))


def _reads(group: Sequence[Digit]) -> bool:
    """Whether a group is digits, some of them refused perhaps, rather than something else."""
    return 2 * sum(digit.value is not None for digit in group) > len(group)


def _upright(box: Box, turns: int, zoom: float, picture: _Sheet) -> Box:
    """A box in the turned working copy, as one in the picture."""
    x, y, w, h = (v * zoom for v in box)
    for turned in range(turns, 0, -1):  # back by a quarter each
        side = picture.width if turned % 2 else picture.height
        x, y, w, h = side - y - h, x, h, w
    left, top = max(0, round(x)), max(0, round(y))
    right, bottom = min(picture.width, round(x + w)), min(picture.height, round(y + h))
    return left, top, max(1, right - left), max(1, bottom - top)


def _text(line: Sequence[Sequence[Digit]]) -> str:
    return " ".join("".join("?" if d.value is None else str(d.value) for d in g) for g in line)
