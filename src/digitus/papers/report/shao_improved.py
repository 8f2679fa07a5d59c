"""What the report says about reaching 99.1 % with Shao 2023's kind of network: section S7.

Inside: the steps with their gains and what may be left out, as `shao_improved.md` needs them. Not
inside: training (`experiments.shao_improved`).
"""

from __future__ import annotations

from digitus.papers.experiments import shao_improved
from digitus.papers.report.blocks import Chart, Figures, Line
from digitus.papers.report.document import Document
from digitus.papers.report.formats import mean
from digitus.papers.report.shao_baseline import TOP
from digitus.papers.report.steps import Step, gains, steps_below
from digitus.papers.store import Record, Store

WHOLE = shao_improved.WHOLE  # the step of which single things are left out
IMAGES = 10_000  # for which errors are counted


def steps(store: Store) -> list[Step]:
    """The steps, in their order."""
    names = [(step.name, step.why) for step in shao_improved.STEPS]
    return steps_below(store, "shao/ladder/", names)


def write(document: Document, store: Store) -> None:
    """Section S7."""
    found = steps(store)
    gained = gains(found)
    first = next((step for step in found if mean(step.test) >= TOP), None)
    before = [step for step in found if first and step.number == first.number - 1]
    document.write(
        "shao_improved.md",
        {"errors": Figures([_errors(found)])} if found else {},
        units=shao_improved.HIDDEN_UNITS,
        steps=found,
        top=TOP,
        first=first,
        before=before[0] if before else None,
        width=next((gain for step, gain in gained if step.number == 1), 0.0),
        helped=sorted((g for g in gained if g[1] > 0), key=lambda g: -g[1])[:3],
        **_left_out(store, next((step for step in found if step.number == WHOLE), None)),
    )


def _errors(found: list[Step]) -> Chart:
    line = Line(
        "errors",
        [step.number + 1 for step in found],
        [IMAGES * (1 - mean(step.test)) for step in found],
    )
    title = f"Errors in {IMAGES:,} test digits, by step"
    return Chart("ladder", title, "step", [line], percent=False, low=0.0)


def _left_out(store: Store, whole: Step | None) -> dict[str, object]:
    """What may be left out of the whole: accuracies without it, and whether these are enough."""
    records: dict[str, list[Record]] = {}
    for name, record in sorted(store.below("shao/without/").items()):
        records.setdefault(name.rpartition("/")[0], []).append(record)
    known = [Step(0, n, "", records[n]) for n in shao_improved.WITHOUT if n in records and whole]
    enough = [step.name for step in known if mean(step.test) >= TOP]
    affine, squared, both = list(shao_improved.WITHOUT)[:3]
    return {
        "whole": whole,
        "left_out": known,
        "enough": enough,
        "needed": [step.name for step in known if step.name not in enough],
        "spare": "both" if both in enough else "either" if {affine, squared} <= {*enough} else "",
    }
