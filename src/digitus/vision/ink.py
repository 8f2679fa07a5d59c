"""The ink of a page: its light taken away, its polarity, its ruled lines and boxes taken out.

Inside: from a grey working copy to the strength of ink at every pixel, and the connected pieces of
it. Not inside: which pieces are digits and in which line (`find`), pictures of one digit, whose
paper is known better (`paper`, `normalise`), and the rules themselves (`rules`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from digitus.types import Bytes, Grey, Mask, Plane, Vector
from digitus.vision.paper import at_most, find_paper
from digitus.vision.rules import find_rules

Pieces: TypeAlias = npt.NDArray[np.int32]

SEEN = 240  # pixels of the longer side of the copy on which polarity is judged
LIGHT = 480  # paper is judged on a copy whose longer side has so many pixels
WINDOW = 1 / 8  # of the longer side: what is dark and narrower than this may be ink
DIM = {True: 32, False: 128}  # grey levels: paper counts as at least so light (or dark)
LEAST = 0.035  # of the paper's light: fainter "ink" is none
GRAIN = 5.0  # deviations of the paper's grain: what rises above may be ink
MOST = 0.25  # of the paper's light: what is darker is ink, however grainy the paper
TILES = 10  # along the longer side, in each of which the grain is measured
FAINT = 0.6  # of clear ink: a stroke may fade to it
HALF = 0.28  # of a piece's own strength: where its strokes end


@dataclass(frozen=True, eq=False)
class Ink:
    """A page [h w] in layers.

    `paper` is the grey it would have without ink, `dark_ink` the polarity, `strength` the share of
    the paper's light that ink takes away (for light ink: of the darkness), `noise` the deviation
    of bare paper around each pixel in the same unit, and `rules` where lines were taken out.
    `labels` number the connected pieces from 1, 0 where there is no ink.
    """

    grey: Grey
    paper: Plane
    dark_ink: bool
    strength: Plane
    noise: Plane
    rules: Mask
    labels: Pieces


def page_ink(grey: Grey, *, dark_ink: bool, ruled: bool = True, drawn: bool = False) -> Ink:
    """The layers of a grey page [h w]; what looks like rules is taken out if it is `ruled`.

    What is `drawn` on a screen has the same ground everywhere, and no rules.
    """
    light = grey if dark_ink else 255 - grey
    paper: Plane = np.full(light.shape, ground(light), np.float32) if drawn else _paper(light)
    raised = np.divide(paper - light, np.maximum(paper, DIM[dark_ink]), dtype=np.float32)
    seen = cv2.GaussianBlur(raised, (0, 0), 0.8)
    level, noise = _grain(seen)
    seen -= level
    raised -= level
    inked = _reached(seen, np.clip(GRAIN * noise, LEAST, MOST))
    rules = find_rules(inked) if ruled and not drawn else np.zeros_like(inked)
    inked &= ~rules
    labels = _pieces(inked, seen)
    return Ink(grey, paper if dark_ink else 255 - paper, dark_ink, raised, noise, rules, labels)


def ground(grey: Grey) -> int:
    """The commonest grey."""
    return int(np.bincount(grey.ravel(), minlength=256).argmax())


def has_dark_ink(grey: Grey) -> bool:
    """Whether ink is darker than paper: it is the few that stand out of the many around them.

    What stands out differs from the median around it, and is an island: narrow, and no part of
    something wide, as the corners of a sheet are that lies on a desk.
    """
    coarse = at_most(SEEN, grey)
    window = max(int(max(coarse.shape) * WINDOW) | 1, 3)
    around = cv2.medianBlur(coarse, window)
    # OpenCV's differences of bytes end at 0. Light ink is dark in the negative.
    dark = cv2.min(cv2.subtract(around, coarse), _islands(coarse, window))
    light = cv2.min(cv2.subtract(coarse, around), _islands(255 - coarse, window))
    return bool(cv2.norm(light) <= cv2.norm(dark))


def _islands(grey: Grey, window: int) -> Bytes:
    """How much darker what is narrow is than all around it: 0 where it leads to something wide.

    A closing, from which what is wide grows back into the parts of it that were too narrow: a
    closing by reconstruction (Vincent 1993), by as many pixels as the window has.
    """
    filled = cv2.morphologyEx(grey, cv2.MORPH_CLOSE, np.ones((window, window), np.uint8))
    for _ in range(window):
        filled = cv2.max(cv2.erode(filled, np.ones((3, 3), np.uint8)), grey)
    islands: Bytes = filled - grey
    return islands


def _paper(light: Grey) -> Plane:
    """What a page is like where no dark stroke covers it: the closing by a square, smoothed.

    A closing fills what is dark and narrower than its window, and keeps the edges of what is wide,
    as of a shadow or a desk. Slow changes of light are taken out before and put back after, for
    within a window it takes the lightest.
    """
    coarse = cv2.medianBlur(at_most(LIGHT, light), 3).astype(np.float32)
    slow, _ = find_paper(coarse)
    slow = np.maximum(slow, 16)
    side = max(3, int(max(coarse.shape) * WINDOW)) | 1
    framed = cv2.copyMakeBorder(
        coarse / slow, side // 2, side // 2, side // 2, side // 2, cv2.BORDER_REPLICATE
    )
    closed = cv2.morphologyEx(framed, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    inner = closed[side // 2 : -(side // 2), side // 2 : -(side // 2)] * slow
    smooth = cv2.GaussianBlur(inner, (0, 0), 1.5)
    h, w = light.shape
    paper: Plane = cv2.resize(smooth, (w, h), interpolation=cv2.INTER_LINEAR)
    return paper


def _grain(seen: Plane) -> tuple[float, Plane]:
    """How far bare paper is from 0, and its deviation around every pixel [h w]."""
    h, w = seen.shape
    level = float(np.median(seen[:: max(1, h // 300), :: max(1, w // 300)]))
    tile = min(max(8, max(h, w) // TILES), h, w)
    rows, columns = max(1, h // tile), max(1, w // tile)
    tiles = np.abs(seen[: rows * tile, : columns * tile] - level)
    tiles = tiles.reshape(rows, tile, columns, tile)[:, ::2, :, ::2].transpose(0, 2, 1, 3)
    tiles = tiles.reshape(rows, columns, -1)
    # Where half of a tile may be ink, its lower third tells the grain: 0.43 deviations.
    noise = np.partition(tiles, tiles.shape[2] // 3, axis=2)[:, :, tiles.shape[2] // 3] / 0.43
    smooth: Plane = cv2.resize(noise.astype(np.float32), (w, h), interpolation=cv2.INTER_LINEAR)
    return level, smooth


def _reached(seen: Plane, clear: Plane) -> Mask:
    """Where there is clear ink, and the fainter ink that hangs together with it."""
    faint = (seen > FAINT * clear).view(np.uint8)
    count, labels = cv2.connectedComponents(faint, connectivity=8)
    reached = np.zeros(count, bool)
    reached[labels[seen > clear]] = True
    reached[0] = False
    return reached[labels]


def _pieces(inked: Mask, seen: Plane) -> Pieces:
    """Numbers connected ink, each piece cut back to `HALF` of its own strength."""
    count, labels = cv2.connectedComponents(inked.view(np.uint8), connectivity=8)
    enough = HALF * strengths(labels, seen, count)
    kept = (inked & (seen > enough[labels])).view(np.uint8)
    numbered: Pieces = cv2.connectedComponents(kept, connectivity=8)[1]
    return numbered


def strengths(labels: Pieces, values: Plane, count: int) -> Vector:
    """The strength of full ink in each of `count` pieces: the upper tenth of its pixels [count]."""
    at = np.flatnonzero(labels)
    # Label and value sorted as one number, 10 times as fast as by the one and the other: the bits
    # of floats from 0 are in the order of their values, those of negative ones the other way.
    bits = values.ravel()[at].view(np.uint32)
    sign = np.uint32(1 << 31)
    keys = np.where(bits & sign, ~bits, bits | sign) | labels.ravel()[at].astype(np.uint64) << 32
    keys.sort()
    ends = np.searchsorted(keys, np.arange(count + 1, dtype=np.uint64) << 32)
    high = ends[:-1] + (9 * np.diff(ends)) // 10
    full = np.zeros(count, np.float32)
    there = np.diff(ends) > 0
    bits = keys[high[there]].astype(np.uint32)
    full[there] = np.where(bits & sign, bits & ~sign, ~bits).view(np.float32)
    return full
