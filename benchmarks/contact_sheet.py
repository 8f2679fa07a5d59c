"""Draws a contact sheet: made pages side by side, with what is known of them.

    python benchmarks/contact_sheet.py SHEET.png --count 24 --seed 1 --kinds number signs

Digits are framed in blue, signs in orange, what was crossed out in red; above each page stand its
lines and kinds. Nothing is measured here (`reading.py` does that).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from digitus.datasets.digits import Digits
from digitus.datasets.idx import read_digits
from digitus.synthetic.pages.pages import Page, pages

PAPER, WORDS, DIGIT, SIGN = (251, 250, 247), (29, 37, 48), (0, 90, 255), (235, 120, 0)
GONE = (210, 20, 40)
TITLE = 26  # pixels above a page, for its lines and kinds


def framed(page: Page, width: int, height: int, boxes: bool) -> Image.Image:
    """One page, made to fit, under its lines and kinds."""
    picture = Image.fromarray(page.picture).convert("RGB")
    zoom = min(width / picture.width, height / picture.height, 3.0)
    size = max(1, round(picture.width * zoom)), max(1, round(picture.height * zoom))
    cell = Image.new("RGB", (width, height + TITLE), PAPER)
    draw = ImageDraw.Draw(cell)
    font = ImageFont.load_default(10)
    draw.text((1, 0), " / ".join(page.lines)[: width // 5], WORDS, font)
    kinds = f"{picture.width} x {picture.height} {', '.join(sorted(page.kinds))}"
    draw.text((1, 12), kinds[: width // 5], DIGIT, font)
    cell.paste(picture.resize(size, Image.Resampling.BOX if zoom < 1 else 0), (0, TITLE))
    found = [(box, DIGIT) for _, box, _ in page.digits] + [(box, SIGN) for _, box, _ in page.signs]
    found += [(box, GONE) for _, box, _ in page.crossed_out]
    for (x, y, w, h), colour in found if boxes else []:
        corners = np.array([x, y, x + w, y + h]) * zoom + [-1, TITLE - 1, 0, TITLE]
        draw.rectangle(corners.tolist(), outline=colour)
    return cell


def contact_sheet(
    some: list[Page], columns: int, width: int, height: int, boxes: bool
) -> Image.Image:
    """All pages in a grid."""
    rows = -(-len(some) // columns)
    canvas = Image.new("RGB", (columns * (width + 4), rows * (height + TITLE + 4)), PAPER)
    for i, page in enumerate(some):
        place = (i % columns * (width + 4), i // columns * (height + TITLE + 4))
        canvas.paste(framed(page, width, height, boxes), place)
    return canvas


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("sheet", type=Path, help="the picture to write")
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--kinds", nargs="*", help="of these kinds alone")
    parser.add_argument("--columns", type=int, default=6)
    parser.add_argument("--cell", type=int, nargs=2, default=(300, 220), help="pixels, wide, high")
    parser.add_argument("--bare", action="store_true", help="without frames")
    parser.add_argument("--images", type=Path, nargs=2, help="IDX files to write half of it with")
    args = parser.parse_args()
    digits: Digits | None = read_digits(*args.images) if args.images else None
    some = list(pages(args.count, args.seed, digits, args.kinds, args.start))
    contact_sheet(some, args.columns, *args.cell, not args.bare).save(args.sheet)


if __name__ == "__main__":
    main()
