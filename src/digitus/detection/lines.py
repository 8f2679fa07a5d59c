"""Lines: finds in the order in which they are read.

The network says of each digit where the next one of its line stands, and whether it belongs to the
same group. Links that find a digit are followed; what is left over is joined where it stands in
one row. Inside: lines, and what the network says of the gaps in them. Not inside: finding
(`detector`), where a line has its spaces (`reading.photo`).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeAlias

import numpy as np

from digitus.detection.maps import ENDS, JOINS, PARTS, Peaks
from digitus.types import Floats32

Line: TypeAlias = list[int]  # the finds' indices from left to right

NEAR, NEARER = 0.35, 0.2  # sizes, and of the link's length: so far a link may miss its digit
ENDED = 0.85  # the probability of an end from which on a link is not followed
BESIDE = 0.5  # heights: digits whose middles differ by less stand in one row
UNLIKE = 2.5  # times: digits of one line differ by less in height


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
    """For each two neighbours of a line the network's log odds that a space lies between them.

    0 where its link does not lead from the one to the other.
    """
    odds = []
    for i, j in pairwise(line):
        missed = np.hypot(*(found.after[i] - found.boxes[j, :2])) / found.boxes[i, 2:].max()
        joins, parts = (max(float(found.follow[i, k]), 1e-3) for k in (JOINS, PARTS))
        odds.append(float(np.log(parts / joins)) if missed < 2 * NEAR else 0.0)
    return odds


def _rows(found: Peaks, chains: list[list[int]]) -> list[Line]:
    """Chains that stand in one row are one line: each, the longest first, joins the nearest row."""
    rows: list[Line] = []
    for chain in sorted(chains, key=lambda chain: (-len(chain), float(found.boxes[chain[0], 0]))):
        near = [(_apart(found.boxes[row], found.boxes[chain]), r) for r, row in enumerate(rows)]
        apart, r = min(near, default=(np.inf, 0))
        if apart < BESIDE:
            rows[r] = sorted(rows[r] + chain, key=lambda i: float(found.boxes[i, 0]))
        else:
            rows.append(list(chain))
    return rows


def _apart(row: Floats32, chain: Floats32) -> float:
    """How far a chain lies above or below a row, in heights, where it would be put into it.

    The row's digits to both sides of each of the chain's tell where the row passes. Infinite, where
    sizes differ by more than digits of one line do.
    """
    at = np.interp(chain[:, 0], *row[np.argsort(row[:, 0])][:, :2].T)
    height, other = float(np.median(row[:, 3])), float(np.median(chain[:, 3]))
    if not 1 / UNLIKE < height / other < UNLIKE:
        return float("inf")
    return float(np.abs(chain[:, 1] - at).max()) / max(height, other)
