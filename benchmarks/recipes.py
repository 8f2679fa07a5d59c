"""Trains the shipped recipes as a user would and scores them on the test set.

    python benchmarks/recipes.py [--recipes quick,gopa-2024] [--seeds 3] [--threads 2]

Runs `digitus train RECIPE --seed S` and `digitus evaluate` as separate programs, measures time and
peak memory, and writes `results/recipes.json`; `docs.write` then writes what README and docs say of
it. "quick on strokes" learns from the simulated pen alone. A run that is already in the results
file is not repeated unless `--again` is given.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from docs.write import RECIPES, write
from machine import machine, peak_megabytes

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "results" / "recipes.json"


def main() -> None:
    """Runs what is missing, then writes the page."""
    parser = argparse.ArgumentParser(description="Train and score the shipped recipes.")
    parser.add_argument("--recipes", default=",".join(RECIPES))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--again", action="store_true", help="repeat runs that are there already")
    arguments = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))[: arguments.threads]
    os.sched_setaffinity(0, cores)  # the processes started from here inherit it
    results = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    for recipe in arguments.recipes.split(","):
        for seed in range(arguments.seeds):
            runs = results.setdefault(recipe, {})
            if str(seed) in runs and not arguments.again:
                continue
            runs[str(seed)] = run(recipe, seed, arguments.threads)
            RESULTS.parent.mkdir(exist_ok=True)
            RESULTS.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
            print(recipe, seed, runs[str(seed)]["test"]["accuracy"], flush=True)
    write()


def run(recipe: str, seed: int, threads: int) -> dict[str, object]:
    """One training and one look at the test set."""
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder) / "run")
        name, _, data = recipe.partition(" on ")
        options = [] if (recipe, seed) == ("quick", 0) else [name, "--seed", str(seed)]
        options += ["--data", data] if data else []
        trained = digitus(["train", *options, "--out", out])
        scored = digitus(["evaluate", out])
    return {
        "recipe": recipe,
        "seed": seed,
        "threads": threads,
        "seconds": trained["seconds"],
        "peak_megabytes": trained["peak_megabytes"],
        "training": trained["answer"],
        "test": scored["answer"],
        "machine": machine(),
    }


def digitus(arguments: list[str]) -> dict[str, object]:
    """Runs the program; returns its JSON, its seconds from start to exit, its memory."""
    command = [sys.executable, "-m", "digitus", *arguments, "--json"]
    start = time.perf_counter()
    with tempfile.TemporaryFile() as answer:
        process, peak = subprocess.Popen(command, stdout=answer), 0.0
        while process.poll() is None:
            peak = max(peak, peak_megabytes(process.pid))
            time.sleep(0.05)
        seconds = time.perf_counter() - start
        if process.returncode != 0:
            sys.exit(f"{' '.join(command)} failed")
        answer.seek(0)
        record = json.load(answer)
    for key in ("model", "report"):  # a temporary folder's
        record.pop(key, None)
    return {
        "answer": record,
        "seconds": round(seconds, 2),
        "peak_megabytes": round(peak),
    }


if __name__ == "__main__":
    main()
