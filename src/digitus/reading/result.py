"""What `read.read` gives: a `Reading` of `Digit`s, and the `Steps` that led to it.

Inside: data, and its form as JSON. Not inside: reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from digitus.types import Box, Bytes, Floats, Grey, Mask


@dataclass(frozen=True, eq=False)
class Digit:
    """One digit that was found, or something like one (`value` None: refused).

    `confidence` is the probability of the value, or of the likeliest one where it is refused.
    `box` is x, y, width, height in pixels of the picture, upright as its camera noted; `line`
    counts from 0, top to bottom. `image` [28 28] is what the network saw, `probabilities` [10]
    what it made of it.
    """

    value: int | None
    confidence: float
    box: Box
    line: int
    image: Grey
    probabilities: Floats


@dataclass(frozen=True, eq=False)
class Candidate:
    """Ink that was tried as one digit, between two cuts of a line.

    `box` is in pixels of the maps of `Steps`; `score` is what choosing it added to the line's
    best path (higher is better); `chosen` says whether the best path goes through it. `image` and
    `probabilities` are as in `Digit`.
    """

    line: int
    box: Box
    image: Grey
    probabilities: Floats
    score: float
    chosen: bool


@dataclass(frozen=True, eq=False)
class Steps:
    """Everything that `read` went through, in its order, for display.

    The maps [h w] are of the working copy: the picture made smaller, turned by `turns` quarters
    anticlockwise where it lay on its side or head, `zoom` pixels of the picture to one of theirs.
    `grey` is what came in; `paper` the grey that the paper would have without ink; `dark_ink` the
    polarity; `rules` where ruled lines and boxes were taken out; `ink` from 0 to 255 what is left.
    `pieces` are boxes of connected ink, each with what became of it: "digit" (taken for one, or a
    part or several of them), or the reason why it was left out, in a word or two. `lines` are the
    boxes of the pieces in each line, from left to right; `candidates` is all ink between two cuts
    that was tried as a digit. All boxes here are x, y, width, height in pixels of the maps.
    """

    grey: Grey
    paper: Bytes
    dark_ink: bool
    rules: Mask
    ink: Bytes
    pieces: tuple[tuple[Box, str], ...]
    lines: tuple[tuple[Box, ...], ...]
    candidates: tuple[Candidate, ...]
    zoom: float
    turns: int


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
    steps: Steps | None = None

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
