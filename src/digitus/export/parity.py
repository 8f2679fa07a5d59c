"""The check of every export: the same pictures through the network and through what was exported.

Inside: `compared`, and when a difference is a failure. Not inside: how each kind of export is run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from digitus.errors import ExportError
from digitus.export.precision import Precision
from digitus.synthetic.strokes import strokes
from digitus.types import Images, Matrix

COUNT = 100
SEED = 19  # the seed of the pictures; any will do
LARGEST_DIFFERENCE = 1e-3  # of a probability in float32; 1e-6 is usual
LEAST_SAME = 0.9  # the share of answers that must agree, with fewer bits


@dataclass(frozen=True)
class Parity:
    """How many of `count` answers are the same, and the largest difference of a probability."""

    count: int
    same: int
    difference: float

    def __str__(self) -> str:
        return (
            f"{self.same} of {self.count} answers as in Python, "
            f"probabilities differ by {self.difference:.1g} at most"
        )


@cache
def pictures(size: tuple[int, int]) -> Images:
    """Digits of the simulated pen, on pictures of the network's own size."""
    images = strokes(COUNT, SEED).images
    if images.shape[1:] != size:
        rows, columns = (np.arange(s) * 28 // s for s in size)
        images = np.ascontiguousarray(images[:, rows][:, :, columns])
    return images


def compared(expected: Matrix, found: Matrix, precision: Precision) -> Parity:
    """Both answers to the same pictures. Raises `ExportError` where they are not the same."""
    expected, found = np.asarray(expected), np.asarray(found)
    same = int((expected.argmax(axis=1) == found.argmax(axis=1)).sum())
    parity = Parity(len(expected), same, float(np.abs(expected - found).max()))
    if precision == "float32":
        good = same == parity.count and parity.difference <= LARGEST_DIFFERENCE
    else:
        good = same >= LEAST_SAME * parity.count
    if not good:
        raise ExportError(f"what was made answers otherwise, and was not written: {parity}")
    return parity


def checked(
    run: Callable[[Images], Matrix],
    expect: Callable[[Images], Matrix],
    size: tuple[int, int],
    precision: Precision,
) -> Parity:
    """Compares the answers of both to the same pictures."""
    images = pictures(size)
    return compared(expect(images), run(images), precision)
