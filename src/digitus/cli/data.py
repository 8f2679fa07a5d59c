"""`digitus data`: which sets there are, where they lie, how to get them, how they look."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from digitus.cli.common import (
    PATH,
    data_dir_option,
    json_option,
    output,
    print_json,
    transposed_option,
)

if TYPE_CHECKING:
    from digitus.types import Images, Ints

PARTS: tuple[Literal["train", "test"], ...] = ("train", "test")
SHEET_COLUMNS = 20  # columns of a sheet


@click.command
@click.argument("name", required=False)
@data_dir_option
@click.option("--sheet", type=PATH, help="Draw some digits of the set to this PNG file.")
@transposed_option
@json_option
def data(
    name: str | None, data_dir: Path | None, sheet: Path | None, transposed: bool, json: bool
) -> None:
    """List the sets of digits, or load one.

    NAME is one of the list (downloaded if need be) or a path to your own: a folder of pictures
    (or a .zip file of it), a .csv, .tsv, .npz, .mat or .parquet file.
    """
    if sheet is not None and name is None:
        raise click.UsageError("--sheet needs the NAME of a set")
    if name is None:
        _list_sets(data_dir, json)
    else:
        _describe(name, data_dir, sheet, transposed, json)


def _list_sets(data_dir: Path | None, json: bool) -> None:
    """What there is, and where it lies."""
    from digitus.datasets.sources import available

    listings = available(data_dir)
    if json:
        print_json({"sets": [{**asdict(s), "found": s.found and str(s.found)} for s in listings]})
        return
    console = output()
    for s in listings:
        console.print(s.name, style="bold", end="  ")
        console.print(s.what)
        console.print(f"    {s.train:,} to train, {s.test:,} to test; licence: {s.licence}")
        console.print(f"    {s.found or s.how}")


def _describe(
    name: str, data_dir: Path | None, sheet: Path | None, transposed: bool, json: bool
) -> None:
    """Loads both parts of a set and says what is in them."""
    from digitus.datasets.named import pictures_of

    console = output()
    parts = []
    for part in PARTS:
        digits = pictures_of(name, part, data_dir, transposed=transposed)
        labels = digits.labels
        counts = None if labels is None else [int((labels == d).sum()) for d in range(10)]
        parts.append(
            {
                "part": part,
                "name": digits.name,
                "origin": digits.origin,
                "n": len(digits.images),
                "size": list(digits.images.shape[1:]),
                "by_digit": counts,
                "sha256": None if labels is None else digits.labelled().sha256,
            }
        )
        if not json:
            console.print(digits.name, style="bold", end="")
            console.print(f": {len(digits.images):,} images")
            console.print(f"    {digits.origin}")
            told = "of 0 to 9: " + ", ".join(f"{c:,}" for c in counts) if counts else "no labels"
            console.print(f"    {told}")
        if sheet is not None and part == "train":
            _draw_sheet(sheet, digits.images, _in_rows(digits.images) if labels is None else labels)
    if json:
        print_json({"set": name, "parts": parts})


def _in_rows(images: Images) -> Ints:
    """Numbers of the rows of a sheet on which images without labels stand, in their order."""
    import numpy as np

    return np.arange(len(images)) // SHEET_COLUMNS


def _draw_sheet(path: Path, images: object, labels: object) -> None:
    """A row for each digit, its first examples side by side."""
    import numpy as np
    from PIL import Image

    from digitus.files import write_page
    from digitus.report.annotate import png

    images, labels = np.asarray(images), np.asarray(labels)
    height, width = images.shape[1:]
    canvas = np.zeros((10 * height, SHEET_COLUMNS * width), np.uint8)
    for digit in range(10):
        for column, image in enumerate(images[labels == digit][:SHEET_COLUMNS]):
            rows = slice(digit * height, (digit + 1) * height)
            canvas[rows, column * width : (column + 1) * width] = image
    write_page(path, png(Image.fromarray(canvas)))
