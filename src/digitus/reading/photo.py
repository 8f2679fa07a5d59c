"""A picture read by the page network: finds, closer looks at each, lines and groups.

The network says where digits are, at every scale (`detection.detector`). The close-up network looks
at each find as it stands on the paper (`detection.closeup`), the recognizer at its ink alone, and
the three answers become one confidence (`detection.confidence`). What is probably a digit is put
into lines (`detection.lines`), and these into groups: whether a gap is a space is decided by its
width among the others of its line (`groups`) and by what the network says. A page of which little
is certain is looked at turned by quarters as well, or, where there is much on it, a part of it.

Inside: `read_photo`. Not inside: what is drawn on a screen (`drawing`), opening files (`read`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np

from digitus.cancellation import check
from digitus.datasets.digits import SIDE
from digitus.detection.closeup import shipped as shipped_closeup
from digitus.detection.lines import lines_of, parting
from digitus.detection.maps import Peaks
from digitus.detection.model import shipped
from digitus.limits import FINDS
from digitus.reading.groups import group_starts
from digitus.reading.options import ReadingOptions
from digitus.reading.pattern import filled, fitted, numbers, written
from digitus.reading.result import Digit, Find, Sheet, Steps
from digitus.types import Box, Floats32, Floats64, Grey, Images, Matrix
from digitus.vision.normalise import prepare_each
from digitus.vision.paper import at_most

AROUND = 0.18  # of a find's longer side: what of the picture the recognizer sees around its box
LEAST_PIXELS = 4  # of a side: there is nothing to look at in less
LIKELY = 0.5  # the probability of a digit from which on a find is one, refused or not
POSSIBLE = 0.1  # the same, where a pattern says that there must be more digits
ALIKE = 2.5  # times the height of the others: a find that differs by more is none of them
CERTAIN = 0.9  # the mean confidence of finds from which on nobody looks at the page turned
CLEARLY = 1.1  # times as much must be read of a turned page: most pages lie upright
ENOUGH = 3  # digits: fewer do not tell which way is up
MANY = 150  # finds: on a page with more, PART of them, side by side, tell which way is up
PART = 60
WARM = 0.2  # the heat of what may be one that lies: seen closer, it is none this way up
NETWORK_SAYS = 0.5  # of its log odds of a space: it sees the same gaps as the other judge
READ_CONFIDENCE = 0.5  # more likely right than not, where nobody asks for another confidence
READ_SHARE = 0.4  # of the finds of a line: so many are read, or it is no line of digits
FEW_REFUSED = 3  # finds: more of them, all refused, are no digits
HEAT_SIDE = 480  # pixels of the longer side of the heat that is shown
SHOWN_SIDE = 1000  # pixels of the longer side of the copy that is shown


@dataclass(frozen=True, eq=False)
class Look:
    """A picture, turned by so many quarters, with what may be digits in it: k finds.

    `close` [k 11] are the close-up network's answers; `images` [k 28 28] what the recognizer saw,
    `looked` [k 10] its answers; `joint` [k 10] are the probabilities of the digits, and what is
    missing to 1 is that of none. `heats` are there if asked for.
    """

    turns: int
    grey: Grey
    found: Peaks
    close: Matrix
    images: Images
    looked: Matrix
    joint: Floats64
    heats: list[Floats32]

    @property
    def likely(self) -> Floats64:
        """The probability of each find to be a digit."""
        return self.joint.sum(1)

    @property
    def read(self) -> float:
        """How many digits are read, each counted by its confidence."""
        best = self.joint.max(1, initial=0)
        return float(best[self.likely >= LIKELY].sum())

    @property
    def certain(self) -> bool:
        """Whether what was found is certain enough, this way up."""
        best = self.joint.max(1, initial=0)[self.likely >= LIKELY]
        return bool(len(best)) and float(best.mean()) >= CERTAIN


def read_photo(
    picture: Sheet, options: ReadingOptions
) -> tuple[tuple[Digit, ...], tuple[str, ...], Steps | None]:
    """The digits of a picture in reading order, its lines as text, and the steps if asked for."""
    look = _best_look(picture.grey, options)
    zoom = picture.width / picture.grey.shape[1]
    digits: list[Digit] = []
    texts: list[str] = []
    kept: set[int] = set()
    for groups in _readable(look, options):
        line = [i for group in groups for i in group]
        made = []
        for i in line:
            box = _in_picture(look.found.boxes[i], look, zoom, picture)
            confidence = float(look.joint[i].max())
            value = int(look.joint[i].argmax()) if confidence >= _threshold(options) else None
            made.append(Digit(value, confidence, box, len(texts), look.images[i], look.joint[i]))
        if options.pattern is not None:
            made = filled(made, options.pattern, picture.width, picture.height)
            groups = [[*range(len(made))]]
        digits += made
        values = iter(d.value for d in made)
        texts.append(written([[next(values) for _ in group] for group in groups], options.pattern))
        kept.update(line)
    steps = _steps(look, kept, options, zoom) if options.keep_steps else None
    return tuple(digits), tuple(texts), steps


def _readable(look: Look, options: ReadingOptions) -> list[list[list[int]]]:
    """The lines, as groups of finds by index, without those of which too few are read.

    Beside lines that are read they are letters or scribbles; where there is nothing else, a few
    finds may be digits that nobody can read, and are shown as refused.
    """
    lines = _lines(look, options.pattern)
    if options.pattern is None:
        sure = look.joint.max(1, initial=0) >= _threshold(options)
        readable = [line for line in lines if sure[line].mean() >= READ_SHARE]
        few = sum(map(len, lines)) <= FEW_REFUSED
        lines = readable or (lines if few else [])
    return [_grouped(look.found, line) for line in lines]


def _threshold(options: ReadingOptions) -> float:
    """The confidence from which on a find is read and not refused."""
    return READ_CONFIDENCE if options.min_confidence is None else options.min_confidence


class _Finds(NamedTuple):
    """A picture, turned by so many quarters, and where digits may be in it."""

    grey: Grey
    turns: int
    found: Peaks
    heats: list[Floats32]


def _best_look(grey: Grey, options: ReadingOptions) -> Look:
    """The picture as it is, or turned if clearly more is read so."""
    upright = _finds(grey, 0, options)
    if len(upright.found) <= MANY:
        return _best_turned(upright, options)
    quickly = replace(options, keep_steps=False)
    part = _finds(_part(grey, upright.found), 0, quickly, PART)
    turns = _best_turned(part, quickly, PART).turns
    return _looked(_finds(grey, turns, options) if turns else upright, options)


def _best_turned(upright: _Finds, options: ReadingOptions, most: int = FINDS) -> Look:
    """The same, each way up looked at, `most` finds of it."""
    look = _looked(upright, options)
    if look.certain or int((look.found.heat >= WARM).sum()) < ENOUGH:
        return look
    ways = (_finds(upright.grey, turns, options, most) for turns in (1, 2, 3))
    best = max((_looked(finds, options) for finds in ways), key=lambda other: other.read)
    return best if best.read > CLEARLY * look.read and best.read >= ENOUGH / 2 else look


def _part(grey: Grey, found: Peaks) -> Grey:
    """The part of a picture that has `PART` of its finds, in the midst of them."""
    x, y, w, h = found.boxes.T
    afar = np.maximum(np.abs(x - np.median(x)), np.abs(y - np.median(y)))
    near = np.argsort(afar, kind="stable")[:PART]
    more = np.maximum(w, h)  # what is beside a digit tells what it is
    left, right = (x - w / 2 - more)[near].min(), (x + w / 2 + more)[near].max()
    top, bottom = (y - h / 2 - more)[near].min(), (y + h / 2 + more)[near].max()
    return grey[max(0, int(top)) : int(bottom) + 1, max(0, int(left)) : int(right) + 1]


def _finds(grey: Grey, turns: int, options: ReadingOptions, most: int = FINDS) -> _Finds:
    """Where digits may be in a picture that is turned, the `most` best seen of them."""
    turned = np.ascontiguousarray(np.rot90(grey, turns))
    heats: list[Floats32] = []
    found = shipped().detector.find(turned, heats=heats if options.keep_steps else None)
    return _Finds(turned, turns, found.take(np.arange(min(len(found), most))), heats)


def _looked(finds: _Finds, options: ReadingOptions) -> Look:
    """What each of the finds is."""
    grey, turns, found, heats = finds
    close = shipped_closeup()(grey, found.boxes)
    images, looked = second_look(grey, found, options)
    joint = shipped().confidence(found, close, looked)
    return Look(turns, grey, found, close, images, looked, joint, heats)


def second_look(grey: Grey, found: Peaks, options: ReadingOptions) -> tuple[Images, Matrix]:
    """What the recognizer sees of each find [k 28 28], and its answers [k 10].

    Where there is nothing to be seen, all digits are equally likely.
    """
    images: Images = np.zeros((len(found), SIDE, SIDE), np.uint8)
    looked: Matrix = np.full((len(found), 10), 0.1)
    parts = [_around(grey, box) for box in found.boxes]
    large = [i for i, part in enumerate(parts) if min(part.shape) >= LEAST_PIXELS]
    seen = []
    for at, prepared in prepare_each([parts[i] for i in large]):
        check()
        if not prepared.blank:
            images[large[at]] = prepared.image
            seen.append(large[at])
    if seen:
        looked[seen] = options.probabilities(list(images[seen]))
    return images, looked


def _around(grey: Grey, box: Floats32) -> Grey:
    """What the recognizer sees of a find: its box and a little more."""
    x, y, w, h = box.tolist()
    more = AROUND * max(w, h)
    left, right = max(0, int(x - w / 2 - more)), int(x + w / 2 + more)
    top, bottom = max(0, int(y - h / 2 - more)), int(y + h / 2 + more)
    return np.ascontiguousarray(grey[top:bottom, left:right])


def _lines(look: Look, pattern: str | None) -> list[list[int]]:
    """The finds that are digits, by index, line by line."""
    likely = look.likely
    least = LIKELY if pattern is None else POSSIBLE
    height = look.found.boxes[:, 2:].max(1, initial=1)
    which = likely >= least
    if which.any():  # weighted by how likely they are: a speck beside digits is none of them
        usual = float(np.median(height[likely >= 0.6 * likely.max()]))
        which &= (height < ALIKE * usual) & (height > usual / ALIKE)
    kept = np.flatnonzero(which)
    lines = [[int(kept[i]) for i in line] for line in lines_of(look.found.take(kept))]
    if pattern is not None:
        lines = numbers([fitted(line, likely, pattern) for line in lines], pattern)
    return [line for line in lines if line and max(likely[line]) >= LIKELY]


def _grouped(found: Peaks, line: Sequence[int]) -> list[list[int]]:
    """A line parted into its groups: by its gaps' widths, and by what the network says of them."""
    x, _, width, height = found.boxes[list(line)].astype(np.float64).T
    said = NETWORK_SAYS * np.array(parting(found, line))
    starts = group_starts(x - width / 2, x + width / 2, np.maximum(width, height), said)
    return [list(line[a:b]) for a, b in pairwise([*starts, len(line)])]


def _in_picture(box: Floats32, look: Look, zoom: float, picture: Sheet) -> Box:
    """The middle and size of a find in the turned copy, as a box in the picture."""
    x, y, w, h = box.tolist()
    height, width = look.grey.shape
    for _ in range(look.turns):  # back by a quarter each: clockwise
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
                look.joint[i],
                fate,
                (round(after[0]), round(after[1])),
                look.found.follow[i],
            )
        )
    return Steps(shown, _heat(look), tuple(finds), zoom / scale, look.turns)


def _heat(look: Look) -> Grey:
    """The heat of all copies in one, bytes [h w]: wherever one of them is hot."""
    zoom = HEAT_SIDE / max(look.grey.shape)
    size = tuple(max(1, round(s * zoom)) for s in look.grey.shape[::-1])
    whole = np.zeros(size[::-1], np.float32)
    for heat in look.heats:
        whole = np.maximum(whole, cv2.resize(heat, size, interpolation=cv2.INTER_LINEAR))
    return np.rint(255 * whole).astype(np.uint8)
