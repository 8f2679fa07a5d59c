"""A drawing read: ink, lines, cuts and the best paths, with the recognizer in between.

What is drawn on a screen is ink on one plain ground, upright and without rules. There connected ink
tells where digits are, without the page network. Inside: `read_drawing`. Not inside: the steps
themselves (`vision`), pictures of paper (`photo`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np

from digitus.reading.groups import groups
from digitus.reading.options import ReadingOptions
from digitus.reading.pattern import filled, numbers, written
from digitus.reading.result import Digit, DrawnSteps, Sheet
from digitus.types import Box, Bytes, Floats, Grey
from digitus.vision.choose import best_path, score
from digitus.vision.find import Layout, find_lines
from digitus.vision.ink import Ink, drawn_ink
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


def as_bytes(values: Floats) -> Bytes:
    """Rounded, and kept from 0 to 255."""
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def read_drawing(
    picture: Sheet, options: ReadingOptions
) -> tuple[tuple[Digit, ...], tuple[str, ...], DrawnSteps | None]:
    """The digits of a drawing in reading order, its lines as text, and its ink if asked for."""
    ink, layout = _laid_out(picture.grey)
    zoom = max(picture.width, picture.height) / max(ink.grey.shape)
    tried = _tried(ink, layout, options)
    rows = iter(options.probabilities([s.image for ways in tried for s in ways]))
    lines: list[list[list[Digit]]] = []
    for line, ways in zip(layout.lines, tried, strict=True):
        p = [next(rows) for _ in ways]
        path = _chosen(line.height, ways, p, options.pattern)
        found = []
        for i in path:
            box = _in_picture(ways[i].box, zoom, picture)
            found.append(Digit(*options.answer(p[i]), box, len(lines), ways[i].image, p[i]))
        readable = _readable(found, [ways[i] for i in path])
        if readable:
            lines.append(readable)
    if options.pattern is not None:
        lines = _numbers(lines, options.pattern, picture)
    digits = tuple(digit for line in lines for group in line for digit in group)
    texts = tuple(_text(line, options.pattern) for line in lines)
    return digits, texts, DrawnSteps(_shown(ink)) if options.keep_steps else None


def _numbers(
    lines: Sequence[list[list[Digit]]], pattern: str, picture: Sheet
) -> list[list[list[Digit]]]:
    """The lines that may be the number, with as many digits as it has."""
    joined = numbers([[digit for group in line for digit in group] for line in lines], pattern)
    whole = (filled(line, pattern, picture.width, picture.height) for line in joined)
    return [[[replace(digit, line=i) for digit in line]] for i, line in enumerate(whole)]


def _text(line: Sequence[Sequence[Digit]], pattern: str | None) -> str:
    return written([[digit.value for digit in group] for group in line], pattern)


def _shown(ink: Ink) -> Grey:
    inked = np.where(ink.labels > 0, np.clip(ink.strength, 0, 1), 0)
    return as_bytes(inked * (255 / max(float(inked.max()), 1e-3)))


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
) -> list[int]:
    """The best path through a line's stretches, by index."""
    scores = [score(s, height, float(row.max())) for s, row in zip(ways, rows, strict=True)]
    return best_path(ways, scores, pattern) or best_path(ways, scores) or []


def _readable(found: Sequence[Digit], path: Sequence[Stretch]) -> list[list[Digit]]:
    """The groups of a line that are digits."""
    starts = [*groups([s.box for s in path]), len(path)]
    parts = [slice(a, b) for a, b in pairwise(starts)]
    cuts = [s.cuts for s in path]
    return [list(found[part]) for part in parts if _reads(found[part], cuts[part])]


def _laid_out(grey: Grey) -> tuple[Ink, Layout]:
    """Ink and lines of a drawing, looked at again with more pixels where its digits are small."""
    ink = drawn_ink(at_most(WORK_PIXELS, grey))
    layout = find_lines(ink)
    heights = [line.height for line in layout.lines for _ in line.pieces]
    zoom = min(LOW_PIXELS / float(np.median(heights)), MOST_ZOOM) if heights else 1.0
    if zoom < LEAST_ZOOM:
        return ink, layout
    side = min(round(max(ink.grey.shape) * zoom), ENLARGED_PIXELS)
    share = side / max(grey.shape)
    if share > 1:
        grey = cv2.resize(grey, None, fx=share, fy=share, interpolation=cv2.INTER_CUBIC)
    ink = drawn_ink(at_most(side, grey))
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


def _in_picture(box: Box, zoom: float, picture: Sheet) -> Box:
    """A box in the working copy, as one in the picture."""
    x, y, w, h = (v * zoom for v in box)
    left = min(max(0, round(x)), picture.width - 1)
    top = min(max(0, round(y)), picture.height - 1)
    right, bottom = min(picture.width, round(x + w)), min(picture.height, round(y + h))
    return left, top, max(1, right - left), max(1, bottom - top)
