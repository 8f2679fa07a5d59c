"""Steps from a paper's network to a better one, each with the scores of its runs.

Inside: `Step`, what the steps of both papers have in common. Not inside: what is said of them
(`gopa_improved`, `shao_improved`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from digitus.papers.report.formats import mean
from digitus.papers.store import Record, Store


@dataclass(frozen=True)
class Step:
    """One step: its number from 0, its name and what it is, the records of its runs."""

    number: int
    name: str
    what: str
    records: Sequence[Record]

    @property
    def development(self) -> list[float]:
        """Accuracy on the development split, over the seeds."""
        return [r["development"] for r in self.records]

    @property
    def test(self) -> list[float]:
        """Accuracy on the test set, over the seeds."""
        return [r["test"]["accuracy"] for r in self.records]


def steps_below(store: Store, prefix: str, names: Sequence[tuple[str, str]]) -> list[Step]:
    """The steps that were measured, in their order; `names` are name and meaning of all."""
    found: dict[int, list[Record]] = {}
    for name, record in sorted(store.below(prefix).items()):
        found.setdefault(int(name.split("/")[0]), []).append(record)
    return [Step(number, *names[number], found[number]) for number in sorted(found)]


def gains(steps: Sequence[Step]) -> list[tuple[Step, float]]:
    """What each step gives on the test set, where the step before it was measured too."""
    return [
        (after, mean(after.test) - mean(before.test))
        for before, after in pairwise(steps)
        if after.number == before.number + 1
    ]
