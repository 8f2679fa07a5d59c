"""What the report says about the error analysis of Shao 2023: section S5 (`shao_errors.md`).

Inside: the most frequent confusions, 3 read as 5, all misread 3s and what becomes of them, as that
section needs them. Not inside: measuring (`experiments.shao`, `experiments.shao_improved`).
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from digitus.metrics import frequent_confusions
from digitus.papers.report import shao_baseline
from digitus.papers.report.blocks import Block, FromAlbum, Pictures
from digitus.papers.report.document import Document
from digitus.papers.report.formats import mean
from digitus.papers.report.shao_improved import steps
from digitus.papers.store import Record, Store

THREE, FIVE = 3, 5
CONFUSIONS = 10  # how many of the most frequent ones are shown


def write(document: Document, store: Store) -> None:
    """Section S5."""
    found = shao_baseline.runs(store)
    if not found:
        document.write("shao_errors.md", runs=0)
        return
    total = np.sum([r["test"]["confusion"] for r in found], axis=0)
    own, last = found[0]["threes"], _last(store)
    shown: dict[str, Block | FromAlbum] = {
        "misread": _threes("baseline", "All 3s that the baseline misreads (seed 0)", own)
    }
    if last and last["places"]:
        words = "All 3s that the last step still misreads (seed 0)"
        shown["left"] = _threes("last", words, last)
    document.write(
        "shao_errors.md",
        shown,
        runs=len(found),
        confusions=frequent_confusions(total, CONFUSIONS),
        first=found[0]["test"]["confusion"],
        rank=_rank(total),
        threes=total[THREE].tolist(),
        most=most_frequent(total),
        reverse=int(total[FIVE][THREE]),
        places=own["places"],
        read_as=Counter(own["read_as"]).most_common(),
        steps=_along_the_steps(store),
        last=last,
    )


def most_frequent(total: np.ndarray) -> int:
    """What a misread 3 is read as most often."""
    return max((d for d in range(10) if d != THREE), key=lambda d: int(total[THREE][d]))


def _rank(total: np.ndarray) -> int:
    """The place of 3 read as 5 among all confusions; 0 where that never happens."""
    pairs = [(c["digit"], c["read_as"]) for c in frequent_confusions(total, 90)]
    return pairs.index((THREE, FIVE)) + 1 if (THREE, FIVE) in pairs else 0


def _threes(name: str, caption: str, threes: Record) -> FromAlbum:
    """Pictures of misread 3s."""
    caption = f"{caption}, each with what it was read as (MNIST test set)"
    labels = [f"as {d}" for d in threes["read_as"]]
    return FromAlbum(
        caption,
        lambda album: [
            Pictures(f"threes-{name}", f"{caption}.", album("test", threes["places"]), labels, 44)
        ],
    )


def _last(store: Store) -> Record | None:
    """The 3s that the last step of S7 misreads with seed 0."""
    found = steps(store)
    return found[-1].records[0]["threes"] if found else None


def _along_the_steps(store: Store) -> list[Record]:
    """Misread 3s after each improvement of S7: means over seeds, and which they are for seed 0."""
    rows: list[Record] = []
    start: set[int] = set()
    for step in steps(store):
        confusion = [np.array(r["test"]["confusion"]) for r in step.records]
        places = set(step.records[0]["threes"]["places"])
        start = start or places
        rows.append({
            "name": step.name,
            "wrong": mean([int(c[THREE].sum() - c[THREE][THREE]) for c in confusion]),
            "as_five": mean([int(c[THREE][FIVE]) for c in confusion]),
            "reverse": mean([int(c[FIVE][THREE]) for c in confusion]),
            "still": len(places & start),
            "new": len(places - start),
        })  # fmt: skip
    return rows
