"""The row augment: affine and elastic distortion of a set of images.

The affine part of every peer equals digitus's to a grey level; each draws the elastic fields in its
own way, with the same displacement (tests hold both).
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec

import cv2
import numpy as np

from digitus.datasets.augment import augment
from digitus.datasets.augmentation import Augmentation
from rows import Row, Size, tasks
from rows.clock import alternate
from rows.limits import Limits

SETTINGS = Augmentation(rotate=15, scale=0.15, shear=15, shift=2, elastic=1.4, smoothness=5)
PEERS = {
    "PyTorch": ("peers.pytorch_distort", "torch"),
    "torchvision": ("peers.torchvision_distort", "torchvision"),
    "SciPy": ("peers.scipys", "scipy"),
}


def own(
    images: np.ndarray, settings: Augmentation, rng: np.random.Generator, threads: int
) -> np.ndarray:
    """digitus."""
    cv2.setNumThreads(threads)
    return augment(images, settings, rng)


def measure(name: str, size: Size, threads: int, limits: Limits) -> Iterator[tuple[str, Row]]:
    """The row."""
    row, images = Row(), tasks.digits(size.answers).images
    works = {"digitus": own}
    for who, (module, library) in PEERS.items():
        if find_spec(library) is None:
            row.skipped[who] = f"{library} is not installed"
        else:
            works[who] = import_module(module).distort

    def work(who: str) -> object:
        return lambda turn: works[who](images, SETTINGS, np.random.default_rng(turn), threads)

    row.turns = alternate({who: work(who) for who in works}, size.repeats)  # type: ignore[misc]
    yield name, row
