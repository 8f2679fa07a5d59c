"""What the report says about the digits that suffer from rotated training: section S6.4.

Inside: upright accuracy by digit, the confusions that grow, 6 and 9, as `shao_rotated_digits.md`
needs them. Not inside: the grid of ranges, capacity and shift (`shao_rotation`).
"""

from __future__ import annotations

import numpy as np

from digitus.papers.experiments.shao_rotation import PAPER, RELU
from digitus.papers.report.document import Document
from digitus.papers.store import Record, Store
from digitus.types import Counts

SIX, NINE = 6, 9
ALL_AROUND = "0 to 360"


def runs(store: Store, network: str, degrees: str) -> list[Record]:
    """The records of a network trained on one range, over the seeds."""
    found = store.below(f"shao/rotation/{network}/{degrees}/")
    return [r for _, r in sorted(found.items())]


def write(document: Document, store: Store) -> None:
    """Section S6.4."""
    ranges = ("upright", "±15", "±45", "0 to 90", ALL_AROUND)
    tables = {
        degrees: _confusion(own, "upright")
        for degrees in ranges
        if (own := runs(store, RELU, degrees))
    }
    known = {"upright", "0 to 90"} <= tables.keys()
    swaps = _swaps(store)
    document.write(
        "shao_rotated_digits.md",
        network=RELU,
        ranges=[*tables],
        correct=[[_correct(table, digit) for table in tables.values()] for digit in range(10)],
        losses=_losses(tables["upright"], tables["0 to 90"]) if known else [],
        confusions=_new_confusions(tables["upright"], tables["0 to 90"]) if known else [],
        swaps=swaps,
        shares=[row["swapped"] / row["wrong"] for row in swaps if row["range"] == ALL_AROUND],
    )


def _swaps(store: Store) -> list[Record]:
    """How often 6 and 9 are taken for one another, each network tested on its own range."""
    rows = []
    for network in (PAPER, RELU):
        for degrees in ("upright", "0 to 90", ALL_AROUND):
            if own := runs(store, network, degrees):
                c = _confusion(own, degrees)
                rows.append({
                    "network": network,
                    "range": degrees,
                    "runs": len(own),
                    "swapped": int(c[SIX, NINE] + c[NINE, SIX]),
                    "wrong": int(c.sum() - np.trace(c)),
                    "others": _without(c, (SIX, NINE)),
                })  # fmt: skip
    return rows


def _losses(before: Counts, after: Counts) -> list[tuple[int, float]]:
    """The three digits that lose most, with the change of their accuracies."""
    changes = {d: _correct(after, d) - _correct(before, d) for d in range(10)}
    return [(d, changes[d]) for d in sorted(changes, key=lambda d: changes[d])[:3]]


def _confusion(records: list[Record], test: str) -> Counts:
    return np.sum([np.array(r["tests"][test]["confusion"]) for r in records], axis=0)


def _correct(table: Counts, digit: int) -> float:
    return float(table[digit, digit] / table[digit].sum())


def _without(table: Counts, digits: tuple[int, ...]) -> float:
    kept = [d for d in range(10) if d not in digits]
    return float(table[kept, kept].sum() / table[kept].sum())


def _new_confusions(before: Counts, after: Counts) -> list[tuple[int, int]]:
    """The four confusions that grow most."""
    growth = after - before
    np.fill_diagonal(growth, 0)
    order = np.argsort(-growth, axis=None, kind="stable")[:4]
    return [divmod(int(k), 10) for k in order]
