"""From anybody's picture to the number: the digits that are written in it, in reading order.

Inside: `read`, and which way of reading a picture gets. Not inside: opening files (`vision`), how
each kind of picture is read (`photo`, `drawing`), the networks (`detection`, `recognizer`), and the
form of the answer (`result`).

A picture may be one digit that fills it: the recognizer reads it whole where it is surer of that
than of the parts. Drawings on a screen, whose ink is certain, have a way of their own (`drawing`).
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import cv2
import numpy as np

from digitus.reading.options import Found, ReadingOptions, shipped
from digitus.reading.pattern import written
from digitus.reading.result import Digit, DrawnSteps, Find, GreyPicture, Reading, Steps
from digitus.recognizer import Recognizer
from digitus.threads import limited
from digitus.vision.colour import as_grey
from digitus.vision.decode import Picture
from digitus.vision.given import Given, pages
from digitus.vision.normalise import prepare_one
from digitus.vision.paper import at_most

__all__ = ["Digit", "DrawnSteps", "Find", "Reading", "Steps", "read", "read_pages"]

log = logging.getLogger("digitus.reading")
MOST_DIGITS = 100  # of a number
SHOWN_PIXELS = 1000  # of the longer side of the copy that a notebook shows
DECODED_PIXELS = 2000  # of the longer side: larger pictures are looked at with 1 to 2 times as many
SMALL_PIXELS = 64  # of the longer side: a picture with no more may be one digit, cut out already
CERTAIN_CONFIDENCE = 0.97  # the confidence from which on such a picture is one digit
FEW_PARTS = 3  # finds: one digit may have been taken for so many
SLACK_CONFIDENCE = 0.1  # by which one digit may be less sure than its parts
SLACK_CONFIDENCE_OF_SMALL = 0.4  # the same in a small picture


def read(
    picture: Given,
    *,
    recognizer: Recognizer | None = None,
    digits: int | None = None,
    pattern: str | None = None,
    min_confidence: float | None = None,
    keep_steps: bool = False,
    drawn: bool = False,
    grid: tuple[int, int] | Found | None = None,
) -> Reading:
    """The digits written in a picture.

    `picture` is a path, a file's bytes, a file opened in binary mode, a Pillow image, or an array
    of bytes, grey [h w] or RGB [h w 3]. Of a file with several pages, the first is read;
    `read_pages` reads all. `recognizer` is the one that ships unless another is given.

    `digits` is how many the number has, where that is known; `pattern` is its format, "#" for a
    digit and anything else as it stands ("####-##"). Then so many of the likeliest digits of a line
    are read, and where fewer are found, refused ones stand for the others. Digits less certain than
    `min_confidence` are refused (default: the recognizer's threshold where it reads alone, 0.5 on
    paper). `keep_steps` keeps the steps on the way, for display. A picture that was `drawn` on a
    screen is ink on one plain ground, upright and without rules. `grid` is how many rows and
    columns of cells there are, (9, 9) for a sudoku, or "found", where its rules tell: the reading
    then has `cells`, and a row of them in each line.

    Raises `TypeError` for anything else, saying what is accepted, `DataError` where the picture
    cannot be opened, with the reason, or where no grid is found, and `ValueError` for options that
    make no sense.
    """
    if digits is not None:
        pattern = _so_many(digits, pattern)
    if not isinstance(recognizer, Recognizer | None):
        raise TypeError(f"recognizer is a digitus.Recognizer, not {type(recognizer).__name__}")
    options = ReadingOptions(
        recognizer or shipped(),
        pattern,
        min_confidence,
        keep_steps=keep_steps,
        drawn=drawn,
        grid=grid,
    )
    page = next(pages(picture, DECODED_PIXELS))
    reading = _read(_as_grey_picture(page), options)
    return replace(reading, picture=np.array(at_most(SHOWN_PIXELS, page.pixels)))


def _so_many(digits: int, pattern: str | None) -> str:
    """The pattern of a number of so many digits."""
    if isinstance(digits, bool) or not isinstance(digits, int):
        raise TypeError(f"digits is how many there are, not {type(digits).__name__}")
    if pattern is not None:
        raise ValueError("the pattern says how many digits there are: digits or pattern, not both")
    if not 1 <= digits <= MOST_DIGITS:
        raise ValueError(f"digits is from 1 to {MOST_DIGITS}, not {digits}")
    return "#" * digits


def read_pages(
    picture: Given, options: ReadingOptions | None = None, *, name: str = ""
) -> Iterator[Reading]:
    """As `read`, for each page of a file; a TIFF and a PDF may have several.

    `name` is what errors call a picture that is not a file.
    """
    chosen = options or ReadingOptions()
    return (_read(_as_grey_picture(page), chosen) for page in pages(picture, DECODED_PIXELS, name))


def _as_grey_picture(page: Picture) -> GreyPicture:
    """A page as it is read: no finer than a JPEG of it would be decoded.

    Of 60 million pixels that are full of writing, each of six copies that are looked at costs 60 ms
    to make, and again for each way up.
    """
    grey = as_grey(page.pixels)
    times = next(n for n in (8, 4, 2, 1) if max(grey.shape) >= n * DECODED_PIXELS or n == 1)
    if times > 1:
        h, w = (-(-side // times) for side in grey.shape)
        grey = np.asarray(cv2.resize(grey, (w, h), interpolation=cv2.INTER_AREA), np.uint8)
    return GreyPicture(grey, page.width, page.height)


def _read(picture: GreyPicture, options: ReadingOptions) -> Reading:
    """Reads a picture as one digit that fills it, as a drawing, or as a picture of paper.

    BLAS has one thread: the products are small and there is other work between them, so that a
    second one would spend its time waiting.
    """
    started = time.monotonic()
    with limited(1):
        reading = _read_by_one_thread(picture, options)
    log.debug("%r, %.2f s", reading, time.monotonic() - started)
    return reading


def _read_by_one_thread(picture: GreyPicture, options: ReadingOptions) -> Reading:
    alone = options.may_be_one_digit and not options.drawn
    single = _single(picture, options) if alone else None
    small = max(picture.width, picture.height) <= SMALL_PIXELS
    if single and small and single.confidence >= CERTAIN_CONFIDENCE:
        return _reading_of_one(picture, single, options)
    digits, lines, steps = _several(picture, options)
    if single and _fills(single, digits, options, small):
        return _reading_of_one(picture, single, options)
    reading = Reading(picture.width, picture.height, digits, lines, steps)
    if options.grid is None:
        return reading
    from digitus.reading.grid import in_cells

    return in_cells(reading, picture, options.grid)


def _several(
    picture: GreyPicture, options: ReadingOptions
) -> tuple[tuple[Digit, ...], tuple[str, ...], Steps | DrawnSteps | None]:
    """The picture as digits in lines, by modules that are not imported before they are needed."""
    if options.drawn:
        from digitus.reading.drawing import read_drawing

        return read_drawing(picture, options)
    from digitus.reading.photo import read_photo

    return read_photo(picture, options)


def _single(picture: GreyPicture, options: ReadingOptions) -> Digit | None:
    """The picture as one digit."""
    prepared = prepare_one(picture.grey)
    if prepared.blank:
        return None
    row = options.probabilities([prepared.image])[0]
    zoom = picture.width / picture.grey.shape[1]
    x, y, w, h = (round(v * zoom) for v in prepared.box)
    return Digit(*options.answer(row), (x, y, w, h), 0, prepared.image, row)


def _fills(single: Digit, found: Sequence[Digit], options: ReadingOptions, small: bool) -> bool:
    """Whether a picture is better read as one digit that fills it than as the digits `found`."""
    if not found:  # a digit that may be refused rather than none, if it looks like one at all
        return single.confidence >= (options.threshold / 2 if small else CERTAIN_CONFIDENCE)
    if len(found) > FEW_PARTS or single.value is None:
        return False
    x, y, w, h = single.box
    for digit in found:
        left, top, wide, high = digit.box
        if not (-0.1 * w <= left + wide / 2 - x <= 1.1 * w):
            return False
        if not (-0.1 * h <= top + high / 2 - y <= 1.1 * h):
            return False
    slack = SLACK_CONFIDENCE_OF_SMALL if max(w, h) <= SMALL_PIXELS else SLACK_CONFIDENCE
    return single.confidence >= math.prod(digit.confidence for digit in found) - slack


def _reading_of_one(picture: GreyPicture, digit: Digit, options: ReadingOptions) -> Reading:
    steps: Steps | DrawnSteps | None = None
    if options.keep_steps:
        _, _, steps = _several(picture, options)
    text = written([[digit.value]], options.pattern)
    return Reading(picture.width, picture.height, (digit,), (text,), steps)
