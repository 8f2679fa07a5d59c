"""How many sheets a minute `digitus form read` reads, photos to table, on one core and on two.

    python benchmarks/forms_speed.py [--sheets 200] [--json results/forms_speed.json]

The sheets of `forms_sheets`, by the simulated pen, are written as JPEG files and read by the
command, as somebody would: it is timed from its start until the table is there. Not inside: how
well they are read (`forms`).
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2

import forms_sheets
from digitus.forms.table import to_toml
from machine import machine

SEED = 3
QUALITY = 85  # of JPEG
CORES = 1, 2


def photos(folder: Path, count: int) -> None:
    """Makes so many photos of sheets, and the files of their forms."""
    (folder / "photos").mkdir()
    for form in forms_sheets.FORMS:
        (folder / f"{form.name}.toml").write_text(to_toml(form), "utf-8")
    for number in range(count):
        made = forms_sheets.sheet(number, SEED, None)
        name = folder / "photos" / f"{number:04}.jpg"
        cv2.imwrite(str(name), made.picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])


def command(scans: str, table: str, threads: int) -> list[str]:
    """The command that reads the photos of a folder into a table."""
    forms = [f"{form.name}.toml" for form in forms_sheets.FORMS]
    words = [sys.executable, "-m", "digitus", "form", "read", *forms, scans]
    return [*words, "--to", table, "--threads", str(threads)]


def rows(table: Path) -> list[dict[str, str]]:
    """The rows of a table."""
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def seconds(folder: Path, cores: int) -> float:
    """The seconds that the job takes on so many of the cores."""
    table = folder / f"{cores}.csv"
    began = time.perf_counter()
    subprocess.run(
        command("photos", table.name, cores),
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,  # it exits with 1: some sheets are bent where a mark is hidden
        preexec_fn=lambda: os.sched_setaffinity(0, range(cores)),
    )
    took = time.perf_counter() - began
    told = {row["file"] for row in rows(table)}
    assert len(told) == sum(1 for _ in (folder / "photos").iterdir())
    return took


def main() -> None:
    """Makes the photos, reads them, and writes the result."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sheets", type=int, default=200, help="how many (200)")
    parser.add_argument("--json", type=Path, help="write the result to this file")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as name:
        photos(Path(name), args.sheets)
        took = {cores: seconds(Path(name), cores) for cores in CORES}
    record: dict[str, Any] = {
        "machine": machine(),
        "sheets": args.sheets,
        "sheets_a_minute": {
            str(cores): round(60 * args.sheets / some, 1) for cores, some in took.items()
        },
    }
    print(json.dumps(record, indent=1))
    if args.json:
        args.json.write_text(json.dumps(record, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
