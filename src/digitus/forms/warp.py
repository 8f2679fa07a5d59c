"""A smooth movement of a page, fitted to how far some of its points are moved.

It is a surface of cubic B-splines with a penalty on its bending (Eilers & Marx 1996), fitted with
less and less weight for points that go another way.

Inside: that, and interpolation of movements known at some pixels. Not inside: where the points come
from (`unbend`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from digitus.types import Floats32, Floats64, Points

KNOTS = 10  # each way
STIFF = 1e-3  # the weight of the penalty on bending
SLACKS = 12, 6, 3, 2, 2  # pixels within which a point counts in full, round by round of a fit


@dataclass(frozen=True, eq=False)
class Warp:
    """A smooth movement of a page, by cubic B-splines: `knots` [rows columns 2] in pixels."""

    shape: tuple[int, int]
    knots: Floats64

    @staticmethod
    def of(shape: tuple[int, int]) -> Warp:
        """One that moves nothing."""
        return Warp(shape, np.zeros((KNOTS, KNOTS, 2)))

    def __call__(self, points: Points) -> Points:
        """How far points [n 2] of the page are moved, x and y."""
        return np.asarray(self._terms(points) @ self.knots.reshape(-1, 2))

    def _terms(self, points: Points) -> Floats64:
        """The weight of each knot at each point, [n rows*columns]."""
        across, down = (_splines(points[:, k] / self.shape[1 - k]) for k in (0, 1))
        return (down[:, :, None] * across[:, None]).reshape(len(points), -1)

    def fitted(self, points: Points, moved: Points) -> Warp:
        """The movement that most of the points have, and no more bent than they ask for."""
        terms, knots = self._terms(points), self.knots.reshape(-1, 2)
        knots = knots + np.median(moved, axis=0)
        for slack in SLACKS:
            off = np.linalg.norm(moved - terms @ knots, axis=1)
            weight = 1 / (1 + (off / slack) ** 2)
            normal = (terms * weight[:, None]).T @ terms + len(points) * STIFF * ROUGH
            knots = np.linalg.solve(normal, (terms * weight[:, None]).T @ moved)
        return replace(self, knots=knots.reshape(KNOTS, KNOTS, 2))


def spread(coarse: Floats32, step: int, size: tuple[int, int]) -> Floats32:
    """Values at every `step`-th pixel each way [h w 2], interpolated to `size` columns and rows."""
    # Not cv2.resize, which aligns edges: grid point (i, j) has to stay at pixel (i step, j step).
    wider = np.array([[step, 0, 0], [0, step, 0]], np.float64)
    return np.asarray(cv2.warpAffine(coarse, wider, size, flags=cv2.INTER_LINEAR), np.float32)


def _splines(places: Floats64) -> Floats64:
    """The values of `KNOTS` uniform cubic B-splines at places from 0 to 1, [n KNOTS]."""
    at = np.clip(places, -0.1, 1.1)[:, None] * (KNOTS - 3) + 1 - np.arange(KNOTS)
    far = np.abs(at)
    near = 2 / 3 - far**2 + far**3 / 2
    return np.asarray(np.where(far < 1, near, np.maximum(2 - far, 0) ** 3 / 6))


def _rough() -> Floats64:
    """The quadratic form of a surface's squared second differences, [KNOTS² KNOTS²]."""
    second, one = np.diff(np.eye(KNOTS), 2, axis=0), np.eye(KNOTS)
    first = np.diff(one, axis=0)
    parts = np.kron(second, one), np.kron(one, second), np.sqrt(2) * np.kron(first, first)
    return np.asarray(sum(part.T @ part for part in parts) + 1e-9 * np.eye(KNOTS**2))


ROUGH = _rough()
