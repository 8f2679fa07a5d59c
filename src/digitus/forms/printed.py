"""What is printed on a straight page, what is written there, and the page without its print.

Print is where the blank page has it, moved as each field is (`align`). Inside: that. Not inside:
what the ink says (`fields`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from digitus.cancellation import check
from digitus.forms.align import Shift
from digitus.forms.form import Field, Place
from digitus.forms.raster import SCALE
from digitus.forms.warp import spread
from digitus.types import Bytes, Floats32, Mask, Points

AROUND = 2.0  # mm of paper around a field that is looked at too
PAPER = 245  # of 255, where a page is evenly lit
INK = 60  # of 255 darker than paper: ink, where nothing is printed
STEP = 8  # pixels between those whose place on the blank page is computed
TALL = 256  # pixels of a field's height, computed at a time
RIM = 0.1  # of a find's sides: lines of boxes and what is written beside reach so far into it
IS_PRINT = 0.8  # of what is dark inside: where more is printed, the find is print
LEAST_PRINT = 0.05  # of a find's area: less is a line that crosses it


@dataclass(frozen=True, eq=False)
class Dark:
    """Where a page is dark: what was written on it, and what is printed."""

    written: Mask
    printed: Mask

    def is_print(self, x: float, y: float, width: float, height: float) -> bool:
        """Whether what was found around a middle x, y, in pixels of the page, is printed."""
        across, down = (0.5 - RIM) * width, (0.5 - RIM) * height
        rows = slice(max(0, round(y - down)), max(0, round(y + down)))
        columns = slice(max(0, round(x - across)), max(0, round(x + across)))
        here = self.printed[rows, columns]
        printed, written = int(here.sum()), int(self.written[rows, columns].sum())
        return printed > max(IS_PRINT * (printed + written), LEAST_PRINT * here.size)


def dark_on(clear: Bytes, printed: Mask) -> Dark:
    """Where there is ink, as dark as a pen's, that is printed or not."""
    dark: Mask = cv2.GaussianBlur(clear, (0, 0), 0.8) < PAPER - INK
    return Dark(dark & ~printed, dark & printed)


def print_on(blank: Bytes, fields: Sequence[Field], moved: Mapping[str, Shift]) -> Mask:
    """Where something is printed on the page, and a little around it.

    In and around a field, print is moved as the field is; beyond its edge, as the edge is.
    """
    still = cv2.dilate((blank < 250).view(np.uint8), np.ones((5, 5), np.uint8))
    found = still.copy()
    for field in fields:
        check()
        x, y, w, h = (v * SCALE for v in field.place)
        shift = moved[field.name]
        far = float(np.abs(shift(np.array([[x + w / 2, y + h / 2]]))).max()) / SCALE
        rows, columns = box(field.place, AROUND + far, blank.shape)
        for top in range(rows.start, rows.stop, TALL):  # a field may be as large as the page
            strip = slice(top, min(top + TALL, rows.stop))
            here = _lies(shift, (strip, columns), np.array([[x, y], [x + w, y + h]]))
            found[strip, columns] = cv2.remap(still, here, None, cv2.INTER_NEAREST)
    return found > 0


def _lies(shift: Shift, part: tuple[slice, slice], edges: Points) -> Floats32:
    """Where each pixel of a part of the page lies on the blank one, [h w 2], x and y.

    It is computed at one pixel of `STEP` each way and interpolated linearly between them: movements
    are smooth, and a thousand fields of a page have a million pixels. Beyond `edges`, the field's
    top left and bottom right corner, the page moves as the field's edge does.
    """
    rows, columns = part
    grid = np.mgrid[
        rows.start : rows.stop + STEP : STEP, columns.start : columns.stop + STEP : STEP
    ]
    there = np.moveaxis(grid[::-1], 0, -1).astype(np.float64)
    moved = shift(np.clip(there.reshape(-1, 2), *edges)).reshape(there.shape)
    size = columns.stop - columns.start, rows.stop - rows.start
    return spread((there - moved).astype(np.float32), STEP, size)


def without_print(clear: Bytes, printed: Mask) -> Bytes:
    """The page without its grey lines, for the recognizer: it knows ink alone.

    Otherwise a digit that touches a line would be taken as one with it. The other networks have
    learnt from digits in boxes, and are less sure without boxes. What is as dark as ink stays:
    strokes that cross lines, and black lines.
    """
    rubbed_out = clear.copy()
    rubbed_out[printed & (clear >= PAPER - INK)] = PAPER
    return rubbed_out


def box(place: Place, around: float, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """The pixels of a place and of `around` mm around it, as rows and columns."""
    x, y, w, h = place
    rows = slice(max(0, round((y - around) * SCALE)), round((y + h + around) * SCALE))
    columns = slice(max(0, round((x - around) * SCALE)), round((x + w + around) * SCALE))
    return (
        slice(rows.start, min(rows.stop, shape[0])),
        slice(columns.start, min(columns.stop, shape[1])),
    )
