"""A blank page as pixels, with which a straightened picture of it is compared.

Inside: lines and marks. Not inside: words, which are not compared, and the form to print (`pdf`).
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from digitus.forms.form import Form
from digitus.forms.layout import GREY, LINE_MM, MARK, lines, marks
from digitus.types import Bools, Bytes

DPI = 150
SCALE = DPI / 25.4  # pixels per millimetre of a straight page, everywhere
FINE = 4  # parts of a pixel each way, in which marks are drawn
MARK_MODULES = 7  # modules of a mark: 5, and its border
BITS = 4  # OpenCV's fixed-point coordinates: sixteenths of a pixel


@cache
def dictionary() -> cv2.aruco.Dictionary:
    """The dictionary of the marks."""
    return cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_5X5_1000)


def modules(number: int) -> Bools:
    """A mark [MARK_MODULES MARK_MODULES]: where it is black."""
    drawn = cv2.aruco.generateImageMarker(dictionary(), number, MARK_MODULES)
    return np.asarray(drawn) == 0


def size(form: Form) -> tuple[int, int]:
    """Rows and columns of a page's pixels."""
    width, height = form.paper
    return round(height * SCALE), round(width * SCALE)


def blank(form: Form, page: int) -> Bytes:
    """A page, bytes [h w]."""
    canvas = np.full(size(form), 255, np.uint8)
    thick, grey = max(1, round(LINE_MM * SCALE)), round(255 * GREY)
    for line in lines(form, page):
        ends = np.round(np.array([line.x0, line.y0, line.x1, line.y1]) * SCALE * 2**BITS)
        x0, y0, x1, y1 = ends.astype(int).tolist()
        cv2.line(canvas, (x0, y0), (x1, y1), grey, thick, cv2.LINE_AA, BITS)
    for mark in marks(form, page):
        fine = round(MARK * SCALE * FINE)
        black = modules(mark.number).astype(np.uint8)
        drawn = cv2.resize(255 * (1 - black), (fine, fine), interpolation=cv2.INTER_NEAREST)
        zoom = np.array([[1 / FINE, 0, mark.x * SCALE], [0, 1 / FINE, mark.y * SCALE]])
        zoom[:, 2] += 0.5 / FINE - 0.5  # middles of pixels, not corners
        cv2.warpAffine(
            drawn, zoom, canvas.shape[::-1], canvas, cv2.INTER_AREA, cv2.BORDER_TRANSPARENT
        )
    return canvas
