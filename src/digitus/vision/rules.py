"""Ruled and squared paper, boxes and combs of forms: straight lines that are no writing.

Inside: finding their pixels in the ink of a page. Not inside: the pale lines behind a single digit
(`paper.without_rules`).
"""

from __future__ import annotations

import cv2
import numpy as np

from digitus.vision.paper import Mask

PROBE = 1 / 30  # of the side: lines are made of straight stretches that long
LONG = 0.3  # of the side: what a line has to cover
COVERED = 0.8  # of its length: a line that is only seen between strokes is none
THIN = 1 / 60  # of the shorter side: the thickest line


def find_rules(inked: Mask) -> Mask:
    """Where long straight lines cover a page's ink [h w], without the strokes that cross them."""
    rules = _across(inked)
    return rules | _across(np.ascontiguousarray(inked.T)).T


def _across(inked: Mask) -> Mask:
    """The lines from left to right, which may be tilted by a few degrees."""
    h, w = inked.shape
    probe = max(15, int(w * PROBE))
    ink = inked.view(np.uint8)
    thick = cv2.dilate(ink, np.ones((3, 1), np.uint8))
    straight = cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones((1, probe), np.uint8))
    if not straight.any():
        return np.zeros_like(inked)
    joined = cv2.morphologyEx(straight, cv2.MORPH_CLOSE, np.ones((3, probe), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    covered = np.bincount(labels.ravel(), straight.ravel() > 0, count)
    thickness = covered / np.maximum(stats[:, 2], 1) - 2
    line = (stats[:, 2] > LONG * w) & (thickness < max(4, THIN * min(h, w)))
    line[0] = False
    rules = np.zeros_like(inked)
    for i in np.flatnonzero(line):
        found = (labels == i) & (straight > 0)
        columns = np.flatnonzero(found.any(0))
        if len(columns) < COVERED * stats[i, 2]:
            continue
        middle = np.array([np.flatnonzero(found[:, c]).mean() for c in columns])
        bend = np.polyfit(columns, middle, 2)
        if np.abs(np.polyval(bend, columns) - middle).max() > max(3, 2 * thickness[i]):
            continue
        rules |= _path(ink, bend, (columns[0], columns[-1] + 1), float(thickness[i]))
    return rules


def _path(ink, bend, ends, thickness: float) -> Mask:
    """The pixels of one line: short upright runs of ink on its path; longer ones are strokes."""
    h, w = ink.shape
    y = np.clip(np.rint(np.polyval(bend, np.arange(w))), 0, h - 1).astype(int)
    reach = int(np.ceil(max(2, 1.2 * thickness + 1)))
    rows = np.arange(4 * reach + 1)[:, None]
    band = np.pad(ink, ((2 * reach, 2 * reach), (0, 0)))[y + rows, np.arange(w)] > 0
    # [4 reach + 1, w]: the line and what is above and below it, laid straight
    off = np.where(band, np.abs(rows - 2 * reach), len(rows))
    nearest = off.argmin(0)
    above = np.maximum.accumulate(np.where(band, -1, rows), axis=0)
    below = np.minimum.accumulate(np.where(band, len(rows), rows)[::-1], axis=0)[::-1]
    at = (nearest, np.arange(w))
    top, bottom = above[at] + 1, below[at]  # the upright run of ink that is the line, or crosses it
    run = bottom - top
    found = (off[at] <= reach) & (run > 0)
    found[: ends[0]] = found[ends[1] :] = False
    if not found.any():
        return np.zeros((h, w), bool)
    found &= run <= np.median(run[found]) * 1.6 + 1
    taken = np.zeros((h + 4 * reach, w), bool)
    inside = found & (rows >= top) & (rows < bottom)
    taken[y + rows, np.arange(w)] = inside
    return taken[2 * reach : 2 * reach + h]
