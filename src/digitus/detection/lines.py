"""Lines: finds in the order in which they are read.

The network says of each digit where the next one of its line stands, and whether it belongs to the
same group. Links that find a digit are followed; what is left over is joined where it stands in
one row. Inside: lines, and what the network says of the gaps in them. Not inside: finding
(`detector`), where a line has its spaces (`reading.photo`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np

from digitus.detection.maps import ENDS, JOINS, PARTS, Peaks
from digitus.types import Floats32, Floats64

Line: TypeAlias = list[int]  # the finds' indices from left to right

NEAR, NEARER = 0.35, 0.2  # a link may miss its digit by NEAR sizes plus NEARER of its own length
ENDED = 0.85  # the probability of an end from which on a link is not followed
BESIDE = 0.5  # heights: digits whose middles differ by less stand in one row
UNLIKE = 2.5  # times: digits of one line differ by less in height
ROUNDING = 1e-6  # heights: slack for rounding


def lines_of(found: Peaks) -> list[Line]:
    """The lines from top to bottom; each find is in exactly one."""
    rows = _rows(found, _chains(found))
    return sorted(rows, key=lambda row: float(found.boxes[row, 1].mean()))


def _chains(found: Peaks) -> list[list[int]]:
    """Finds joined by their links, each link to the digit it comes nearest to, the best first."""
    middle, size = found.boxes[:, :2], found.boxes[:, 2:].max(1, initial=1)
    count = len(found)
    links: list[tuple[float, int, int]] = []
    for i in range(count):
        if found.follow[i, ENDS] > ENDED:
            continue
        length = float(np.hypot(*(found.after[i] - middle[i]))) / size[i]
        away = np.hypot(*(middle - found.after[i]).T) / size[i]
        away[i] = np.inf
        for j in np.flatnonzero(away < NEAR + NEARER * length):
            links.append((float(away[j]), i, int(j)))
    after, before = _taken(sorted(links))
    return _followed(after, before, count)


def _taken(
    links: Sequence[tuple[float, int, int]],
) -> tuple[dict[int, int], dict[int, int]]:
    """One link from and to each find, and no circle."""
    after: dict[int, int] = {}
    before: dict[int, int] = {}
    for _, i, j in links:
        if i in after or j in before:
            continue
        k = i
        while k in before:
            k = before[k]
        if k == j:
            continue
        after[i], before[j] = j, i
    return after, before


def _followed(after: dict[int, int], before: dict[int, int], count: int) -> list[list[int]]:
    chains = []
    for i in range(count):
        if i in before:
            continue
        chain = [i]
        while chain[-1] in after:
            chain.append(after[chain[-1]])
        chains.append(chain)
    return chains


def parting(found: Peaks, line: Sequence[int]) -> list[float]:
    """The network's log odds that a space lies between each two neighbours of a line.

    0 where no link leads from the one to the other.
    """
    odds = []
    for i, j in pairwise(line):
        missed = np.hypot(*(found.after[i] - found.boxes[j, :2])) / found.boxes[i, 2:].max()
        joins, parts = (max(float(found.follow[i, k]), 1e-3) for k in (JOINS, PARTS))
        odds.append(float(np.log(parts / joins)) if missed < 2 * NEAR else 0.0)
    return odds


@dataclass
class _Row:
    """A row so far, and what every chain is compared with."""

    line: Line
    middles: Floats32  # x and y, from left to right
    height: float

    @classmethod
    def of(cls, found: Peaks, line: Line) -> _Row:
        boxes = found.boxes[line]
        middles = boxes[np.argsort(boxes[:, 0])][:, :2]
        return cls(line, middles, float(np.median(boxes[:, 3])))

    @property
    def extent(self) -> tuple[float, float, float]:
        """Its uppermost and its lowest middle, and the height of its digits."""
        y = self.middles[:, 1]
        return float(y.min()), float(y.max()), self.height


def _rows(found: Peaks, chains: list[list[int]]) -> list[Line]:
    """Lines: each chain, the longest first, joins the row that it stands in, or begins one."""
    x = found.boxes[:, 0].tolist()
    rows: list[_Row] = []
    extents: Floats64 = np.empty((len(chains), 3))
    for chain in sorted(chains, key=lambda chain: (-len(chain), x[chain[0]])):
        own = _Row.of(found, list(chain))
        middles = found.boxes[chain, :2]
        near = [
            (_apart(rows[r], middles, own.height), r)
            for r in _within_reach(extents[: len(rows)], *own.extent)
        ]
        apart, r = min(near, default=(np.inf, 0))
        if apart < BESIDE:
            rows[r] = _Row.of(found, sorted(rows[r].line + chain, key=x.__getitem__))
        else:
            r = len(rows)
            rows.append(own)
        extents[r] = rows[r].extent
    return [row.line for row in rows]


def _within_reach(extents: Floats64, top: float, bottom: float, height: float) -> list[int]:
    """The rows that a chain may stand in, by their extents [k 3] and its own.

    Wherever a row passes, it passes between its uppermost and its lowest middle: what is further
    from both than a chain may lie apart need not be looked at. Noise makes hundreds of rows.
    """
    upper, lower, heights = extents.T
    apart = np.maximum(upper - top, bottom - lower) / np.maximum(heights, height)
    alike = (heights / height > 1 / UNLIKE) & (heights / height < UNLIKE)
    return [int(r) for r in np.flatnonzero(alike & (apart < BESIDE + ROUNDING))]


def _apart(row: _Row, middles: Floats32, height: float) -> float:
    """How far a chain lies above or below a row, in heights.

    Where the row passes is interpolated between its digits to both sides of each of the chain's.
    """
    at = np.interp(middles[:, 0], *row.middles.T)
    return float(np.abs(middles[:, 1] - at).max()) / max(row.height, height)
