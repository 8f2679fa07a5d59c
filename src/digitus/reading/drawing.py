"""A drawing read: networks say where its digits are, the chosen recognizer says which they are.

What is drawn on a screen is ink on one plain ground, upright and without rules, so the ink is
certain: its height tells at which scale the page network has to look, and whether strokes belong
together hangs on how far apart they are. What is found is looked at again by the close-up network,
as on paper; then each digit gets its ink, and the recognizer sees that alone. What a reading says
of a digit is what the recognizer says.

Inside: `read_drawing`. Not inside: ink (`vision.ink`), pictures of paper (`photo`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import cv2
import numpy as np

from digitus.detection.closeup import shipped as shipped_closeup
from digitus.detection.closeups import CLASSES, NONE
from digitus.detection.confidence import log_odds
from digitus.detection.maps import ENDS, Peaks, sigmoid
from digitus.detection.model import shipped
from digitus.reading.look import LIKELY, digit_lines
from digitus.reading.options import ReadingOptions
from digitus.reading.photo import digits_and_texts, grouped
from digitus.reading.result import Digit, DrawnSteps, GreyPicture
from digitus.types import Bools, Box, Bytes, Floats, Floats32, Floats64, Grey, Matrix
from digitus.vision.ink import Ink, drawn_ink
from digitus.vision.normalise import normalise
from digitus.vision.paper import at_most
from digitus.vision.share import Shares, shared

WORK_PIXELS = 1600  # of the longer side: the copy whose ink is taken has no more
SEEN_PIXELS = 60  # of a digit's height where it is seen closer
FOUND_PIXELS = 36  # of a digit's height where the page network looks for it
MOST_ZOOM = 4.0  # times: small digits are not enlarged by more,
MOST_PIXELS = 3200  # nor so that the longer side of all ink has more
LARGE = 512  # pixels of a box's longer side: larger ones are seen closer in a smaller copy
LEAST_PEN = 3.0  # pixels, where digits are seen closer: finer strokes are widened to it
TALL = 1.6  # times the typical height: where ink is higher, a copy half as large is looked at too
# Log odds of a digit: added for each find, since little but digits is drawn, and those of ink that
# the page network did not find.
PRIOR, ALONE = 2.0, 3.0
# Of what the network says of a space: it has learnt of none in drawings, and ink is certain there.
NETWORK_SAYS = 0.5
SURE = 0.995  # the probability of a digit from which on one is shown, as refused, if unreadable


@dataclass(frozen=True, eq=False)
class _View:
    """Ink as the networks see it, black on white [h w], with an `edge` of bare pixels around it.

    `zoom` pixels of the view are one of the ink.
    """

    grey: Bytes
    edge: np.float32
    zoom: np.float32

    @classmethod
    def of(cls, ink: Ink) -> _View:
        """The ink, its digits about `SEEN_PIXELS` high, its strokes `LEAST_PEN` wide at least."""
        longest = max(ink.strength.shape)
        zoom = min(SEEN_PIXELS / ink.height, MOST_ZOOM, MOST_PIXELS / longest)
        h, w = (max(1, round(side * zoom)) for side in ink.strength.shape)
        how = cv2.INTER_AREA if zoom < 1 else cv2.INTER_CUBIC
        seen = cv2.resize(ink.strength, (w, h), interpolation=how)
        pen = ink.pen * zoom
        edge = round(LEAST_PEN)
        seen = cv2.copyMakeBorder(seen, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=0)
        if pen < LEAST_PEN:
            seen = cv2.convertScaleAbs(seen, alpha=1 / min(max(pen, 0.1), 1))
            disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (round(LEAST_PEN - pen) + 1,) * 2)
            seen = cv2.dilate(seen, disc)
        return cls(np.asarray(255 - seen, np.uint8), np.float32(edge), np.float32(zoom))

    def into_ink(self, found: Peaks) -> Peaks:
        """Finds of the view, in pixels of the ink."""
        boxes = (found.boxes - np.array([self.edge, self.edge, 0, 0], np.float32)) / self.zoom
        return replace(found, boxes=boxes, after=(found.after - self.edge) / self.zoom)

    def close(self, boxes: Floats32) -> Matrix:
        """What the close-up network says of boxes [k 4] in pixels of the view: [k 11].

        A close-up is cut from a square that grows with its box, so large boxes are looked at in a
        copy that is a half, a quarter ... as large: 39 strokes from edge to edge took nine seconds.
        """
        longest = boxes[:, 2:].max(1, initial=1)
        smaller = 2 ** np.ceil(np.log2(np.maximum(longest / LARGE, 1))).astype(int)
        close: Matrix = np.zeros((len(boxes), CLASSES))
        for times in np.unique(smaller).tolist():
            which, copy = smaller == times, self.grey
            if times > 1:
                h, w = (-(-side // times) for side in copy.shape)
                copy = np.asarray(cv2.resize(copy, (w, h), interpolation=cv2.INTER_AREA), np.uint8)
            close[which] = shipped_closeup()(copy, boxes[which] / np.float32(times))
        return close

    def boxes(self, boxes: Floats32) -> Floats32:
        """Boxes [k 4] of middle x and y, width and height, in pixels of the ink, in the view's."""
        return boxes * self.zoom + np.array([self.edge, self.edge, 0, 0], np.float32)


