"""A picture read as a page: ink, lines, cuts and the best paths, with the recognizer in between.

Inside: one way of looking at a picture (`View`), from beginning to end. Not inside: which way to
look is the right one (`reader`), and the steps themselves (`vision`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import cv2
import numpy as np

from digitus.reading.groups import groups
from digitus.reading.result import Candidate, Digit, Steps
from digitus.types import Box, Bytes, Floats, Grey
from digitus.vision.choose import best_path, score
from digitus.vision.find import Layout, find_lines
from digitus.vision.ink import Ink, page_ink
from digitus.vision.normalise import SIDE
from digitus.vision.paper import at_most
from digitus.vision.split import atoms_of, stretches

WORK = 1600  # pixels: digits are looked for on a copy whose longer side has at most so many
FINE = 32  # pixels: where digits are lower, the page is looked at again, on a larger copy, if that
ENLARGED, LARGER = 1.3, 4.0  # is at least so many times as large; it is at most so many times,
LARGEST = 3200  # and has at most so many pixels
SURE = 0.97  # the confidence above which ink that looks like a digit is not cut
WIDE = 1.1  # times its height, or its line's: wider ink is cut, however sure
MOST_CUT = 100  # pieces of a page that do not look like digits: if more, none of them is cut


@dataclass(frozen=True, eq=False)
class Sheet:
    """A grey picture [h w] of what has `width` x `height` pixels."""

    grey: Grey
    width: int
    height: int


@dataclass(frozen=True)
class Asked:
    """What does not change from page to page.

    `look` is the recognizer's, from images [n 28 28] to probabilities [n 10]; answers below the
    `threshold` are refused; `pattern` is the form of the number; what is `drawn` is ink on one
    plain ground, upright and without rules.
    """

    look: Callable[[Bytes], Floats]
    threshold: float
    pattern: str | None
    drawn: bool = False

    def probabilities(self, images: Sequence[Bytes]) -> Floats:
        """Those of images [28 28], as rows [n 10]."""
        return self.look(np.array(images, np.uint8).reshape(-1, SIDE, SIDE))


def answer(probabilities: Floats, threshold: float) -> tuple[int | None, float]:
    """The likeliest digit, None if it is less likely than the threshold, and how likely it is."""
    confidence = float(probabilities.max())
    return (int(probabilities.argmax()) if confidence >= threshold else None), confidence


@dataclass(frozen=True)
class View:
    """A way to look at a picture: its polarity, turned by quarters, rules taken out or not.

    As what was `drawn` on a screen, there is nothing but ink on one ground.
    """

    dark_ink: bool
    turns: int = 0
    ruled: bool = True
    drawn: bool = False


@dataclass(frozen=True, eq=False)
class Page:
    """A picture, seen in some way, read as lines of groups of digits."""

    view: View
    zoom: float
    ink: Ink
    layout: Layout
    candidates: tuple[Candidate, ...]
    lines: tuple[tuple[tuple[Digit, ...], ...], ...]
    uncut: tuple[Digit, ...]

    @property
    def digits(self) -> tuple[Digit, ...]:
        """In reading order."""
        return tuple(digit for line in self.lines for group in line for digit in group)

    @property
    def tried(self) -> int:
        """How many digits there would be if none were left out."""
        return sum(candidate.chosen for candidate in self.candidates)

    @cached_property
    def share(self) -> float:
        """How much of the ink is read: each digit counts by its size and its confidence."""
        return self._share(self.digits)

    @cached_property
    def whole(self) -> float:
        """How much of the ink is digits that were read without a cut."""
        return self._share(self.uncut)

    def _share(self, digits: Sequence[Digit]) -> float:
        ink = sum(max(c.box[2:]) for c in self.candidates if c.chosen)
        read = sum(d.confidence * max(d.box[2:]) for d in digits if d.value is not None)
        return read / max(ink * self.zoom, 1)

    def steps(self) -> Steps:
        """The way from the picture to the digits, for display."""
        digits = [(piece.box, "digit") for line in self.layout.lines for piece in line.pieces]
        left_out = [(piece.box, reason) for piece, reason in self.layout.left_out]
        inked = np.where(self.ink.labels > 0, np.clip(self.ink.strength, 0, 1), 0)
        return Steps(
            grey=self.ink.grey,
            paper=as_bytes(self.ink.paper),
            dark_ink=self.ink.dark_ink,
            rules=self.ink.rules,
            ink=as_bytes(inked * (255 / max(float(inked.max()), 1e-3))),
            pieces=(*digits, *left_out),
            lines=tuple(tuple(p.box for p in line.pieces) for line in self.layout.lines),
            candidates=self.candidates,
            zoom=self.zoom,
            turns=self.view.turns,
        )


def as_bytes(values: Floats) -> Bytes:
    """Rounded, and kept from 0 to 255."""
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def read_page(picture: Sheet, asked: Asked, view: View) -> Page:
    """Reads a page: ink, lines, each piece as it is, the doubtful ones cut, the best paths."""
    ink, layout = _laid_out(picture.grey, view)
    zoom = max(picture.width, picture.height) / max(ink.grey.shape)
    whole = [atoms_of(ink, line, i, set()) for i, line in enumerate(layout.lines)]
    alone = [s for atoms in whole for s in stretches(atoms, 1)]
    cut: list[set[int]] = [set() for _ in whole]
    for s, row in zip(alone, asked.probabilities([s.image for s in alone]), strict=True):
        if row.max() < SURE or s.box[2] > WIDE * max(s.box[3], layout.lines[s.line].height):
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
    uncut: list[Digit] = []
    for line, ways in zip(layout.lines, tried, strict=True):
        p = [next(rows) for _ in ways]
        scores = [score(s, line.height, float(row.max())) for s, row in zip(ways, p, strict=True)]
        path = best_path(ways, scores, asked.pattern) or []
        for i, (s, row) in enumerate(zip(ways, p, strict=True)):
            candidates.append(Candidate(s.line, s.box, s.image, row, scores[i], i in path))
        found = []
        for i in path:
            box = _upright(ways[i].box, view.turns, zoom, picture)
            value, confidence = answer(p[i], asked.threshold)
            found.append(Digit(value, confidence, box, len(lines), ways[i].image, p[i]))
        starts = groups([ways[i].box for i in path])
        parts = [range(a, b) for a, b in pairwise([*starts, len(path)])]
        cuts = [ways[i].cuts for i in path]
        readable = tuple(
            tuple(found[i] for i in part)
            for part in parts
            if _reads([found[i] for i in part], [cuts[i] for i in part])
        )
        if readable:
            lines.append(readable)
            read = {id(d) for group in readable for d in group}
            uncut += [d for d, cut in zip(found, cuts, strict=True) if not cut and id(d) in read]
    return Page(view, zoom, ink, layout, tuple(candidates), tuple(lines), tuple(uncut))


def _laid_out(grey: Grey, view: View) -> tuple[Ink, Layout]:
    """The ink and lines of a page, looked at again with more pixels where its digits are small."""
    grey = np.ascontiguousarray(np.rot90(grey, view.turns))
    how = {"dark_ink": view.dark_ink, "ruled": view.ruled, "drawn": view.drawn}
    ink = page_ink(at_most(WORK, grey), **how)
    layout = find_lines(ink)
    heights = [line.height for line in layout.lines for _ in line.pieces]
    zoom = min(FINE / float(np.median(heights)), LARGER) if heights else 1.0
    if zoom < ENLARGED:
        return ink, layout
    side = min(round(max(ink.grey.shape) * zoom), LARGEST)
    share = side / max(grey.shape)
    if share > 1:
        grey = cv2.resize(grey, None, fx=share, fy=share, interpolation=cv2.INTER_CUBIC)
    ink = page_ink(at_most(side, grey), **how)
    return ink, find_lines(ink)


def _reads(group: Sequence[Digit], cuts: Sequence[int]) -> bool:
    """Whether a group is digits, some of them refused perhaps, rather than something else.

    A word has strokes that look like a 1 once it is cut, as the edge of a sheet has streaks: those
    speak as little for digits as what is refused.
    """
    refused = sum(digit.value is None for digit in group)
    streaks = {digit.value for digit in group} == {1, None}
    strokes = sum(d.value == 1 and (cut > 0 or streaks) for d, cut in zip(group, cuts, strict=True))
    return len(group) > 2 * refused and len(group) >= 2 * (refused + strokes)


def _upright(box: Box, turns: int, zoom: float, picture: Sheet) -> Box:
    """A box in the turned working copy, as one in the picture."""
    x, y, w, h = (v * zoom for v in box)
    for turned in range(turns, 0, -1):  # back by a quarter each
        side = picture.width if turned % 2 else picture.height
        x, y, w, h = side - y - h, x, h, w
    left = min(max(0, round(x)), picture.width - 1)
    top = min(max(0, round(y)), picture.height - 1)
    right, bottom = min(picture.width, round(x + w)), min(picture.height, round(y + h))
    return left, top, max(1, right - left), max(1, bottom - top)
