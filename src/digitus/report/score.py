"""The sections of the report about a score: which answers are wrong, and how sure they were.

Inside: what `score.html` needs of an `Evaluation`: by digit, confusion, worst mistakes,
calibration. Not inside: the counting (`metrics`, `evaluation`), the network and its training
(`model`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import sqrt

import numpy as np
from markupsafe import Markup

from digitus.evaluation import Evaluation
from digitus.metrics import ScoreRecord, interval95, sign
from digitus.report import charts
from digitus.report.formats import SPACE, percent, quantity
from digitus.report.html import PARTS, Section, fill
from digitus.report.pictures import Tiles, ink_tiles
from digitus.types import Bools, Ints, Vector

TEMPLATE = "report/score.html"
PICTURES_PER_CELL = 40  # pictures of one confusion: 90 cells of them are about a megabyte
WORST_SHOWN = 30  # mistakes, the most confident ones
ANSWERS_SHOWN = 3  # of a mistake, with their probabilities
CONFIDENCE_BINS = 15  # as in `metrics.calibration_error`
EXAMPLES_SHOWN = 6  # beside a frequent confusion


@dataclass(frozen=True, eq=False)
class Mistakes:
    """The misread digits, the most confident first, and their pictures, each embedded once."""

    evaluation: Evaluation

    @cached_property
    def order(self) -> Ints:
        """The places of the mistakes in the set."""
        e = self.evaluation
        wrong = np.flatnonzero(e.answers != e.digits.labels)
        return wrong[np.argsort(-e.confidence[wrong], kind="stable")]

    @cached_property
    def cells(self) -> dict[tuple[int, int], list[int]]:
        """The places of all mistakes, by (digit, read as)."""
        found: dict[tuple[int, int], list[int]] = {}
        labels, answers = self.evaluation.digits.labels, self.evaluation.answers
        for k in self.order.tolist():
            found.setdefault((int(labels[k]), int(answers[k])), []).append(k)
        return found

    @cached_property
    def shown(self) -> dict[int, int]:
        """The place of each picture among the tiles, by its place in the set."""
        chosen = sorted(k for cell in self.cells.values() for k in cell[:PICTURES_PER_CELL])
        return {k: i for i, k in enumerate(chosen)}

    @cached_property
    def tiles(self) -> Tiles:
        """The pictures of the mistakes."""
        return ink_tiles("misread", self.evaluation.digits.images[list(self.shown)])

    def words(self, k: int) -> str:
        """What is said of the picture at place k of the set."""
        e = self.evaluation
        return (
            f"number {k} of the set: a {e.digits.classes[e.digits.labels[k]]} read as "
            f"{e.digits.classes[e.answers[k]]}, "
            f"{percent(float(e.confidence[k]), 1)} sure"
        )


def in_words(record: ScoreRecord) -> str:
    """The score as a sentence: 9,841 of 10,000 right: 98.41 % (98.15 to 98.64 %)."""
    n = record["n"]
    right = n - sum(row["wrong"] for row in record["by_digit"])
    low, high = (percent(bound) for bound in record["interval95"])
    low = low.removesuffix(f"{SPACE}%")
    return f"{right:,} of {n:,} right: {percent(record['accuracy'])} ({low} to {high})"


def by_digit(record: ScoreRecord, mistakes: Mistakes) -> Section:
    """The table by digit that both papers have, and the most frequent confusions in words."""
    rows = record["by_digit"]
    most = max((1 - (row["accuracy"] or 0) for row in rows if row["count"]), default=0)
    cells = []
    for row in rows:
        wrong = 0 if row["accuracy"] is None else 1 - row["accuracy"]
        bar = fill(PARTS, "bar", share=wrong / (most or 1))
        cells.append(_digit_row(sign(record, row["digit"]), row["count"], row["wrong"], bar))
    cells.append(_digit_row("all", record["n"], sum(row["wrong"] for row in rows), Markup()))
    confusions = [
        (row, mistakes.cells[row["digit"], row["read_as"]][:EXAMPLES_SHOWN])
        for row in record["frequent_confusions"]
    ]
    body = fill(
        TEMPLATE,
        "by_digit",
        rows=cells,
        confusions=confusions,
        mistakes=mistakes,
        signs=mistakes.evaluation.digits.classes,
    )
    return Section("digits", "Digit by digit", body)


def _digit_row(name: str, n: int, wrong: int, bar: Markup) -> list[str]:
    share = wrong / n if n else None
    correct = None if share is None else (n - wrong) / n
    return [name, quantity(n), quantity(wrong), percent(share) + bar, percent(correct)]


def confusion(record: ScoreRecord, mistakes: Mistakes) -> Section:
    """The confusion matrix; every number off the diagonal opens its pictures."""
    matrix = record["confusion"]
    most = max((n for i, row in enumerate(matrix) for j, n in enumerate(row) if i != j), default=0)
    # By the square root: else one frequent confusion turns all others white.
    depth = [
        [0.32 * n / (sum(row) or 1) if i == j else 0.1 + 0.55 * sqrt(n / (most or 1))
         for j, n in enumerate(row)]
        for i, row in enumerate(matrix)
    ]  # fmt: skip
    order = sorted(mistakes.cells, key=lambda cell: (-len(mistakes.cells[cell]), cell))
    body = fill(
        TEMPLATE,
        "confusion",
        matrix=matrix,
        depth=depth,
        panels=[(*cell, mistakes.cells[cell]) for cell in order],
        most=PICTURES_PER_CELL,
        mistakes=mistakes,
        signs=mistakes.evaluation.digits.classes,
    )
    return Section("confusion", "What is read as what", body)


def worst(mistakes: Mistakes) -> Section | None:
    """The most confident wrong answers, with the answers that the network thought likely too."""
    if not len(mistakes.order):
        return None
    cards = [_card(mistakes.evaluation, k) for k in mistakes.order[:WORST_SHOWN].tolist()]
    body = fill(TEMPLATE, "worst", cards=cards, mistakes=mistakes)
    return Section("worst", "The worst mistakes", body)


@dataclass(frozen=True)
class _Card:
    """A mistake: its place in the set, what was written and read, the likely answers."""

    place: int
    digit: str
    answer: str
    likely: list[tuple[str, float]]


def _card(e: Evaluation, k: int) -> _Card:
    digit, p = int(e.digits.labels[k]), e.probabilities[k]
    likely = np.argsort(-p, kind="stable")[:ANSWERS_SHOWN].tolist()
    if digit not in likely:
        likely.append(digit)
    signs = e.digits.classes
    answers = [(signs[d], float(p[d])) for d in likely]
    return _Card(k, signs[digit], signs[e.answers[k]], answers)


def calibration(record: ScoreRecord, evaluation: Evaluation) -> Section:
    """Confidence against accuracy, and what refusing the unsure answers gives."""
    right = evaluation.answers == evaluation.digits.labels
    confidence = np.asarray(evaluation.confidence, np.float64)
    which = np.minimum((confidence * CONFIDENCE_BINS).astype(np.int64), CONFIDENCE_BINS - 1)
    means, bars, rows = [], [], []
    for b in np.unique(which).tolist():
        own = which == b
        n, hits = int(own.sum()), int(right[own].sum())
        mean = float(confidence[own].mean())
        means.append(mean)
        bars.append((hits / n, *interval95(hits, n)))
        between = f"{percent(b / CONFIDENCE_BINS, 1)} to {percent((b + 1) / CONFIDENCE_BINS, 1)}"
        rows.append([between, quantity(n), percent(mean, 1), percent(hits / n, 1)])
    body = fill(
        TEMPLATE,
        "calibration",
        record=record,
        refused=round(record["refused"] * record["n"]),
        bins=CONFIDENCE_BINS,
        reliability=charts.reliability(means, bars),
        refusal=_refusal(record, confidence, right),
        rows=rows,
    )
    return Section("calibration", "How honest its confidence is", body)


def _refusal(record: ScoreRecord, confidence: Vector, right: Bools) -> Markup:
    """The curve of refusing more and more, the least confident first."""
    n = len(right)
    kept = np.arange(1, n + 1)
    accuracy = np.cumsum(right[np.argsort(-confidence, kind="stable")]) / kept
    refused = 1 - kept / n
    furthest = min(max(0.1, 2 * record["refused"]), 1 - 1 / n)
    part = np.flatnonzero(refused <= furthest + 1e-12)[::-1]
    part = part[np.unique(np.linspace(0, len(part) - 1, min(len(part), 300)).astype(int))]
    here = record["accuracy_accepted"]
    mark = None if here is None or not record["refused"] else (record["refused"], here)
    return charts.refusal(refused[part], accuracy[part], mark)