class _Named(NamedTuple):
    """Where a digit's ink is, what the recognizer saw of it [28 28] and says of it [10]."""

    box: Box
    image: Bytes
    row: Floats


def read_drawing(
    picture: GreyPicture, options: ReadingOptions
) -> tuple[tuple[Digit, ...], tuple[str, ...], DrawnSteps | None]:
    """The digits of a drawing in reading order, its lines as text, and its ink if asked for."""
    drawing = at_most(WORK_PIXELS, picture.grey)
    ink = drawn_ink(drawing)
    steps = DrawnSteps(_whole(ink, drawing)) if options.keep_steps else None
    if not len(ink):
        return (), (), steps
    found, likely = _finds(ink)
    lines = digit_lines(found, likely, options.pattern)
    each = [i for line in lines for i in line]
    named = _named(each, likely, shared(ink, found.boxes[each], np.inf), options)
    zoom = max(picture.width, picture.height) / max(drawing.shape)

    def digit(i: int, line: int) -> Digit:
        box = _in_picture(named[i].box, ink.corner, zoom, picture)
        return Digit(*options.answer(named[i].row), box, line, named[i].image, named[i].row)

    kept = [[i for i in line if i in named] for line in lines]
    parted = [grouped(found, line, NETWORK_SAYS) for line in kept if line]
    return *digits_and_texts(parted, digit, options, picture), steps


def _whole(ink: Ink, drawing: Grey) -> Grey:
    """The ink without specks in its place, on a drawing that is otherwise bare."""
    whole = np.zeros_like(drawing)
    (x, y), (h, w) = ink.corner, ink.strength.shape
    whole[y : y + h, x : x + w] = np.where(ink.labels > 0, ink.strength, 0)
    return whole


def _finds(ink: Ink) -> tuple[Peaks, Floats64]:
    """What may be digits, k finds in pixels of the ink, and how likely each of them is one [k].

    They are the finds of the page network, and ink that it did not find.
    """
    view = _View.of(ink)
    tall = bool((ink.boxes[:, 3] > TALL * ink.height).any())
    scales = [FOUND_PIXELS / 2, FOUND_PIXELS] if tall else [FOUND_PIXELS]
    longest = max(view.grey.shape) / SEEN_PIXELS
    sides = [max(1, round(longest * pixels)) for pixels in scales]
    found = shipped().detector.find_in(sides, view.grey)
    close = view.close(found.boxes)
    likely = sigmoid(log_odds(shipped().confidence(found, close).sum(1)) + PRIOR)
    found = view.into_ink(found)
    which = np.flatnonzero(likely >= LIKELY)
    shares = shared(ink, found.boxes[which])
    likely[which[shares.several]] = 0
    if not len(shares.left):
        return found, likely
    boxes = shares.left.astype(np.float32)
    boxes[:, :2] += boxes[:, 2:] / 2
    close = view.close(view.boxes(boxes))
    there = sigmoid(ALONE - log_odds(close[:, NONE]))
    heat = there.astype(np.float32)
    ends = np.tile(np.eye(3, dtype=np.float32)[ENDS], (len(boxes), 1))
    digits = close[:, :NONE].astype(np.float32)
    more = Peaks(heat, heat, boxes, digits, ends, boxes[:, :2])
    return Peaks.joined([found, more]), np.concatenate([likely, there])


def _named(
    each: list[int], likely: Floats64, shares: Shares, options: ReadingOptions
) -> dict[int, _Named]:
    """What the recognizer says of these finds, by the ink that each of them has.

    Ink that it cannot read at all is a digit only where the networks are `SURE`, and where a part
    of connected ink is no digit, none of it is. With a pattern, which says how many there are, all
    are digits.
    """
    inks = [shares.of(place) for place in range(len(each))]
    images = [normalise(ink)[0] for ink, _ in inks]
    rows = options.probabilities(images)
    shown: Bools = np.any(shares.has, axis=1)
    if options.pattern is None:
        shown &= (rows.max(1, initial=0) >= options.threshold / 2) | (likely[each] >= SURE)
        spoilt = shares.has[~shown].any(0) | shares.loose
        shown &= ~shares.has[:, spoilt].any(1)
    return {i: _Named(inks[k][1], images[k], rows[k]) for k, i in enumerate(each) if shown[k]}


def _in_picture(box: Box, corner: tuple[int, int], zoom: float, picture: GreyPicture) -> Box:
    """A box in the pixels of ink that begins at that corner, in those of the picture."""
    x, y, w, h = ((v + first) * zoom for v, first in zip(box, (*corner, 0, 0), strict=True))
    left = min(max(0, round(x)), picture.width - 1)
    top = min(max(0, round(y)), picture.height - 1)
    right, bottom = min(picture.width, round(x + w)), min(picture.height, round(y + h))
    return left, top, max(1, right - left), max(1, bottom - top)
