"""Trains the shipped recipes as a user would and scores them on the test set.

    python benchmarks/recipes.py [--recipes mlp,gopa-2024] [--seeds 3] [--threads 2]

Runs `digitus train RECIPE --seed S` and `digitus evaluate` as processes of their own, with time and
peak memory as the operating system accounts for them, and writes `results/recipes.json` and
`docs/results.md`. A run that is already in the results file for the same recipe is not repeated
unless `--again` is given.
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
from statistics import mean

from machine import machine

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "results" / "recipes.json"
PAGE = ROOT / "docs" / "results.md"
ORDER = ("mlp", "cnn", "gopa-2024", "shao-2023")
T95 = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776}  # Student's t for a 95 % interval of so many runs


def main() -> None:
    """Runs what is missing, then writes the page."""
    parser = argparse.ArgumentParser(description="Train and score the shipped recipes.")
    parser.add_argument("--recipes", default=",".join(ORDER))
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
    PAGE.write_text(page(results), "utf-8")


def run(recipe: str, seed: int, threads: int) -> dict[str, object]:
    """One training and one look at the test set."""
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder) / "run")
        options = [] if (recipe, seed) == ("mlp", 0) else [recipe, "--seed", str(seed)]
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
    """Runs the program: its JSON, its seconds from start to exit, its memory."""
    command = [sys.executable, "-m", "digitus", *arguments, "--json"]
    start = time.perf_counter()
    with tempfile.TemporaryFile() as answer:
        process = subprocess.Popen(command, stdout=answer)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
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
        "peak_megabytes": round(usage.ru_maxrss / 1024),
    }


def page(results: dict[str, dict[str, dict]]) -> str:
    """docs/results.md, from the results file alone."""
    lines = [
        "# Results of the shipped recipes",
        "",
        "Written by `python benchmarks/recipes.py` from [results/recipes.json]"
        "(../results/recipes.json). Every run trains on MNIST's training part less a development",
        "split and is scored on the 10,000 test images once. Seconds and memory are those of the",
        "whole process, from start to written report.",
        "",
        "| recipe | parameters | seeds | test accuracy, mean | lowest, highest | seconds | memory |",
        "|---|---|---|---|---|---|---|",
    ]
    shown = [name for name in ORDER if name in results]
    for name in shown:
        runs = list(results[name].values())
        accuracies = [r["test"]["accuracy"] for r in runs]
        lines.append(
            f"| [{name}](../src/digitus/recipes/{name}.toml)"
            f" | {runs[0]['training']['parameters']:,} | {len(runs)} | {interval(accuracies)}"
            f" | {100 * min(accuracies):.2f}, {100 * max(accuracies):.2f} %"
            f" | {mean(r['seconds'] for r in runs):.0f}"
            f" | {max(r['peak_megabytes'] for r in runs)} MB |"
        )
    first = results[shown[0]]["0"]
    lines += ["", f"On {first['threads']} cores of {first['machine']['processor']}.", ""]
    for name in shown:
        test = results[name]["0"]["test"]
        wrong = sum(row["wrong"] for row in test["by_digit"])
        low, high = (100 * x for x in test["interval95"])
        lines += [
            f"## {name}, seed 0",
            "",
            f"{test['n'] - wrong:,} of {test['n']:,} right, {100 * test['accuracy']:.2f} % "
            f"(95 % interval {low:.2f} to {high:.2f} %); calibration error {test['ece']:.4f}.",
            "",
            "| digit | count | wrong | % wrong | % correct |",
            "|---|---|---|---|---|",
        ]
        for row in test["by_digit"]:
            share = 100 * row["accuracy"]
            lines.append(
                f"| {row['digit']} | {row['count']:,} | {row['wrong']} "
                f"| {100 - share:.2f} | {share:.2f} |"
            )
        pairs = [
            f"{c['digit']} read as {c['read_as']}: {c['times']} times"
            for c in test["frequent_confusions"][:5]
        ]
        lines += ["", f"Most frequent: {', '.join(pairs)}.", ""]
    return "\n".join(lines)


def interval(values: list[float]) -> str:
    """Mean with a 95 % interval over seeds, in per cent."""
    middle = mean(values)
    n = len(values)
    if n < 2:
        return f"{100 * middle:.2f} %"
    spread = (sum((v - middle) ** 2 for v in values) / (n - 1)) ** 0.5
    return f"{100 * middle:.2f} ± {100 * T95[n] * spread / n**0.5:.2f} %"


if __name__ == "__main__":
    main()
