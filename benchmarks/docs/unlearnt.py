"""What README and docs/train.md say of digits that a set lacks."""

from __future__ import annotations

from typing import Any

from .results import percent


def summary(found: dict[str, Any]) -> list[str]:
    """For README, from the largest sets: the weakest of them."""
    most = max(row["images"] for row in found["rows"])
    row = min((r for r in found["rows"] if r["images"] == most), key=lambda r: r["others_refused"])
    return [
        f"- A network that learnt {row['images']} images of {_said(row['learnt'])} refuses "
        f"{percent(row['others_refused'], 1)} of MNIST's other",
        f"  digits, and {percent(row['learnt_refused'], 1)} of those it learnt "
        "([docs/train.md](docs/train.md)).",
    ]


def section(found: dict[str, Any]) -> str:
    """The table of docs/train.md."""
    lines = [
        "| learnt, of MNIST | images | right of these digits | refused of these "
        "| refused of the others |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {_said(row['learnt'])} | {row['images']:,} | {percent(row['right'], 1)} "
        f"| {percent(row['learnt_refused'], 1)} | {percent(row['others_refused'], 1)} |"
        for row in found["rows"]
    ]
    return "\n".join(lines) + "\n"


def _said(digits: list[int]) -> str:
    return f"{digits[0]} to {digits[-1]}"
