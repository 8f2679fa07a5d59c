"""Pictures whose reading is timed: a phone's photo, and pages that are as full as pages get.

Inside: `large_photo`, `dense`. Not inside: timing them (`reading`), pages to be judged
(`digitus.synthetic.pages`).
"""

from __future__ import annotations

from itertools import product

import cv2
import numpy as np

from digitus.nn import stream
from digitus.synthetic.pages.pages import Page, pages
from digitus.synthetic.strokes import draw
from digitus.types import Bytes

SEED = 2
HIGH, WIDE = 1600, 1200  # pixels of a dense page
BOXES = 20, 15  # rows and columns
PAPER, WALL, SQUARES, INK = 235, 90, 175, 40


def large_photo() -> Bytes:
    """A photo of 12 megapixels with ten digits, as a phone would take it."""
    picture = page_of({"number", "gradient"}, 10, 10).picture
    height, width = picture.shape[:2]
    zoom = min(2400 / width, 1800 / height)
    large = cv2.resize(picture, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_CUBIC)
    down, right = 3000 - large.shape[0], 4000 - large.shape[1]
    around = (down // 2, down - down // 2, right // 2, right - right // 2)
    return np.asarray(cv2.copyMakeBorder(large, *around, cv2.BORDER_REPLICATE), np.uint8)


def dense() -> dict[str, Bytes]:
    """Full pages by their names."""
    return {
        "hundred_digits": page_of({"many"}, 95, 105).picture,
        "boxes": boxes(),
        "squared": squared(),
    }


def page_of(kinds: set[str], least: int, most: int) -> Page:
    """The first made page of these kinds with so many digits."""
    tries = (next(pages(1, SEED, kinds=kinds, start=i)) for i in range(1000))
    return next(page for page in tries if least <= len(page.digits) <= most)


def boxes() -> Bytes:
    """300 boxes of a form, a digit in each."""
    page = np.full((HIGH, WIDE), PAPER, np.uint8)
    rows, columns = BOXES
    high, wide = (HIGH - 40) // rows, (WIDE - 40) // columns
    for i, j in product(range(rows), range(columns)):
        x, y = 20 + j * wide, 20 + i * high
        cv2.rectangle(page, (x + 4, y + 4), (x + wide - 5, y + high - 5), WALL, 2)
        _put(page, i * columns + j, x + wide // 2, y + high // 2, 44)
    return page


def squared() -> Bytes:
    """Paper of small squares with 100 digits."""
    page = np.full((HIGH, WIDE), PAPER, np.uint8)
    for at in range(0, HIGH, 20):
        cv2.line(page, (0, at), (WIDE - 1, at), SQUARES, 1)
        cv2.line(page, (at, 0), (at, HIGH - 1), SQUARES, 1)
    for i, j in product(range(10), range(10)):
        _put(page, 10 * i + j, 80 + 110 * j, 90 + 155 * i, 48)
    return page


def _put(page: Bytes, number: int, x: int, y: int, height: int) -> None:
    """Writes a digit of the simulated pen around a place."""
    side = height * 28 // 20  # it fills 20 of 28 pixels
    digit = draw(np.array([number % 10]), stream(SEED, "dense", number))[0]
    ink = cv2.resize(digit, (side, side), interpolation=cv2.INTER_CUBIC).astype(np.float32) / 255
    part = page[y - side // 2 :, x - side // 2 :][:side, :side]
    part[:] = np.minimum(part, part - ink * (part.astype(np.float32) - INK)).astype(np.uint8)
