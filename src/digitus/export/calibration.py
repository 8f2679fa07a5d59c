"""Pictures on which it is measured how many bits the networks of an exported web page need.

They are pages of digits and other marks, put together here by the simplest means and not those that
networks learn from (`synthetic.pages`): when these change, an exported web page stays the same.
They need not look like photos. They have to show which layers' errors reach the answers, on digits
of all sizes that are found, on paper and ink of all greys, and on what lies between digits.

Inside: those pictures. Not inside: the measuring (`steps`), and the pictures for whole numbers,
which are of single digits (`integers`).
"""

from __future__ import annotations

import cv2
import numpy as np

from digitus.detection.closeups import SIDE, closeups
from digitus.nn.arrays import stream
from digitus.synthetic.strokes import draw
from digitus.types import Bytes, Floats32, Floats64, Images

SEED = 8
PAGES = 4
PAGE_SIDE = 192  # pixels
DIGIT_SIZES = 15.0, 54.0  # pixels of a digit's longer side, on the first page and on the last
OF_EACH = 8  # close-ups from a page, at most: of digits, and of what is not a digit
MISSED = 0.07  # of its size: by how much a find lies beside its digit, and is larger or smaller
PEN_SIDE, PEN_BOX = 28, 20  # pixels: of a drawn digit's picture, and of the digit in it


def pictures() -> tuple[Images, Images]:
    """Pages [n h w] for the page network, and close-ups [k SIDE SIDE] for the close-up network."""
    rng = stream(SEED, "calibration of exports")
    pages, close = [], []
    for size in np.geomspace(*DIGIT_SIZES, PAGES):
        page, digits, others = _page(float(size), rng)
        pages.append(page)
        for boxes in (digits, others):
            chosen = rng.permutation(len(boxes))[:OF_EACH]
            close.append(closeups(page, _missed(boxes[chosen], rng)))
    found = np.concatenate(close)
    assert found.shape[1:] == (SIDE, SIDE)
    return np.stack(pages), found


def _page(size: float, rng: np.random.Generator) -> tuple[Bytes, Floats64, Floats64]:
    """A page of digits with a ruled line and marks; the boxes of digits, and of what is not one."""
    ink = np.zeros((PAGE_SIDE, PAGE_SIDE), np.float32)
    digits, others = [], []
    y = size * rng.uniform(0.8, 1.2)
    while y < PAGE_SIDE - size / 2:
        x = size * rng.uniform(0.6, 1.4)
        for image in draw(rng.integers(0, 10, PAGE_SIDE), rng):
            if x > PAGE_SIDE - size / 2:
                break
            if rng.random() < 0.2:  # a space: no digit, though it stands in the line
                others.append([x, y, size / 2, size])
            else:
                digits.append(_write(ink, image, (x, y), size * rng.uniform(0.85, 1.15)))
            x += size * rng.uniform(0.65, 1.0)
        others.append(_marks(ink, (rng.uniform(0, 0.7) * PAGE_SIDE, y + 0.9 * size), size, rng))
        y += size * rng.uniform(1.4, 2.0)
    rule = round(rng.uniform(0.2, 0.8) * PAGE_SIDE)
    ink[rule : rule + 1 + round(size / 30)] = 0.6
    others.append([rng.uniform(0.2, 0.8) * PAGE_SIDE, rule, size, size])
    return _lit(ink, rng), np.array(digits), np.array(others)


def _write(ink: Floats32, image: Bytes, at: tuple[float, float], size: float) -> list[float]:
    """Lays a drawn digit [28 28] on the ink; its box: middle, width and height."""
    zoom = size / PEN_BOX
    move = np.array(
        [[zoom, 0, at[0] - zoom * PEN_SIDE / 2], [0, zoom, at[1] - zoom * PEN_SIDE / 2]]
    )
    smooth = cv2.INTER_AREA if zoom < 1 else cv2.INTER_CUBIC
    laid = cv2.warpAffine(image.astype(np.float32) / 255, move, ink.shape[::-1], flags=smooth)
    np.maximum(ink, np.clip(laid, 0, 1), out=ink)
    rows, columns = np.nonzero(image > 100)
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    return [*at, float(zoom * width), float(zoom * height)]


def _marks(
    ink: Floats32, at: tuple[float, float], size: float, rng: np.random.Generator
) -> list[float]:
    """A row of marks below a line of digits: bars, crosses and rings; the box of the first."""
    side = max(6.0, size * rng.uniform(0.3, 0.6))
    thick = max(1, round(side / 8))
    canvas = np.zeros(ink.shape, np.uint8)
    for i in range(4):
        x, y = at[0] + 1.1 * side * i, at[1]
        corners = np.array([[-1, -1], [1, 1], [-1, 1], [1, -1]]) * side / 2 + (x, y)
        ends = np.rint(corners).astype(int)
        kind = rng.integers(3)
        if kind == 0:
            middle, axes = (round(x), round(y)), (round(side / 3), round(side / 2))
            cv2.ellipse(canvas, middle, axes, 0, 0, 360, 230, thick)
        else:  # one stroke is a bar, two are a cross
            for a, b in (ends[:2], ends[2:])[:kind]:
                cv2.line(canvas, a.tolist(), b.tolist(), 230, thick, cv2.LINE_AA)
    np.maximum(ink, canvas.astype(np.float32) / 255, out=ink)
    return [*at, side, side]


def _lit(ink: Floats32, rng: np.random.Generator) -> Bytes:
    """The ink on paper of some grey, in light from one side, a little out of focus, with grain."""
    paper = rng.uniform(150, 250)
    strength = rng.uniform(0.4, 0.9)
    slope = rng.uniform(-0.3, 0.3, 2)
    place = np.linspace(-0.5, 0.5, PAGE_SIDE)
    light = 1 + slope[0] * place + slope[1] * place[:, None]
    seen = cv2.GaussianBlur(ink, (0, 0), rng.uniform(0.4, 0.9))
    grain = rng.normal(0, rng.uniform(1, 6), ink.shape)
    found = np.clip(paper * light * (1 - strength * seen) + grain, 0, 255)
    return np.asarray(np.rint(found), np.uint8)


def _missed(boxes: Floats64, rng: np.random.Generator) -> Floats64:
    """Boxes [k 4] moved and resized a little, as finds are."""
    size = boxes[:, 2:].max(axis=1, keepdims=True)
    middle = boxes[:, :2] + MISSED * size * rng.standard_normal((len(boxes), 2))
    return np.concatenate(
        [middle, boxes[:, 2:] * np.exp(MISSED * rng.standard_normal(size.shape))], 1
    )
