"""From anybody's picture to the number: the digits that are written in it, in reading order.

Inside: `read`, which hands a picture from step to step and asks the recognizer in between. Not
inside: opening files (`vision`), a page (`page`), the network (`recognizer`), and the form of the
answer (`reading`).

A picture is read as a page, and as one digit that fills it; the recognizer says which it is. It
also says which way is up, and whether long lines are rules or bars of digits.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from digitus.errors import DataError
from digitus.reading.options import ReadingOptions, shipped
from digitus.reading.page import Page, Sheet, View, as_bytes, read_page
from digitus.reading.result import Candidate, Digit, Reading, Steps
from digitus.recognizer import Recognizer
from digitus.types import Bytes
from digitus.vision.colour import as_grey
from digitus.vision.decode import Picture, decode_pages
from digitus.vision.ink import ground, has_dark_ink
from digitus.vision.normalise import Prepared, prepare_one
from digitus.vision.paper import at_most

__all__ = ["Candidate", "Digit", "Reading", "Steps", "read", "read_pages"]

DECODED_PIXELS = 2000  # of a JPEG's longer side: so many are decoded, if it has them
SMALL_PIXELS = 64  # of the longer side: a smaller picture may be one digit, cut out already
CERTAIN_CONFIDENCE = 0.97  # the confidence above which such a picture is one
FEW_PARTS = 3  # parts into which one digit may have been cut
SLACK_CONFIDENCE = 0.1  # by which one digit may be less sure than its parts
SLACK_CONFIDENCE_OF_SMALL = 0.4  # the same in a small picture
RULED_GAIN = 0.1  # of a page's ink: so much more must be read with what looks like rules
DOUBTFUL_SHARE = 0.8  # of a page's ink: if less of it is read, it is looked at in other ways
CLEAR_GAIN = 0.15  # of a page's ink: so much more must be read in another way
ENOUGH_DIGITS = 3  # must be read on a page that is turned
WHOLE_SHARE = 0.6  # of its ink without a cut: words upside down are easily cut into digits


def read(
    picture: str | Path | bytes | Bytes,
    *,
    recognizer: Recognizer | None = None,
    pattern: str | None = None,
    min_confidence: float | None = None,
    keep_steps: bool = False,
    drawn: bool = False,
) -> Reading:
    """The digits written in a picture: a path, a file's bytes, or grey [h w] or RGB [h w 3] bytes.

    `recognizer` is the one that came along where none is given. `pattern` is the form of the
    number where it is known, "#" for a digit and anything else as it stands ("####-##"); then the
    likeliest cuts are chosen that give so many digits in a line. Digits less certain than
    `min_confidence` (default: the recognizer's threshold) are refused. `keep_steps` keeps what is
    on the way. A picture that was `drawn` on a screen is ink on one plain ground, upright and
    without rules, and is read in less time. Of a file with several pages, the first is
    read; `read_pages` reads all.

    Raises `DataError` where the picture cannot be opened, with the reason.
    """
    options = ReadingOptions(
        recognizer or shipped(), pattern, min_confidence, keep_steps=keep_steps, drawn=drawn
    )
    return next(read_pages(picture, options))


def read_pages(
    picture: str | Path | bytes | Bytes, options: ReadingOptions | None = None
) -> Iterator[Reading]:
    """As `read`, for each page of a file; only a TIFF has more than one."""
    chosen = options or ReadingOptions()
    return (
        _read(Sheet(as_grey(page.pixels), page.width, page.height), chosen)
        for page in _pictures(picture)
    )


def _pictures(picture: str | Path | bytes | Bytes) -> Iterator[Picture]:
    if isinstance(picture, str | Path | bytes):
        source = Path(picture) if isinstance(picture, str) else picture
        return decode_pages(source, side=DECODED_PIXELS)
    shape = picture.shape
    if picture.dtype != np.uint8 or not picture.size or (len(shape) != 2 and shape[2:] != (3,)):
        raise DataError(
            f"a picture must be bytes [h w] or [h w 3], not {picture.dtype} {list(shape)}"
        )
    return iter([Picture(picture, shape[1], shape[0])])


def _read(picture: Sheet, options: ReadingOptions) -> Reading:
    """Tries the picture as one digit, as a page, without rules, and turned."""
    single = _single(picture, options)
    small = max(picture.width, picture.height) <= SMALL_PIXELS
    if single and small and single[1].confidence >= CERTAIN_CONFIDENCE and options.may_be_one_digit:
        return _reading_of_one(picture, single, options)
    dark_ink = ground(picture.grey) > 127 if options.drawn else has_dark_ink(picture.grey)
    page = read_page(picture, options, View(dark_ink, drawn=options.drawn))
    if page.ink.rules.any():  # or what looks like them: bars of digits in a row
        unruled = read_page(picture, options, View(dark_ink, ruled=False))
        page = unruled if unruled.share > page.share + RULED_GAIN else page
    if page.share < DOUBTFUL_SHARE and not options.drawn:
        page = _otherwise(picture, options, page)
    if single and options.may_be_one_digit and _fills(single[1], page.digits, options.threshold):
        return _reading_of_one(picture, single, options)
    lines = tuple(_text(line) for line in page.lines)
    steps = page.steps() if options.keep_steps else None
    return Reading(picture.width, picture.height, page.digits, lines, steps)


def _otherwise(picture: Sheet, options: ReadingOptions, page: Page) -> Page:
    """The page with ink and paper exchanged, or turned, if that explains clearly more of it."""
    dark_ink = page.view.dark_ink
    better = []
    other = read_page(picture, options, View(not dark_ink))
    if other.share > page.share + CLEAR_GAIN and len(other.digits) >= len(page.digits):
        better.append(other)
    if page.tried >= ENOUGH_DIGITS:
        for turns in (1, 2, 3):
            other = read_page(picture, options, View(dark_ink, turns))
            clearly = other.whole > max(page.whole + CLEAR_GAIN, WHOLE_SHARE)
            if clearly and len(other.digits) >= ENOUGH_DIGITS:
                better.append(other)
    return max(better, key=lambda page: page.whole, default=page)


def _single(picture: Sheet, options: ReadingOptions) -> tuple[Prepared, Digit] | None:
    """The picture as one digit."""
    prepared = prepare_one(picture.grey)
    if prepared.blank:
        return None
    row = options.probabilities([prepared.image])[0]
    zoom = picture.width / picture.grey.shape[1]
    x, y, w, h = (round(v * zoom) for v in prepared.box)
    value, confidence = options.answer(row)
    return prepared, Digit(value, confidence, (x, y, w, h), 0, prepared.image, row)


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
    if len(found) > FEW_PARTS:
        return False
    slack = SLACK_CONFIDENCE_OF_SMALL if max(w, h) <= SMALL_PIXELS else SLACK_CONFIDENCE
    return single.confidence >= math.prod(digit.confidence for digit in found) - slack


def _reading_of_one(
    picture: Sheet, single: tuple[Prepared, Digit], options: ReadingOptions
) -> Reading:
    prepared, digit = single
    text = _text([[digit]])
    steps = None
    if options.keep_steps:
        zoom = picture.width / prepared.ink.shape[1]
        x, y, w, h = digit.box
        box = (round(x / zoom), round(y / zoom), round(w / zoom), round(h / zoom))
        steps = Steps(
            grey=at_most(max(prepared.ink.shape), prepared.picture),
            paper=as_bytes(prepared.paper),
            dark_ink=prepared.dark_ink,
            rules=prepared.rules,
            ink=as_bytes(prepared.ink * 255),
            pieces=((box, "digit"),),
            lines=((box,),),
            candidates=(
                Candidate(0, box, digit.image, digit.probabilities, digit.confidence, True),
            ),
            zoom=zoom,
            turns=0,
        )
    return Reading(picture.width, picture.height, (digit,), (text,), steps)


def _text(line: Sequence[Sequence[Digit]]) -> str:
    return " ".join("".join("?" if d.value is None else str(d.value) for d in g) for g in line)
