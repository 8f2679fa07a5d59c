"""The ink of a drawing: what differs from its one ground.

Inside: from a grey working copy to the strength of ink at every pixel, and the connected pieces of
it. Not inside: which pieces are digits and in which line (`find`), pictures of one digit
(`normalise`), and pictures of paper, in which a network finds digits (`detection`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from digitus.types import Grey, Mask, Plane, Vector

Pieces: TypeAlias = npt.NDArray[np.int32]

MIDDLE = 127  # grey: a lighter ground has dark ink
DIM = {True: 32, False: 128}  # grey levels: paper counts as at least so light (or dark)
LEAST = 0.035  # of the paper's light: fainter "ink" is none
GRAIN = 5.0  # deviations of the paper's grain: what rises above may be ink
MOST = 0.25  # of the paper's light: what is darker is ink, however grainy the paper
TILES = 10  # along the longer side, in each of which the grain is measured
FAINT = 0.6  # of clear ink: a stroke may fade to it
HALF = 0.28  # of a piece's own strength: where its strokes end


@dataclass(frozen=True, eq=False)
class Ink:
    """A drawing [h w] in layers.

    `strength` is the share of the ground's light that ink takes away (for light ink: of the
    darkness), `noise` the deviation of the bare ground around each pixel in the same unit. `labels`
    number the connected pieces from 1, 0 where there is no ink.
    """

    grey: Grey
    strength: Plane
    noise: Plane
    labels: Pieces


def drawn_ink(grey: Grey) -> Ink:
    """The layers of a drawing [h w]: ink is what differs from the commonest grey."""
    ground = int(np.bincount(grey.ravel(), minlength=256).argmax())
    dark_ink = ground > MIDDLE
    light = grey if dark_ink else 255 - grey
    paper = np.float32(ground if dark_ink else 255 - ground)
    raised = np.divide(paper - light, max(float(paper), DIM[dark_ink]), dtype=np.float32)
    seen = cv2.GaussianBlur(raised, (0, 0), 0.8)
    level, noise = _grain(seen)
    seen -= level
    raised -= level
    inked = _reached(seen, np.clip(GRAIN * noise, LEAST, MOST))
    return Ink(grey, raised, noise, _pieces(inked, seen))


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
