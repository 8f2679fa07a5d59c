"""What the papers claim, beside what was measured, and a verdict: the first table of the report.

Inside: a function for each claim, None where what it needs has not been measured. Not inside: the
sections in which each is told at length.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from digitus.papers.experiments.plan import GOPA, SHAO
from digitus.papers.experiments.shao_rotation import PAPER
from digitus.papers.report import gopa_improved, shao_baseline, shao_improved
from digitus.papers.report.formats import figure, mean, over_seeds
from digitus.papers.report.gopa_results import PAPER_ALPHA
from digitus.papers.report.shao_baseline import (
    PAPER_ACCURACY,
    PAPER_CORRECT,
    PAPER_COUNT,
    PAPER_WRONG,
    TOP,
)
from digitus.papers.report.shao_errors import FIVE, most_frequent
from digitus.papers.report.shao_rotated_digits import runs
from digitus.papers.report.shao_rotation import QUARTER, UPRIGHT, upright
from digitus.papers.store import Store
from digitus.report.formats import percent

LARGEST_ROUNDING = 1e-12  # differences up to here are those of two orders of the same sums


class Claim(NamedTuple):
    """A claim of a paper, what was measured, and the verdict."""

    paper: str
    claim: str
    measured: str
    verdict: str


def claims(store: Store) -> list[Claim]:
    """The claims of which something is known, in the order of the papers."""
    found = [
        claim(store)
        for paper, prefix, functions in CLAIMS
        if store.below(prefix)
        for claim in functions
    ]
    return [claim for claim in found if claim]


def papers_in(store: Store) -> list[str]:
    """The papers that the results file knows something about."""
    return [paper for paper, prefix, _ in CLAIMS if store.below(prefix)]


def gradients(store: Store) -> Claim | None:
    """Gopa's equations give digitus's gradients."""
    found = store.result("gopa/notations")
    if not found:
        return None
    worst = max(g["difference"] for g in found["gradients"].values())
    return Claim(
        "Gopa",
        "six equations for the gradients",
        f"equal to digitus's layers to {figure(worst)}",
        "correct" if worst < LARGEST_ROUNDING else "**different**",
    )


def high_accuracy(store: Store) -> Claim | None:
    """Gopa's network reads well."""
    curve = store.result(f"gopa/curves/{PAPER_ALPHA}")
    if not curve:
        return None
    last = max(curve["scores"], key=int)
    values = [s["development"] for s in curve["scores"][last]]
    return Claim(
        "Gopa",
        "“high accuracy” on the development set, no figure",
        f"{over_seeds(values)} after {int(last):,} iterations at α = {PAPER_ALPHA}",
        "depends on α and patience (G6)",
    )


def how_far(store: Store) -> Claim | None:
    """What Gopa's network can do."""
    steps = gopa_improved.steps(store)
    if not steps:
        return None
    paper = gopa_improved.paper(store)
    return Claim(
        "Gopa",
        "(not claimed) what 7,960 parameters can do",
        f"{over_seeds(gopa_improved.chosen(steps).test)} on the test set",
        f"descent on the whole set gives {over_seeds(paper)} at best (G7)" if paper else "(G7)",
    )


def from_and_to(store: Store) -> Claim:
    """Shao's two accuracies, which cannot be compared, whatever was measured."""
    return Claim(
        "Shao",
        f"from {percent(PAPER_CORRECT[3])} to {percent(TOP, 1)}",
        f"its own table: {PAPER_WRONG} errors in {PAPER_COUNT:,}, {percent(PAPER_ACCURACY)}",
        "one digit compared with a total (S4)",
    )


def baseline(store: Store) -> Claim | None:
    """Shao's Table 1."""
    totals = shao_baseline.accuracies(shao_baseline.runs(store))
    if not totals:
        return None
    better = mean(totals) > PAPER_ACCURACY
    return Claim(
        "Shao",
        f"baseline, {percent(PAPER_ACCURACY)} by its table",
        over_seeds(totals),
        "reproduced, a little better (S4)" if better else "not reached (S4)",
    )


def three_as_five(store: Store) -> Claim | None:
    """Shao's error analysis."""
    found = shao_baseline.runs(store)
    if not found:
        return None
    most = most_frequent(np.sum([r["test"]["confusion"] for r in found], axis=0))
    return Claim(
        "Shao",
        "3 is read as 5",
        f"a misread 3 is read most often as {most}",
        "confirmed (S5)" if most == FIVE else "not confirmed (S5)",
    )


def rotation(store: Store) -> Claim | None:
    """Shao's hypothesis."""
    before, after = (upright(runs(store, PAPER, r)) for r in (UPRIGHT, QUARTER))
    if not before or not after:
        return None
    falls = mean(after) < mean(before)
    return Claim(
        "Shao",
        f"training on 0 to 90 degrees gives {percent(TOP, 1)}",
        f"{over_seeds(before)} falls to {over_seeds(after)}" if falls else over_seeds(after),
        "refuted (S6)" if falls else "not refuted (S6)",
    )


def top_accuracy(store: Store) -> Claim | None:
    """What Shao hopes for, by other means."""
    steps = shao_improved.steps(store)
    if not steps:
        return None
    values = steps[-1].test
    return Claim(
        "Shao",
        f"{percent(TOP, 1)} with sigmoid units",
        over_seeds(values),
        "reached, by other means (S7)" if mean(values) >= TOP else "not reached (S7)",
    )


# Each paper, how the names of its experiments begin, and its claims in their order.
CLAIMS: tuple[tuple[str, str, tuple[Callable[[Store], Claim | None], ...]], ...] = (
    (GOPA, "gopa/", (gradients, high_accuracy, how_far)),
    (SHAO, "shao/", (from_and_to, baseline, three_as_five, rotation, top_accuracy)),
)
