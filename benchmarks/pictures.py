"""Draws the pictures of README, docs/strokes.md and docs/reading.md, all from the simulated pen.

    python benchmarks/pictures.py [MODEL]

No digit of a real person is in them. `misread` draws one for docs/records.md, for `records.py`,
from digits of MNIST.
"""

from __future__ import annotations

import argparse
import io
import tomllib
from collections import defaultdict
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import digitus
import forms_sheets
from digitus.forms.table import from_table
from digitus.nn import stream
from digitus.reading.read import read
from digitus.report.annotate import annotate
from digitus.synthetic.hands import choose
from digitus.synthetic.pages.pages import pages
from digitus.synthetic.strokes import draw

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"
ZOOM = 2  # pixels for each point, so that the pictures are sharp on fine screens
PAPER, INK, QUIET, WRONG = (251, 250, 247), (29, 37, 48), (122, 130, 140), (192, 57, 43)

PAGES = (
    {"single", "gradient"}, {"number", "ruled", "shadow"}, {"lines", "squared"},
    {"boxes", "colour pen"}, {"single", "desk"}, {"many", "pencil"}, {"lines", "inverted"},
    {"comb", "perspective"}, {"lines", "printed", "rough paper"}, {"number", "touching", "screen"},
    {"single", "vignette", "thin"}, {"number", "fingers", "shadow"}, {"lines", "desk", "rotated"},
    {"single", "smudges", "colour pen"}, {"lines", "letters", "noise"},
)  # fmt: skip


class ContactSheet:
    """A grid of digits, each with words below it."""

    def __init__(self, columns: int, rows: int, width: int, height: int) -> None:
        self.width, self.height = width, height
        size = (columns * width * ZOOM, rows * height * ZOOM)
        self.canvas = Image.new("RGB", size, PAPER)
        self.draw = ImageDraw.Draw(self.canvas)

    def digit(self, image: np.ndarray, column: int, row: int, side: int) -> None:
        """Pastes an image [28 28] as ink on paper, in the middle of its cell's top."""
        left, top = column * self.width + (self.width - side) // 2, row * self.height + 2
        grey = Image.fromarray(image).resize((side * ZOOM, side * ZOOM), Image.Resampling.BICUBIC)
        ink = np.asarray(grey, np.float32)[..., None] / 255
        colours = np.array(INK) * ink + np.array(PAPER) * (1 - ink)
        self.canvas.paste(Image.fromarray(colours.astype(np.uint8)), (left * ZOOM, top * ZOOM))

    def words(
        self, text: str, column: int, row: int, down: int, *, size: int, colour: tuple[int, ...]
    ) -> None:
        """Writes in the middle of a cell, so many points below its top."""
        place = ((column + 0.5) * self.width * ZOOM, (row * self.height + down) * ZOOM)
        font = ImageFont.load_default(size * ZOOM)
        self.draw.text(place, text, colour, font, anchor="mt")

    def save(self, name: str) -> None:
        """Writes docs/pictures/NAME in few colours."""
        FOLDER.mkdir(exist_ok=True)
        method = Image.Quantize.MAXCOVERAGE
        few = self.canvas.quantize(48, method=method, dither=Image.Dither.NONE)
        few.save(FOLDER / name, optimize=True)


def hands() -> None:
    """Every hand once, with its name."""
    by_digit = defaultdict(list)
    for hand in choose("all"):
        by_digit[hand.digit].append(hand.name)
    sheet = ContactSheet(max(map(len, by_digit.values())), 10, width=62, height=62)
    for digit, names in by_digit.items():
        for column, name in enumerate(names):
            image = draw([digit], stream(4, name), hands=name)[0]
            sheet.digit(image, column, digit, side=44)
            sheet.words(name, column, digit, 47, size=8, colour=QUIET)
    sheet.save("hands.png")


def made_pages() -> None:
    """Some of the pages that reading is measured on."""
    columns, rows, side = 5, 3, 168
    sheet = ContactSheet(columns, rows, width=side + 8, height=side + 8)
    for k, kinds in enumerate(PAGES):
        page = next(pages(1, 8, kinds=kinds, start=k))
        picture = Image.fromarray(page.picture).convert("RGB")
        picture.thumbnail((side * ZOOM, side * ZOOM), Image.Resampling.LANCZOS)
        row, column = divmod(k, columns)
        middle = ((2 * column + 1) * sheet.width * ZOOM, (2 * row + 1) * sheet.height * ZOOM)
        corner = [(m - s) // 2 for m, s in zip(middle, picture.size, strict=True)]
        sheet.canvas.paste(picture, tuple(corner))
    sheet.canvas.save(FOLDER / "pages.jpg", quality=80, optimize=True)


def note(recognizer: digitus.Recognizer) -> None:
    """A page to try `digitus read` on, and what `--annotate` draws on it."""
    page = next(pages(1, 5, kinds={"lines", "squared", "colour pen", "gradient"}, start=25))
    Image.fromarray(page.picture).save(FOLDER / "note.jpg", quality=85, optimize=True)
    picture = annotate(page.picture, read(page.picture, recognizer=recognizer))
    Image.open(io.BytesIO(picture)).convert("RGB").save(FOLDER / "annotated.jpg", quality=85)


def form() -> None:
    """A sheet of the form that docs/forms.md begins with, as somebody photographed it."""
    text = (FOLDER.parent / "forms.md").read_text("utf-8").partition("```toml\n")[2]
    found = from_table(tomllib.loads(text.partition("```")[0]))
    values = {"meter": "4091-2735", "day": "14.03.2026", "reading": "1807,5"}
    picture = Image.fromarray(forms_sheets.photo(found, values, 19))
    picture.save(FOLDER / "form-photo.jpg", quality=70, optimize=True)


def misread(images: np.ndarray, labels: list[int], answers: list[int], names: list[str]) -> None:
    """Digits [n 28 28], each with its label, what it is read as, and a name."""
    columns = 9
    sheet = ContactSheet(columns, -(-len(images) // columns), width=72, height=86)
    for k, (image, label, answer, name) in enumerate(
        zip(images, labels, answers, names, strict=True)
    ):
        row, column = divmod(k, columns)
        sheet.digit(image, column, row, side=52)
        sheet.words(f"{label}, read {answer}", column, row, 56, size=10, colour=WRONG)
        sheet.words(name, column, row, 70, size=8, colour=QUIET)
    sheet.save("records-misread.png")


def main() -> None:
    """Draws all but what `records.py` draws."""
    parser = argparse.ArgumentParser(description="Draw the pictures of README and docs.")
    parser.add_argument("model", nargs="?", default="default")
    recognizer = digitus.load(parser.parse_args().model)
    hands()
    made_pages()
    note(recognizer)
    form()


if __name__ == "__main__":
    main()
