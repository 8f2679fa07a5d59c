"""The rows of the benchmark: what is done, how often, and what is aimed at.

Each of `learning`, `answering`, `distorting`, `reading`, `processes` measures some rows and gives,
for each, a record: `unit`, `digitus`, `peers`, `spread`, `skipped`. Inside: the table of rows, how
large each is, the record. Not inside: who takes part (`peers`), the page (`rows.page`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ABOUT = {
    "step10": "one full-batch gradient step of 784-10-10, {images:,} images",
    "epoch128": "an epoch of gradient descent, 784-128-10 sigmoid, batch 128, {images:,} images",
    "epoch800": "an epoch of Adam, 784-800-10, batch 256, {images:,} images",
    "cnn": "{steps} steps of Adam, batch 128: conv 3x32, conv 3x32, pool, conv 3x64, pool, "
    "dense 128, dense 10",
    "augment": "affine and elastic distortion of {answers:,} images",
    "batch": "predict {answers:,} images, 784-800-10",
    "batch.cnn": "predict {answers:,} images, the network of `cnn`",
    "batch.shipped": "predict {answers:,} images, the network that ships",
    "single": "predict one image, raw bytes to probabilities, 784-800-10, median",
    "single.p99": "the same, 99th percentile",
    "cold": "a fresh process to its first answer, one 28 x 28 PNG, 784-800-10",
    "read12": "read a photo of 12 megapixels, 24 digits, from its bytes",
    "read100": "read a page of 100 digits",
    "read1000": "read {pictures:,} files of one digit each, on all cores",
    "prepare10k": "make {prepared:,} pictures of 28 x 28 pixels like MNIST's",
    "size": "installed megabytes, with all that it needs",
    "size.packages": "installed packages, with all that it needs",
    "to99": "from MNIST's files to 99.0 % of its test set, the mean of {seeds} seeds",
    "to99.5": "the same to 99.5 %",
    "mapped": "{drawn} steps of `epoch800` from a mapped file of {mapped:,} strokes",
    "mapped.memory": "memory beside the file that the same needs",
    "memory": "peak memory of a process that learns an epoch of `epoch800`",
    "memory.predict": "peak memory of a process that does `batch`",
}
ROWS = tuple(name for name in ABOUT if "." not in name)
FIXED = ("threads", "size", "machine", "versions", "source")  # of a file that is made in parts
GPU = "on a GPU"  # ends the names of those who compute there
BFLOAT16 = "in bfloat16"  # ends the names of those whose products have eight bits
# What is aimed at, compared with the fastest peer or a certain one, or as an amount.
GOALS = {
    "step10": "1.1 times faster than the fastest peer",
    "epoch128": "1.2 times faster than the fastest peer",
    "epoch800": "as fast as the fastest peer",
    "cnn": "1.3 times faster than the fastest peer",
    "batch": "as fast as the fastest peer",
    "batch.cnn": "1.3 times faster than the fastest peer",
    "batch.shipped": "1.3 times faster than ONNX Runtime",
    "single": "1.2 times faster than the fastest peer",
    "cold": "as fast as the fastest peer",
    "to99": "5 times faster than the PyTorch example",
    "mapped": "at most 1.2 times the same in memory",
    "memory": "at most 400 MB",
}


@dataclass(frozen=True)
class Size:
    """How much of everything.

    `repeats` is the number of turns of which the median is taken, `long` the same where a turn
    takes seconds.
    """

    images: int = 60_000
    steps: int = 64
    answers: int = 10_000
    repeats: int = 5
    long: int = 3
    calls: int = 2_000
    starts: int = 7
    seeds: int = 5
    mapped: int = 1_300_000
    drawn: int = 400
    pictures: int = 1_000
    prepared: int = 10_000
    compiled: bool = True
    word: str = "full"


FULL = Size()
QUICK = Size(
    images=6_000, steps=4, answers=1_000, repeats=3, long=2, calls=300, starts=3, compiled=False,
    seeds=1, mapped=6_000, drawn=10, pictures=16, prepared=500, word="quick",
)  # fmt: skip


@dataclass
class Row:
    """What was measured for a row: times (or megabytes) of each who took part."""

    unit: str = "s"
    turns: dict[str, list[float]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    least: float | None = None  # seconds that the machine needs at least (`limits`)
    about: dict[str, Any] = field(default_factory=dict)  # more that a row has to say

    def record(self) -> dict[str, Any]:
        """As JSON: medians of all turns, with the smallest and the largest."""
        middle = {name: rounded(median(turns)) for name, turns in self.turns.items()}
        spread = {name: [rounded(min(t)), rounded(max(t))] for name, t in self.turns.items()}
        found: dict[str, Any] = {"unit": self.unit, "digitus": middle.pop("digitus", None)}
        if (torch := middle.pop("digitus on PyTorch", None)) is not None:
            found["digitus_on_pytorch"] = torch
        apart = {"gpu": GPU, "bfloat16": BFLOAT16}
        for key, ending in apart.items():
            those = [who for who in middle if who.endswith(ending)]
            if those:
                found[key] = {who: middle.pop(who) for who in those}
        found |= {"peers": middle, "spread": spread, "skipped": self.skipped, **self.about}
        if self.least is not None:
            found["machine_limit"] = rounded(self.least)
        return found


def earlier(file: Path | None, record: dict[str, Any]) -> dict[str, Any]:
    """The rows that a file has, of the same package on the same machine as this record's."""
    if not file or not file.exists():
        return {}
    found = json.loads(file.read_text("utf-8"))
    same = all(found.get(key) == value for key, value in record.items() if key in FIXED)
    return dict(found["rows"]) if same else {}


def median(values: list[float]) -> float:
    """The middle one, or the mean of the middle two."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def rounded(value: float) -> float:
    """To four significant digits."""
    return float(f"{value:.4g}")
