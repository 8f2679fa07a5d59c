"""Marks: letters, symbols and scribbles, left where a digit is expected.

Inside: a table of shapes written as in `hands`, the letters of OpenCV's Hershey fonts, the styles
both are drawn in, and tangles, coils and hatchings. Not inside: anything that is not drawn in lines
(`surfaces`), and how often each kind is met (`not_digits`).

A network must not learn to refuse what can be read as a digit. So there is no I without slabs, no
l, i, O, o, Q, Z, z, S, s, b, g, q, no bracket, no | or /, no ? (without its dot it is a 2 or a 7).
Handwritten B, C, D, G, J, L, T, U, Y and most small letters may be taken for 8, 0, 6, 1, 7, 4, 9 or
2: they are printed only, where a straight stem, a serif or a wide mouth tells. No curve is short or
closed: it would be a 0, 1, 2, 3, 6, 7 or 9 of some hand.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from digitus.datasets.augment import augment
from digitus.datasets.augmentation import Augmentation
from digitus.datasets.digits import SIDE
from digitus.synthetic.hands import Hand, spline
from digitus.types import Bytes, Floats64

CANVAS = 64  # pixels a side of the canvas on which a mark is drawn before it is made smaller
BITS = 4  # OpenCV's fixed-point coordinates: sixteenths of a pixel

LETTERS = """
A       2  0,100 40,0! 80,100 | 14,64 66,64
A-arch  1  0,100 4,40 40,0 76,40 80,100 | 2,60 78,60
E       2  60,0 0,0! 0,100! 60,100 | 0,50 50,50
F       1  60,0 0,0! 0,100 | 0,48 48,48
H       2  0,0 0,100 | 70,0 70,100 | 0,50 70,50
I-slab  1  0,0 76,0 | 38,0 38,100 | 0,100 76,100
K       2  0,0 0,100 | 66,0 0,56! 68,100
M       2  0,100 4,0! 46,70! 88,0! 92,100
N       2  0,100 0,0! 70,100! 70,0
P       1  0,100 0,0! 50,2 62,26 48,50 0,54
R       2  0,100 0,0! 50,2 60,26 48,48 0,52! 66,100
W       2  0,0 24,100! 48,30! 72,100! 96,0
X       1  0,0 74,100 | 74,0 0,100
d       1  60,0 60,100 | 60,56 40,36 10,44 0,68 10,94 40,98 60,78
k       1  0,0 0,100 | 44,36 0,70! 48,100
m       2  0,100 0,40! 10,36 30,36 36,56 36,100! 36,56 46,36 66,36 74,56 74,100
w       2  0,30 18,100! 38,40! 56,100! 76,30
Zhe     1  0,0 40,50! 0,100 | 80,0 40,50! 80,100 | 40,0 40,100
Sha     1  0,0 0,100! 80,100! 80,0 | 40,0 40,100
Phi     1  40,0 40,100 | 40,20 8,30 0,50 8,72 40,80 72,72 80,50 72,30 40,20
Psi     1  0,10 6,50 40,64 74,50 80,10 | 40,0 40,100
Pi      1  0,0 80,0 | 14,0 14,100 | 66,0 66,100
Omega   1  0,100 26,96! 6,60 14,16 40,0 66,16 74,60 54,96! 80,100
Ya      1  66,100 66,0! 16,2 6,26 18,48 66,52! 0,100
I-kratk 1  0,0 0,100! 70,0! 70,100
Yu      1  0,0 0,100 | 0,50 30,50 | 60,0 34,20 30,50 34,80 60,100 86,80 90,50 86,20 60,0
field   1  0,0 80,0! 80,100! 0,100! 0,0 | 40,0 40,100 | 0,50 80,50
tree    1  0,30 90,30 | 45,0 45,100 | 45,34 0,90 | 45,34 90,90
great   1  0,34 90,34 | 46,0 40,50 0,100 | 46,44 90,100
"""

SYMBOLS = """
plus    2  0,50 100,50 | 50,0 50,100
minus   1  0,50 100,50
equals  1  0,40 100,40 | 0,70 100,70
times   1  0,0 100,100 | 100,0 0,100
hash    1  30,0 20,100 | 76,0 66,100 | 0,32 96,32 | 0,68 96,68
right   1  0,50 100,50 | 64,14 100,50! 64,86
left    1  100,50 0,50 | 36,14 0,50! 36,86
both    1  100,50 0,50 | 26,24 0,50! 26,76 | 74,24 100,50! 74,76
check   1  0,50 34,90! 120,10
star    1  50,0 80,96! 2,36! 98,36! 20,96! 50,0
rays    1  50,0 50,100 | 6,25 94,75 | 94,25 6,75
house   1  0,44 50,0! 100,44 | 12,40 12,100! 88,100! 88,40 | 40,100 40,66! 64,66! 64,100
endless 1  60,50 88,20 118,50 88,80 60,50 32,20 2,50 32,80 60,50
letter  1  0,0 110,0! 110,70! 0,70! 0,0 | 0,0 55,40! 110,0
man     1  50,2 38,14 50,26 62,14 50,2 | 50,26 50,66 | 10,44 90,44 | 20,100 50,66! 80,100
wave    1  0,50 16,20 32,50 48,80 64,50 80,20 96,50 112,80 128,50
gate    1  0,100 0,0! 100,0! 100,100 | 0,36 100,36
ladder  1  20,0 20,100 | 80,0 80,100 | 20,20 80,20 | 20,50 80,50 | 20,80 80,80
"""

PRINTED = "AAAABBBCCCCDDDDEEEFFHHHJJKKLMMNNPPRRTTUUVWWXYadehkmnprtuvwxy+=#%@*&<>~"
THIN = PRINTED + "GGGGG"  # not for PRINTED: a pen of 4 pixels closes a G to a 6
HEAVY = "AAABBCCCDDDEEFFGGGHHJJJKKLLMMNNPPRRTTUUVVWWXXYYdhkmnu+#="  # no blots when drawn bold
FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
    cv2.FONT_HERSHEY_COMPLEX_SMALL,
)
DISTORTION = Augmentation(rotate=8, shear=10, elastic=0.4, smoothness=4)


@cache
def _shapes(table: str) -> tuple[tuple[Hand, Floats64, npt.NDArray[np.int8]], ...]:
    """The rows of a table with their splines, each as often as its share says."""
    found = []
    for row in table.split("\n"):
        if row:
            name, share, movement = row.split(None, 2)
            hand = Hand(name, float(share), movement)
            found += [(hand, *spline(hand, corners=True))] * int(share)
    return tuple(found)


def letters(n: int, rng: np.random.Generator) -> Bytes:
    """Letters [n 28 28], mostly white on black: two thirds printed, one third written shapes."""
    printed = rng.random(n) < 0.67
    return _styled([_printed(rng) if p else _drawn(LETTERS, rng) for p in printed], rng)


def symbols(n: int, rng: np.random.Generator) -> Bytes:
    """Arithmetic, arrows, stars and simple drawings, [n 28 28]."""
    return _styled([_drawn(SYMBOLS, rng) for _ in range(n)], rng)


def _printed(rng: np.random.Generator) -> Bytes:
    """A canvas with one character of a Hershey font, of any weight."""
    canvas = np.zeros((CANVAS, CANVAS), np.uint8)
    font = FONTS[rng.integers(len(FONTS))]
    thick = int(rng.integers(1, 6) if rng.random() < 0.5 else rng.integers(4, 11))
    characters = THIN if thick < 4 else PRINTED if thick < 5 else HEAVY
    character = characters[rng.integers(len(characters))]
    scale = 1.5 if font != cv2.FONT_HERSHEY_COMPLEX_SMALL else 2.0
    (w, h), _ = cv2.getTextSize(character, font, scale, 1)
    at = ((CANVAS - w) // 2, (CANVAS + h) // 2)
    if thick < 5:
        cv2.putText(canvas, character, at, font, scale, 255, thick, cv2.LINE_AA)
        return canvas
    # A round pen would make a 0 of a D, an 8 of a B: heavy letters have corners.
    cv2.putText(canvas, character, at, font, scale, 255, 2, cv2.LINE_AA)
    high, wide = (2, 3) if character == "G" else (rng.integers(2, 6), rng.integers(3, 9))
    return cv2.dilate(canvas, np.ones((high, wide), np.uint8))


def _drawn(table: str, rng: np.random.Generator) -> Bytes:
    """A canvas with one shape of a table, its points moved a little."""
    shapes = _shapes(table)
    hand, path, strokes = shapes[rng.integers(len(shapes))]
    points = path @ (hand.controls + rng.normal(0, 0.03, hand.controls.shape))
    thick = rng.integers(2, 6) if rng.random() < 0.6 else rng.integers(5, 11)
    return _lines([points[strokes == s] for s in range(strokes.max() + 1)], int(thick))


def _lines(strokes: list[Floats64], thick: int) -> Bytes:
    """A canvas on which these strokes, each [t 2], are drawn as large as they fit, with one pen."""
    everything = np.vstack(strokes)
    low, size = everything.min(0), np.ptp(everything, axis=0).max()
    margin = 8
    canvas = np.zeros((CANVAS, CANVAS), np.uint8)
    for stroke in strokes:
        at = (stroke - low) / size * (CANVAS - 2 * margin) + margin
        line = [np.round(at * (1 << BITS)).astype(np.int32)]
        cv2.polylines(canvas, line, False, 255, thick, cv2.LINE_AA, BITS)
    return canvas


def _styled(
    canvases: list[Bytes], rng: np.random.Generator, outlined: float = 0.1, smallest: int = 13
) -> Bytes:
    """Canvases as images [n 28 28] in some style: nib, outline, shadow, pattern, stamp, size."""
    images = np.zeros((len(canvases), SIDE, SIDE), np.uint8)
    for image, canvas in zip(images, canvases, strict=True):
        x, y, w, h = cv2.boundingRect(canvas)
        filled = canvas.sum() / (255 * w * h)  # solid marks would lose their mouths and eyes
        if outlined and filled < 0.45 and rng.random() < 0.3:
            canvas = cv2.dilate(canvas, _nib(rng))
        style = rng.random()
        if style < outlined and filled < 0.6:
            canvas = cv2.dilate(canvas, np.ones((5, 5), np.uint8)) - canvas
        elif 0.1 < style < 0.16:  # a shadow
            shifted = np.roll(canvas, rng.integers(-6, 7, 2), (0, 1))
            canvas = np.maximum(canvas, shifted // 2)
        elif 0.16 < style < 0.24:  # filled with a pattern
            rows = np.arange(CANVAS)[:, None] if rng.random() < 0.5 else np.arange(CANVAS)[None, :]
            canvas = np.where(rows % rng.integers(6, 16) < 3, canvas // 4, canvas).astype(np.uint8)
        x, y, w, h = cv2.boundingRect(canvas)
        mark = canvas[y : y + h, x : x + w]
        scale = rng.uniform(smallest, SIDE) / max(mark.shape)
        wider = np.exp(rng.normal(0, 0.15))
        size = np.clip(np.multiply(mark.shape, (scale / wider, scale * wider)), 3, SIDE).astype(int)
        mark = cv2.resize(mark, size[::-1].tolist(), interpolation=cv2.INTER_AREA)
        top, left = np.rint((SIDE - size) * np.clip(rng.normal(0.5, 0.12, 2), 0, 1)).astype(int)
        image[top : top + size[0], left : left + size[1]] = mark
        if 0.24 < style < 0.32:  # a stamp: black on white
            image[:] = 255 - image
    return augment(images, DISTORTION, rng)


def _nib(rng: np.random.Generator) -> Bytes:
    """A broad nib held at some angle: strokes along it are thin, those across it are thick."""
    nib = np.zeros((5, 5), np.uint8)
    angle = rng.uniform(0, np.pi)
    x, y = round(2 * np.cos(angle)), round(2 * np.sin(angle))
    cv2.line(nib, (2 - x, 2 - y), (2 + x, 2 + y), 1)
    return nib


def scribbles(n: int, rng: np.random.Generator) -> Bytes:
    """Tangles, coils, spirals, zigzags and hatchings of a pen, [n 28 28]."""
    kinds = (_tangle, _tangle, _coil, _spiral, _zigzag, _hatching)
    # A thick pen would fill them, and what is filled is small or has an outline is a 1 or a 0.
    drawn = [kinds[rng.integers(len(kinds))](rng) for _ in range(n)]
    pens = rng.integers(2, 4, n).tolist()
    canvases = [_lines(strokes, pen) for strokes, pen in zip(drawn, pens, strict=True)]
    return _styled(canvases, rng, outlined=0, smallest=20)


def _tangle(rng: np.random.Generator) -> list[Floats64]:
    """A line through many random points: too long to be a digit."""
    points = rng.integers(0, 100, (int(rng.integers(13, 20)), 2))
    hand = Hand("tangle", 1, " ".join(f"{x},{y}" for x, y in points))
    return [spline(hand, corners=False)[0] @ hand.controls]


def _coil(rng: np.random.Generator) -> list[Floats64]:
    """Loops in a row, as of a pen that is tried out; not upright, where they are a 3 or a bar."""
    turns = rng.uniform(4, 7)
    t = np.linspace(0, 2 * np.pi * turns, 100)
    x = t / t[-1] * rng.uniform(2, 4) + np.cos(t) * rng.uniform(0.3, 0.7)
    return [_turned(np.column_stack([x, 1.3 * np.sin(t)]), rng.uniform(-0.8, 0.8))]


def _spiral(rng: np.random.Generator) -> list[Floats64]:
    """Two and a half turns at least: fewer are a 6 or a 9."""
    t = np.linspace(0, 2 * np.pi * rng.uniform(2.5, 4), 100)
    path = np.column_stack([np.cos(t), rng.choice([-1, 1]) * np.sin(t)]) * (t[:, None] + 0.5)
    return [_turned(path, rng.uniform(0, 2 * np.pi))]


def _zigzag(rng: np.random.Generator) -> list[Floats64]:
    """Back and forth, six times at least: fewer are a Z, a 2 or a 3."""
    n = int(rng.integers(7, 12))
    x = np.arange(n) + rng.normal(0, 0.15, n)
    y = np.where(np.arange(n) % 2, 1, 0) * n * rng.uniform(0.4, 1.2) + rng.normal(0, 0.3, n)
    return [_turned(np.column_stack([x, y]), rng.uniform(0, 2 * np.pi))]


def _hatching(rng: np.random.Generator) -> list[Floats64]:
    """Parallel strokes, sometimes crossed by others."""
    n = int(rng.integers(3, 7))
    start = np.column_stack([np.arange(n) + rng.normal(0, 0.1, n), rng.normal(0, 0.2, n)])
    end = start + np.column_stack([rng.normal(0, 0.3, n), n + rng.normal(0, 0.3, n)])
    strokes = [np.array(ends) for ends in zip(start, end, strict=True)]
    if rng.random() < 0.5:
        strokes += [stroke[:, ::-1] for stroke in strokes]
    angle = rng.uniform(0, np.pi)
    return [_turned(stroke, angle) for stroke in strokes]


def _turned(path: Floats64, angle: float) -> Floats64:
    """A path [t 2], turned about the origin."""
    cos, sin = np.cos(angle), np.sin(angle)
    return path @ np.array([[cos, -sin], [sin, cos]])
