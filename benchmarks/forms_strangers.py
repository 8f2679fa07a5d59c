"""How well strangers' tables are read, field by field: marks sheets with a regular layout.

    python benchmarks/forms_strangers.py FOLDER [--json results/forms_strangers.json]

FOLDER holds pictures and `labels.csv` with the columns file, label (the digits in the order of
reading, "/" between lines) and source_repo. Taken are the pictures of `SOURCE`, cut out of photos
of one printed marks sheet, two digits in each cell. There is no blank sheet and no mark, and each
picture shows the table alone. So the form is laid over it by hand, in so many even rows and
columns, as by somebody who draws fields in the editor; the last pixels are found by the table's own
lines, and each field is read as a line with two digits. Nothing is tuned to these pictures.
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from digitus.forms import raster
from digitus.forms.fields import read_fields
from digitus.forms.form import Field, Form
from digitus.reading.options import ReadingOptions
from digitus.types import Bytes
from digitus.vision.decode import decode
from machine import machine

SOURCE = "irtiza1999/Edge-Native-Digitization-of-Handwritten-Marksheets"
DIGITS = 2  # in each cell
SURE = 0.95  # the confidence below which a person looks


def laid(rows: int, columns: int, shape: tuple[int, ...]) -> Form:
    """A table of even cells that fills a picture [h w]."""
    wide = 210.0
    high = round(wide * shape[0] / shape[1], 1)
    w, h = wide / columns, high / rows
    fields = tuple(
        Field(f"r{j}c{i}", (i * w, j * h, w, h), kind="line", pattern="#" * DIGITS)
        for j in range(rows)
        for i in range(columns)
    )
    return Form("table", fields, paper=(wide, high))


def printed(form: Form) -> Bytes:
    """The table's lines."""
    page = np.full(raster.size(form), 255, np.uint8)
    for field in form.fields:
        x, y, w, h = (round(v * raster.SCALE) for v in field.place)
        cv2.rectangle(page, (x, y), (x + w, y + h), 120, 2)
    return page


def measured(path: Path, label: str) -> list[list[Any]]:
    """For each field what stands there, what is read, and how sure that is."""
    lines = label.split("/")
    picture = decode(path)
    form = laid(len(lines), len(lines[0]) // DIGITS, picture.shape)
    true = [line[i : i + DIGITS] for line in lines for i in range(0, len(line), DIGITS)]
    high, wide = raster.size(form)
    straight = cv2.resize(picture, (wide, high), interpolation=cv2.INTER_CUBIC)
    read = read_fields(straight, printed(form), form.fields, ReadingOptions())
    best = [read[field.name].answers[0] for field in form.fields]
    return [[t, b.text, round(b.likely, 4)] for t, b in zip(true, best, strict=True)]


def main() -> None:
    """Reads, counts, and writes the result."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="pictures and labels.csv")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here")
    args = parser.parse_args()
    with (args.folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        given = [row for row in csv.DictReader(file) if row["source_repo"] == SOURCE]
    cv2.setNumThreads(1)
    found = [measured(args.folder / row["file"], row["label"]) for row in given]
    read = [one for table in found for one in table]
    right = np.array([true == said for true, said, _ in read], bool)
    sure = np.array([likely >= SURE for _, _, likely in read], bool)
    record = {
        "machine": machine(),
        "pictures": len(found),
        "fields": len(read),
        "fields_right": round(float(right.mean()), 4),
        "sure": round(float(sure.mean()), 4),
        "right_of_sure": round(float(right[sure].mean()), 4),
    }
    print(json.dumps(record, indent=1))
    for row, table in zip(given, found, strict=True):
        print(row["file"], "wrong:", [one for one in table if one[0] != one[1]])
    if args.json:
        args.json.write_text(json.dumps(record, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
