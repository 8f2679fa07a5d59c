"""A sweep in numbers: the mean over seeds for each recipe and settings, with its interval.

Inside: that, and the file that keeps it. Not inside: how it is shown (`cli.sweep`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

from digitus.files import write_text
from digitus.metrics import student95
from digitus.sweep.runs import Planned, Result, share_of


class Row(TypedDict):
    """A recipe with its settings; `accuracies` has a share of the development set for each run."""

    label: str
    recipe: str
    settings: tuple[str, ...]
    seeds: list[int]
    runs: int
    mean: float
    interval95: float | None
    lowest: float
    highest: float
    accuracies: list[float]
    seconds: float
    parameters: int


def summary(runs: Sequence[Planned]) -> list[Row]:
    """A row for each recipe with its settings that has a run which ended."""
    labels: dict[str, list[tuple[Planned, Result]]] = {}
    for run in runs:
        if (result := run.result) is not None:
            labels.setdefault(run.label, []).append((run, result))
    rows: list[Row] = []
    for label, some in labels.items():
        shares = [share_of(result) for _, result in some]
        mean, within = student95(shares) if len(shares) > 1 else (shares[0], None)
        seconds = [float(result["seconds"]) for _, result in some]
        rows.append(
            {
                "label": label,
                "recipe": some[0][0].recipe,
                "settings": some[0][0].settings,
                "seeds": [run.seed for run, _ in some],
                "runs": len(some),
                "mean": mean,
                "interval95": within,
                "lowest": min(shares),
                "highest": max(shares),
                "accuracies": shares,
                "seconds": sum(seconds) / len(seconds),
                "parameters": some[0][1]["parameters"],
            }
        )
    return rows


def write_summary(path: Path, rows: list[Row]) -> None:
    """Keeps the rows. Raises `OutputError`."""
    write_text(path, json.dumps(rows, indent=1) + "\n")
