"""Images in results files, and the digits that these files only name by their places.

Inside: `packed` and `unpacked`, images as JSON holds them; the album of MNIST's digits. Not inside:
how images are shown (`digitus.report.pictures`).
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from digitus.datasets import sources
from digitus.errors import DataError
from digitus.papers.store import Record
from digitus.types import Bytes, Numbers

# The images [n 28 28] at some places of MNIST's "train" or "test": results keep places only.
Album: TypeAlias = Callable[[str, Sequence[int]], Bytes]
LARGEST_WEIGHT = 127  # of a signed byte
CLIP = 0.995  # of the weights are within the scale; the few beyond it get its full colour


def album(data_dir: Path | None) -> Album | None:
    """MNIST's images by part and place, for a report; None where MNIST is not on this machine."""
    try:
        learnt = sources.load("mnist", "train", data_dir=data_dir, download=False)
        test = sources.load("mnist", "test", data_dir=data_dir, download=False)
    except DataError:
        return None
    parts = {"train": learnt.images, "test": test.images}
    return lambda part, places: parts[part][list(places)]


def packed(images: Numbers) -> Record:
    """Pictures [n h w], bytes or signed bytes, as JSON holds them: a deflated text."""
    data = zlib.compress(np.ascontiguousarray(images).tobytes(), 9)
    kind = "signed" if images.dtype == np.int8 else "bytes"
    return {"kind": kind, "shape": images.shape, "data": base64.b64encode(data).decode("ascii")}


def unpacked(record: Record) -> Numbers:
    """The pictures of `packed`."""
    dtype = np.int8 if record["kind"] == "signed" else np.uint8
    data = zlib.decompress(base64.b64decode(record["data"]))
    return np.frombuffer(data, dtype).reshape(record["shape"])


def quantised(weights: Numbers) -> npt.NDArray[np.int8]:
    """Weights as signed bytes of one scale, to be shown."""
    scale = float(np.quantile(np.abs(weights), CLIP)) or 1.0
    return np.clip(
        np.round(weights / scale * LARGEST_WEIGHT), -LARGEST_WEIGHT, LARGEST_WEIGHT
    ).astype(np.int8)
