"""What `read.read` gives: a `Reading` of `Digit`s, and the `Steps` that led to it.

Inside: data, and its form as JSON. Not inside: reading.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import NotRequired, TypedDict

from digitus import notebook
from digitus.types import Box, Bytes, Floats, Grey

FIGURES = "0123456789?"
SHOWN_LINES = 3  # lines of text shown in a reading's `repr`
DOUBTFUL_BELOW = 0.9  # probability: of the accepted digits below it about one in ten is wrong


@dataclass(frozen=True, eq=False)
class Digit:
    """One digit that was found, or something like one (`value` None: refused).

    Where a pattern says that there must be one more, and nothing was found, its confidence and all
    probabilities are 0.

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

    @property
    def doubtful(self) -> bool:
        """Whether a person should look at it: refused, or less than `DOUBTFUL_BELOW` certain."""
        return self.value is None or self.confidence < DOUBTFUL_BELOW


@dataclass(frozen=True, eq=False, repr=False)
class GreyPicture:
    """A picture of `width` x `height` pixels as grey [h w], which may have fewer."""

    grey: Grey
    width: int
    height: int


@dataclass(frozen=True, eq=False, repr=False)
class Find:
    """A place that the page network took for a digit, and what became of it.

    `box` is in pixels of the copy in `Steps`, `heat` how sure the page network was that there is a
    digit, `image` [28 28] what the recognizer saw there. `network` [10], `closeup` [11], whose
    last is "none", and `recognizer` [10] are what the three networks made of it, `others` [10] what
    the other digits of the picture say it is by how alike they look, `probabilities` [10] all
    together, which sum to the probability of a digit. `fate` is "digit", "refused" or "unlikely".
    `after` is where the page network saw the next digit of the line (x, y), and `follow` [3] the
    probabilities that none follows, one of the same group, or one of the next.
    """

    box: Box
    heat: float
    image: Bytes
    network: Floats
    closeup: Floats
    recognizer: Floats
    others: Floats
    probabilities: Floats
    fate: str
    after: tuple[int, int]
    follow: Floats


@dataclass(frozen=True, eq=False, repr=False)
class Steps:
    """What `read` went through on a picture, for display.

    `grey` is the working copy [h w], turned by `turns` quarters counter-clockwise where the picture
    lay on its side or upside down; `zoom` pixels of the picture are one of the copy. `heat`
    [h' w'], from 0 to 255, is where the page network saw middles of digits, at any scale; `finds`
    are the places that it named.
    """

    grey: Grey
    heat: Grey
    finds: tuple[Find, ...]
    zoom: float
    turns: int


@dataclass(frozen=True, eq=False, repr=False)
class DrawnSteps:
    """What `read` went through on a drawing: `ink` [h w], from 0 to 255, is what is not ground."""

    ink: Grey


class DigitRecord(TypedDict):
    """A digit as JSON: None for one that was refused."""

    value: int | None
    confidence: float
    box: list[int]
    line: int


class ReadingRecord(TypedDict):
    """A reading as JSON; with `cells` where a grid was asked for."""

    file: str | None
    width: int
    height: int
    lines: list[str]
    digits: list[DigitRecord]
    cells: NotRequired[list[list[str]]]


@dataclass(frozen=True, eq=False, repr=False)
class Reading:
    """What is written in a picture of `width` x `height` pixels.

    `digits` are in reading order. `lines` are the same as text: "?" for a refused digit, a space
    for a gap between groups of digits; `print(reading)` shows them. `steps` is there if it was
    asked for. `picture` is the copy that notebooks show, at most 1,000 pixels on its longer side.
    `cells` are the rows of a grid that was asked for, an empty cell "".
    """

    width: int
    height: int
    digits: tuple[Digit, ...]
    lines: tuple[str, ...]
    steps: Steps | DrawnSteps | None = None
    picture: Bytes | None = None
    cells: tuple[tuple[str, ...], ...] | None = None

    def characters(self) -> list[list[tuple[str, Digit | None]]]:
        """Each line's characters, each with its digit; spaces and a pattern's signs have none.

        Where a pattern has figures of its own (`20##`), a digit's character is the first that
        reads like it.
        """
        signs = [(n, i) for n, line in enumerate(self.lines) for i, c in enumerate(line)
                 if c in FIGURES]  # fmt: skip
        rest = iter(self.digits)
        digit, found = next(rest, None), dict[tuple[int, int], Digit]()
        for n, i in signs:
            plain = digit is not None and ("?" if digit.value is None else str(digit.value))
            if digit and (len(signs) == len(self.digits) or plain == self.lines[n][i]):
                found[n, i], digit = digit, next(rest, None)
        return [
            [(c, found.get((n, i))) for i, c in enumerate(line)]
            for n, line in enumerate(self.lines)
        ]

    def __str__(self) -> str:
        """The text, line by line."""
        return "\n".join(self.lines) or "no digits"

    def __repr__(self) -> str:
        """One line: how much was found, and the first lines of text."""
        refused = sum(digit.value is None for digit in self.digits)
        first = ", ".join(map(repr, self.lines[:SHOWN_LINES]))
        left = len(self.lines) - SHOWN_LINES
        more = f" and {left} line{'s' * (left > 1)}" * (left > 0)
        return (
            f"Reading({self.width} x {self.height} pixels, {len(self.digits)} digits, "
            f"{refused} refused: {first or 'nothing'}{more})"
        )

    def _repr_html_(self) -> str:
        """For notebooks: the picture with a box at each digit, the text, and a table by digit."""
        shown = (
            ""
            if self.picture is None
            else notebook.picture(self.picture, self.width, self.height, self.digits)
        )
        rows = [
            (
                "?" if digit.value is None else str(digit.value),
                f"{100 * digit.confidence:.1f} %",
                str(digit.line + 1),
                " ".join(map(str, digit.box)),
            )
            for digit in self.digits
        ]
        head = ("digit", "confidence", "line", "x y width height")
        return f"{shown}<pre>{escape(str(self))}</pre>{notebook.table(head, rows)}"

    def to_json(self, file: str | None = None) -> ReadingRecord:
        """What `digitus read --format jsonl` prints for a picture."""
        record: ReadingRecord = {
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
        if self.cells is not None:
            record["cells"] = [list(row) for row in self.cells]
        return record
