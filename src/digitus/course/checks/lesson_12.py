"""Lesson 12, from a photo to a number: what its exercises ask for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import SupportsFloat

import numpy as np

from digitus.course.exercises import Wrong, called, exercise


def _numbers(answer: Iterable[SupportsFloat], count: int) -> list[int]:
    """The answer as `count` whole numbers. Raises `Wrong`."""
    try:
        found = [float(value) for value in answer]
    except (TypeError, ValueError):
        raise Wrong("check.no_number", kind=type(answer).__name__) from None
    if len(found) != count:
        raise Wrong("count", found=len(found), wanted=count)
    if any(value != round(value) for value in found):
        raise Wrong("not_whole")
    return [int(value) for value in found]


@exercise("12a")
def _box(answer: object) -> None:
    ink = np.zeros((20, 30), bool)
    ink[[4, 10, 7], [6, 9, 21]] = True
    found = _numbers(called(answer, ink), 4)
    wanted = [4, 6, 7, 16]
    if found == wanted:
        return
    if found == [4, 6, 10, 21]:
        raise Wrong("ends")
    if found == [4, 6, 6, 15]:
        raise Wrong("one_short")
    if found == [6, 4, 16, 7]:
        raise Wrong("exchanged")
    raise Wrong("other", found=found)


@exercise("12b")
def _middle(answer: object) -> None:
    image = np.zeros((28, 28), np.uint8)
    image[2:8, 15:18] = 100
    image[20, 24] = 200  # heavier than a pixel elsewhere
    weight = image.astype(float)
    rows, columns = np.indices(image.shape)
    down, right = (13.5 - float((at * weight).sum() / weight.sum()) for at in (rows, columns))
    found = _numbers(called(answer, image), 2)
    wanted = [round(down), round(right)]
    if found == wanted:
        return
    if found == [-wanted[0], -wanted[1]]:
        raise Wrong("away")
    if found == wanted[::-1]:
        raise Wrong("exchanged")
    r, c = np.nonzero(image)
    if found == [round(13.5 - (r.min() + r.max()) / 2), round(13.5 - (c.min() + c.max()) / 2)]:
        raise Wrong("box")
    if found == [round(13.5 - r.mean()), round(13.5 - c.mean())]:
        raise Wrong("unweighted")
    raise Wrong("other", found=found)


@exercise("12c")
def _order(answer: object) -> None:
    # Two lines that rise and fall a little, their boxes of different height.
    boxes = [(52, 70, 18, 10), (10, 80, 20, 12), (6, 20, 26, 14), (48, 12, 22, 12), (12, 50, 16, 6)]
    wanted = [2, 4, 1, 3, 0]
    found = _numbers(called(answer, list(boxes)), len(boxes))
    if found == wanted:
        return
    if sorted(found) != list(range(len(boxes))):
        raise Wrong("not_all")
    if found == sorted(range(len(boxes)), key=lambda i: boxes[i][0]):
        raise Wrong("by_top")
    if found == sorted(range(len(boxes)), key=lambda i: boxes[i][1]):
        raise Wrong("by_left")
    if found == [4, 3, 2, 1, 0] or found == wanted[3:] + wanted[:3]:
        raise Wrong("lines")
    raise Wrong("other", found=found)
