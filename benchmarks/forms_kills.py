"""Does reading forms survive being killed? 10,000 sheets, killed again and again, each row once.

    python benchmarks/forms_kills.py [--sheets 10000] [--json results/forms_kills.json]

`digitus form read` is killed with all its processes (SIGKILL, which nothing can catch) at random
moments and started again with the same command until the table is there. Every file has to have its
row once, and the row has to be the one that an undisturbed job writes for the same photo. The files
are hard links to `DISTINCT` photos of sheets of five forms: a row depends on its photo alone, so
the undisturbed job reads each photo once, and making photos takes less time than reading them. All
of it takes about half an hour of two cores.

Not inside: the sheets (`forms_sheets`), how fast they are read (`forms_speed`).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2

from digitus.forms.progress import PAGES, folder_of
from forms_speed import command, photos, rows
from machine import machine

DISTINCT = 200
SECONDS = 10.0, 120.0  # from a start to a kill
THREADS = 2


def linked(folder: Path, count: int) -> None:
    """Fills the folder `scans` with so many links to the photos, one photo after the other."""
    (folder / "scans").mkdir()
    made = sorted((folder / "photos").iterdir())
    for number in range(count):
        (folder / "scans" / f"{number:05}.jpg").hardlink_to(made[number % len(made)])


def reading(folder: Path, scans: str, table: str) -> subprocess.Popen[bytes]:
    """The command at work, leader of a group of processes that can be killed together."""
    nothing = subprocess.DEVNULL
    return subprocess.Popen(
        command(scans, table, THREADS),
        cwd=folder,
        stdout=nothing,
        stderr=nothing,
        start_new_session=True,
    )


def killed(folder: Path, table: str, rng: random.Random) -> dict[str, Any]:
    """Starts and kills until the table is there."""
    kills, kept = 0, []
    while not (folder / table).exists():
        process = reading(folder, "scans", table)
        try:
            process.wait(rng.uniform(*SECONDS))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            kills += 1
            pages = folder_of(folder / table) / PAGES
            kept.append(sum(1 for _ in pages.open("rb")) - 1 if pages.exists() else 0)
    return {"kills": kills, "read_before_each_kill": kept}


def differing(found: list[dict[str, str]], undisturbed: list[dict[str, str]]) -> int:
    """How many rows differ from that of the same photo in more than the file's name."""

    def without_name(row: dict[str, str]) -> dict[str, str]:
        return {column: value for column, value in row.items() if column != "file"}

    expected = {int(Path(row["file"]).stem): without_name(row) for row in undisturbed}
    assert len(expected) == len(undisturbed)
    return sum(
        without_name(row) != expected[int(Path(row["file"]).stem) % len(expected)] for row in found
    )


def main() -> None:
    """Kills, compares, and writes the result."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sheets", type=int, default=10_000, help="how many (10,000)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--json", type=Path, help="write the result to this file")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        photos(folder, min(DISTINCT, args.sheets))
        linked(folder, args.sheets)
        reading(folder, "photos", "undisturbed.csv").wait()
        began = time.perf_counter()
        found = killed(folder, "killed.csv", random.Random(args.seed))
        seconds = time.perf_counter() - began
        table, undisturbed = rows(folder / "killed.csv"), rows(folder / "undisturbed.csv")
        files = {os.path.join("scans", file.name) for file in (folder / "scans").iterdir()}
    told = [row["file"] for row in table]
    record = {
        "machine": machine(),
        "sheets": len(files),
        "photos": len(undisturbed),
        **found,
        "lost": len(files - set(told)),
        "twice": len(told) - len(set(told)),
        "differing": differing(table, undisturbed),
        "seconds": round(seconds, 1),
    }
    print(json.dumps(record, indent=1))
    if args.json:
        args.json.write_text(json.dumps(record, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
