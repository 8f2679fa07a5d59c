"""What the report says about Gopa 2024's results: section G6.

Inside: learning curves, the table by digit, the hidden units. Not inside: measuring (`gopa`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from digitus.metrics import by_digit, frequent_confusions, student95
from digitus.papers.experiments.bench import unpacked
from digitus.papers.report.blocks import (
    Chart,
    Figures,
    Heading,
    Items,
    Line,
    Page,
    Pictures,
    Table,
    mean,
    over_seeds,
    per_cent,
    seeds,
    within,
)
from digitus.papers.store import Record, Store

PAPER_ALPHA = "0.1"  # of the shipped recipe; the one that is looked at more closely


def write(page: Page, store: Store) -> None:
    """Section G6."""
    page.add(Heading("G6", "Gopa 2024: results"))
    found = {
        name: r
        for name, r in store.below("gopa/curves/").items()
        if r["scores"]
    }  # fmt: skip
    if not found:
        page.say("*Not measured yet.*")
        return
    alphas = sorted(found, key=float)
    settings = store.records[f"gopa/curves/{alphas[0]}"]["settings"]
    runs = len(settings["seeds"])
    page.say(
        "The paper reports a “high accuracy” on the development set, without a figure that could "
        f"be compared. So here are {len(alphas)} rates, {seeds(runs)} each, "
        f"{settings['iterations']:,} iterations. The shipped recipe has α = {PAPER_ALPHA}."
    )
    page.add(Heading("G6.1", "Learning curves", 3))
    lines = [_curve(f"α = {alpha}", found[alpha]) for alpha in alphas]
    page.add(
        Figures([
            Chart(
                "gopa-curves", "Development accuracy, mean with 95 % interval", "iteration",
                lines, low=0.0,
            ),
            Chart(
                "gopa-curves-late", "The same, enlarged: where the rates differ", "iteration",
                [_from(line, 100) for line in lines], low=0.6,
            ),
        ])
    )  # fmt: skip
    at = sorted({int(t) for r in found.values() for t in r["scores"]})
    for part, words in (("test", "test set"), ("development", "development set")):
        rows = [
            [f"α = {a}", *(over_seeds(_accuracies(found[a], t, part)) for t in at)] for a in alphas
        ]
        page.add(
            Table(
                f"Accuracy on the {words}: mean over {seeds(runs)}, ± half the 95 % interval "
                "(Student)",
                ["", *(f"{t:,} iterations" for t in at)],
                rows,
            )
        )
    _lessons(page, found, alphas, at, settings["every"])
    _digits(page, found.get(PAPER_ALPHA) or found[alphas[0]], at[-1])
    _units(page, found.get(PAPER_ALPHA) or found[alphas[0]])


def _lessons(
    page: Page, found: dict[str, Record], alphas: list[str], at: list[int], every: int
) -> None:
    last = {a: mean(_accuracies(found[a], at[-1], "test")) for a in alphas}
    best, worst = max(last, key=lambda a: last[a]), min(last, key=lambda a: last[a])
    spread = max(np.ptp(_accuracies(found[a], at[-1], "test")) for a in alphas)
    falls = {a: _deepest_fall(found[a]) for a in alphas}
    roughest = max(falls, key=lambda a: falls[a])
    still = ": it is how far the steps carry that counts" if best == alphas[-1] else ""
    items = [
        f"After {at[-1]:,} iterations α = {best} is best with {per_cent(last[best])} and "
        f"α = {worst} last with {per_cent(last[worst])}{still}.",
        f"Large steps sometimes go wrong. The deepest fall from one point of a curve to the next, "
        f"{every} iterations later, is {100 * falls[roughest]:.1f} "
        f"percentage points at α = {roughest} and {100 * falls[alphas[0]]:.1f} at α = {alphas[0]}. "
        "Descent on the whole set has no noise; this is the rate being too large for the valley "
        "that it has come into.",
        f"Seeds differ by up to {100 * spread:.1f} percentage points at the end: ten hidden units "
        "are few, and it matters where they begin. A figure from one run says little.",
    ]
    page.add(Items(items))


def _deepest_fall(found: Record) -> float:
    """By how much the accuracy of any seed falls between two points of its curve."""
    return float(-np.diff(np.array(found["development"]), axis=0).min(initial=0.0))


def _digits(page: Page, found: Record, last: int) -> None:
    scores = [s["test"] for s in found["scores"][str(last)]]
    page.add(Heading("G6.2", "Digit by digit", 3))
    one = scores[0]
    tables = [by_digit(np.array(s["confusion"])) for s in scores]
    rows = []
    for digit in range(10):
        own = tables[0][digit]
        shares = [t[digit]["accuracy"] for t in tables]
        rows.append([
            str(digit), f"{own['count']:,}", str(own["wrong"]),
            per_cent(own["accuracy"]), over_seeds(shares),
        ])  # fmt: skip
    wrong = sum(row["wrong"] for row in tables[0])
    rows.append([
        "all", f"{one['n']:,}", f"{wrong:,}", per_cent(one["accuracy"]),
        over_seeds([s["accuracy"] for s in scores]),
    ])  # fmt: skip
    page.add(
        Table(
            f"Test set, α = {PAPER_ALPHA}, {last:,} iterations; first columns: seed 0",
            ["digit", "count", "wrong", "% correct", "mean over seeds"],
            rows,
            total=True,
        )
    )
    pairs = ", ".join(
        f"{c['digit']} as {c['read_as']} ({c['times']})"
        for c in frequent_confusions(np.array(one["confusion"]), 6)
    )
    page.say(
        f"Of seed 0, {per_cent(one['accuracy'])} has a 95 % interval of "
        f"{within(one['interval95'])} (Wilson) as the score of one network on {one['n']:,} digits. "
        f"Read most often as another: {pairs}."
    )


def _units(page: Page, found: Record) -> None:
    page.add(Heading("G6.3", "What the ten hidden units look like", 3))
    alive = found["alive"][0]
    output = np.array(found["output"])
    labels = []
    for k in range(len(alive)):
        most = int(output[:, k].argmax())
        labels.append(f"{k}: for {most}, on {100 * alive[k]:.0f}%")
    page.add(
        Pictures(
            "gopa-units",
            "A row of W1 for each hidden unit (seed 0): ink where it is blue switches the unit on, "
            "where it is red, off. Under it the digit that it speaks for most, and for how many "
            "development pictures it is on.",
            unpacked(found["units"]),
            labels,
            112,
        )
    )
    dead = sum(v < 0.001 for run in found["alive"] for v in run)
    page.say(
        "Much of what is seen is still the noise of U(−0.5, 0.5): pixels that are always black "
        "have no gradient and keep their first weights, and steps of plain descent wash the others "
        f"out slowly. {dead or 'None'} of the {sum(map(len, found['alive']))} hidden units of all "
        f"seeds {'is' if dead == 1 else 'are'} dead (on for less than one picture in a thousand)."
    )


def _curve(name: str, found: Record) -> Line:
    means = [student95(row) for row in found["development"]]
    half = [h for _, h in means] if len(found["development"][0]) > 1 else []
    return Line(name, found["iterations"], [m for m, _ in means], half)


def _from(line: Line, least: float) -> Line:
    first = next((i for i, x in enumerate(line.x) if x >= least), 0)
    return Line(line.name, line.x[first:], line.y[first:], line.half[first:])


def _accuracies(found: Record, t: int, part: str) -> list[float]:
    scores: list[Any] = found["scores"][str(t)]
    return [s["test"]["accuracy"] if part == "test" else s["development"] for s in scores]
