"""Parts: the rectangles of a fine copy that are looked at, so that all that is called for is seen.

Each is seen with a halo around it, and a pixel of the halo costs as much as any: so cells that lie
together become one part, and a part is cut in two where the two are smaller with their halos than
the one with its own. A line of digits is one long part, a column of two is two.

Inside: `parts`, and what one costs. Not inside: what calls for a finer look, and the look itself
(`detector`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

CELL = 64  # pixels of a cell's side
HALO = 32  # pixels that are seen around a part: half a cell, so a halo adds a cell to each side
MOST = 7  # cells of a part's side: with its halo 512 pixels, as a copy that is looked at whole

Cells: TypeAlias = npt.NDArray[np.bool_]
Part: TypeAlias = tuple[slice, slice]  # rows and columns of cells
Sizes = TypeVar("Sizes", int, npt.NDArray[np.int64])


def parts(wanted: Cells) -> Iterator[Part]:
    """Rectangles, rows and columns of cells, that cover all that are wanted [h w]."""
    rows, columns = (np.flatnonzero(wanted.any(axis)) for axis in (1, 0))
    if not len(rows):
        return
    top, left = int(rows[0]), int(columns[0])
    inner = wanted[top : rows[-1] + 1, left : columns[-1] + 1]
    h, w = inner.shape
    axis, cut = _cut(inner)
    if cut == 0:
        yield slice(top, top + h), slice(left, left + w)
        return
    first, second = np.split(inner, [cut], axis)
    down, right = (cut, 0) if axis == 0 else (0, cut)
    for half, y, x in ((first, top, left), (second, top + down, left + right)):
        for a, b in parts(half):
            yield slice(a.start + y, a.stop + y), slice(b.start + x, b.stop + x)


def cost(part: Part) -> int:
    """How many pixels are seen for a part and its halo."""
    high, wide = (side.stop - side.start for side in part)
    return CELL**2 * _seen(high, wide)


def _cut(inner: Cells) -> tuple[int, int]:
    """Along which axis, and where, a rectangle is best cut in two; 0 where it stays one."""
    best = min((_cheapest(inner, axis) for axis in (0, 1)), key=lambda cut: cut[0])
    longer = int(np.argmax(inner.shape))
    cells = inner.shape[longer]
    if best[0] < _seen(*inner.shape):
        return best[1], best[2]
    pieces = -(-cells // MOST)
    return longer, cells * (pieces // 2) // pieces


def _cheapest(inner: Cells, axis: int) -> tuple[int, int, int]:
    """What both halves of the best cut along an axis cost, that axis, and where the cut is."""
    along = inner if axis == 0 else inner.T
    if len(along) == 1:
        return _seen(*inner.shape), axis, 0
    costs = _costs(along)[:-1] + _costs(along[::-1])[-2::-1]
    cut = int(costs.argmin())
    return int(costs[cut]), axis, cut + 1


def _costs(rows: Cells) -> npt.NDArray[np.int64]:
    """The cost of looking at the first 1, 2, ... rows, without the empty cells around them."""
    h, w = rows.shape
    so_far = np.logical_or.accumulate(rows, axis=0)
    wide = w - so_far[:, ::-1].argmax(1) - so_far.argmax(1)
    high = np.maximum.accumulate(np.where(rows.any(1), np.arange(1, h + 1), 0))
    return _seen(high, wide)


def _seen(high: Sizes, wide: Sizes) -> Sizes:
    """How many cells are seen for a part and its halo."""
    return (high + 2 * HALO // CELL) * (wide + 2 * HALO // CELL)
