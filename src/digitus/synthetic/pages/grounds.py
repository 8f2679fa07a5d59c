"""Grounds: coloured areas below the ink, each a mask on the sheet with its colour.

Inside: coloured fields of forms, highlighters, stamps, the bars and buttons of a drawing program.
Not inside: rules and boxes (`stationery`), security paper (`security`), words (`words`).
"""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np

from digitus.synthetic.pages.layout import Layout, bar_height
from digitus.types import Bytes, Floats32

Ground: TypeAlias = tuple[Bytes, Floats32]  # opacity [h w] and colour: red, green, blue

STAMPED = "PAID COPY RECEIVED BEZAHLT ENTWURF FILED APPROVED OFFICE BANK POST"
BUTTONS = "Clear Predict Save Undo Erase Open Draw Exit Reset Help OK Brush File Edit View"
FONT = cv2.FONT_HERSHEY_SIMPLEX


def grounds(layout: Layout, kinds: frozenset[str], rng: np.random.Generator) -> list[Ground]:
    """All coloured areas that the page's kinds ask for, the lowest first."""
    found: list[Ground] = []
    if "coloured fields" in kinds:
        found.append(_fields(layout, rng))
    if "stamp" in kinds:
        found.append(_stamp(layout, rng))
    if "window" in kinds:
        found += _window(layout, rng)
    return found


def _pastel(rng: np.random.Generator) -> Floats32:
    """A pale colour, as forms are printed in and highlighters have."""
    hue = rng.uniform(0, 1, 3)
    hue = (hue - hue.min()) / max(float(np.ptp(hue)), 0.1)
    return np.asarray(255 * (1 - rng.uniform(0.12, 0.5) * (1 - hue)), np.float32)


def _fields(layout: Layout, rng: np.random.Generator) -> Ground:
    """The cells of a form, or a band below each line of writing, in one colour."""
    mask = np.zeros((layout.height, layout.width), np.uint8)
    cells = [cell for row in layout.cells for cell in row]
    if len(cells) < 2:
        reach = layout.digit * rng.uniform(0.05, 0.3)
        for line in range(len(layout.lines)):
            here = [g for g in layout.glyphs if g.line == line]
            if not here or rng.random() < 0.2:
                continue
            x = min(g.x for g in here) - reach
            y = min(g.y for g in here) - reach
            w = max(g.x + g.ink.shape[1] for g in here) + reach - x
            h = max(g.y + g.ink.shape[0] for g in here) + reach - y
            cells.append((round(x), round(y), round(w), round(h)))
    for x, y, w, h in cells:
        cv2.rectangle(mask, (x, y), (x + w, y + h), 255, -1)
    if rng.random() < 0.3:  # the form is coloured, its fields are white
        mask = np.asarray(255 - mask, np.uint8)
    return mask, _pastel(rng)


def _stamp(layout: Layout, rng: np.random.Generator) -> Ground:
    """A ring or a frame with a word in it, turned, badly inked, anywhere on the sheet."""
    size = int(np.clip(layout.digit * rng.uniform(1.2, 4), 24, 700))
    word = str(rng.choice(STAMPED.split()))
    thick = max(1, size // 40)
    canvas = np.zeros((size, size), np.uint8)
    middle = size // 2
    if rng.random() < 0.6:
        cv2.circle(canvas, (middle, middle), middle - thick - 1, 255, thick, cv2.LINE_AA)
        cv2.circle(canvas, (middle, middle), round(0.72 * middle), 255, thick, cv2.LINE_AA)
    else:
        top, bottom = round(0.3 * size), round(0.7 * size)
        cv2.rectangle(canvas, (thick, top), (size - thick, bottom), 255, thick, cv2.LINE_AA)
    (wide, high), _ = cv2.getTextSize(word, FONT, 1.0, 1)
    scale = 0.62 * size / wide
    place = (round(0.19 * size), round(middle + scale * high / 2))
    cv2.putText(canvas, word, place, FONT, scale, 255, max(1, 2 * thick), cv2.LINE_AA)
    turn = cv2.getRotationMatrix2D((middle, middle), float(rng.uniform(-40, 40)), 1.0)
    turn[:, 2] += rng.uniform(0, 1, 2) * [layout.width, layout.height] - middle
    mask = cv2.warpAffine(canvas, turn, (layout.width, layout.height))
    colours = [(40, 60, 170), (180, 40, 60), (90, 40, 130), (40, 120, 80), (60, 60, 60)]
    colour = np.array(colours[rng.integers(len(colours))], np.float32)
    return np.asarray(mask * rng.uniform(0.25, 0.7), np.uint8), colour


def _window(layout: Layout, rng: np.random.Generator) -> list[Ground]:
    """The bar of a drawing program along the top or the foot, with buttons and their words."""
    shape = (layout.height, layout.width)
    bar, buttons, letters = (np.zeros(shape, np.uint8) for _ in range(3))
    high = bar_height(layout.digit)
    top = 0 if rng.random() < 0.6 else layout.height - high
    bar[top : top + high] = 255
    x, scale = high // 3, high / 60
    thick = max(1, high // 30)
    while x < layout.width and rng.random() < 0.85:
        word = str(rng.choice(BUTTONS.split()))
        (wide, tall), _ = cv2.getTextSize(word, FONT, scale, thick)
        right = x + wide + high // 2
        if right > layout.width:
            break
        inner = top + high // 6, top + high - high // 6
        cv2.rectangle(buttons, (x, inner[0]), (right, inner[1]), 255, -1)
        foot = (x + high // 4, top + (high + tall) // 2)
        cv2.putText(letters, word, foot, FONT, scale, 255, thick, cv2.LINE_AA)
        x = right + high // 4
    tones = [rng.uniform(60, 235) * rng.uniform(0.85, 1.0, 3) for _ in range(2)]
    dark = np.full(3, 20.0 if tones[1].mean() > 120 else 240.0)
    layers = zip((bar, buttons, letters), (*tones, dark), strict=True)
    return [(mask, np.asarray(colour, np.float32)) for mask, colour in layers]
