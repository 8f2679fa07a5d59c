"""Draws README's picture: digits of the simulated pen and what a model makes of them.

    python benchmarks/picture.py MODEL

No digit of a real person is in it. The model is one that learnt from MNIST, so these hands are new
to it; a misread digit is shown in red, a refused one as a question mark.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import digitus
from digitus.data.strokes import strokes

ROOT = Path(__file__).parent.parent
COLUMNS, ROWS, CELL, ZOOM = 14, 4, 76, 2
PAPER, INK, QUIET, WRONG = "#fbfaf7", "#1d2530", "#7a828c", "#c0392b"


def main() -> None:
    """Writes docs/pictures/readme.png."""
    parser = argparse.ArgumentParser(description="Draw README's picture.")
    parser.add_argument("model", type=Path)
    recognizer = digitus.load(parser.parse_args().model)
    digits = strokes(COLUMNS * ROWS, seed=2026)
    canvas = Image.new("RGB", (COLUMNS * CELL * ZOOM, ROWS * (CELL + 14) * ZOOM), PAPER)
    draw = ImageDraw.Draw(canvas)
    value = ImageFont.load_default(17 * ZOOM)
    small = ImageFont.load_default(9 * ZOOM)
    for k, (answer, confidence) in enumerate(recognizer.read(digits.images)):
        left, top = k % COLUMNS * CELL * ZOOM, k // COLUMNS * (CELL + 14) * ZOOM
        side = 52 * ZOOM
        grey = Image.fromarray(255 - digits.images[k]).resize(
            (side, side), Image.Resampling.BICUBIC
        )
        ink = np.asarray(grey, np.float32)[..., None] / 255
        colours = np.array([[29, 37, 48]]) * (1 - ink) + np.array([[251, 250, 247]]) * ink
        canvas.paste(Image.fromarray(colours.astype(np.uint8)), (left + 12 * ZOOM, top + 2 * ZOOM))
        colour = QUIET if answer is None else INK if answer == digits.labels[k] else WRONG
        text = "?" if answer is None else str(answer)
        draw.text((left + 22 * ZOOM, top + 56 * ZOOM), text, colour, value)
        share = f"{100 * confidence:.0f} %"
        draw.text((left + 38 * ZOOM, top + 63 * ZOOM), share, QUIET, small)
    path = ROOT / "docs" / "pictures" / "readme.png"
    path.parent.mkdir(exist_ok=True)
    canvas.quantize(64).save(path, optimize=True)


if __name__ == "__main__":
    main()
