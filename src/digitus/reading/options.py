"""How a picture is to be read: what does not change from page to page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from numbers import Integral, Real
from typing import Literal, TypeAlias

import numpy as np

from digitus.cancellation import check
from digitus.datasets.digits import DIGITS, SIDE, named
from digitus.errors import ModelError
from digitus.recognizer import Recognizer, load
from digitus.types import Bytes, Floats

MOST_CELLS = 100  # rows, and columns, of a grid
Found: TypeAlias = Literal["found"]  # a grid whose rules tell how many cells it has


@cache
def shipped() -> Recognizer:
    """The recognizer that ships: opening its file takes longer than reading a digit."""
    return load()


@dataclass(frozen=True)
class ReadingOptions:
    """The arguments of `reading.read.read`, which says what they mean.

    Raises `ModelError` for a recognizer of other signs than digits, `TypeError` for an option of
    the wrong type, and `ValueError` for a `pattern` without a digit, a confidence that is not from
    0 to 1, and a `grid` that is none or comes with a pattern.
    """

    recognizer: Recognizer = field(default_factory=shipped)
    pattern: str | None = None
    min_confidence: float | None = None
    keep_steps: bool = False
    drawn: bool = False
    grid: tuple[int, int] | Found | None = None

    def __post_init__(self) -> None:
        if self.recognizer.classes != DIGITS:
            raise ModelError(
                f"this model tells {named(self.recognizer.classes)}; numbers in pictures are read "
                "by one for the digits"
            )
        self._check_kinds()
        if self.pattern is not None and "#" not in self.pattern:
            raise ValueError(f"the pattern {self.pattern!r} has no # for a digit")
        if self.grid is not None:
            if self.pattern is not None:
                raise ValueError("the cells of a grid have no pattern: grid or pattern, not both")
            if self.grid != "found" and (
                isinstance(self.grid, str)
                or len(self.grid) != 2
                or not all(1 <= side <= MOST_CELLS for side in self.grid)
            ):
                raise ValueError(
                    f"a grid is (rows, columns), from 1 to {MOST_CELLS} of each, or 'found', "
                    f"not {self.grid!r}"
                )
        if not 0 <= self.threshold <= 1:  # NaN fails too
            raise ValueError(f"a confidence is from 0 to 1, not {self.threshold}")

    def _check_kinds(self) -> None:
        """Raises `TypeError` for arguments of the wrong type, saying what is accepted."""
        if not isinstance(self.pattern, str | None):
            kind = type(self.pattern).__name__
            raise TypeError(f"a pattern is text, # for a digit, not {kind}")
        if not isinstance(self.min_confidence, Real | None):
            kind = type(self.min_confidence).__name__
            raise TypeError(f"a confidence is from 0 to 1, not {kind}")
        if isinstance(self.grid, str | None):
            return
        cells = self.grid if isinstance(self.grid, Sequence) else ("",)
        if not all(isinstance(side, Integral) for side in cells):
            raise TypeError(f"a grid is (rows, columns) or 'found', not {self.grid!r}")

    @property
    def threshold(self) -> float:
        """Answers less likely than this are refused."""
        return self.recognizer.threshold if self.min_confidence is None else self.min_confidence

    @property
    def may_be_one_digit(self) -> bool:
        """Whether the picture may show a single digit."""
        if self.grid is not None:
            return False
        return self.pattern is None or self.pattern.count("#") == 1

    def probabilities(self, images: Sequence[Bytes]) -> Floats:
        """The recognizer's probabilities for images [28 28], as rows [n 10]."""
        check()
        return self.recognizer.probabilities(np.array(images, np.uint8).reshape(-1, SIDE, SIDE))

    def answer(self, probabilities: Floats) -> tuple[int | None, float]:
        """The likeliest digit, None if it is refused, and how likely it is."""
        confidence = float(probabilities.max())
        value = int(probabilities.argmax()) if confidence >= self.threshold else None
        return value, confidence
