"""Looks: where the digits of a picture are, what each may be, and which way up it lies.

The page network says where digits are, at every scale (`detection.detector`). The close-up network
looks at each find as it stands on the paper (`detection.closeup`), and both answers become one
confidence (`detection.confidence`). A page on which more than a little is in doubt is also looked
at turned by quarters, or a part of it, where there is much on it (`way_up`). At last the recognizer
looks at the ink alone of what is a digit, and its answer helps to decide which one it is.

Inside: `best_look`, `seen`, the lines of what was found, and `recognized`. Not inside: what is made
of them (`photo`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from digitus.datasets.digits import SIDE
from digitus.detection.closeup import shipped as shipped_closeup
from digitus.detection.confidence import agreements
from digitus.detection.detector import ALWAYS, FINEST, PixelBudget, merged, sides
from digitus.detection.lines import lines_of
from digitus.detection.maps import Peaks
from digitus.detection.model import shipped
from digitus.limits import FINDS, TURNED_PIXELS
from digitus.reading.options import ReadingOptions
from digitus.reading.pattern import fitted, numbers
from digitus.reading.second_look import second_look
from digitus.reading.way_up import evidence, way_up
from digitus.types import Floats32, Floats64, Grey, Images, Matrix

LIKELY = 0.5  # the probability of a digit from which on a find is one, refused or not
POSSIBLE = 0.1  # the same, where a pattern says that there must be more digits
ALIKE = 2.5  # times the height of the others: a find that differs by more is none of them
DOUBTFUL = 0.06  # of the digits: a page with as much doubt or less is not looked at turned
ENOUGH = 3  # digits: fewer do not tell which way is up
FEWEST = 2  # a picture with fewer finds, or fewer digits in lines any way up, is read as it lies
MANY = 150  # finds: on a page with more, PART of them, side by side, tell which way is up
PART = 60
FEW = 30  # finds: a part with fewer may be read with confidence upside down
BETWEEN_SIDES = 2**0.5  # copies are a factor of 2 apart: those of a part lie between a picture's


@dataclass(frozen=True, eq=False)
class Look:
    """A picture turned by `turns` quarters, with what may be digits in it: k finds.

    `close` [k 11] are the close-up network's answers, `alike` [k k] is how alike the finds look to
    it, and `upright` [k] how upright they stand; `joint` [k 10] are the probabilities of the
    digits, the rest to 1 is that of none. `heats` are there if asked for. `images` [k 28 28] are
    what the recognizer saw and `looked` [k 10] its answers; where it has not looked, or saw
    nothing, all digits are equally likely.
    """

    turns: int
    grey: Grey
    found: Peaks
    close: Matrix
    alike: Floats32
    upright: Floats32
    joint: Floats64
    heats: list[Floats32]
    images: Images
    looked: Matrix

    @property
    def likely(self) -> Floats64:
        """The probability that each find is a digit, [k]."""
        return self.joint.sum(1)

    @property
    def confidences(self) -> Floats64:
        """The confidences of the finds that are digits [n]."""
        best: Floats64 = self.joint.max(1, initial=0)[self.likely >= LIKELY]
        return best

    @property
    def certain(self) -> bool:
        """Whether so much was found, and so certainly, that no other way up is tried.

        Doubt is that of which digits these are, and of whether the other finds are none. Lying on
        its side, a 7 alone may be a certain 4. And digits that stand on their heads may be named
        surely: by their looks they have to be likelier upright than not.
        """
        read, left = self.confidences, self.likely[self.likely < LIKELY]
        doubt = float((1 - read).sum() + left.sum())
        stand = float(read @ self.upright[self.likely >= LIKELY])
        return len(read) >= ENOUGH and doubt <= DOUBTFUL * len(read) and stand >= 0

    @property
    def evidence(self) -> Floats64:
        """What speaks for this way up (`way_up`): the digits in its lines, and no specks beside."""
        lines = self.lines()
        read = np.array(sorted(i for line in lines for i in line), np.intp)
        agreement = sum(float(part.sum()) for part in agreements(self.found.take(read)))
        confidences = self.joint[read].max(1, initial=0)
        return evidence(confidences, len(lines), agreement, self.upright[read])

    def lines(self, pattern: str | None = None) -> list[list[int]]:
        """The finds that are digits, by index, line by line."""
        return digit_lines(self.found, self.likely, pattern)


def digit_lines(found: Peaks, likely: Floats64, pattern: str | None = None) -> list[list[int]]:
    """The finds that are digits, by how `likely` [k] each is one, by index, line by line."""
    least = LIKELY if pattern is None else POSSIBLE
    height = found.boxes[:, 2:].max(1, initial=1)
    which = likely >= least
    if which.any():  # only the likeliest say how high digits are: a speck beside them is none
        usual = float(np.median(height[likely >= 0.6 * likely.max()]))
        which &= (height < ALIKE * usual) & (height > usual / ALIKE)
    kept = np.flatnonzero(which)
    lines = [[int(kept[i]) for i in line] for line in lines_of(found.take(kept))]
    if pattern is not None:
        lines = numbers([fitted(line, likely, pattern) for line in lines], pattern)
    return [line for line in lines if line and max(likely[line]) >= LIKELY]


class _Bounds(NamedTuple):
    """Limits of a look: pixels of fine copies, the longer side of the finest, and finds."""

    pixels: float = math.inf
    finest: float = FINEST
    finds: int = FINDS


class _Finds(NamedTuple):
    """A picture turned by `turns` quarters, and where digits may be in it."""

    grey: Grey
    turns: int
    found: Peaks
    heats: list[Floats32]
    is_whole: bool  # whether every copy that was called for was looked at

    def look(self, most: int = FINDS) -> Look:
        """What the `most` best seen of them are."""
        best = self.found.take(np.arange(min(len(self.found), most)))
        return seen(self.grey, self.turns, best, self.heats)


def best_look(grey: Grey, options: ReadingOptions) -> Look:
    """The picture the way up that is likeliest.

    As soon as more than `MANY` finds are seen, a part of the picture tells which way up it lies;
    only then are its finer copies looked at. One with fewer finds is looked at every way up, unless
    it is certain as it lies or has fewer than `FEWEST`. A picture full of finds, `FINDS` of them,
    is read as it lies.
    """
    heats: list[Floats32] = []
    shown: list[Peaks] = []
    is_known = False
    for peaks in shipped().detector.copies(grey, heats=heats if options.keep_steps else None):
        shown.append(peaks)
        if not is_known and sum(map(len, shown)) > MANY:
            so_far = merged(Peaks.joined(shown))
            if is_known := MANY < len(so_far) < FINDS:
                turns = _turns_of_part(grey, so_far, options)
                if turns:
                    return _finds(grey, turns, options).look()
    upright = _Finds(grey, 0, merged(Peaks.joined(shown)), heats, is_whole=True)
    if is_known or len(upright.found) == FINDS:
        return upright.look()
    best, look = _best_turned(upright, options, MANY)
    if not best.is_whole:
        best = _finds(grey, best.turns, options)
    elif len(look.found) == len(best.found):
        return look
    return best.look()


def _best_turned(
    upright: _Finds, options: ReadingOptions, most: int, bounds: _Bounds | None = None
) -> tuple[_Finds, Look]:
    """As `best_look`, looking at every way up, and at `most` finds of each.

    What has few finds as it lies may have very many when it is turned, as bars have.
    """
    look = upright.look(most)
    if look.certain or len(look.found) < FEWEST:  # digits that lie are cold finds, if any at all
        return upright, look
    ways = [(upright, look)]
    for turns in (1, 2, 3):
        turned = _finds(upright.grey, turns, options, bounds or _Bounds(TURNED_PIXELS))
        ways.append((turned, turned.look(most)))
    # A digit alone is another one when it is turned, a 6 a 9 and many a 7 a 4: it tells nothing.
    if all(sum(map(len, look.lines())) < FEWEST for _, look in ways):
        return ways[0]
    return ways[way_up([look.evidence for _, look in ways])]


def look_at(grey: Grey, turns: int, options: ReadingOptions, most: int = FINDS) -> Look:
    """A picture turned by `turns` quarters, counter-clockwise, with its `most` best seen finds."""
    return _finds(grey, turns, options).look(most)


def _turns_of_part(grey: Grey, found: Peaks, options: ReadingOptions) -> int:
    """The quarters to turn a picture by, judged by a part, seen about as finely as the whole.

    0 where there are too few digits in the part to tell: finds may be the grain of paper.
    """
    part = _part(grey, found)
    of_whole = max(sides(max(grey.shape))) * max(part.shape) / max(grey.shape)
    quickly = replace(options, keep_steps=False)
    bounds = _Bounds(TURNED_PIXELS, of_whole * BETWEEN_SIDES, PART)
    best, look = _best_turned(_finds(part, 0, quickly, bounds), quickly, PART, bounds)
    return best.turns if sum(map(len, look.lines())) >= ENOUGH else 0


def _part(grey: Grey, found: Peaks) -> Grey:
    """A part of a picture with up to `PART` of its finds, those in their midst.

    It is no larger than one copy can show as finely as the picture's finest, if it has `FEW` finds
    then, else no more than half as wide and high as the picture. On a page that lies on its side
    fewer are found: `PART` of them may fill a quarter of it, which would be looked at four times.
    """
    longest = max(grey.shape)
    one_copy = ALWAYS * BETWEEN_SIDES * longest / max(sides(longest))
    x, y, w, h = found.boxes.T
    more = np.maximum(w, h)  # what is beside a digit tells what it is
    afar = np.maximum(np.abs(x - np.median(x)), np.abs(y - np.median(y)))
    near = np.argsort(afar, kind="stable")[:PART]
    reach = (afar + 1.5 * more)[near]
    within = near[reach <= one_copy / 2]
    if len(within) < FEW or one_copy > longest / 2:
        within = near[reach <= longest / 4]
    near = within if len(within) >= ENOUGH else near
    left, right = (x - w / 2 - more)[near].min(), (x + w / 2 + more)[near].max()
    top, bottom = (y - h / 2 - more)[near].min(), (y + h / 2 + more)[near].max()
    return grey[max(0, int(top)) : int(bottom) + 1, max(0, int(left)) : int(right) + 1]


def _finds(
    grey: Grey, turns: int, options: ReadingOptions, bounds: _Bounds | None = None
) -> _Finds:
    """Where digits may be in a picture that is turned."""
    turned = np.ascontiguousarray(np.rot90(grey, turns))
    heats: list[Floats32] = []
    bounds = bounds or _Bounds()
    pixels = PixelBudget(bounds.pixels)
    kept = heats if options.keep_steps else None
    copies = shipped().detector.copies(turned, heats=kept, pixels=pixels, finest=bounds.finest)
    found = _in_the_midst(merged(Peaks.joined(list(copies))), turned, bounds.finds)
    return _Finds(turned, turns, found, heats, not pixels.too_few)


def _in_the_midst(found: Peaks, grey: Grey, most: int) -> Peaks:
    """At most so many finds, the nearest to the middle: the same places whichever way up it is.

    The best seen ones would look certain either way.
    """
    h, w = grey.shape
    afar = np.hypot(found.boxes[:, 0] - w / 2, found.boxes[:, 1] - h / 2)
    return found.take(np.sort(np.argsort(afar, kind="stable")[:most]))


def seen(grey: Grey, turns: int, found: Peaks, heats: list[Floats32]) -> Look:
    """What the page and close-up networks make of each find in a picture that is turned so."""
    close, alike, upright = shipped_closeup().look(grey, found.boxes)
    joint = shipped().confidence(found, close)
    images: Images = np.zeros((len(found), SIDE, SIDE), np.uint8)
    looked = np.full((len(found), 10), 0.1)
    return Look(turns, grey, found, close, alike, upright, joint, heats, images, looked)


def recognized(look: Look, which: list[int], options: ReadingOptions) -> Look:
    """The look with the recognizer's answers to these finds, and what digits say of one another."""
    images, looked = look.images.copy(), look.looked.copy()
    images[which], looked[which] = second_look(look.grey, look.found.boxes[which], options)
    named = shipped().confidence.among_others(
        look.found, look.close, looked, look.alike, look.likely
    )
    return replace(look, images=images, looked=looked, joint=named * look.likely[:, None])
