"""A picture read as a page: ink, lines, cuts and the best paths, with the recognizer in between.

Inside: one way of looking at a picture (`View`), from beginning to end. Not inside: which way to
look is the right one (`read`), and the steps themselves (`vision`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import cv2
import numpy as np

from digitus.reading.groups import groups
from digitus.reading.options import ReadingOptions
from digitus.reading.result import Candidate, Digit, Steps
from digitus.types import Box, Bytes, Floats, Grey
from digitus.vision.choose import best_path, score
from digitus.vision.find import Layout, find_lines
from digitus.vision.ink import Ink, page_ink
from digitus.vision.paper import at_most
from digitus.vision.split import Stretch, atoms_of, stretches

WORK_PIXELS = 1600  # of the longer side at most: the copy on which digits are looked for
# A page of low digits is looked at again on a larger copy: so large that they have LOW_PIXELS, if
# that is LEAST_ZOOM times as large or more, but MOST_ZOOM times and ENLARGED_PIXELS at most.
LOW_PIXELS = 32
LEAST_ZOOM, MOST_ZOOM = 1.3, 4.0
ENLARGED_PIXELS = 3200  # of the longer side
SURE_CONFIDENCE = 0.97  # the confidence above which ink that looks like a digit is not cut
WIDEST_UNCUT_HEIGHTS = 1.1  # times its height, or its line's: wider ink is cut, however sure
MOST_CUT_PIECES = 100  # pieces of a page that do not look like digits: if more, none of them is cut


@dataclass(frozen=True, eq=False)
class Sheet:
    """A grey picture [h w] of what has `width` x `height` pixels."""

    grey: Grey
    width: int
    height: int


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


def read_page(picture: Sheet, options: ReadingOptions, view: View) -> Page:
    """Reads a page: ink, lines, each piece as it is, the doubtful ones cut, the best paths."""
    ink, layout = _laid_out(picture.grey, view)
    zoom = max(picture.width, picture.height) / max(ink.grey.shape)
    tried = _tried(ink, layout, options)
    rows = iter(options.probabilities([s.image for ways in tried for s in ways]))
    candidates: list[Candidate] = []
    lines: list[tuple[tuple[Digit, ...], ...]] = []
    uncut: list[Digit] = []
    for line, ways in zip(layout.lines, tried, strict=True):
        p = [next(rows) for _ in ways]
        path, judged = _chosen(line.height, ways, p, options.pattern)
        candidates += judged
        found = []
        for i in path:
            box = _upright(ways[i].box, view.turns, zoom, picture)
            found.append(Digit(*options.answer(p[i]), box, len(lines), ways[i].image, p[i]))
        readable = _readable(found, [ways[i] for i in path])
        if readable:
            lines.append(tuple(tuple(digit for digit, _ in group) for group in readable))
            uncut += [digit for group in readable for digit, s in group if not s.cuts]
    return Page(view, zoom, ink, layout, tuple(candidates), tuple(lines), tuple(uncut))


def _tried(ink: Ink, layout: Layout, options: ReadingOptions) -> list[list[Stretch]]:
    """The stretches of each line that may be digits: a piece that is surely a digit is not cut."""
    whole = [atoms_of(ink, line, i, set()) for i, line in enumerate(layout.lines)]
    alone = [s for atoms in whole for s in stretches(atoms, 1)]
    cut: list[set[int]] = [set() for _ in whole]
    for s, row in zip(alone, options.probabilities([s.image for s in alone]), strict=True):
        if row.max() < SURE_CONFIDENCE or s.box[2] > WIDEST_UNCUT_HEIGHTS * max(
            s.box[3], layout.lines[s.line].height
        ):
            cut[s.line].add(s.first)
    if (
        sum(len(pieces) for pieces in cut) > MOST_CUT_PIECES
    ):  # no digits, or so many that it would last
        cut = [set() for _ in whole]
    return [
        stretches(atoms_of(ink, line, i, cut[i]) if cut[i] else whole[i])
        for i, line in enumerate(layout.lines)
    ]


def _chosen(
    height: float, ways: Sequence[Stretch], rows: Sequence[Floats], pattern: str | None
) -> tuple[list[int], list[Candidate]]:
    """The best path through a line's stretches, by index, and all of them as candidates."""
    scores = [score(s, height, float(row.max())) for s, row in zip(ways, rows, strict=True)]
    path = best_path(ways, scores, pattern) or []
    return path, [
        Candidate(s.line, s.box, s.image, row, scores[i], i in path)
        for i, (s, row) in enumerate(zip(ways, rows, strict=True))
    ]


def _readable(found: Sequence[Digit], path: Sequence[Stretch]) -> list[list[tuple[Digit, Stretch]]]:
    """The groups of a line that are digits, each digit with the stretch that it was found in."""
    starts = [*groups([s.box for s in path]), len(path)]
    parts = [slice(a, b) for a, b in pairwise(starts)]
    cuts = [s.cuts for s in path]
    return [
        list(zip(found[part], path[part], strict=True))
        for part in parts
        if _reads(found[part], cuts[part])
    ]


def _laid_out(grey: Grey, view: View) -> tuple[Ink, Layout]:
    """The ink and lines of a page, looked at again with more pixels where its digits are small."""
    grey = np.ascontiguousarray(np.rot90(grey, view.turns))
    how = {"dark_ink": view.dark_ink, "ruled": view.ruled, "drawn": view.drawn}
    ink = page_ink(at_most(WORK_PIXELS, grey), **how)
    layout = find_lines(ink)
    heights = [line.height for line in layout.lines for _ in line.pieces]
    zoom = min(LOW_PIXELS / float(np.median(heights)), MOST_ZOOM) if heights else 1.0
    if zoom < LEAST_ZOOM:
        return ink, layout
    side = min(round(max(ink.grey.shape) * zoom), ENLARGED_PIXELS)
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
