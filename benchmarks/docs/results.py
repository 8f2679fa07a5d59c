"""Results files, and the words in which pages give figures: "98.77 %", "99.19 ± 0.13 %", "26 min".

Not inside: any page.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from digitus.metrics import student95

ROOT = Path(__file__).parents[2]


def results(name: str) -> dict[str, Any]:
    """A results file."""
    found: dict[str, Any] = json.loads((ROOT / "results" / f"{name}.json").read_text("utf-8"))
    return found


def percent(share: float, places: int = 2) -> str:
    """0.98765 as "98.77 %"."""
    return f"{100 * share:.{places}f} %"


def interval(values: list[float]) -> str:
    """Mean with a 95 % interval over seeds, in per cent."""
    middle, half = student95(values)
    spread = "" if len(values) < 2 else f" ± {100 * half:.2f}"
    return f"{100 * middle:.2f}{spread} %"


def minutes(seconds: float) -> str:
    """754 as "13 min"."""
    return f"{seconds / 60:.0f} min"


def processor(part: dict[str, Any]) -> str:
    """The processor that a part of a results file was measured on."""
    name: str = part["machine"]["processor"]
    return name


def processors(parts: Iterable[dict[str, Any]]) -> str:
    """The processors that any of these parts were measured on."""
    return " and ".join(dict.fromkeys(map(processor, parts)))


def elsewhere(part: dict[str, Any], first: dict[str, Any]) -> str:
    """Words for a part that was measured on another processor than the first: ", on X"; else ""."""
    return "" if processor(part) == processor(first) else f", on {processor(part)}"


def source(name: str) -> str:
    """A link to a results file."""
    return f"[results/{name}.json](results/{name}.json)"
