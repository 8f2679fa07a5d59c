"""Lines: finds in the order in which they are read, in lines and groups.

The network says of each digit where the next one of its line stands, and whether it belongs to the
same group. Links that find a digit are followed; what is left over is joined where it stands in
one row. Inside: geometry and a little bookkeeping. Not inside: finding (`detector`).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeAlias

import numpy as np

from digitus.detection.maps import ENDS, JOINS, PARTS, Peaks

Line: TypeAlias = list[list[int]]  # groups of a line, each the finds' indices from left to right

NEAR, NEARER = 0.35, 0.2  # sizes, and of the link's length: so far a link may miss its digit
ENDED = 0.85  # the probability of an end from which on a link is not followed
BESIDE = 0.5  # heights: digits whose middles differ by less stand in one row


def lines_of(found: Peaks) -> list[Line]:
    """The lines from top to bottom; each find is in exactly one."""
    chains = _chains(found)
    rows = _rows(found, chains)
    return sorted(rows, key=lambda row: float(np.mean([found.boxes[i, 1] for g in row for i in g])))


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


def _groups(found: Peaks, chain: Sequence[int]) -> Line:
    """A chain parted where the network says that the next digit begins a group."""
    groups: Line = [[chain[0]]]
    for i, j in pairwise(chain):
        if found.follow[i, PARTS] > found.follow[i, JOINS]:
            groups.append([])
        groups[-1].append(j)
    return groups


def _rows(found: Peaks, chains: list[list[int]]) -> list[Line]:
    """Chains that stand one after the other in one row are one line, with a gap between them."""
    boxes = found.boxes
    ordered = sorted(chains, key=lambda chain: float(boxes[chain[0], 0]))
    rows: list[list[list[int]]] = []
    for chain in ordered:
        best: tuple[float, int] | None = None
        for r, row in enumerate(rows):
            a, b = boxes[row[-1][-1]], boxes[chain[0]]
            height = max(float(a[3]), float(b[3]))
            down = abs(float(b[1] - a[1]))
            if b[0] > a[0] and down < BESIDE * height and 0.4 < a[3] / b[3] < 2.5:
                cost = float(b[0] - a[0]) + 2 * down
                if best is None or cost < best[0]:
                    best = (cost, r)
        if best is None:
            rows.append([chain])
        else:
            rows[best[1]].append(chain)
    lines = []
    for row in rows:
        line: Line = []
        for chain in row:
            groups = _groups(found, chain)
            if line:
                i, j = line[-1][-1], chain[0]
                size = max(float(boxes[i, 2:].max()), float(boxes[j, 2:].max()))
                gap = float(boxes[j, 0] - boxes[i, 0]) - (boxes[i, 2] + boxes[j, 2]) / 2
                if gap < 0.6 * size:
                    line[-1] += groups[0]
                    groups = groups[1:]
            line += groups
        lines.append(line)
    return lines
