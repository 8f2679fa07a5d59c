"""What the report says about Gopa 2024's results: section G6 (`gopa_results.md`).

Inside: learning curves, scores by rate and by digit, the hidden units, as that section needs them.
Not inside: measuring (`experiments.gopa`).
"""

from __future__ import annotations

import numpy as np

from digitus.metrics import by_digit, frequent_confusions, student95
from digitus.papers.images import unpacked
from digitus.papers.report.blocks import Chart, Figures, Line, Pictures
from digitus.papers.report.document import Document
from digitus.papers.report.formats import mean
from digitus.papers.store import Record, Store

PAPER_ALPHA = "0.1"  # of the shipped recipe; the one that is looked at more closely
DEAD = 0.001  # of the pictures: a unit that is on for fewer is dead
ENLARGED_FROM = 100  # iterations: where the enlarged curves begin
CONFUSIONS = 6  # how many of the most frequent ones are told


def write(document: Document, store: Store) -> None:
    """Section G6."""
    found = {name: r for name, r in store.below("gopa/curves/").items() if r["scores"]}
    if not found:
        document.write("gopa_results.md", alphas=[])
        return
    alphas = sorted(found, key=float)
    at = sorted({int(t) for r in found.values() for t in r["scores"]})
    chosen = found.get(PAPER_ALPHA) or found[alphas[0]]
    alive = [on for run in chosen["alive"] for on in run]
    document.write(
        "gopa_results.md",
        {"curves": _curves(found, alphas), "units": _units(chosen)},
        alphas=alphas,
        paper_alpha=PAPER_ALPHA,
        settings=store.records[f"gopa/curves/{alphas[0]}"]["settings"],
        at=at,
        accuracies={
            part: {a: [_accuracies(found[a], t, part) for t in at] for a in alphas}
            for part in ("test", "development")
        },
        **_lessons(found, alphas, at[-1]),
        **_by_digit([s["test"] for s in chosen["scores"][str(at[-1])]]),
        units=len(alive),
        dead=sum(on < DEAD for on in alive),
    )


def _curves(found: dict[str, Record], alphas: list[str]) -> Figures:
    lines = [_curve(f"α = {alpha}", found[alpha]) for alpha in alphas]
    late = [_from(line, ENLARGED_FROM) for line in lines]
    return Figures([
        Chart("gopa-curves", "Development accuracy, mean with 95 % interval", "iteration", lines,
              low=0.0),
        Chart("gopa-curves-late", "The same, enlarged: where the rates differ", "iteration", late,
              low=0.6),
    ])  # fmt: skip


def _lessons(found: dict[str, Record], alphas: list[str], last: int) -> Record:
    """Which rate is best and worst at the end, whose curve falls most, and how seeds differ."""
    end = {a: _accuracies(found[a], last, "test") for a in alphas}
    falls = {a: 100 * _deepest_fall(found[a]) for a in alphas}
    return {
        "best": max(alphas, key=lambda a: mean(end[a])),
        "worst": min(alphas, key=lambda a: mean(end[a])),
        "roughest": max(alphas, key=lambda a: falls[a]),
        "end": {a: mean(end[a]) for a in alphas},
        "falls": falls,
        "spread": 100 * max(np.ptp(end[a]) for a in alphas),
    }


def _deepest_fall(found: Record) -> float:
    """By how much the accuracy of any seed falls between two points of its curve."""
    return float(-np.diff(np.array(found["development"]), axis=0).min(initial=0.0))


def _by_digit(scores: list[Record]) -> Record:
    """The table by digit: of seed 0, and the accuracies of all seeds."""
    tables = [by_digit(np.array(s["confusion"])) for s in scores]
    return {
        "first": scores[0],
        "digits": [(tables[0][d], [t[d]["accuracy"] for t in tables]) for d in range(10)],
        "wrong": sum(row["wrong"] for row in tables[0]),
        "totals": [s["accuracy"] for s in scores],
        "confusions": frequent_confusions(np.array(scores[0]["confusion"]), CONFUSIONS),
    }


def _units(found: Record) -> Pictures:
    alive, output = found["alive"][0], np.array(found["output"])
    return Pictures(
        "gopa-units",
        "A row of W1 for each hidden unit (seed 0): ink where it is blue switches the unit on, "
        "where it is red, off. Under it the digit that it speaks for most, and for how many "
        "development pictures it is on.",
        unpacked(found["units"]),
        [
            f"{k}: for {int(output[:, k].argmax())}, on {100 * on:.0f}%"
            for k, on in enumerate(alive)
        ],
        112,
    )


def _curve(name: str, found: Record) -> Line:
    means = [student95(row) for row in found["development"]]
    half = [h for _, h in means] if len(found["development"][0]) > 1 else []
    return Line(name, found["iterations"], [m for m, _ in means], half)


def _from(line: Line, least: float) -> Line:
    first = next((i for i, x in enumerate(line.x) if x >= least), 0)
    return Line(line.name, line.x[first:], line.y[first:], line.half[first:])


def _accuracies(found: Record, t: int, part: str) -> list[float]:
    scores: list[Record] = found["scores"][str(t)]
    return [s["test"]["accuracy"] if part == "test" else s["development"] for s in scores]
