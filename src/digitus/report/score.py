"""The sections of the report about a score: which answers are wrong, and how sure they were.

Inside: HTML for an `Evaluation`: by digit, confusion, worst mistakes, calibration. Not inside: the
counting (`metrics`, `evaluation`), the network and its training (`model`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import sqrt
from typing import Any

import numpy as np

from digitus.evaluation import Evaluation
from digitus.metrics import interval95
from digitus.report import charts
from digitus.report.page import Section, count, details, percent, table
from digitus.report.pictures import Sheet, ink_sheet
from digitus.types import Ints

PER_CELL = 40  # pictures of one confusion: 90 cells of them are about a megabyte
WORST = 30
PROBABLE = 3  # answers shown with their probabilities
BINS = 15  # of confidence, as in `metrics.calibration_error`
EXAMPLES = 6  # pictures beside a frequent confusion


@dataclass(frozen=True, eq=False)
class Mistakes:
    """The misread digits, the most confident first, and their pictures, each embedded once."""

    evaluation: Evaluation

    @cached_property
    def order(self) -> Ints:
        """Their places in the set."""
        e = self.evaluation
        wrong = np.flatnonzero(e.answers != e.digits.labels)
        return wrong[np.argsort(-e.confidence[wrong], kind="stable")]

    @cached_property
    def cells(self) -> dict[tuple[int, int], list[int]]:
        """(digit, read as) to the places of all such mistakes."""
        found: dict[tuple[int, int], list[int]] = {}
        labels, answers = self.evaluation.digits.labels, self.evaluation.answers
        for k in self.order.tolist():
            found.setdefault((int(labels[k]), int(answers[k])), []).append(k)
        return found

    @cached_property
    def shown(self) -> dict[int, int]:
        """The place in the set of each picture to its place in the sheet."""
        chosen = sorted(k for cell in self.cells.values() for k in cell[:PER_CELL])
        return {k: i for i, k in enumerate(chosen)}

    @cached_property
    def sheet(self) -> Sheet:
        """The pictures."""
        return ink_sheet("misread", self.evaluation.digits.images[list(self.shown)])

    def picture(self, k: int) -> str:
        """The picture at place k of the set; it must be among those shown."""
        e = self.evaluation
        words = (
            f"number {k} of the set: a {e.digits.labels[k]} read as {e.answers[k]}, "
            f"{percent(float(e.confidence[k]), 1)} sure"
        )
        return self.sheet.show(self.shown[k], words)


def in_words(record: dict[str, Any]) -> str:
    """The score as a sentence: 9,841 of 10,000 right: 98.41 % (98.15 to 98.64 %)."""
    n = record["n"]
    right = n - sum(row["wrong"] for row in record["by_digit"])
    low, high = (percent(bound) for bound in record["interval95"])
    low = low.removesuffix("\u00a0%")
    return f"{right:,} of {n:,} right: {percent(record['accuracy'])} ({low} to {high})"


def by_digit(record: dict[str, Any], mistakes: Mistakes) -> Section:
    """The papers' table, and the most frequent confusions in words."""
    most = max(
        (1 - (row["accuracy"] or 0) for row in record["by_digit"] if row["count"]), default=0
    )
    rows = []
    for row in record["by_digit"]:
        wrong = None if row["accuracy"] is None else 1 - row["accuracy"]
        bar = f'<span class="bar" style="--v:{(wrong or 0) / (most or 1):.3f}"></span>'
        rows.append(_digit_row(str(row["digit"]), row["count"], row["wrong"], bar))
    wrong = sum(row["wrong"] for row in record["by_digit"])
    rows.append(_digit_row("all", record["n"], wrong, ""))
    head = ["digit", "count", "wrong", "% wrong", "% correct"]
    body = table("Right and wrong by digit", head, rows, kind="digits", total=True)
    return Section(
        "digits", "Digit by digit", f'<div class="two">{body}{_in_words(record, mistakes)}</div>'
    )


def _digit_row(name: str, n: int, wrong: int, bar: str) -> list[str]:
    share = wrong / n if n else None
    correct = None if share is None else (n - wrong) / n
    return [name, count(n), count(wrong), f"{percent(share)}{bar}", percent(correct)]


def _in_words(record: dict[str, Any], mistakes: Mistakes) -> str:
    """The most frequent confusions, each with a few of its pictures."""
    items = []
    for row in record["frequent_confusions"]:
        i, j, times = row["digit"], row["read_as"], row["times"]
        few = "".join(mistakes.picture(k) for k in mistakes.cells[i, j][:EXAMPLES])
        items.append(
            f'<li><a href="#read-{i}-{j}">{i} read as {j}: {count(times, "time")}</a>'
            f'<span class="few">{few}</span></li>'
        )
    if not items:
        return (
            "<div><h3>Most frequent confusions</h3><p>None: every digit was read right.</p></div>"
        )
    return f'<div><h3>Most frequent confusions</h3><ol class="frequent">{"".join(items)}</ol></div>'


