"""Signs: what people write between and beside digits, as ink of the same pen.

Inside: the movements of arithmetic signs, decimal marks, brackets, currencies, ticks and a few
letters of units, and `sign`, which draws one. Not inside: which signs stand where (`pages.texts`).

The table is that of `hands`, but y is measured from the top of a digit, 0, to the line, 100.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from digitus.synthetic.glyphs import FINE, LARGE, drawn
from digitus.synthetic.hands import Hand, spline
from digitus.types import Bytes, Floats64

TABLE = """
+  0,54 28,53 58,52 | 30,26 29,52 29,82
+  0,56 36,55 74,54 | 37,18 37,54 36,92
-  0,54 20,53 44,54
-  0,56 36,53 78,55
-  0,62 12,44 40,52 92,38
-  0,68 30,56 70,44
-  0,48 50,44 130,52
—  0,90 5,98 3,93 30,74 86,60
—  0,96 3,99 40,82 100,70
—  2,86 7,99 0,92 26,64 60,58 120,60
—  0,74 10,95 26,82 62,64 110,66
—  0,66 12,52 26,62 70,60 116,44
—  0,62 50,56 150,50
—  0,84 16,60 40,54 90,56 104,66
—  0,44 20,40 60,42 90,36! 84,52 80,62
—  0,92 6,98 0,104! 40,70 80,60 | 46,40 44,86
—  0,64 40,58 100,48 | 34,30 28,86 | 62,26 58,80
x  0,34 22,58 46,86 | 46,34 24,58 0,88
x  0,22 30,56 62,94 | 60,20 30,56 2,96
*  0,40 18,50 36,60 | 36,40 18,50 0,60 | 18,30 18,50 18,70
÷  0,54 26,54 52,54 | 26,28 27,30 | 26,78 27,80
/  44,0 22,50 0,102
/  30,-12 16,50 0,116
=  0,44 24,43 50,44 | 0,66 24,66 50,65
=  0,38 30,40 62,37 | 2,58 30,60 60,57
=  0,52 24,42 52,36 | 4,74 28,64 58,58
=  0,44 22,40 46,42! 4,66 28,62 60,64
(  20,-4 4,24 0,52 6,80 22,106
)  0,-4 16,24 22,52 16,80 0,106
.  0,97 2,98 3,99
.  3,92 2,97 0,103
.  0,98 6,96 12,95
,  5,92 6,102 0,118
,  14,84 10,102 0,124
'  6,-4 4,8 0,20
:  0,50 2,52 | 0,92 2,94
;  4,50 6,52 | 6,90 6,102 0,116
€  56,12 36,0 14,16 8,50 14,84 36,100 58,90 | 0,40 24,40 44,38 | 0,58 22,58 40,57
$  52,14 28,6 6,20 12,40 34,52 52,70 40,92 16,96 0,86 | 28,-8 28,50 28,110
£  54,14 38,0 24,18 26,50 20,84 4,98! 30,96 58,96 | 6,52 24,52 44,51
%  14,4 2,18 12,34 24,18 14,4 | 64,0 34,50 6,100 | 58,66 46,80 56,98 68,80 58,66
°  14,-6 0,8 14,22 28,8 14,-6
✓  0,66 10,78 20,96! 40,50 66,6
#  26,18 18,50 8,84 | 52,14 42,48 34,80 | 0,54 34,50 78,44
#  22,4 16,50 10,98 | 48,4 42,50 36,98 | 0,34 28,33 60,32 | 0,68 28,67 58,66
k  4,0 2,50 0,100 | 40,44 20,62 4,70! 22,84 42,100
m  0,48 2,74 2,100! 6,64 22,48 30,66 30,100! 34,64 50,48 60,66 60,100
c  38,56 20,46 2,64 4,88 22,100 40,92
h  2,0 2,50 0,100! 6,66 24,50 36,66 36,100
r  0,50 2,74 2,100! 6,64 20,50 34,54
"""
SIGNS = tuple(dict.fromkeys(row[0] for row in TABLE.split("\n") if row))


@cache
def _movements() -> dict[str, list[tuple[Floats64, Floats64, npt.NDArray[np.int8]]]]:
    """The ways to write each sign: control points, spline matrix, strokes."""
    ways: dict[str, list[tuple[Floats64, Floats64, npt.NDArray[np.int8]]]] = {}
    for row in TABLE.strip().split("\n"):
        character, movement = row.split(None, 1)
        hand = Hand("0" + character, 1.0, movement)
        ways.setdefault(character, []).append((hand.controls, *spline(hand, corners=True)))
    return ways


def sign(
    character: str, digit: float, pen: float, slant: float, rng: np.random.Generator
) -> tuple[Bytes, int]:
    """The ink of a sign [h w], and how many pixels below the top of a digit its first row is.

    `digit` is the height of a digit beside it and `pen` the width of a stroke, in pixels.
    """
    ways = _movements()[character]
    controls, matrix, strokes = ways[rng.integers(len(ways))]
    controls = controls + 0.02 * rng.standard_normal(controls.shape)
    size = rng.uniform(0.75, 1.2, 2) if character in "+-x*÷=" else rng.uniform(0.9, 1.1, 2)
    middle = np.array([0.0, 0.54])
    points = (matrix @ controls - middle) * size + middle
    points[:, 0] -= slant * (points[:, 1] - 0.5)
    width = pen / digit * (1.25 if character in ".:;÷" else 1.0) * rng.uniform(0.9, 1.1)
    fine = FINE if digit < LARGE else 1
    ink, corner = drawn(points, np.full(len(points), width), strokes, digit * fine, fine)
    x, y, w, h = cv2.boundingRect(ink)
    return ink[y : y + h, x : x + w], round(corner[1]) + y


def join(
    before: Bytes, after: Bytes, apart: tuple[int, int], pen: float, rng: np.random.Generator
) -> tuple[Bytes, tuple[int, int]] | None:
    """The stroke of a pen that was not lifted between two digits, and its corner: x, y in pixels.

    `apart` is how far the second array's corner lies right of and below the first's, and the corner
    of the stroke is measured from there too. None where the two have no ink at the same height.
    """
    right, down = apart
    first, last = max(0, down), min(before.shape[0], down + after.shape[0]) - 1
    if last <= first:
        return None
    left, rest = before[first : last + 1] > 127, after[first - down : last + 1 - down] > 127
    both = np.flatnonzero(left.any(1) & rest.any(1))
    ends = before.shape[1] - 1 - left[both, ::-1].argmax(1)
    starts = right + rest[both].argmax(1)
    gaps = starts - ends
    # The pen goes the short way.
    near = np.flatnonzero((gaps > 0) & (gaps <= np.min(gaps, initial=10**6) + 0.1 * len(before)))
    if not len(near) or gaps[near].min() > 0.5 * len(before):
        return None
    at = int(near[rng.integers(len(near))])
    row = first + int(both[at])
    x = np.linspace(ends[at], starts[at], 5)
    sag = 0.1 * before.shape[0] * float(rng.standard_normal())
    y = row + sag * np.array([0, 0.75, 1, 0.75, 0])
    margin = int(pen) + 2
    low = np.array([int(x.min()), int(np.floor(y.min()))]) - margin
    w, h = np.ceil([x.max(), y.max()]).astype(int) + margin - low
    canvas = np.zeros((h, w), np.uint8)
    way = [np.round((np.column_stack([x, y]) - low) * 16).astype(np.int32)]
    cv2.polylines(canvas, way, False, 255, max(1, round(0.7 * pen)), cv2.LINE_AA, 4)
    across, top, w, h = cv2.boundingRect(canvas)
    corner = int(low[0]) + across, int(low[1]) + top
    return canvas[top : top + h, across : across + w], corner


def crossed_out(ink: Bytes, pen: float, way: int, rng: np.random.Generator) -> Bytes:
    """A digit struck through with the same pen: by a line (0), two (1), a cross (2) or zigzag (3).

    The array [h w] just holds both.
    """
    h, w = ink.shape
    reach = 0.12 * h
    margin = int(reach + pen / 2 + 2)
    canvas = np.pad(ink, margin)
    left, right, top, foot = -reach, w + reach, 0.1 * h, 0.9 * h
    half = (top + foot) / 2
    tilt = 0.12 * h * float(rng.standard_normal())
    strokes = {
        0: [[(left, half + tilt), (right, half - tilt)]],
        1: [[(left, half + tilt - 0.1 * h), (right, half - tilt - 0.1 * h)],
            [(left, half + tilt + 0.1 * h), (right, half - tilt + 0.1 * h)]],
        2: [[(left, top), (right, foot)], [(right, top), (left, foot)]],
        3: [[(left, half), (0.1 * w, top), (0.3 * w, foot), (0.5 * w, top), (0.7 * w, foot),
             (0.9 * w, top), (right, foot)]],
    }[way]  # fmt: skip
    for stroke in strokes:
        points = np.array(stroke) + margin + 0.03 * h * rng.standard_normal((len(stroke), 2))
        at = [np.round(points * 16).astype(np.int32)]
        cv2.polylines(canvas, at, False, 255, max(1, round(pen)), cv2.LINE_AA, 4)
    x, y, w, h = cv2.boundingRect(canvas)
    return canvas[y : y + h, x : x + w]


def underline(length: float, pen: float, rng: np.random.Generator) -> Bytes:
    """A line drawn by hand below a number, [h w], `length` pixels long."""
    way = np.linspace(0, 1, 9)
    drop, bow = rng.normal(0, 0.02, 2)
    y = length * (drop * way + bow * way * (1 - way)) + 0.15 * pen * rng.standard_normal(9)
    margin = pen / 2 + 2
    points = np.column_stack([way * length, y - y.min()]) + margin
    canvas = np.zeros(np.ceil(points.max(0) + margin).astype(int)[::-1], np.uint8)
    at = [np.round(points * 16).astype(np.int32)]
    cv2.polylines(canvas, at, False, 255, max(1, round(pen)), cv2.LINE_AA, 4)
    x, top, w, h = cv2.boundingRect(canvas)
    return canvas[top : top + h, x : x + w]
