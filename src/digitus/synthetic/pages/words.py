"""Words: what else stands on a page of digits, printed or written, and is not to be read.

Inside: a few words, the shapes of the letters that write them, and a free place for each. Not
inside: lines and boxes (`stationery`).
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from digitus.synthetic.hands import Hand, spline
from digitus.synthetic.pages.layout import Layout
from digitus.types import Bytes, Floats64

FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
)
PRINTED = """
    Name Date Amount Phone Total Order Invoice Customer Signature Address Account Student Class
    Points Room Weight Temperature Datum Betrag Kontonummer Telefon Summe Matricule Numero Reading
"""
# Without letters that may be digits: B, D, G, I, O, S, Z, b, g, l, o, q, s, z and others.
WRITTEN = """
    NAME TAX RENT KARTE MARK HEFT WERT FAX NETTER EXTRA TEAM NR EK KM HERR FARMER WEEK
    rent name water tea week tax date paper read card next ruht karte raum rate farm year add Nr
    heute kaum Tanne Heft Wert Fax Kunde Name marke Rhythmen Marta Anna Peter Feuer
"""
LETTERS = """
A 1 0,100 18,52 38,0! 58,52 80,100 | 16,64 42,62 66,62
E 1 62,2 30,0 2,2! 0,50 2,98! 34,100 64,97 | 2,50 30,48 52,50
F 1 64,0 34,2 2,2! 2,50 0,100 | 2,48 28,47 50,48
H 1 0,2 3,50 0,100 | 66,0 64,50 68,98 | 2,52 34,50 66,50
K 1 2,0 0,50 2,100 | 62,4 34,32 4,56! 32,74 66,100
M 1 0,100 6,50 10,0! 28,36 44,70! 62,36 80,2! 84,50 90,100
N 1 2,100 0,50 4,0! 36,50 66,98! 68,50 66,0
R 1 2,100 2,50 4,2! 40,0 60,24 40,50 6,54! 36,76 66,100
T 1 0,2 40,0 82,3 | 42,2 40,50 42,100
W 1 0,0 12,50 24,98! 36,60 46,28! 58,62 70,98! 82,50 94,2
X 1 0,0 36,50 72,100 | 70,2 36,50 2,98
P 1 2,100 2,50 4,2! 42,2 60,26 40,50 6,54
a 1 40,52 16,46 2,70 14,98 38,84 42,50! 42,78 50,98
c 1 38,54 20,46 2,66 6,90 22,100 40,92
d 1 40,54 16,48 2,74 16,98 38,86 44,0! 43,50 46,98
e 1 4,74 38,68 34,48 14,48 2,72 12,98 42,90
f 1 40,6 26,0 16,24 14,100 | 0,44 16,43 34,42
h 1 2,0 2,50 0,100! 6,66 24,50 36,66 36,100
k 1 4,0 2,50 0,100 | 40,44 20,62 4,70! 22,84 42,100
m 1 0,48 2,74 2,100! 6,64 22,48 30,66 30,100! 34,64 50,48 60,66 60,100
n 1 2,48 4,74 4,100! 8,64 24,48 36,62 36,100
p 1 4,48 4,90 2,136 | 4,60 22,46 40,62 32,92 6,92
r 1 0,50 2,74 2,100! 6,64 20,50 34,54
t 1 18,8 16,50 20,94 36,98 | 0,40 18,39 38,38
u 1 2,48 4,84 18,100 36,84 40,50! 40,76 44,98
w 1 0,48 12,98! 24,60! 36,98! 50,48
x 1 0,50 20,74 40,98 | 40,50 20,74 0,100
y 1 2,48 18,84 | 40,48 26,90 4,134
"""


def labels(shape: tuple[int, int], layout: Layout, rng: np.random.Generator) -> Bytes:
    """Printed words [h w] to the left of the lines of writing, as forms have them."""
    marks = np.zeros(shape, np.uint8)
    font = int(rng.choice(FONTS))
    size, away = rng.uniform(0.35, 0.8), rng.uniform(0.25, 1.0)
    for line in range(len(layout.lines)):
        here = [g for g in layout.written if g.line == line]
        word = _set(str(rng.choice(PRINTED.split())) + ":", font, size * layout.digit, rng)
        h, w = word.shape
        x = round(min(g.x for g in here) - away * layout.digit) - w
        y = max(g.y + g.ink.shape[0] for g in here if g.is_digit) - h
        if x >= 0 <= y:
            marks[y : y + h, x : x + w] = cv2.max(marks[y : y + h, x : x + w], word)
    return marks


def _set(word: str, font: int, height: float, rng: np.random.Generator) -> Bytes:
    """A word in print, [h w], its letters about `height` pixels high."""
    height = round(max(height, 7.0))
    thick = max(1, round(height * rng.uniform(0.06, 0.15)))
    scale = cv2.getFontScaleFromHeight(font, height, thick)
    (w, h), below = cv2.getTextSize(word, font, scale, thick)
    canvas = np.zeros((h + below + 2 * thick, w + 2 * thick), np.uint8)
    cv2.putText(canvas, word, (thick, h + thick), font, scale, 255, thick, cv2.LINE_AA)
    return canvas


def printed(shape: tuple[int, int], layout: Layout, rng: np.random.Generator) -> Bytes:
    """Printed words [h w] where the page has room for them: above, below and before the digits."""
    marks = np.zeros(shape, np.uint8)
    font = int(rng.choice(FONTS))
    for _ in range(int(rng.integers(1, 7))):
        word = str(rng.choice(PRINTED.split())) + str(rng.choice([":", "", "."]))
        _place(marks, _set(word, font, layout.digit * rng.uniform(0.3, 0.7), rng), layout, rng)
    return marks


def written(shape: tuple[int, int], layout: Layout, pen: float, rng: np.random.Generator) -> Bytes:
    """Words [h w] in the same pen (its width in pixels), where the page has room for them."""
    marks = np.zeros(shape, np.uint8)
    for _ in range(int(rng.integers(1, 4))):
        height = max(layout.digit * rng.uniform(0.7, 1.1), 9.0)
        _place(marks, _handwritten(str(rng.choice(WRITTEN.split())), height, pen, rng), layout, rng)
    return marks


@cache
def _letters() -> dict[str, tuple[Floats64, Floats64, npt.NDArray[np.int8]]]:
    """Control points, spline matrix and strokes of each letter."""
    rows = (row.split(None, 2) for row in LETTERS.splitlines() if row)
    hands = {name: Hand("0" + name, float(share), movement) for name, share, movement in rows}
    return {name: (hand.controls, *spline(hand, corners=True)) for name, hand in hands.items()}


def _handwritten(word: str, height: float, pen: float, rng: np.random.Generator) -> Bytes:
    """The ink of a word, its letters `height` pixels high."""
    thick, x, strokes = max(1, round(pen)), 0.0, []
    for letter in word:
        controls, matrix, stroke = _letters()[letter]
        path = matrix @ (controls + 0.03 * rng.standard_normal(controls.shape))
        path[:, 0] += x
        x = path[:, 0].max() + rng.uniform(0.12, 0.3)
        strokes += [path[stroke == s] for s in range(stroke.max() + 1)]
    every = np.concatenate(strokes)
    low, margin = every.min(0), thick + 2
    w, h = np.ceil(np.ptp(every, axis=0) * height + 2 * margin).astype(int).tolist()
    canvas = np.zeros((h, w), np.uint8)
    lines = [np.round(((s - low) * height + margin) * 16).astype(np.int32) for s in strokes]
    cv2.polylines(canvas, lines, False, 255, thick, cv2.LINE_AA, 4)
    return canvas


def _place(marks: Bytes, word: Bytes, layout: Layout, rng: np.random.Generator) -> None:
    """Puts a word where neither digits nor other words are; nowhere if there is no such place."""
    h, w = word.shape
    room = 0.3 * layout.digit + 2
    last_x, last_y = marks.shape[1] - w - 2, marks.shape[0] - h - 2
    if min(last_x, last_y) <= 2:
        return
    for _ in range(12):
        x, y = int(rng.integers(2, last_x)), int(rng.integers(2, last_y))
        if rng.random() < 0.5 and layout.baselines:  # on a line of writing
            y = round(float(rng.choice(layout.baselines))) - h
        if not 2 <= y <= last_y:
            continue
        rows = slice(max(round(y - room), 0), round(y + h + room))
        columns = slice(max(round(x - room), 0), round(x + w + room))
        near = any(
            g.x < columns.stop
            and columns.start < g.x + g.ink.shape[1]
            and g.y < rows.stop
            and rows.start < g.y + g.ink.shape[0]
            for g in layout.written
        )
        if not near and not marks[rows, columns].any():
            marks[y : y + h, x : x + w] = word
            return