def confusion(record: dict[str, Any], mistakes: Mistakes) -> Section:
    """The confusion matrix; every number off the diagonal opens its pictures."""
    matrix = record["confusion"]
    most = max((n for i, row in enumerate(matrix) for j, n in enumerate(row) if i != j), default=0)
    rows = []
    for i, row in enumerate(matrix):
        cells = "".join(_cell(i, j, n, sum(row), most) for j, n in enumerate(row))
        rows.append(f'<tr><th scope="row">{i}</th>{cells}</tr>')
    heads = "".join(f'<th scope="col">{j}</th>' for j in range(len(matrix)))
    grid = (
        '<table class="confusion"><caption>Rows: the digit that was written. Columns: what it was '
        'read as.</caption><thead><tr><td><span class="hidden">written, read as</span></td>'
        f"{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )
    order = sorted(mistakes.cells, key=lambda cell: (-len(mistakes.cells[cell]), cell))
    panels = "".join(_panel(mistakes, *cell, first=k == 0) for k, cell in enumerate(order))
    if not panels:
        return Section("confusion", "What is read as what", grid + "<p>No digit was misread.</p>")
    words = (
        "<p>Choose a number to see the pictures behind it, the most confident mistake first.</p>"
    )
    pictures = f'<div class="panels" aria-live="polite">{panels}</div>'
    return Section(
        "confusion", "What is read as what", f'{words}<div class="two">{grid}{pictures}</div>'
    )


def _cell(i: int, j: int, n: int, total: int, most: int) -> str:
    if i == j:
        return f'<td class="right" style="--a:{0.32 * n / (total or 1):.3f}">{n}</td>'
    if not n:
        return '<td class="none">0</td>'
    # By the square root: else one frequent confusion turns all others white.
    words = f"{i} read as {j}: {count(n, 'time')}"
    return (
        f'<td class="wrong" style="--a:{0.1 + 0.55 * sqrt(n / most):.3f}">'
        f'<a href="#read-{i}-{j}" aria-label="{words}" title="{words}">{n}</a></td>'
    )


def _panel(mistakes: Mistakes, i: int, j: int, *, first: bool) -> str:
    """The pictures of one cell."""
    places = mistakes.cells[i, j]
    tiles = "".join(
        f"<li>{mistakes.picture(k)}<small>"
        f"{percent(float(mistakes.evaluation.confidence[k]), 0)}</small></li>"
        for k in places[:PER_CELL]
    )
    rest = len(places) - PER_CELL
    more = f"<p>{count(rest)} more, less confident, are left out.</p>" if rest > 0 else ""
    return (
        f'<div class="panel{" first" * first}" id="read-{i}-{j}">'
        f"<h3>{i} read as {j}: {count(len(places), 'time')}</h3>"
        f'<ul class="tiles">{tiles}</ul>{more}</div>'
    )


def worst(mistakes: Mistakes) -> Section | None:
    """The most confident wrong answers with what else the network thought of."""
    e = mistakes.evaluation
    if not len(mistakes.order):
        return None
    cards = []
    for k in mistakes.order[:WORST].tolist():
        digit = int(e.digits.labels[k])
        likely = np.argsort(-e.probabilities[k], kind="stable")[:PROBABLE].tolist()
        lines = "".join(_probability(e, k, d, digit) for d in likely)
        if digit not in likely:
            lines += _probability(e, k, digit, digit)
        cards.append(
            f'<li class="card">{mistakes.picture(k)}<div><h3>{digit} read as {e.answers[k]}</h3>'
            f'<ul class="likely">{lines}</ul><small>number {k}</small></div></li>'
        )
    n = len(cards)
    words = (
        f"<p>The {'one wrong answer' if n == 1 else f'{n} most confident wrong answers'}: what was "
        "written (blue), and what the network thought of, with its probabilities. Numbers count "
        "the set from 0.</p>"
    )
    return Section("worst", "The worst mistakes", f'{words}<ol class="cards">{"".join(cards)}</ol>')


def _probability(e: Evaluation, k: int, d: int, digit: int) -> str:
    p = float(e.probabilities[k, d])
    kind = ' class="true"' if d == digit else ""
    bar = f'<span class="bar" style="--v:{p:.3f}"></span>'
    return f"<li{kind}><b>{d}</b>{bar}<span>{percent(p, 1)}</span></li>"


def calibration(record: dict[str, Any], evaluation: Evaluation) -> Section:
    """Confidence against accuracy, and what refusing the unsure answers gives."""
    right = evaluation.answers == evaluation.digits.labels
    confidence = np.asarray(evaluation.confidence, np.float64)
    which = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    means, bars, rows = [], [], []
    for b in np.unique(which).tolist():
        own = which == b
        n, hits = int(own.sum()), int(right[own].sum())
        mean = float(confidence[own].mean())
        means.append(mean)
        bars.append((hits / n, *interval95(hits, n)))
        between = f"{percent(b / BINS, 1)} to {percent((b + 1) / BINS, 1)}"
        rows.append([between, count(n), percent(mean, 1), percent(hits / n, 1)])
    head = ["confidence", "answers", "mean confidence", "right"]
    numbers = details("These numbers as a table", table("Accuracy by confidence", head, rows))
    return Section(
        "calibration",
        "How honest its confidence is",
        f'<p>{_calibration_words(record)}</p><div class="charts">'
        f"{charts.reliability(means, bars)}{_refusal(record, confidence, right)}</div>{numbers}",
    )


def _calibration_words(record: dict[str, Any]) -> str:
    n = record["n"]
    refused = round(record["refused"] * n)
    words = (
        "An answer given with a confidence of 90 % should be right nine times in ten. On average "
        f"confidence and accuracy are {percent(record['ece'])} apart (the expected calibration "
        f"error, ECE, over {BINS} bins). "
    )
    if not refused:
        return words + f"No answer is below the threshold of {record['threshold']:.3f}."
    return words + (
        f"Refusing answers below {record['threshold']:.3f} leaves out {count(refused)} of "
        f"{count(n, 'digit')}, {percent(record['refused'])}; of the others "
        f"{percent(record['accuracy_accepted'])} are right."
    )


def _refusal(record: dict[str, Any], confidence: Any, right: Any) -> str:
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
