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
# Of capital letters alone, and of these only some: B, D, G, I, O, S, Z and others are digits too.
WRITTEN = "NAME TAX RENT KARTE MARK HEFT WERT FAX NETTER EXTRA TEAM NR EK KM HERR FARMER WEEK"
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
"""


def printed(shape: tuple[int, int], layout: Layout, rng: np.random.Generator) -> Bytes:
    """Printed words [h w] where the page has room for them: above, below and before the digits."""
    marks = np.zeros(shape, np.uint8)
    font = int(rng.choice(FONTS))
    for _ in range(int(rng.integers(1, 7))):
        word = str(rng.choice(PRINTED.split())) + str(rng.choice([":", "", "."]))
        height = round(max(layout.digit * rng.uniform(0.3, 0.7), 7.0))
        thick = max(1, round(height * rng.uniform(0.06, 0.15)))
        scale = cv2.getFontScaleFromHeight(font, height, thick)
        (w, h), below = cv2.getTextSize(word, font, scale, thick)
        sheet = np.zeros((h + below + 2 * thick, w + 2 * thick), np.uint8)
        cv2.putText(sheet, word, (thick, h + thick), font, scale, 255, thick, cv2.LINE_AA)
        _place(marks, sheet, layout, rng)
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
    sheet = np.zeros((h, w), np.uint8)
    lines = [np.round(((s - low) * height + margin) * 16).astype(np.int32) for s in strokes]
    cv2.polylines(sheet, lines, False, 255, thick, cv2.LINE_AA, 4)
    return sheet


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
            for g in (*layout.glyphs, *layout.signs)
        )
        if not near and not marks[rows, columns].any():
            marks[y : y + h, x : x + w] = word
            return
