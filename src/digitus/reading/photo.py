"""A picture of paper read: its digits in lines, and each line in groups.

A look says what may be a digit, and puts what is one into lines (`look`). Lines are parted into
groups: whether a gap is a space is decided by its width among the others of its line (`groups`) and
by what the page network says.

Inside: `read_photo`. Not inside: what is drawn on a screen (`drawing`), opening files (`read`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import cv2
import numpy as np

from digitus.detection.lines import parting
from digitus.detection.maps import Peaks
from digitus.detection.model import shipped
from digitus.reading.groups import group_starts
from digitus.reading.look import Look, best_look, recognized
from digitus.reading.options import ReadingOptions
from digitus.reading.pattern import filled, written
from digitus.reading.result import Digit, Find, GreyPicture, Steps
from digitus.types import Box, Floats32, Floats64, Grey
from digitus.vision.paper import at_most

# Weight of the network's log odds of a space: those of the gap's width are too sure of themselves.
NETWORK_SAYS = 2.0
READ_CONFIDENCE = 0.5  # the default confidence: more likely right than not
READ_SHARE = 0.4  # of the finds of a line: where fewer are read, it is no line of digits
FEW_REFUSED = 3  # finds: more than these, all refused, are no digits
HEAT_SIDE = 480  # pixels of the longer side of the heat that is shown
SHOWN_SIDE = 1000  # pixels of the longer side of the copy that is shown


def read_photo(
    picture: GreyPicture, options: ReadingOptions
) -> tuple[tuple[Digit, ...], tuple[str, ...], Steps | None]:
    """The digits of a picture in reading order, its lines as text, and the steps if asked for."""
    look = best_look(picture.grey, options)
    zoom = picture.width / picture.grey.shape[1]
    lines = _readable(look, options)
    kept = sorted(i for groups in lines for group in groups for i in group)
    look = recognized(look, kept, options)

    def digit(i: int, line: int) -> Digit:
        box = _in_picture(look.found.boxes[i], look, zoom, picture)
        confidence = float(look.joint[i].max())
        value = int(look.joint[i].argmax()) if confidence >= _threshold(options) else None
        return Digit(value, confidence, box, line, look.images[i], look.joint[i])

    digits, texts = digits_and_texts(lines, digit, options, picture)
    steps = _steps(look, set(kept), options, zoom) if options.keep_steps else None
    return digits, texts, steps


def digits_and_texts(
    lines: Sequence[list[list[int]]],
    digit: Callable[[int, int], Digit],
    options: ReadingOptions,
    picture: GreyPicture,
) -> tuple[tuple[Digit, ...], tuple[str, ...]]:
    """All digits of lines in groups, and each line as text.

    `digit` makes one of a find, by its index, and the number of its line.
    """
    digits: list[Digit] = []
    texts: list[str] = []
    for groups in lines:
        made = [digit(i, len(texts)) for group in groups for i in group]
        if options.pattern is not None:
            made = filled(made, options.pattern, picture.width, picture.height)
            groups = [[*range(len(made))]]
        digits += made
        values = iter(d.value for d in made)
        texts.append(written([[next(values) for _ in group] for group in groups], options.pattern))
    return tuple(digits), tuple(texts)


def _readable(look: Look, options: ReadingOptions) -> list[list[list[int]]]:
    """The lines, as groups of finds by index, without lines of which too few finds are read.

    Beside lines that are read, those are letters or scribbles; where there is nothing else, a few
    finds may be digits that nobody can read, and are shown as refused.
    """
    lines = look.lines(options.pattern)
    if options.pattern is None:
        sure = look.joint.max(1, initial=0) >= _threshold(options)
        readable = [line for line in lines if sure[line].mean() >= READ_SHARE]
        few = sum(map(len, lines)) <= FEW_REFUSED
        lines = readable or (lines if few else [])
    return [grouped(look.found, line) for line in lines]


def _threshold(options: ReadingOptions) -> float:
    """The confidence from which on a find is read; below, it is refused."""
    return READ_CONFIDENCE if options.min_confidence is None else options.min_confidence


def grouped(found: Peaks, line: Sequence[int], weight: float = NETWORK_SAYS) -> list[list[int]]:
    """A line in groups: by its gaps' widths, and by what the network says, of that weight."""
    starts = group_starts(*edges(found, line), weight * np.array(parting(found, line)))
    return [list(line[a:b]) for a, b in pairwise([*starts, len(line)])]


def edges(found: Peaks, line: Sequence[int]) -> tuple[Floats64, Floats64, Floats64]:
    """The left and the right edges of a line's digits, and their sizes, [n] each."""
    x, _, width, height = found.boxes[list(line)].astype(np.float64).T
    return x - width / 2, x + width / 2, np.maximum(width, height)


def _in_picture(box: Floats32, look: Look, zoom: float, picture: GreyPicture) -> Box:
    """The middle and size of a find in the turned copy, as a box in the picture."""
    x, y, w, h = box.tolist()
    height, width = look.grey.shape
    for _ in range(look.turns):  # each turn back is a quarter clockwise
        x, y, w, h = height - y, x, h, w
        height, width = width, height
    left = min(max(0, round((x - w / 2) * zoom)), picture.width - 1)
    top = min(max(0, round((y - h / 2) * zoom)), picture.height - 1)
    right = min(picture.width, round((x + w / 2) * zoom))
    bottom = min(picture.height, round((y + h / 2) * zoom))
    return left, top, max(1, right - left), max(1, bottom - top)


def _steps(look: Look, kept: set[int], options: ReadingOptions, zoom: float) -> Steps:
    """The way from the picture to the digits, for display."""
    shown = at_most(SHOWN_SIDE, look.grey)
    scale = shown.shape[1] / look.grey.shape[1]
    confidence = shipped().confidence
    others = confidence.others(look.found, look.close, look.looked, look.alike, look.likely)
    finds = []
    for i in range(len(look.found)):
        x, y, w, h = (look.found.boxes[i] * scale).tolist()
        after = (look.found.after[i] * scale).tolist()
        refused = look.joint[i].max() < _threshold(options)
        fate = "unlikely" if i not in kept else "refused" if refused else "digit"
        finds.append(
            Find(
                (round(x - w / 2), round(y - h / 2), max(1, round(w)), max(1, round(h))),
                float(look.found.heat[i]),
                look.images[i],
                look.found.digits[i],
                look.close[i],
                look.looked[i],
                others[i],
                look.joint[i],
                fate,
                (round(after[0]), round(after[1])),
                look.found.follow[i],
            )
        )
    return Steps(shown, _heat(look), tuple(finds), zoom / scale, look.turns)


def _heat(look: Look) -> Grey:
    """The heat of all copies in one, bytes [h w]: the hottest at each place."""
    zoom = HEAT_SIDE / max(look.grey.shape)
    size = tuple(max(1, round(s * zoom)) for s in look.grey.shape[::-1])
    whole = np.zeros(size[::-1], np.float32)
    for heat in look.heats:
        whole = np.maximum(whole, cv2.resize(heat, size, interpolation=cv2.INTER_LINEAR))
    return np.rint(255 * whole).astype(np.uint8)
