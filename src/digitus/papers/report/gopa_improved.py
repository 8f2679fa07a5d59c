"""What the report says about the furthest that 784-10-10 can go: section G7 (`gopa_improved.md`).

Inside: the steps with their gains, what was tried and left out, the units before and after, as that
section needs them. Not inside: training (`experiments.gopa_improved`).
"""

from __future__ import annotations

import numpy as np

from digitus.papers.experiments import gopa_improved
from digitus.papers.images import unpacked
from digitus.papers.report.blocks import Pictures
from digitus.papers.report.document import Document
from digitus.papers.report.formats import mean
from digitus.papers.report.steps import Step, gains, steps_below
from digitus.papers.store import Record, Store

GOAL, OTHERS = 0.945, 0.935  # accuracies: the goal; other people's tuned runs (mean of 5 seeds)
UNCHANGED = "nothing changed"  # the variant that the others are compared with


def steps(store: Store) -> list[Step]:
    """The steps, in their order."""
    names = [(name, how) for name, how, _ in gopa_improved.STEPS]
    return steps_below(store, "gopa/furthest/", names)


def chosen(found: list[Step]) -> Step:
    """The step that the development split prefers: the answer, whatever the test set says."""
    return max(found, key=lambda step: mean(step.development))


def write(document: Document, store: Store) -> None:
    """Section G7."""
    found = steps(store)
    if not found:
        document.write("gopa_improved.md", steps=[])
        return
    best, curve = chosen(found), best_curve(store)
    others = [step for step in found if step is not best]
    helped = gains(found[: found.index(best) + 1])
    units = next((r for r in best.records if "units" in r), None)
    document.write(
        "gopa_improved.md",
        {"units": _units(units)} if units else {},
        steps=found,
        paper=paper(store),
        paper_alpha=curve[0] if curve else "",
        goal=GOAL,
        others=OTHERS,
        best=best,
        next_best=chosen(others or found),
        most=max(helped, key=lambda gain: gain[1], default=None),
        candidates=[v for r in best.records for v in r["candidates"]],
        each=len(best.records[0]["candidates"]),
        base=gopa_improved.STEPS[gopa_improved.BASE][0],
        has_units=units is not None,
        **_variants(store),
    )


def paper(store: Store) -> list[float]:
    """The test accuracies of the paper's own training at its best rate."""
    best = best_curve(store)
    return [s["test"]["accuracy"] for s in best[1]] if best else []


def best_curve(store: Store) -> tuple[str, list[Record]] | None:
    """The rate that the development set prefers, and the scores of all seeds at the end."""
    found = store.below("gopa/curves/")
    ends = [(alpha, r["scores"][max(r["scores"], key=int)]) for alpha, r in found.items()]
    return max(ends, key=lambda end: mean([s["development"] for s in end[1]]), default=None)


def _variants(store: Store) -> Record:
    """What was tried (name, accuracies, difference), and the accuracy of the large network."""
    found = store.below("gopa/variant/")
    base = mean(found[UNCHANGED]["development"]) if UNCHANGED in found else None
    rows = []
    for name in gopa_improved.VARIANTS:
        if name in found:
            values = found[name]["development"]
            difference = None if base is None or name == UNCHANGED else mean(values) - base
            rows.append((name, values, difference))
    teacher = next((r["teacher"] for r in found.values() if "teacher" in r), None)
    return {"variants": rows, "teacher": teacher}


def _units(record: Record) -> Pictures:
    output = np.array(record["output"])
    return Pictures(
        "furthest-units",
        "The rows of W1 of that step (seed 0), as in G6.3: training has found strokes "
        "where descent from U(−0.5, 0.5) left noise.",
        unpacked(record["units"]),
        [f"{k}: for {int(output[:, k].argmax())}" for k in range(output.shape[1])],
        112,
    )
