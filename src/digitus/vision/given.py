"""What a program hands over as a picture: a path, a file's bytes, an open file, an image, an array.

Inside: which of these it is, as pages of pixels. Not inside: opening what is encoded (`decode`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TypeAlias

import numpy as np
from PIL import Image

from digitus.errors import DataError
from digitus.limits import PICTURE_BYTES
from digitus.types import Bytes
from digitus.vision.decode import Picture, decode_pages, of_image

Given: TypeAlias = "str | os.PathLike[str] | bytes | IO[bytes] | Image.Image | Bytes"
ACCEPTED = (
    "a picture is a path, a file's bytes, a file opened in binary mode, a Pillow image, or an "
    "array of bytes [h w] or [h w 3]"
)


def pages(given: object, side: int, name: str = "") -> Iterator[Picture]:
    """Its pages, decoded no finer than needed for that many pixels on the longer side.

    `name` is what errors call a picture that is not a file.

    Raises `TypeError` for anything but `Given`, and `DataError` where it cannot be opened.
    """
    if isinstance(given, str | os.PathLike):
        return decode_pages(Path(given), name, side=side)
    if isinstance(given, bytes | bytearray | memoryview):
        return decode_pages(bytes(given), name, side=side)
    if isinstance(given, Image.Image):
        return iter([of_image(given)])
    if hasattr(given, "read"):
        content = given.read(PICTURE_BYTES + 1)
        if not isinstance(content, bytes):
            raise TypeError("the file is opened for text; open it in binary mode, open(path, 'rb')")
        return decode_pages(content, name or str(getattr(given, "name", "")), side=side)
    if hasattr(given, "__array__"):
        return iter([_of_array(np.asarray(given))])
    raise TypeError(f"{ACCEPTED}; not {type(given).__name__}")


def _of_array(pixels: Bytes) -> Picture:
    """Pixels as they are, without the axis of a single channel; transparent ones get a ground."""
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    if pixels.dtype == np.bool_:
        pixels = pixels.astype(np.uint8) * 255
    channels = pixels.shape[2:] if pixels.ndim > 1 else (0,)
    if pixels.dtype != np.uint8 or not pixels.size or channels not in ((), (3,), (4,)):
        raise DataError(
            f"a picture must be bytes [h w] or [h w 3], not {pixels.dtype} {list(pixels.shape)}"
            + _hint(pixels)
        )
    if channels == (4,):
        return of_image(Image.fromarray(pixels, "RGBA"))
    return Picture(np.ascontiguousarray(pixels), pixels.shape[1], pixels.shape[0])


def _hint(pixels: Bytes) -> str:
    """What would make a picture of these numbers."""
    if pixels.dtype.kind == "f" and pixels.size and 0 <= pixels.min() <= pixels.max() <= 1:
        return "; numbers from 0 to 1 become bytes by (255 * picture).astype('uint8')"
    return ""
