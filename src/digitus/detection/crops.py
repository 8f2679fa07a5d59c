"""Crops: parts of made pages at every scale, with the truth of the digits that they show.

A crop shows a page at the scale of one of its digits, at any other scale, or anywhere, so that the
network also learns what is nothing: paper, print, edges, digits of the wrong size. Inside:
choosing, cutting and turning; a crop depends on its page and a random generator alone. Not inside:
pages (`synthetic.pages`), what is answered (`maps`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import cv2
import numpy as np

from digitus.detection.maps import CROP_SIDE, ENDS, JOINS, PARTS, Truth
from digitus.synthetic.pages.pages import Page
from digitus.types import Bytes, Floats64
from digitus.vision.colour import as_grey
from digitus.vision.paper import edge_grey

Crop: TypeAlias = tuple[Bytes, list[Truth]]

SIZES = 12.0, 60.0  # pixels of the digit in the middle of a crop, where there is one
AT_DIGIT, ANYWHERE = 0.6, 0.9  # cumulative shares: at a digit's scale; at a digit, of any scale
ANY_SIZE = 3.0, 200.0
BEYOND = 40  # pixels of a crop that may lie beyond an edge, unless all of the picture is in it
FULLEST, LEAST = 0.85, 0.5  # of its box in the crop: a digit counts; below, it is none
NO_TOP = frozenset("01689")  # digits that may be digits upside down or lying


def followers(page: Page) -> list[tuple[int, int | None]]:
    """For each digit of a page what follows it, and the index of the next one in its line."""
    found: list[tuple[int, int | None]] = []
    k = 0
    for text in page.lines:
        groups = [len(group) for group in text.split()]
        last = sum(groups)
        ends = set(np.cumsum(groups).tolist())
        for i in range(1, last + 1):
            if i == last:
                found.append((ENDS, None))
            else:
                found.append((PARTS if i in ends else JOINS, k + 1))
            k += 1
    return found


def turns_of(page: Page) -> int:
    """By how many quarters, counter-clockwise, a turned page was turned."""
    if "turned" not in page.kinds:
        return 0
    way = np.zeros(2)
    for (_, a, line), (_, b, other) in zip(page.digits, page.digits[1:], strict=False):
        if line == other:
            way += (b[0] + b[2] / 2 - a[0] - a[2] / 2, b[1] + b[3] / 2 - a[1] - a[3] / 2)
    if abs(way[0]) >= abs(way[1]):
        return 0 if way[0] >= 0 else 2
    return 1 if way[1] < 0 else 3


def crops_of(pages: Iterable[Page], count: int, rng: np.random.Generator) -> list[Crop]:
    """`count` crops, more of pages with many digits; takes no more pages than that needs."""
    found: list[Crop] = []
    for page in pages:
        share = min(3 + len(page.digits) // 4, 6, count - len(found))
        found += crops(page, share, rng)
        if len(found) == count:
            break
    return found


def crops(page: Page, count: int, rng: np.random.Generator) -> list[Crop]:
    """`count` crops [CROP_SIDE CROP_SIDE] of a page."""
    grey = as_grey(page.picture)
    boxes = np.array([box for _, box, _ in page.digits], float).reshape(-1, 4)
    after = followers(page)
    turns = turns_of(page)
    lying = bool(turns)
    if turns and rng.random() < 0.6:
        height, width = grey.shape
        grey = np.ascontiguousarray(np.rot90(grey, -turns))
        for _ in range(turns):  # the way back: clockwise
            x, y, w, h = boxes.T
            boxes = np.column_stack([height - y - h, x, h, w])
            height, width = width, height
        lying = False
    values = [value for value, _, _ in page.digits]
    return [_crop(grey, boxes, values, after, lying, rng) for _ in range(count)]


def _crop(
    grey: Bytes,
    boxes: Floats64,
    values: Sequence[int],
    after: Sequence[tuple[int, int | None]],
    lying: bool,
    rng: np.random.Generator,
) -> tuple[Bytes, list[Truth]]:
    height, width = grey.shape
    kind = rng.random()
    if len(boxes) and kind < ANYWHERE:
        x, y, w, h = boxes[rng.integers(len(boxes))]
        low, high = SIZES if kind < AT_DIGIT else ANY_SIZE
        zoom = float(np.exp(rng.uniform(np.log(low), np.log(high)))) / max(w, h)
        cx, cy = x + w / 2, y + h / 2
    else:
        zoom = CROP_SIDE / max(height, width) * float(np.exp(rng.uniform(np.log(0.7), np.log(8))))
        cx, cy = rng.uniform(0, width), rng.uniform(0, height)
    zoom = min(zoom, 8.0)
    cx, cy = np.array([cx, cy]) + rng.uniform(-0.45, 0.45, 2) * CROP_SIDE / zoom
    dx, dy = (
        float(
            np.clip(CROP_SIDE / 2 - zoom * c, *sorted((CROP_SIDE - zoom * side - BEYOND, BEYOND)))
        )
        for c, side in ((cx, width), (cy, height))
    )
    picture = _seen(grey, zoom, dx, dy, rng)
    truth = _truth(boxes * zoom + [dx, dy, 0, 0], values, after, lying)
    return picture, truth


def _seen(grey: Bytes, zoom: float, dx: float, dy: float, rng: np.random.Generator) -> Bytes:
    """A part of a picture at some scale, its light and contrast changed at random."""
    beyond = edge_grey(grey)
    source = grey
    shrink = zoom * (float(rng.uniform(0.3, 0.8)) if rng.random() < 0.2 else 1.0)
    if shrink < 0.75:  # made smaller by averaging, as when it is read; or enlarged again after that
        left, top = max(0, int(-dx / zoom) - 4), max(0, int(-dy / zoom) - 4)
        right, bottom = (int((CROP_SIDE - d) / zoom) + 5 for d in (dx, dy))
        part = grey[top : max(bottom, top + 1), left : max(right, left + 1)]
        if part.size == 0:
            return np.full((CROP_SIDE, CROP_SIDE), beyond, np.uint8)
        h, w = (max(1, round(s * shrink)) for s in part.shape)
        source = cv2.resize(part, (w, h), interpolation=cv2.INTER_AREA)
        sx, sy = zoom * part.shape[1] / w, zoom * part.shape[0] / h
        dx, dy = dx + left * zoom, dy + top * zoom
    else:
        sx = sy = zoom
    matrix = np.array([[sx, 0, dx + 0.5 * sx - 0.5], [0, sy, dy + 0.5 * sy - 0.5]], np.float32)
    smooth = cv2.INTER_CUBIC if sx > 1 else cv2.INTER_LINEAR
    seen = cv2.warpAffine(
        source, matrix, (CROP_SIDE, CROP_SIDE), flags=smooth, borderMode=cv2.BORDER_CONSTANT,
        borderValue=beyond,
    )  # fmt: skip
    if rng.random() < 0.15:
        seen = 255 - seen
    if rng.random() < 0.5:  # paler, darker, flatter
        gain, around = rng.uniform(0.35, 1.1), rng.uniform(60, 200)
        table = np.clip((np.arange(256) - around) * gain + around + rng.uniform(-20, 20), 0, 255)
        seen = cv2.LUT(seen, table.astype(np.uint8))
    if rng.random() < 0.15:
        noise = rng.standard_normal((CROP_SIDE, CROP_SIDE), np.float32) * np.float32(
            rng.uniform(2, 10)
        )
        seen = np.clip(seen + noise, 0, 255).astype(np.uint8)
    return np.asarray(seen, np.uint8)


def _truth(
    boxes: Floats64,
    values: Sequence[int],
    after: Sequence[tuple[int, int | None]],
    lying: bool,
) -> list[Truth]:
    """The digits that a crop shows, from boxes (x, y, w, h) in its pixels."""
    truth = []
    for k, (x, y, w, h) in enumerate(boxes.tolist()):
        inside = (min(x + w, CROP_SIDE) - max(x, 0)) * (min(y + h, CROP_SIDE) - max(y, 0)) / (w * h)
        if x >= CROP_SIDE or y >= CROP_SIDE or x + w <= 0 or y + h <= 0 or inside < LEAST:
            continue
        mx, my = x + w / 2, y + h / 2
        if not (0 <= mx < CROP_SIDE and 0 <= my < CROP_SIDE):
            continue
        counts = inside >= FULLEST
        if lying:  # nothing to find, except what may be a digit as it lies
            if str(values[k]) not in NO_TOP:
                continue
            counts = False
        follow, n = after[k]
        known: int | None = follow
        to = None
        if n is not None:
            bx, by, bw, bh = boxes[n].tolist()
            to = bx + bw / 2, by + bh / 2
            if not (0 <= to[0] < CROP_SIDE and 0 <= to[1] < CROP_SIDE):
                known, to = None, None
        truth.append(Truth(values[k], mx, my, w, h, known, to, counts))
    return truth
