"""Pictures inside a report: many small ones in one PNG, which is written into the file itself.

Inside: tiles of grey pictures (ink) and of signed numbers (weights), and single pictures, as data
URIs. Not inside: drawings made of lines (`charts`).

Tiles are stored as colour with transparency, so that the same picture lies on white paper and on
a dark screen: ink is opaque and paper is not, and a weight of 0 cannot be seen.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from digitus.plotting import NEGATIVE, POSITIVE
from digitus.types import Bytes, Floats, Images

INK = (28, 36, 48)  # blue-black; inverted, as a dark screen shows it, it is a warm white
ZERO = 128  # the place of 0 in the palette of signed pictures
CLIP = 0.995  # of the weights are within the scale; the few beyond it get its full colour


@dataclass(frozen=True)
class Tiles:
    """Pictures of one size in one PNG. `css` goes into a file once; `tile` shows each picture.

    `tile` is a macro of `parts.html`, which gives an element the name of these tiles as its class.
    """

    name: str
    uri: str
    columns: int
    height: int
    width: int

    @property
    def css(self) -> Markup:
        """The CSS rule that gives elements of this class the PNG as their background."""
        return Markup(
            f".{self.name}{{--columns:{self.columns};--ratio:{self.height / self.width:g};"
            f"background-image:url({self.uri})}}\n"
        )

    def place(self, k: int) -> tuple[int, int]:
        """Column and row of picture k."""
        row, column = divmod(k, self.columns)
        return column, row


def ink_tiles(name: str, images: Images) -> Tiles:
    """Pictures [n h w] of white ink (255) on black (0)."""
    return _tiles(name, images, [(*INK, alpha) for alpha in range(256)])


def signed_tiles(name: str, values: Floats) -> Tiles:
    """Numbers [n h w] as blue above 0 and red below; all pictures have the same scale."""
    scale = float(np.quantile(np.abs(values), CLIP)) if values.size else 0.0
    steps = np.round(values / (scale or 1.0) * (ZERO - 1))
    indices = (ZERO + np.clip(steps, 1 - ZERO, ZERO - 1)).astype(np.uint8)
    colours = [
        (*(POSITIVE if i > ZERO else NEGATIVE), min(2 * abs(i - ZERO), 255)) for i in range(256)
    ]
    return _tiles(name, indices, colours)


def photo_uri(picture: Bytes) -> str:
    """A picture [h w] or [h w 3] as the data URI of a JPEG."""
    from PIL import Image

    packed = io.BytesIO()
    Image.fromarray(picture).save(packed, "JPEG", quality=82)
    return _address(packed, "jpeg")


def _tiles(name: str, images: Images, colours: list[tuple[int, int, int, int]]) -> Tiles:
    """Puts the pictures side by side in a PNG that is about square."""
    n, h, w = images.shape
    columns = max(1, round((n * h / w) ** 0.5))
    rows = max(1, -(-n // columns))
    whole = np.full((rows * columns, h, w), images.flat[0] if n else 0, np.uint8)
    whole[:n] = images
    pixels = whole.reshape(rows, columns, h, w).swapaxes(1, 2).reshape(rows * h, columns * w)
    return Tiles(name, _address(_palette(pixels, colours), "png"), columns, h, w)


def _palette(pixels: Bytes, colours: list[tuple[int, int, int, int]]) -> io.BytesIO:
    """A PNG of bytes [h w] that mean these 256 colours (red, green, blue, opacity)."""
    from PIL import Image

    picture = Image.fromarray(pixels).convert("L")
    picture.putpalette([part for colour in colours for part in colour[:3]])
    packed = io.BytesIO()
    alphas = bytes(colour[3] for colour in colours)
    picture.save(packed, "PNG", optimize=True, transparency=alphas)
    return packed


def _address(packed: io.BytesIO, kind: str) -> str:
    data = base64.b64encode(packed.getvalue()).decode("ascii")
    return f"data:image/{kind};base64,{data}"
