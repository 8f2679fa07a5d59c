"""Lesson 1, pixels and arrays: what its exercises ask for."""

from __future__ import annotations

import numpy as np

from digitus.course.exercises import Wrong, array, called, exercise, number

IMAGES, SIDE = 500, 28


@exercise("1a")
def _pixels(answer: object) -> None:
    value = number(answer)
    if value == SIDE * SIDE:
        raise Wrong("one_image")
    if value != IMAGES * SIDE * SIDE:
        raise Wrong("other", value=value)


@exercise("1b")
def _inverted(answer: object) -> None:
    image = np.array([[0, 255], [100, 30]], np.uint8)
    given = image.copy()
    result = array(called(answer, given), (2, 2))
    if not np.array_equal(given, image):
        raise Wrong("changed")
    paper, ink, grey = (round(float(v)) for v in (result[0, 0], result[0, 1], result[1, 0]))
    if (paper, ink) != (255, 0):
        raise Wrong("wraps", paper=paper, ink=ink)
    if grey != 155:
        raise Wrong("middle", value=grey)
    if result.dtype != np.uint8:
        raise Wrong("kind", kind=result.dtype)


@exercise("1c")
def _rows(answer: object) -> None:
    for first, last, left, right in ((4, 22, 9, 17), (7, 7, 3, 12), (0, 27, 10, 11)):
        image = np.zeros((SIDE, SIDE), np.uint8)
        image[first, left] = image[last, right] = 200
        result = called(answer, image)
        if np.shape(result) != (2,):
            raise Wrong("two")
        found = tuple(int(v) for v in array(result, (2,)))
        if found == (left, right) != (first, last):
            raise Wrong("columns")
        if found == (first, last + 1):
            raise Wrong("after")
        if found != (first, last):
            raise Wrong("other", first=first, last=last, found=found)
