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

from digitus.vision.find import Line
from digitus.vision.ink import Ink
from digitus.vision.normalise import normalise
from digitus.vision.paper import Box, Bytes, Floats

ROWS = 40  # pixels: the height at which cuts are looked for
STRIDE, SPAN = 0.09, 0.36  # of the height: a cut is looked for so often, and may wander so far
APART = 0.12  # of the height: cuts nearer than this are one
WIDE = 1.5  # times the height: wider ink is no single digit
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
    image: Bytes
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
    ink: Floats
    boxes: npt.NDArray[np.int32]
    cost: Floats
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


def _full(values: Floats) -> float:
    """The strength of full ink among these."""
    return max(float(np.quantile(values, 0.85)), 1e-3) if len(values) else 1.0


def _extent(labels: npt.NDArray[np.int32], label: int) -> tuple[int, int, int, int]:
    ys, xs = np.nonzero(labels == label)
    return int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1


def _seams(mask: npt.NDArray[np.bool_], height: float) -> list[tuple[npt.NDArray[np.int32], float]]:
    """Where ink [h w] may be cut: the column of each row [h], and the ink that is cut, in heights.

    Each is the path from top to bottom that crosses the least ink, within a window; windows stand
    side by side over the whole width.
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
    span = max(3, round(SPAN * unit)) | 1
    starts = np.arange(0, columns, max(1, round(STRIDE * unit))) - span // 2
    at = starts[:, None] + np.arange(span)  # [windows span]
    inside = (at >= 0) & (at < columns)
    ink = np.where(inside, small[:, at.clip(0, columns - 1)], 9.0)  # [rows windows span]
    middle = 0.004 * np.abs(np.arange(span) - span // 2)
    total = np.zeros(ink.shape, np.float32)
    came = np.zeros(ink.shape, np.int8)
    total[0] = ink[0] + middle
    for y in range(1, rows):
        before = np.pad(total[y - 1], ((0, 0), (1, 1)), constant_values=1e9)
        ways = np.stack([before[:, 1:-1], before[:, :-2] + 0.05, before[:, 2:] + 0.05])
        best = ways.argmin(0)
        came[y] = np.array([0, -1, 1], np.int8)[best]
        total[y] = np.take_along_axis(ways, best[None], 0)[0] + ink[y] + middle
    windows = np.arange(len(starts))
    place = total[-1].argmin(1)
    cost = np.zeros(len(starts), np.float32)
    path = np.zeros((rows, len(starts)), np.int32)
    for y in range(rows - 1, -1, -1):
        path[y] = place
        cost += ink[y, windows, place]
        place = place + came[y, windows, place]
    columns_of = path + starts
    found: list[tuple[npt.NDArray[np.int32], float]] = []
    taken: list[float] = []
    full_rows = (np.arange(h) + 0.5) * (rows / h) - 0.5
    for k in np.argsort(cost):
        middle_at = float(columns_of[:, k].mean())
        if cost[k] > 0.6 * unit or any(abs(middle_at - other) < APART * unit for other in taken):
            continue
        if not APART * unit / 2 < middle_at < columns - APART * unit / 2:
            continue
        taken.append(middle_at)
        seam = np.interp(full_rows, np.arange(rows), columns_of[:, k] + 0.5) / (columns / w)
        found.append((np.rint(seam).astype(np.int32), float(cost[k] / unit)))
    return sorted(found, key=lambda item: float(item[0].mean()))


def stretches(atoms: Atoms, parts: int = PARTS) -> list[Stretch]:
    """All stretches of at most so many neighbouring atoms that could be one digit."""
    found = []
    n = len(atoms.boxes)
    for first in range(n):
        x0, y0, x1, y1 = (int(v) for v in atoms.boxes[first])
        for last in range(first + 1, min(n, first + parts) + 1):
            if last - 1 > first:
                a = atoms.boxes[last - 1]
                if a[0] - x1 > GAP * atoms.height:
                    break
                x0, y0 = min(x0, int(a[0])), min(y0, int(a[1]))
                x1, y1 = max(x1, int(a[2])), max(y1, int(a[3]))
                if x1 - x0 > WIDE * max(atoms.height, y1 - y0):
                    break
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
