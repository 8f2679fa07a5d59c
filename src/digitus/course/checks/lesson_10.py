"""Lesson 10, convolution: what its exercises ask for."""

from __future__ import annotations

import numpy as np

from digitus.course.exercises import Wrong, array, called, exercise, number, same
from digitus.types import Numbers


def _convolved(image: Numbers, kernel: Numbers) -> Numbers:
    """The products of a kernel with each window of an image, summed."""
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.einsum("rcij,ij->rc", windows, kernel)


@exercise("10a")
def _convolve(answer: object) -> None:
    image = np.arange(30.0).reshape(5, 6) ** 1.5
    kernel = np.array([[1.0, -2, 0.5], [0, 3, 1], [2, -1, 0]])
    found = array(called(answer, image, kernel), (3, 4))
    if same(found, _convolved(image, kernel)):
        return
    if same(found, _convolved(image, kernel[::-1, ::-1])):
        raise Wrong("turned")
    if same(found, _convolved(image, kernel.T)):
        raise Wrong("transposed")
    if same(found, _convolved(image, kernel) / kernel.size):
        raise Wrong("mean")
    raise Wrong("other", found=float(found[0, 0]))


@exercise("10b")
def _count(answer: object) -> None:
    for k, c, o in ((5, 1, 8), (3, 8, 16)):
        value = number(called(answer, k, c, o))
        if value == k * k * c * o + o:
            continue
        if value == k * k * c * o:
            raise Wrong("no_bias")
        if value in (k * k * o, k * k * o + o):
            raise Wrong("no_channels", c=c)
        if value in (k * c * o, k * c * o + o):
            raise Wrong("one_side", k=k)
        raise Wrong("other", k=k, c=c, o=o, value=value)


@exercise("10c")
def _pool(answer: object) -> None:
    image = np.array([[3.0, 1, 4, 1], [5, -9, -2, 6], [-5, -3, -5, -8], [-9, -7, -9, -3]])
    found = array(called(answer, image), (2, 2))
    squares = image.reshape(2, 2, 2, 2).transpose(0, 2, 1, 3).reshape(2, 2, 4)
    if same(found, squares.max(axis=2)):
        return
    if same(found, squares.mean(axis=2)):
        raise Wrong("mean")
    if same(found, squares[..., 0]):
        raise Wrong("corner")
    if same(found, np.maximum(squares.max(axis=2), 0)):
        raise Wrong("from_zero")
    raise Wrong("other", found=found.tolist())
