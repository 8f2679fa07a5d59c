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
    from digitus.types import Images, Ints, Labels

PARTS: tuple[Literal["train", "test"], ...] = ("train", "test")
SHEET_COLUMNS = 20  # of a contact sheet


@click.command
@click.argument("name", required=False)
@data_dir_option
@click.option("--sheet", type=PATH, help="Draw some digits of the set to this PNG file.")
@transposed_option
@click.option(
    "--classes",
    metavar="SIGNS",
    help="What the labels of your own are, a sign for each class, as in a recipe: ABCXYZ.",
)
@json_option
def data(
    name: str | None,
    data_dir: Path | None,
    sheet: Path | None,
    transposed: bool,
    classes: str | None,
    json: bool,
) -> None:
    """List the sets of digits, or load one.

    NAME is one of the list (downloaded if need be) or a path to your own: a folder of pictures, a
    .csv, .tsv, .npz, .mat or .parquet file, IDX files, or a folder or a .zip file of these.
    """
    if sheet is not None and name is None:
        raise click.UsageError("--sheet needs the NAME of a set")
    if classes is not None and name is None:
        raise click.UsageError("--classes needs the NAME of a set of your own")
    if name is None:
        _list_sets(data_dir, json)
    else:
        _describe(name, data_dir, sheet, transposed, classes, json)


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
    name: str,
    data_dir: Path | None,
    sheet: Path | None,
    transposed: bool,
    classes: str | None,
    json: bool,
) -> None:
    """Loads both parts of a set and says what is in them."""
    from digitus.datasets.digits import DIGITS
    from digitus.datasets.named import pictures_of

    if classes is not None:
        _check(classes)
    console = output()
    parts = []
    for part in PARTS:
        digits = pictures_of(name, part, data_dir, transposed=transposed, classes=classes or DIGITS)
        labels, signs = digits.labels, digits.classes
        if classes not in (None, signs):
            raise click.UsageError(f"--classes is for labels of your own; {name} has {signs}")
        counts = None if labels is None else _counted(labels, len(signs))
        parts.append(
            {
                "part": part,
                "name": digits.name,
                "origin": digits.origin,
                "n": len(digits.images),
                "size": list(digits.images.shape[1:]),
                **({} if signs == DIGITS else {"classes": signs}),
                "by_digit": counts,
                "sha256": None if labels is None else digits.labelled().sha256,
            }
        )
        once = {**parts[0], "part": part} == parts[-1]  # files of one's own have no parts
        if not json and (part == PARTS[0] or not once):
            console.print(digits.name, style="bold", end="")
            console.print(f": {len(digits.images):,} images")
            console.print(f"    {digits.origin}")
            console.print(f"    {_told(signs, counts)}")
        if sheet is not None and part == "train":
            rows = _in_rows(digits.images) if labels is None else labels
            _draw_contact_sheet(sheet, digits.images, rows, len(signs))
    if json:
        print_json({"set": name, "parts": parts})


def _check(classes: str) -> None:
    """Raises `click.UsageError` for classes that no recipe could have."""
    from digitus.recipe import check_classes

    try:
        check_classes(classes)
    except ValueError as error:
        raise click.UsageError(f"--classes: {error}") from None


def _counted(labels: Labels, classes: int) -> list[int]:
    """How many there are of each class."""
    import numpy as np

    return [int(count) for count in np.bincount(labels, minlength=classes)]


def _told(classes: str, counts: list[int] | None) -> str:
    """The counts by class, in a line."""
    from digitus.datasets.digits import DIGITS

    if counts is None:
        return "no labels"
    if classes == DIGITS:
        return "of 0 to 9: " + ", ".join(f"{count:,}" for count in counts)
    return ", ".join(f"{sign}: {count:,}" for sign, count in zip(classes, counts, strict=True))


def _in_rows(images: Images) -> Ints:
    """The row of each image on a contact sheet, where there are no labels: row by row, in order."""
    import numpy as np

    return np.arange(len(images)) // SHEET_COLUMNS


def _draw_contact_sheet(path: Path, images: object, labels: object, classes: int) -> None:
    """Writes a row for each class, its first examples side by side."""
    import numpy as np
    from PIL import Image

    from digitus.files import write_marked
    from digitus.report.annotate import png

    images, labels = np.asarray(images), np.asarray(labels)
    height, width = images.shape[1:]
    canvas = np.zeros((classes * height, SHEET_COLUMNS * width), np.uint8)
    for place in range(classes):
        for column, image in enumerate(images[labels == place][:SHEET_COLUMNS]):
            rows = slice(place * height, (place + 1) * height)
            canvas[rows, column * width : (column + 1) * width] = image
    write_marked(path, png(Image.fromarray(canvas)))
