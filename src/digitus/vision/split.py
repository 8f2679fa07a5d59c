"""Between ink and digits: touching digits cut, broken ones joined, by the best path over a line.

Inside: places where ink may be cut, all stretches of a line that may be one digit, and the choice
among them once a recognizer has said what each looks like. This is how readers of bank cheques
work ("over-segmentation": LeCun, Bottou, Bengio & Haffner 1998, section V). Not inside: the
recognizer, and which ink makes a line (`find`).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from digitus.types import Box, Grey, Ints, Plane
from digitus.vision.find import Line
from digitus.vision.ink import Ink
from digitus.vision.normalise import normalise

ROWS = 40  # pixels: the height at which cuts are looked for
STRIDE = 0.05  # of the height: so far apart, cuts are looked for
ASIDE = 0.2  # pixels of ink: as dear as those is a step of a cut to the side
APART = 0.02  # of the height's square: there is so much ink between two cuts
THROUGH = 0.4  # of the height: a cut goes through no more ink
WIDEST_DIGIT = 1.5  # times the height: wider ink is no single digit
GAP = 0.45  # of the height: parts of one digit are nearer to one another
PARTS = 6  # a digit is in at most so many


@dataclass(frozen=True, eq=False)
class Stretch:
    """Ink of a line that may be one digit: its atoms `first` to `last` (not included).

    `box` is on the page; `image` is the ink in MNIST's form; `cuts` at its ends (0 to 2) go through
    ink, and `crossed` is how much, in heights of the line.
    """

    line: int
    first: int
    last: int
    box: Box
    image: Grey
    crossed: float
    cuts: int


@dataclass(frozen=True, eq=False)
class Atoms:
    """A line in the smallest parts of which digits are made, from left to right.

    `labels` [h w] number them from 1 in the part of the page that begins at `corner` (x, y);
    `ink` is from 0 to 1; `cost` is what the cut before each atom goes through, in heights.
    """

    corner: tuple[int, int]
    labels: npt.NDArray[np.int32]
    ink: Plane
    boxes: npt.NDArray[np.int32]
    cost: Plane
    height: float
    line: int


def atoms_of(ink: Ink, line: Line, number: int, cut: set[int]) -> Atoms:
    """A line in atoms: its pieces, of which those that are numbered in `cut` are cut up."""
    left, top = min(p.box[0] for p in line.pieces), min(p.box[1] for p in line.pieces)
    right, bottom = max(p.right for p in line.pieces), max(p.bottom for p in line.pieces)
    shape = (bottom - top, right - left)
    labels, strength = np.zeros(shape, np.int32), np.zeros(shape, np.float32)
    costs: list[float] = []
    for i, piece in enumerate(line.pieces):
        x, y, w, h = piece.box
        mask = np.isin(ink.labels[y : y + h, x : x + w], piece.labels)
        own = ink.strength[y : y + h, x : x + w]
        full = _full(own[mask])
        part = np.zeros((h, w), np.int32)
        part[mask] = len(costs) + 1
        costs.append(0.0)
        if i in cut:
            for seam, cost in _seams(mask, line.height):
                costs.append(cost)
                part[mask & (np.arange(w) >= seam[:, None])] = len(costs)
        # An edge is soft: a pixel around the ink belongs to it too.
        soft = cv2.dilate(part.astype(np.float32), np.ones((3, 3), np.uint8)).astype(np.int32)
        part = np.where(mask, part, soft)
        at = (slice(y - top, y - top + h), slice(x - left, x - left + w))
        free = (part > 0) & (mask | (labels[at] == 0))
        labels[at][free] = part[free]
        strength[at][free] = np.clip(own[free] / full, 0, 1)
    kept = np.flatnonzero(np.bincount(labels.ravel(), minlength=len(costs) + 1)[1:]) + 1
    labels = np.where(labels > 0, np.searchsorted(kept, labels) + 1, 0).astype(np.int32)
    boxes = np.array([_extent(labels, i + 1) for i in range(len(kept))], np.int32)
    crossed = np.array(costs, np.float32)[kept - 1]  # two cuts may leave nothing between them
    return Atoms((left, top), labels, strength, boxes, crossed, line.height, number)


def _full(values: Plane) -> float:
    """The strength of full ink among these."""
    return max(float(np.quantile(values, 0.85)), 1e-3) if len(values) else 1.0


def _extent(labels: npt.NDArray[np.int32], label: int) -> tuple[int, int, int, int]:
    ys, xs = np.nonzero(labels == label)
    return int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1


def _seams(mask: npt.NDArray[np.bool_], height: float) -> list[tuple[npt.NDArray[np.int32], float]]:
    """Where ink [h w] may be cut: the column of each row [h], and the ink that is cut, in heights.

    Each is the path from top to bottom through one place halfway down that crosses the least ink.
    """
    h, w = mask.shape
    zoom = min(1.0, ROWS / h)
    small = cv2.resize(
        mask.astype(np.float32),
        (max(4, round(w * zoom)), max(4, round(h * zoom))),
        interpolation=cv2.INTER_AREA,
    )
    unit = height * zoom
    rows, columns = small.shape
    middle = rows // 2
    places = np.arange(0, columns, max(1, round(STRIDE * unit)))
    up = _ways(small[: middle + 1], places)[::-1]
    down = _ways(small[middle:][::-1], places)
    paths = np.concatenate([up, down[1:]])  # [rows places]
    cost = np.take_along_axis(small, paths, 1).sum(0)
    before = np.pad(small, ((0, 0), (1, 0))).cumsum(1)  # ink to the left of each column
    left = np.take_along_axis(before, paths, 1)
    least = APART * unit**2
    found: list[tuple[npt.NDArray[np.int32], float]] = []
    taken: list[int] = []
    full_rows = (np.arange(h) + 0.5) * (rows / h) - 0.5
    for k in cost.argsort(kind="stable").tolist():
        if cost[k] > THROUGH * unit:
            break
        between = [left[:, k].sum(), (before[:, -1] - left[:, k]).sum()]
        between += [np.abs(left[:, k] - left[:, other]).sum() for other in taken]
        if min(between) < least:
            continue
        taken.append(k)
        seam = np.interp(full_rows, np.arange(rows), paths[:, k] + 0.5) / (columns / w)
        found.append((np.rint(seam).astype(np.int32), float(cost[k] / unit)))
    return sorted(found, key=lambda item: float(item[0].mean()))


def _ways(ink: Plane, places: Ints) -> Ints:
    """The columns [h places], from the last row to the first, of the cheapest ways to places there.

    A way goes from row to row by one column at most, and aside only to save ink.
    """
    total = ink[0]
    came = np.zeros(ink.shape, np.int8)
    for y in range(1, len(ink)):
        around = np.pad(total, 1, constant_values=np.inf)
        ways = np.stack([total, around[:-2] + ASIDE, around[2:] + ASIDE])
        best = ways.argmin(0)
        came[y] = np.array([0, -1, 1], np.int8)[best]
        total = np.take_along_axis(ways, best[None], 0)[0] + ink[y]
    at = [places]
    for y in range(len(ink) - 1, 0, -1):
        at.append(at[-1] + came[y, at[-1]])
    return np.stack(at)


def stretches(atoms: Atoms, parts: int = PARTS) -> list[Stretch]:
    """All stretches of at most so many neighbouring atoms that could be one digit.

    Whole pieces count as one each: a large zero is cut in many places, and still is one digit.
    """
    found = []
    n = len(atoms.boxes)
    uncut = np.append(atoms.cost == 0, True)
    for first in range(n):
        x0, y0, x1, y1 = (int(v) for v in atoms.boxes[first])
        for last in range(first + 1, n + 1):
            if last - 1 > first:
                a = atoms.boxes[last - 1]
                if a[0] - x1 > GAP * atoms.height:
                    break
                x0, y0 = min(x0, int(a[0])), min(y0, int(a[1]))
                x1, y1 = max(x1, int(a[2])), max(y1, int(a[3]))
                if x1 - x0 > WIDEST_DIGIT * max(atoms.height, y1 - y0):
                    break
            pieces = uncut[first:last].sum() if uncut[first] and uncut[last] else n
            if min(last - first, pieces) <= parts:
                found.append(_stretch(atoms, first, last, (x0, y0, x1, y1)))
    return found


def _stretch(atoms: Atoms, first: int, last: int, extent: tuple[int, int, int, int]) -> Stretch:
    x0, y0, x1, y1 = extent
    labels = atoms.labels[y0:y1, x0:x1]
    own = np.where((labels > first) & (labels <= last), atoms.ink[y0:y1, x0:x1], 0)
    image, _, _ = normalise(own)
    left, top = atoms.corner
    ends = [float(cost) for cost in (*atoms.cost[first : first + 1], *atoms.cost[last : last + 1])]
    box = (left + x0, top + y0, x1 - x0, y1 - y0)
    cuts = sum(cost > 0 for cost in ends)
    return Stretch(atoms.line, first, last, box, image, sum(ends), cuts)
