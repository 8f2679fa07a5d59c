"""Images as a network takes them: bytes to inputs, in batches of bounded memory.

Inside: `as_input`, `Inputs`, and how many images at a time go through a network at inference. Not
inside: the layers that prepare an input (`inputs`), bytes that are multiplied as they are
(`pixels`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from digitus.nn.arrays import bounds, like, namespace
from digitus.nn.pixels import Pixels
from digitus.types import Array, Images

BATCH = 250  # images at a time where nothing is learnt: bounds the memory of a convolution


@dataclass(frozen=True, eq=False)
class Inputs:
    """Bytes [n h w] as batches of inputs, made anew for each pass and never all there at once."""

    images: Images
    w: Array

    def __iter__(self) -> Iterator[Array]:
        return (as_input(self.images[part], self.w) for part in bounds(len(self.images), BATCH))


def as_input(images: Images, w: Array) -> Array:
    """Bytes [n h w] as a network with a parameter w takes them: [n h w 1], w's type and device."""
    # They travel as bytes, a quarter of the size of the numbers.
    if isinstance(w, np.ndarray):
        return Pixels(images[..., None], w.dtype)
    return namespace(w).astype(like(images, w)[..., None], w.dtype)
