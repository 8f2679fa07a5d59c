"""What docs/speed.md says of whole training runs by the compiled kernels."""

from __future__ import annotations

from statistics import mean
from typing import Any

from .results import interval, percent

COLUMNS = "float32", "bfloat16"


def section(found: dict[str, Any], recipes: dict[str, Any], records: dict[str, Any]) -> str:
    """The table, with what the same recipes reached before there were compiled kernels."""
    before = {
        "quick": ("NumPy, float32", [run["test"]["accuracy"] for run in _of(recipes["quick"])])
    }
    for recipe in ("cnn", "tiny"):
        right = [run["accuracy"] for run in _of(records["runs"][recipe])]
        before[recipe] = "PyTorch, bfloat16", right
    lines = [
        "Digits of MNIST's test set that are right, mean over seeds with a 95 % interval:",
        "",
        "| recipe | compiled, float32 | compiled, bfloat16 | without compiled kernels |",
        "|---|---:|---:|---:|",
    ]
    for recipe, seeds in found["runs"].items():
        cells = [
            _cell([run[name]["accuracy"] for run in _of(seeds) if name in run]) for name in COLUMNS
        ]
        if not any(cells):
            continue  # not run yet
        by, right = before[recipe]
        lines.append(f"| `{recipe}` | {' | '.join(cells)} | {_cell(right)}, {by} |")
    pairs = [run for run in _of(found["runs"].get("tiny", {})) if set(COLUMNS) <= set(run)]
    if pairs:
        share = mean(
            run["bfloat16"]["core_seconds"] / run["float32"]["core_seconds"] for run in pairs
        )
        lines += [
            "",
            f"In bfloat16 `tiny` takes {percent(share, 0)} of the processor time that it takes in",
            f"float32, on {found['machine']['processor']} with {found['by']}.",
        ]
    lines += [
        "",
        "By `python benchmarks/precision.py`",
        "([results/precision.json](../results/precision.json)); the last column is from",
        "[results/recipes.json](../results/recipes.json) and",
        "[results/records.json](../results/records.json).",
    ]
    return "\n".join(lines) + "\n"


def _of(seeds: dict[str, Any]) -> list[dict[str, Any]]:
    return [seeds[seed] for seed in sorted(seeds, key=int)]


def _cell(right: list[float]) -> str:
    if not right:
        return ""
    seeds = "one seed" if len(right) == 1 else f"{len(right)} seeds"
    return f"{interval(right)} ({seeds})"
