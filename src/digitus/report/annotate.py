"""The picture that was read, with a box, the value and the confidence drawn at every digit.

Inside: `annotate`, and how an answer is written (`label`). Not inside: when a digit is doubtful
(`digitus.reading.result`), why it was read so (`explain`), and correcting it (`review`).
"""

from __future__ import annotations

import io
import statistics
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from digitus.reading.result import Digit, Reading
from digitus.types import Bytes

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont

SURE_INK, DOUBTFUL_INK, PAPER = (28, 92, 190), (200, 50, 20), (255, 255, 255)
CONFIDENCE_SIZE = 0.67  # of the value's letters beside it
LARGEST_SIDE = 2000  # pixels of the picture that is drawn on
LEAST_HEIGHT = 56  # pixels: smaller digits are enlarged, so that their labels can be read


def label(digit: Digit) -> str:
    """What a digit was read as: "7"; where it was refused, "?" and the likeliest, "? 7".

    Where a pattern asks for a digit that was not found, "?" alone.
    """
    if not digit.probabilities.any():
        return "?"
    return str(digit.value) if digit.value is not None else f"? {int(digit.probabilities.argmax())}"


def annotate(picture: Bytes, reading: Reading) -> bytes:
    """A PNG file: the picture, grey [h w] or RGB [h w 3], with what was read drawn on it.

    Sure digits have a blue frame; doubtful ones a red, broken frame and a question mark. Small
    digits are enlarged, large pictures made smaller, and a margin is added for the labels.
    """
    from PIL import Image, ImageDraw

    zoom = _zoom(reading)
    high = statistics.median([d.box[3] for d in reading.digits] or [LEAST_HEIGHT]) * zoom
    size = min(max(0.3 * high, 15.0), 44.0)
    margin = round(1.3 * size) + 4
    w, h = max(round(reading.width * zoom), 1), max(round(reading.height * zoom), 1)
    how = Image.Resampling.NEAREST if zoom > 2 else Image.Resampling.LANCZOS
    image = Image.new("RGB", (w + 2 * margin, h + 2 * margin), PAPER)
    image.paste(Image.fromarray(picture).convert("RGB").resize((w, h), how), (margin, margin))
    draw = ImageDraw.Draw(image)
    labels: list[_Text] = []
    for digit in reading.digits:
        x, y, wide, tall = (side * zoom for side in digit.box)
        box = (x + margin, y + margin, wide, tall)
        _frame(draw, box, digit.doubtful, size)
        labels += _label(box, digit, size)
    for large in (False, True):  # the values last: where labels overlap, these stay readable
        for text in labels:
            if text.large == large:
                _write(draw, text, size)
    return png(image)


def _zoom(reading: Reading) -> float:
    """How much larger the picture is drawn than it is."""
    largest = LARGEST_SIDE / max(reading.width, reading.height, 1)
    heights = [digit.box[3] for digit in reading.digits]
    wanted = LEAST_HEIGHT / max(statistics.median(heights), 1) if heights else 1.0
    return min(max(wanted, 1.0), largest)


def _frame(
    draw: ImageDraw.ImageDraw, box: tuple[float, float, float, float], broken: bool, size: float
) -> None:
    """A box around a digit, two pixels off its ink; `broken` into dashes."""
    x, y, w, h = box
    pen = max(2, round(size / 9))
    a, b, c, d = x - pen - 2, y - pen - 2, x + w + pen + 1, y + h + pen + 1
    if not broken:
        draw.rectangle((a, b, c, d), outline=SURE_INK, width=pen)
        return
    dash = max(4.0, size / 3)
    for (x0, y0), (x1, y1) in (
        ((a, b), (c, b)), ((c, b), (c, d)), ((c, d), (a, d)), ((a, d), (a, b))
    ):  # fmt: skip
        length = max(abs(x1 - x0) + abs(y1 - y0), 1.0)
        steps = max(1, round(length / dash / 2))
        for i in range(steps):
            p, q = i / steps, (i + 0.55) / steps
            ends = (x0 + (x1 - x0) * p, y0 + (y1 - y0) * p, x0 + (x1 - x0) * q, y0 + (y1 - y0) * q)
            draw.line(ends, DOUBTFUL_INK, pen)


@dataclass(frozen=True)
class _Text:
    """Words with their left end on a line of writing."""

    words: str
    left: float
    line: float
    colour: tuple[int, int, int]
    large: bool


def _label(
    box: tuple[float, float, float, float], digit: Digit, size: float
) -> tuple[_Text, _Text]:
    """The value above a box; beside it, smaller, its confidence, or below where that is narrow."""
    x, y, w, h = box
    large, small = _font(size), _font(CONFIDENCE_SIZE * size)
    value = f"{label(digit)}?" if digit.doubtful and digit.value is not None else label(digit)
    share = f"{int(100 * digit.confidence)} %"  # rounded down: only what is certain is 100 %
    colour = DOUBTFUL_INK if digit.doubtful else SURE_INK
    apart = 0.25 * size  # or "7 99 %" would look like 799 %
    wide = large.getlength(value), small.getlength(share)
    beside = sum(wide) + apart < 1.1 * w
    left = x + (w - (sum(wide) + apart if beside else wide[0])) / 2
    above, below = y - 0.3 * size, y + h + 0.95 * size
    place = (left + wide[0] + apart, above) if beside else (x + (w - wide[1]) / 2, below)
    return _Text(value, left, above, colour, True), _Text(share, *place, colour, False)


def _write(draw: ImageDraw.ImageDraw, text: _Text, size: float) -> None:
    """Words with a rim that keeps them readable on anything."""
    font, rim = _font(size if text.large else CONFIDENCE_SIZE * size), max(2, round(size / 8))
    at = (text.left, text.line)
    draw.text(at, text.words, text.colour, font, "ls", stroke_width=rim, stroke_fill=PAPER)


@cache
def _font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    from PIL import ImageFont

    return ImageFont.load_default(size)


def png(image: Image.Image) -> bytes:
    """A PNG file that says who made it, by which `files.write_marked` knows its own."""
    from PIL import PngImagePlugin

    about = PngImagePlugin.PngInfo()
    about.add_text("Software", "digitus")
    packed = io.BytesIO()
    image.save(packed, "PNG", pnginfo=about)
    return packed.getvalue()
