"""How the cost grows: with the images, with the width of the network, with the threads.

    python benchmarks/growth.py [--only images,width,threads] [--threads N]
    python benchmarks/growth.py --page     # docs/growth.md and its figures from results/growth.json

Digits of the simulated pen are learnt. With one thread, processor time is measured, which other
work on the machine changes little; with several, wall-clock time. The exponent is the slope of a
straight line through the logarithms: 1 means that twice as much costs twice as much.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from digitus.datasets.digits import Digits
from digitus.papers.report.blocks import Chart, Line
from digitus.papers.report.drawings import file as drawing
from digitus.recipe import Recipe, from_table
from digitus.synthetic.strokes import strokes
from digitus.training.loop import Stepped, train
from machine import machine

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "results" / "growth.json"
PICTURES = ROOT / "docs" / "pictures"
PAGE = ROOT / "docs" / "growth.md"

IMAGES = (1_000, 10_000, 100_000, 1_000_000)
WIDTHS = (10, 30, 100, 300, 1_000, 4_000)
DRAWN = 6_000  # images; more are these repeated
STEPS = 40  # of a batch of 256
SPARE = 10
ABOUT = {
    "images": ("an epoch, 784-128-10, batches of 128", "images", "seconds"),
    "width": ("1,000 images, 784-width-10, Adam, batches of 256", "width", "seconds"),
    "threads": ("1,000 images, 784-800-10, Adam, batches of 256", "threads", "seconds"),
}


def main() -> None:
    """Measures what is asked for, keeps the rest, and writes the page."""
    parser = argparse.ArgumentParser(description="Measure how the cost grows.")
    parser.add_argument("--only", default=",".join(ABOUT), help="some, separated by commas (all)")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="up to so many")
    parser.add_argument("--page", action="store_true", help="write the page and leave")
    arguments = parser.parse_args()
    record = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    for name in () if arguments.page else arguments.only.split(","):
        measure = {"images": images, "width": width, "threads": threads}[name]
        x, y = measure(arguments.threads)
        found = {"x": x, "y": [float(f"{v:.4g}") for v in y], "exponent": round(exponent(x, y), 2)}
        record[name] = found | {"load": round(os.getloadavg()[0], 1), "machine": machine()}
        RESULTS.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
        print(name, record[name]["exponent"], dict(zip(x, record[name]["y"], strict=True)))
    for path, text in pages(record).items():
        path.write_text(text, "utf-8")


def recipe(units: int, batch: int, rule: str = "Adam") -> Recipe:
    """784-units-10."""
    layers = [{"kind": "Dense", "units": units}, {"kind": "Relu"}, {"kind": "Dense", "units": 10}]
    return from_table(
        {
            "name": "growth",
            "network": [{"kind": "Scale"}, {"kind": "Flatten"}, *layers],
            "optimizer": {"kind": rule},
            "schedule": {"kind": "Constant", "rate": 0.001},
            "development": SPARE,
            "batch_size": batch,
            "epochs": 1000,
        }
    )


def digits(count: int) -> Digits:
    """So many digits to learn from."""
    count += SPARE
    return strokes(min(count, DRAWN), 0).take(np.arange(count) % min(count, DRAWN))


def seconds(about: Recipe, part: Digits, steps: int, threads: int = 1, repeats: int = 3) -> float:
    """The seconds of so many steps: the least of some tries, after one that is not counted."""
    clock: Callable[[], float] = time.process_time if threads == 1 else time.perf_counter
    events = (e for e in train(about, part, threads=threads) if isinstance(e, Stepped))
    times = []
    for _ in range(repeats + 1):
        start = clock()
        for _ in range(steps):
            next(events)
        times.append(clock() - start)
    events.close()
    return min(times[1:])


def images(_most: int) -> tuple[list[int], list[float]]:
    """The seconds of an epoch, by images."""
    about = recipe(128, 128, "GradientDescent")
    found = []
    for count in IMAGES:
        repeats = 1 if count > 10**5 else 3
        found.append(seconds(about, digits(count), -(-count // 128), repeats=repeats))
    return list(IMAGES), found


def width(_most: int) -> tuple[list[int], list[float]]:
    """The seconds for a thousand images, by units of the hidden layer."""
    part = digits(STEPS * 256)
    each = 1000 / (STEPS * 256)
    return list(WIDTHS), [each * seconds(recipe(w, 256), part, STEPS) for w in WIDTHS]


def threads(most: int) -> tuple[list[int], list[float]]:
    """The seconds for a thousand images, by threads."""
    part, x = digits(STEPS * 256), list(range(1, most + 1))
    each = 1000 / (STEPS * 256)
    return x, [each * seconds(recipe(800, 256), part, STEPS, t) for t in x]


def exponent(x: list[int], y: list[float]) -> float:
    """The slope of the logarithms."""
    if len(x) < 2:
        return float("nan")
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


def pages(record: dict[str, Any]) -> dict[Path, str]:
    """The page and a figure for each that was measured."""
    lines = [
        "# How the cost grows",
        "",
        "`python benchmarks/growth.py` wrote this, from what it measured",
        "([results/growth.json](../results/growth.json)). With one thread, processor time is",
        "measured, with several, wall-clock time. The exponent is the slope of a straight line",
        "through the logarithms.",
    ]
    written: dict[Path, str] = {}
    for name, (title, label, unit) in ABOUT.items():
        if name not in record:
            lines += ["", f"## {name}", "", "Not measured yet."]
            continue
        row = record[name]
        x, y = row["x"], row["y"]
        shown, word = ([a // 1000 for a in x], "thousand ") if x[0] >= 1000 else (x, "")
        line = Line(unit, shown, y)
        chart = Chart(
            f"growth-{name}", f"Seconds for {title}", word + label, [line], percent=False,
            log=(True, True), ticks=shown,
        )  # fmt: skip
        written[PICTURES / f"growth-{name}.svg"] = drawing(chart)
        about = row["machine"]
        lines += [
            "",
            f"## {name}",
            "",
            f"Seconds for {title}:",
            f"they grow with the power **{row['exponent']}** of the {label},",
            f"from {x[-2]:,} to {x[-1]:,} with {exponent(x[-2:], y[-2:]):.2f}",
            f"({about['processor']}, load {row['load']} when it was measured).",
            "",
            f"![Seconds by {label}](pictures/growth-{name}.svg)",
            "",
            f"| {label} | {unit} |",
            "|---|---|",
            *(f"| {a:,} | {b:.4g} |" for a, b in zip(x, y, strict=True)),
        ]
    return {PAGE: "\n".join(lines) + "\n", **written}


if __name__ == "__main__":
    main()
