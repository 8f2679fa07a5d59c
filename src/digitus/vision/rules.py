"""Ruled and squared paper, boxes and combs of forms: straight lines that are no writing.

Inside: finding their pixels in the ink of a page. Not inside: the pale lines behind a single digit
(`paper.without_rules`), and whether a line may be the bars of digits in a row (`reader`).
"""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from digitus.vision.paper import Bytes, Mask

PROBE = 1 / 30  # of the side: lines are made of straight stretches that long, with shorter gaps
LONG = 0.3  # of the side: what a line has to cover
COVERED = 0.8  # of its length: a line that is only seen between strokes is none
THIN = 1 / 60  # of the shorter side: the thickest line
STROKE = 1.6  # times a line's thickness: where ink is thicker, a stroke crosses it


def find_rules(inked: Mask) -> Mask:
    """Where long straight lines cover a page's ink [h w], without the strokes that cross them."""
    return _across(inked) | _across(np.ascontiguousarray(inked.T)).T


def _across(inked: Mask) -> Mask:
    """The lines from left to right; they may be tilted by some degrees, and bent a little."""
    h, w = inked.shape
    rules = np.zeros_like(inked)
    ink = inked.view(np.uint8)
    probe = max(15, int(w * PROBE))
    thick = cv2.dilate(ink, np.ones((3, 1), np.uint8))
    straight = cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones((1, probe), np.uint8))
    if not straight.any():
        return rules
    joined = cv2.morphologyEx(straight, cv2.MORPH_CLOSE, np.ones((3, probe), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    area = np.bincount(labels.ravel(), straight.ravel() > 0, count)
    thickness = area / np.maximum(stats[:, cv2.CC_STAT_WIDTH], 1) - 2
    line = stats[:, cv2.CC_STAT_WIDTH] > LONG * w
    line &= thickness < max(4, THIN * min(h, w))
    for i in np.flatnonzero(line[1:]) + 1:
        y, x = np.nonzero((labels == i) & (straight > 0))
        columns, at = np.unique(x, return_inverse=True)
        middle = np.bincount(at, y) / np.bincount(at)
        bend = np.polynomial.Polynomial.fit(columns, middle, 2)
        astray = float(np.abs(bend(columns) - middle).max())
        enough = COVERED * stats[i, cv2.CC_STAT_WIDTH]
        if len(columns) >= enough and astray <= max(3, 2 * thickness[i]):
            path = np.clip(np.rint(bend(np.arange(w))), 0, h - 1).astype(np.intp)
            rules |= _line(ink, path, (int(columns[0]), int(columns[-1])), float(thickness[i]))
    return rules


def _line(ink: Bytes, path: npt.NDArray[np.intp], ends: tuple[int, int], thickness: float) -> Mask:
    """The pixels of a line whose row in each column is `path` [w], between two columns.

    They are the upright runs of ink that the path goes through, if they are as short as a line is
    thick (as staves are taken out of printed music).
    """
    h, w = ink.shape
    reach = math.ceil(max(2, 1.2 * thickness + 1))
    rows = np.arange(4 * reach + 1)[:, None]
    at = (path + rows, np.arange(w))
    band = np.pad(ink, ((2 * reach, 2 * reach), (0, 0)))[at] > 0  # the line, laid straight
    off = np.where(band, np.abs(rows - 2 * reach), len(rows))
    nearest = (off.argmin(0), np.arange(w))
    top = np.maximum.accumulate(np.where(band, -1, rows), axis=0)[nearest] + 1
    bottom = np.minimum.accumulate(np.where(band, len(rows), rows)[::-1], axis=0)[::-1][nearest]
    run = bottom - top
    found = off[nearest] <= reach
    found[: ends[0]] = found[ends[1] + 1 :] = False
    found &= run <= STROKE * np.median(run[found]) + 1 if found.any() else False
    taken = np.zeros((h + 4 * reach, w), bool)
    taken[at] = found & (rows >= top) & (rows < bottom)
    return taken[2 * reach : 2 * reach + h]
