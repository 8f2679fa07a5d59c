"""How well sheets of forms are read: made sheets of five forms, photographed, with exact truth.

    python benchmarks/forms.py [--sheets 500] [--workers N] [--json results/forms.json]

Half of the sheets are written by the simulated pen, half with digits of MNIST that the training of
both networks held back. Counted are: fields and rows that are wholly right; how many fields a
person who makes no mistakes has to look at (those with a flag first, then by confidence) until at
most one in 1,000 is wrong in the table, and how many the review, which knows no truth, asks for;
photos whose fields are all placed within 2 pixels at 150 dots an inch; and sheets a minute.
`--seed` 2 is what is reported; 1 is for tuning.

Inside: that. Not inside: making sheets (`forms_sheets`).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from threadpoolctl import threadpool_limits

import forms_sheets
from digitus.forms.doubts import plan
from digitus.forms.fields import shifted
from digitus.forms.form import Field, Form
from digitus.forms.pages import PageReader
from digitus.forms.raster import SCALE, blank
from digitus.forms.rows import DOUBTFUL_FLAG, rows
from digitus.vision.colour import as_grey
from digitus.vision.decode import Picture
from machine import machine
from reading import development

NEAR = 2.0  # pixels at 150 dots an inch
WANTED = 1 / 1000  # of all fields may be wrong in the table


@cache
def reader() -> PageReader:
    return PageReader(forms_sheets.FORMS)


def judged(number: int, *, seed: int, pen: bool) -> dict[str, Any]:
    """Makes a sheet, reads it, and says of each field whether it is right, and how sure."""
    cv2.setNumThreads(1)
    made = forms_sheets.sheet(number, seed, None if pen else development())
    height, width = made.picture.shape[:2]
    with threadpool_limits(1):
        began = time.process_time()
        record = reader().page(Picture(made.picture, width, height))
        took = time.process_time() - began
    (row,) = rows([("sheet", [record | {"at": 1}])], forms_sheets.FORMS)
    fields = []
    for name, value in made.values.items():
        flag = row.get(f"{name}_flag", "not found")
        right = (
            flag == "crossed out"
            if value is None
            else row.get(name) == value and flag != "crossed out"
        )
        hard = flag not in ("", DOUBTFUL_FLAG)
        sure = 0.0 if hard else float(row[f"{name}_confidence"])
        fields.append([bool(right), sure, name, flag, row.get(name, ""), value])
    return {
        "number": number,
        "form": made.form.name,
        "found": row["form"] == made.form.name,
        "curled": bool(made.lies.curl[0]),
        "off": off(made),
        "fields": fields,
        "seconds": took,
    }


def off(made: forms_sheets.Made) -> float:
    """By how many pixels at 150 dots an inch the worst corner of any field is misplaced."""
    grey = as_grey(made.picture)
    found = reader().find(grey)
    if found.placing is None or found.form is not made.form:
        return float("inf")
    shifts = shifted(found.placing.straight(grey), blank(made.form, 1), made.form.fields)
    worst = 0.0
    for field in made.form.fields:
        x, y, w, h = (v * SCALE for v in field.place)
        corners = np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]])
        seen = found.placing.points(corners + shifts[field.name](corners))
        true = made.lies.place(corners)
        zoom = np.linalg.norm(true[1] - true[0]) / w
        worst = max(worst, float(np.linalg.norm(seen - true, axis=1).max() / zoom))
    return worst


def figures(found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The figures of some sheets."""
    fields = [field for sheet in found for field in sheet["fields"]]
    right = np.array([field[0] for field in fields])
    off_by = np.array([sheet["off"] for sheet in found])
    return {
        "sheets": len(found),
        "fields": len(fields),
        "found": float(np.mean([sheet["found"] for sheet in found])),
        "fields_right": float(right.mean()),
        "rows_right": float(np.mean([all(f[0] for f in sheet["fields"]) for sheet in found])),
        "wrong_without_flag": sum(not field[0] and not field[3] for field in fields),
        "reviewed_for_1_in_1000": to_review(fields),
        "by_confidences": by_confidences(fields),
        "within_2_pixels": float((off_by <= NEAR).mean()),
        "pixels_off_median": float(np.median(off_by)),
    }


def to_review(fields: Sequence[Sequence[Any]]) -> float:
    """The share of fields to be looked at, least sure first, so that few enough wrong ones stay."""
    order = sorted(fields, key=lambda field: field[1])
    wrong_after = len(fields) - sum(field[0] for field in order)
    for looked_at, field in enumerate(order):
        if wrong_after <= WANTED * len(fields):
            return looked_at / len(fields)
        wrong_after -= not field[0]
    return 1.0


def by_confidences(fields: Sequence[Sequence[Any]]) -> dict[str, float]:
    """The share of fields that the review would ask for, knowing no truth, and what stays wrong."""
    cells = {"form": "all", "file": "all", "page": 1}
    names = [f"f{i}" for i in range(len(fields))]
    form = Form("all", tuple(Field(name, (0, 0, 1, 1)) for name in names))
    for name, (_, sure, _, flag, *_) in zip(names, fields, strict=True):
        cells |= {name: "", f"{name}_confidence": sure, f"{name}_flag": flag}
    found = plan([cells], [form], WANTED)
    seen = {doubt.name for doubt in found.doubts}
    left = [field for name, field in zip(names, fields, strict=True) if name not in seen]
    return {
        "reviewed": found.share,
        "expected_wrong_after": found.left / len(fields),
        "wrong_after": sum(not field[0] for field in left) / len(fields),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sheets", type=int, default=500, help="how many (500)")
    parser.add_argument("--seed", type=int, default=2, help="of the sheets (2; tune on 1)")
    parser.add_argument("--workers", type=int, default=1, help="processes (1)")
    parser.add_argument("--pen", action="store_true", help="by the pen alone: needs no data")
    parser.add_argument("--show-wrong", action="store_true", help="name what is misread")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="write what was read, as JSON")
    parser.add_argument(
        "--kept", type=Path, metavar="FILE", help="read nothing: figures of what --keep wrote"
    )
    args = parser.parse_args()
    work = partial(judged, seed=args.seed, pen=args.pen)
    if args.kept:
        found = json.loads(args.kept.read_text("utf-8"))
    else:
        with ProcessPoolExecutor(args.workers) as pool:
            found = list(pool.map(work, range(args.sheets), chunksize=5))
    if args.show_wrong:
        for number, sheet in enumerate(found):
            wrong = [
                (name, round(sure, 4), f, read, value)
                for good, sure, name, f, read, value in sheet["fields"]
                if not good
            ]
            if wrong or sheet["off"] > NEAR:
                print(number, sheet["form"], sheet["curled"], round(sheet["off"], 1), wrong)
    if args.keep:
        args.keep.write_text(json.dumps(found), "utf-8")
    seconds = sum(sheet["seconds"] for sheet in found) / len(found)
    record = {
        "machine": machine(),
        "seed": args.seed,
        "pen_alone": args.pen,
        "all": figures(found),
        "flat": figures([sheet for sheet in found if not sheet["curled"]]),
        "forms": {form.name: figures(of(found, form)) for form in forms_sheets.FORMS},
        "sheets_a_minute_and_core": round(60 / seconds, 1),
    }
    print(json.dumps(record, indent=1))
    if args.json:
        args.json.write_text(json.dumps(record, indent=1) + "\n", "utf-8")


def of(found: Sequence[dict[str, Any]], form: Form) -> list[dict[str, Any]]:
    """The sheets of a form."""
    return [sheet for sheet in found if sheet["form"] == form.name]


if __name__ == "__main__":
    main()
