"""Sheets of a form that somebody filled in, made by code: printed, written, photographed.

Inside: a small form, and pictures of it. Not inside: what is asked of them (the tests).
"""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from digitus.forms import raster
from digitus.forms.form import Field, Form, Place, Sum
from digitus.synthetic.strokes import draw
from digitus.types import Bytes, Floats64

FORM = Form(
    "scores",
    (
        Field("player", (20.0, 30.0, 50.0, 9.0), pattern="##-##", required=True),
        Field("first", (20.0, 48.0, 34.0, 9.0), pattern="###"),
        Field("second", (62.0, 48.0, 34.0, 9.0), kind="comb", pattern="###"),
        Field("total", (20.0, 66.0, 34.0, 9.0), pattern="###"),
    ),
    "Scores",
    (148.0, 105.0),
    (Sum("total", ("first", "second")),),
)
VALUES = {"player": "12-34", "first": "170", "second": "025", "total": "195"}


def printed(form: Form = FORM, page: int = 1) -> Bytes:
    """A blank page."""
    return raster.blank(form, page).copy()


def write(sheet: Bytes, place: Place, digit: int, rng: np.random.Generator) -> None:
    """Writes a digit into a cell of a page."""
    x, y, w, h = (v * raster.SCALE for v in place)
    side = round(0.95 * h)  # a digit fills 20 of 28 pixels
    ink = cv2.resize(draw(np.array([digit]), rng)[0], (side, side), interpolation=cv2.INTER_CUBIC)
    left, top = round(x + (w - side) / 2), round(y + (h - side) / 2)
    part = sheet[top : top + side, left : left + side]
    part[:] = np.minimum(part, 255 - ink * 0.85).astype(np.uint8)


def filled(values: Mapping[str, str] = VALUES, form: Form = FORM, seed: int = 3) -> Bytes:
    """A page with values in its cells, a space for an empty one."""
    sheet, rng = printed(form), np.random.default_rng(seed)
    for name, text in values.items():
        field = form.field(name)
        for c, place in zip((c for c in text if c != "-"), field.digit_places, strict=True):
            if c != " ":
                write(sheet, place, int(c), rng)
    return sheet


def photographed(sheet: Bytes, corners: Floats64, shape: tuple[int, int] = (900, 1200)) -> Bytes:
    """A sheet on a dark desk, its corners [4 2] at these places, clockwise from its top left."""
    h, w = sheet.shape
    own = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    how = cv2.getPerspectiveTransform(own, corners.astype(np.float32))
    seen = cv2.warpPerspective(sheet, how, shape[::-1], borderValue=70, flags=cv2.INTER_AREA)
    light = np.linspace(0.75, 1.0, shape[1])
    return np.clip(seen * light, 0, 255).astype(np.uint8)


ASLANT = np.array([[130.0, 90.0], [1060.0, 150.0], [1010.0, 800.0], [90.0, 720.0]])
