"""What `read.read` gives: a `Reading` of `Digit`s, and the `Steps` that led to it.

Inside: data, and its form as JSON. Not inside: reading.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from digitus.types import Box, Bytes, Floats, Grey


@dataclass(frozen=True, eq=False)
class Digit:
    """One digit that was found, or something like one (`value` None: refused).

    Where a number's form says that there must be one more, and nothing was found, its confidence
    and all probabilities are 0.

    `confidence` is the probability of the value, or of the likeliest one where it is refused.
    `box` is x, y, width, height in pixels of the picture, upright as its camera noted; `line`
    counts from 0, top to bottom. `image` [28 28] is what the network saw, `probabilities` [10]
    what it made of it.
    """

    value: int | None
    confidence: float
    box: Box
    line: int
    image: Grey = field(repr=False)
    probabilities: Floats = field(repr=False)


@dataclass(frozen=True, eq=False)
class Sheet:
    """A grey picture [h w] of what has `width` x `height` pixels."""

    grey: Grey
    width: int
    height: int


@dataclass(frozen=True, eq=False)
class Find:
    """A place that the page network took for a digit, and what became of it.

    `box` is in pixels of the copy in `Steps`, `heat` how sure the network was that there is a
    digit, `image` [28 28] what the recognizer saw there. `network` [10], `closeup` [11], whose
    last is "none", and `recognizer` [10] are what the three made of it, `probabilities` [10] all
    together, less the probability of no digit. `fate`
    is "digit", "refused" or "unlikely". `after` is where the network saw the next digit of the line
    (x, y), and `follow` [3] the probabilities that none follows, one of the same group, or one of
    the next.
    """

    box: Box
    heat: float
    image: Bytes
    network: Floats
    closeup: Floats
    recognizer: Floats
    probabilities: Floats
    fate: str
    after: tuple[int, int]
    follow: Floats


@dataclass(frozen=True, eq=False)
class Steps:
    """What `read` went through on a picture, for display.

    `grey` is the working copy [h w], turned by `turns` quarters anticlockwise where the picture lay
    on its side or head, `zoom` pixels of the picture to one of its; `heat` [h' w'] from 0 to 255 is
    where the network saw middles of digits, at any scale; `finds` are the places that it named.
    """

    grey: Grey
    heat: Grey
    finds: tuple[Find, ...]
    zoom: float
    turns: int


@dataclass(frozen=True, eq=False)
class DrawnSteps:
    """What `read` went through on a drawing: `ink` [h w], from 0 to 255, is what is not ground."""

    ink: Grey


@dataclass(frozen=True, eq=False)
class Reading:
    """What is written in a picture of `width` x `height` pixels.

    `digits` are in reading order. `lines` are the same as text: "?" for a refused digit, a space
    for a gap between groups of digits. `steps` is there if it was asked for.
    """

    width: int
    height: int
    digits: tuple[Digit, ...]
    lines: tuple[str, ...]
    steps: Steps | DrawnSteps | None = None

    def to_json(self, file: str | None = None) -> dict[str, Any]:
        """What `digitus read --format jsonl` prints for a picture."""
        return {
            "file": file,
            "width": self.width,
            "height": self.height,
            "lines": list(self.lines),
            "digits": [
                {
                    "value": digit.value,
                    "confidence": round(digit.confidence, 4),
                    "box": list(digit.box),
                    "line": digit.line,
                }
                for digit in self.digits
            ],
        }
