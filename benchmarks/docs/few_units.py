"""What docs/strokes.md says of a small network that learnt from few strokes."""

from __future__ import annotations

from statistics import mean
from typing import Any

from .results import percent

SAID = {
    "alone": "as they are",
    "moved": "each also a pixel further up, down, left and right",
    "around": "each also a pixel further in all eight directions",
    "many": "60,000 of them, as they are",
    "upright": "set upright by a layer in front, `Deslant`",
}


def section(found: dict[str, Any]) -> str:
    """The table."""
    some = next(iter(found["ways"].values()))["right"]
    lines = [
        f"Gopa's network 784-10-10, trained on {found['learnt']:,} strokes, reads of "
        f"{found['read']:,} new ones (mean of {len(some)} seeds,",
        "lowest and highest; `python benchmarks/few_units.py`,",
        "[results/few_units.json](../results/few_units.json)):",
        "",
        "| the strokes | right | from, to |",
        "|---|---:|---:|",
    ]
    lines += [
        f"| {SAID[way]} | {percent(mean(row['right']), 1)} "
        f"| {percent(min(row['right']), 1)}, {percent(max(row['right']), 1)} |"
        for way, row in ((way, found["ways"][way]) for way in SAID if way in found["ways"])
    ]
    return "\n".join(lines) + "\n"
