"""Images as a network takes them: bytes to inputs, in batches of bounded memory.

Inside: `as_input`, `Inputs`, and how many images at a time are run through a network that learns
nothing. Not inside: the layers that prepare an input (`inputs`) and NumPy's blocks of inked pixels
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
    """Bytes [n h w] as batches of inputs; can be run through again and never exist all at once."""

    images: Images
    w: Array

    def __iter__(self) -> Iterator[Array]:
        return (as_input(self.images[part], self.w) for part in bounds(len(self.images), BATCH))


def as_input(images: Images, w: Array) -> Array:
    """Bytes [n h w] as what a network with the parameter w takes: [n h w 1], its type and place."""
    # They travel as bytes, a quarter of what they will be.
    if isinstance(w, np.ndarray):
        return Pixels(images[..., None], w.dtype)
    return namespace(w).astype(like(images, w)[..., None], w.dtype)
