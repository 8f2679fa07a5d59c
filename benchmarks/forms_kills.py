"""Does reading forms survive being killed? 10,000 files, killed again and again, each row once.

    python benchmarks/forms_kills.py [--sheets 10000] [--json results/forms_kills.json]

`digitus form read` is killed with all its processes (SIGKILL, which nothing can catch) at random
moments and started again with the same command until the table is there. Every file has to have its
row once, and the table has to be that of an undisturbed job. So that ten thousand are read in
minutes, only one in `EVERY` is a sheet that was filled in; the others are small pictures of
something else, each of which is a row, too. How long a real sheet takes is in results/forms.json.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from digitus.forms import raster
from digitus.forms.form import Field, Form
from digitus.forms.progress import PAGES, folder_of
from digitus.forms.table import to_toml
from digitus.synthetic.strokes import draw
from machine import machine

EVERY = 50
FORM = Form("count", (Field("count", (20.0, 30.0, 34.0, 9.0), pattern="###"),), paper=(100.0, 80.0))
SECONDS = 2.0, 12.0  # from a start to a kill


def sheets(folder: Path, count: int) -> list[Path]:
    """Makes so many files, most of them links to one small picture."""
    page, rng = raster.blank(FORM, 1).copy(), np.random.default_rng(0)
    for digit, (x, y, w, h) in zip((1, 2, 3), FORM.fields[0].digit_places, strict=True):
        side = round(0.95 * h * raster.SCALE)
        ink = cv2.resize(draw(np.array([digit]), rng)[0], (side, side))
        left = round(x * raster.SCALE + (w * raster.SCALE - side) / 2)
        part = page[round(y * raster.SCALE) :, left:][:side, :side]
        part[:] = np.minimum(part, 255 - ink * 0.85).astype(np.uint8)
    written, other = folder / "written.png", folder / "other.png"
    cv2.imwrite(str(written), page)
    cv2.imwrite(str(other), np.full((40, 60), 255, np.uint8))
    (folder / "scans").mkdir()
    names = [folder / "scans" / f"{number:05}.png" for number in range(count)]
    for number, name in enumerate(names):
        name.hardlink_to(other if number % EVERY else written)
    (folder / "count.toml").write_text(to_toml(FORM), "utf-8")
    return names


def reading(folder: Path, table: str) -> subprocess.Popen[bytes]:
    """The command at work, leader of a group of processes that can be killed together."""
    command = [
        sys.executable,
        "-m",
        "digitus",
        "form",
        "read",
        "count.toml",
        "scans",
        "--to",
        table,
    ]
    nothing = subprocess.DEVNULL
    return subprocess.Popen(
        command, cwd=folder, stdout=nothing, stderr=nothing, start_new_session=True
    )


def killed(folder: Path, table: str, rng: random.Random) -> dict[str, Any]:
    """Starts and kills until the table is there."""
    kills, kept = 0, []
    while not (folder / table).exists():
        process = reading(folder, table)
        try:
            process.wait(rng.uniform(*SECONDS))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            kills += 1
            pages = folder_of(folder / table) / PAGES
            kept.append(sum(1 for _ in pages.open("rb")) - 1 if pages.exists() else 0)
    return {"kills": kills, "read_before_each_kill": kept}


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a table."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def main() -> None:
    """Kills, compares, and writes the result."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sheets", type=int, default=10_000, help="how many (10,000)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--json", type=Path, help="write the result to this file")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = sheets(folder, args.sheets)
        found = killed(folder, "killed.csv", random.Random(args.seed))
        began = time.perf_counter()
        reading(folder, "whole.csv").wait()
        seconds = time.perf_counter() - began
        table, whole = rows(folder / "killed.csv"), rows(folder / "whole.csv")
    told = [row["file"] for row in table]
    record = {
        "machine": machine(),
        "sheets": len(files),
        "written": sum(row["form"] == FORM.name for row in table),
        **found,
        "lost": len({os.path.join("scans", file.name) for file in files} - set(told)),
        "twice": len(told) - len(set(told)),
        "differing": sum(a != b for a, b in zip(table, whole, strict=True)),
        "seconds_undisturbed": round(seconds, 1),
    }
    print(json.dumps(record, indent=1))
    if args.json:
        args.json.write_text(json.dumps(record, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
