"""What docs/speed.md says of a whole training run in bfloat16."""

from __future__ import annotations

from statistics import mean
from typing import Any

from .results import interval, percent


def section(found: dict[str, Any]) -> str:
    """The sentences."""
    seeds = found["seeds"].values()
    wide, narrow = ([seed[name] for seed in seeds] for name in ("float32", "bfloat16"))
    times = [n["seconds"] / w["seconds"] for n, w in zip(narrow, wide, strict=True)]
    right = [[run["accuracy"] for run in runs] for runs in (narrow, wide)]
    lines = [
        f"`{found['recipe']}`, trained in both at the same time, on one core each of "
        f"{found['machine']['processor']} with {found['by']}",
        f"({_seeds(len(times))}; `python benchmarks/precision.py`,",
        "[results/precision.json](../results/precision.json)): in bfloat16 it takes "
        f"{percent(mean(times), 0)} of the time, and",
        f"{interval(right[0])} of MNIST's test images are right, where {interval(right[1])} are in",
        "float32.",
    ]
    return "\n".join(lines) + "\n"


def _seeds(count: int) -> str:
    return "one seed" if count == 1 else f"{count} seeds"
