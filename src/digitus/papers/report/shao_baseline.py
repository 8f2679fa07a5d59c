"""What the report says about Shao 2023's network and table: sections S2 to S4 (`shao_baseline.md`).

Inside: Table 1 as these sections need it, and what is known of the paper's figures. Not inside:
preprocessing (`shao_preprocessing`), the error analysis (`shao_errors`), the rotation hypothesis
(`shao_rotation`), the way to 99.1 % (`shao_improved`).
"""

from __future__ import annotations

import numpy as np

from digitus.metrics import by_digit
from digitus.papers.report.document import Document
from digitus.papers.report.formats import mean
from digitus.papers.store import Record, Store

# What is known of the paper's table: its two worst digits and the sum of its errors.
PAPER_CORRECT = {3: 0.8693, 8: 0.8717}
PAPER_WRONG, PAPER_COUNT = 736, 10_000
PAPER_ACCURACY = 1 - PAPER_WRONG / PAPER_COUNT
TOP = 0.991  # the accuracy that the paper hopes for


def write(document: Document, store: Store) -> None:
    """Sections S2 to S4."""
    found = runs(store)
    tables = [by_digit(np.array(r["test"]["confusion"])) for r in found]
    shares = [[t[digit]["accuracy"] or 0.0 for t in tables] for digit in range(10)]
    document.write(
        "shao_baseline.md",
        known=PAPER_CORRECT,
        errors=PAPER_WRONG,
        count=PAPER_COUNT,
        accuracy=PAPER_ACCURACY,
        top=TOP,
        runs=len(found),
        digits=list(zip(tables[0], shares, strict=True)) if tables else [],
        first=found[0]["test"] if found else None,
        totals=accuracies(found),
        hardest=sorted(range(10), key=lambda d: mean(shares[d]))[:3] if tables else [],
    )


def runs(store: Store) -> list[Record]:
    """The baseline, over its seeds."""
    return [r for _, r in sorted(store.below("shao/baseline/").items())]


def accuracies(records: list[Record]) -> list[float]:
    """Accuracy on the test set, over the seeds."""
    return [r["test"]["accuracy"] for r in records]
