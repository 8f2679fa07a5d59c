"""The scan of a pen's ink: paths to boxes of 20 by 20 greys, as MNIST's were made.

Black or white in a finer scan that is then made smaller: MNIST's greys are the black and white
pixels of a scan, averaged. Inside: this scan, by OpenCV, or by NumPy where OpenCV is not installed,
as in a browser: some pixels at the rim of a stroke differ, and it takes three times as long. Not
inside: what becomes of the boxes (`strokes`).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from digitus.datasets.digits import BOX
from digitus.synthetic.pen import Writing
from digitus.types import Floats32, Floats64, Images, Ints

BITS = 4  # OpenCV's fixed-point coordinates: sixteenths of a pixel
AT_ONCE = 200  # digits that NumPy scans together: some 30 MB


def scan(writing: Writing) -> Images:
    """Boxes [n 20 20] with the ink, 0 to 255."""
    sides = np.round(BOX * writing.grain).astype(int)
    at = np.round((writing.points * sides[:, None, None] - 0.5) * 2**BITS)
    thickness = _thickness(writing, sides)
    try:
        import cv2
    except ImportError:
        return by_numpy(at / 2**BITS, thickness, sides)
    boxes = np.empty((len(writing), BOX, BOX), np.uint8)
    places = at.astype(np.int32)
    # Segments in a row that are equally thick are one call of OpenCV.
    starts = np.diff(thickness, axis=1, prepend=-1) != 0
    for i, side in enumerate(sides.tolist()):
        canvas = np.zeros((side, side), np.uint8)
        cuts = np.flatnonzero(starts[i]).tolist()
        for a, b in zip(cuts, [*cuts[1:], thickness.shape[1]], strict=True):
            if thick := int(thickness[i, a]):
                line = [places[i, a : b + 1]]
                cv2.polylines(canvas, line, False, 255, thick, cv2.LINE_8, BITS)
        cv2.resize(canvas, (BOX, BOX), dst=boxes[i], interpolation=cv2.INTER_AREA)
    return boxes


def _thickness(writing: Writing, sides: Ints) -> Ints:
    """Each segment's [n t-1], in whole pixels of the scan; 0 where the pen is off the paper."""
    width = (writing.widths[:, 1:] + writing.widths[:, :-1]) / 2 * sides[:, None]
    thickness = np.maximum(np.round(width), 1).astype(int)
    before, after = writing.strokes[:, :-1], writing.strokes[:, 1:]
    thickness[(width == 0) | (before != after) | (after < 0)] = 0
    return thickness


def by_numpy(at: Floats64, thickness: Ints, sides: Ints) -> Images:
    """The boxes of paths [n t 2] in pixels of scans of these sides [n], without OpenCV."""
    boxes = np.empty((len(at), BOX, BOX), np.uint8)
    largest = int(sides.max(initial=BOX))
    for start in range(0, len(at), AT_ONCE):
        some = slice(start, start + AT_ONCE)
        ink = np.zeros((len(at[some]), largest, largest), bool)
        for digits, rows, columns in _inked(at[some], thickness[some], sides[some]):
            ink[digits, rows, columns] = True
        boxes[some] = _smaller(ink, sides[some])
    return boxes


def _inked(at: Floats64, thickness: Ints, sides: Ints) -> Iterator[tuple[Ints, Ints, Ints]]:
    """Which pixels have ink: digits, rows and columns, segments of about one size at a time.

    A pixel has ink where it is no farther from a segment than half its thickness.
    """
    digit, segment = np.nonzero(thickness)
    first, last = at[digit, segment], at[digit, segment + 1]
    radius = _radius(thickness[digit, segment])
    corner = np.floor(np.minimum(first, last) - radius[:, None]).astype(int)
    reach = np.ceil(np.maximum(first, last) + radius[:, None]).astype(int) - corner + 1
    window = -(-reach.max(axis=1) // 4) * 4
    for size in np.unique(window):
        these = window == size
        pixels = np.moveaxis(corner[these][:, :, None] + np.arange(size), 1, 0)
        x, y = pixels[0][:, None, :], pixels[1][:, :, None]
        near = _distance_squared(x, y, first[these], last[these]) <= radius[these, None, None] ** 2
        side = sides[digit[these], None, None]
        near &= (x >= 0) & (y >= 0) & (x < side) & (y < side)
        s, row, column = np.nonzero(near)
        yield digit[these][s], y[s, row, 0], x[s, 0, column]


def _radius(thickness: Ints) -> Floats64:
    """How far the ink of a segment reaches from its middle, in pixels.

    OpenCV also fills pixels that its polygon only touches, and makes odd thicknesses half a pixel
    wider; with these numbers the greys differ from its by 3 of 255 on average, and by 0 in sum.
    """
    return thickness / 2 + 0.55 + 0.22 * (thickness % 2)


def _distance_squared(x: Ints, y: Ints, first: Floats64, last: Floats64) -> Floats64:
    """From each pixel of each segment's window [s k k] to the segment."""
    way = (last - first)[:, :, None, None]
    from_x, from_y = x - first[:, 0, None, None], y - first[:, 1, None, None]
    length = np.maximum((way**2).sum(axis=1), 1e-9)
    share = np.clip((from_x * way[:, 0] + from_y * way[:, 1]) / length, 0, 1)
    distance: Floats64 = (from_x - share * way[:, 0]) ** 2 + (from_y - share * way[:, 1]) ** 2
    return distance


def _smaller(ink: npt.NDArray[np.bool_], sides: Ints) -> Images:
    """Boxes [n 20 20]: each grey is the share of ink in the area that it stands for."""
    boxes = np.empty((len(ink), BOX, BOX), np.uint8)
    for side in np.unique(sides):
        these = sides == side
        shares = _shares(int(side))
        scans = ink[these][:, :side, :side].astype(np.float32)
        boxes[these] = np.round(255 * (shares @ scans @ shares.T))
    return boxes


def _shares(side: int) -> Floats32:
    """How much of each of the side's pixels is in each of the box's, [20 side]; rows sum to 1."""
    edges, each = np.arange(side + 1), side / BOX
    within = np.clip(edges - np.arange(BOX)[:, None] * each, 0, each)
    return np.asarray(np.diff(within, axis=1) / each, np.float32)
