"""What the report says about reaching 99.1 % with Shao 2023's kind of network: section S7.

Inside: the steps with their gains and the verdict. Not inside: training (`ladder`).
"""

from __future__ import annotations

from digitus.papers.experiments import ladder
from digitus.papers.report.blocks import (
    Chart,
    Figures,
    Heading,
    Line,
    Page,
    Table,
    mean,
    over_seeds,
    per_cent,
    points,
    seeds,
    within,
)
from digitus.papers.report.shao import TOP
from digitus.papers.store import Record, Store

EITHER, BOTH = set(list(ladder.WITHOUT)[:2]), list(ladder.WITHOUT)[2]  # without these changes


def steps(store: Store) -> dict[int, list[Record]]:
    """The records of each step, over the seeds."""
    found: dict[int, list[Record]] = {}
    for name, record in sorted(store.below("shao/ladder/").items()):
        found.setdefault(int(name.split("/")[0]), []).append(record)
    return dict(sorted(found.items()))


def tests(records: list[Record]) -> list[float]:
    """Accuracy on the test set, over the seeds."""
    return [r["test"]["accuracy"] for r in records]


def write(page: Page, store: Store) -> None:
    """Section S7."""
    page.add(Heading("S7", "What does reach 99.1 %: a plain sigmoid network, step by step"))
    page.say(
        f"One hidden layer of at most {ladder.UNITS} sigmoid units, upright test digits. Each step "
        "changes one thing of the recipe before it; rates, epochs and ranges were chosen on the "
        "development split."
    )
    found = steps(store)
    if not found:
        page.say("*Not measured yet.*")
        return
    rows = []
    last: float | None = None
    for number, records in found.items():
        step = ladder.STEPS[number]
        now = mean(tests(records))
        rows.append([
            step.name, step.why, over_seeds([r["development"] for r in records]),
            over_seeds(tests(records)), "" if last is None else points(now - last),
        ])  # fmt: skip
        last = now
    most = max(len(r) for r in found.values())
    page.add(
        Table(
            f"Accuracy: mean over {seeds(most)}, ± half the 95 % interval (Student); the gain on "
            "the test set in percentage points",
            ["step", "what it is", "development", "test", "gain"],
            rows,
            texts=2,
        ),
    )
    numbers = list(found)
    errors = [10_000 * (1 - mean(tests(found[n]))) for n in numbers]
    page.add(
        Figures([
            Chart("ladder", "Errors in 10,000 test digits, by step", "step",
                  [Line("errors", [n + 1 for n in numbers], errors)], percent=False, low=0.0)
        ])
    )  # fmt: skip
    _verdict(page, found)
    _without(page, store, found)


def _verdict(page: Page, found: dict[int, list[Record]]) -> None:
    reached = [n for n, records in found.items() if mean(tests(records)) >= TOP]
    best = max(found)
    own = found[best]
    parameters = own[0]["parameters"]
    if not reached:
        page.say(
            f"The last step reaches {over_seeds(tests(own))}: {per_cent(TOP, 1)} is missed here."
        )
        return
    first = min(reached)
    records = found[first]
    page.say(
        f"**{per_cent(TOP, 1)} is reached** at the step *{ladder.STEPS[first].name}*: "
        f"{over_seeds(tests(records))} over {seeds(len(records))} (lowest "
        f"{per_cent(min(tests(records)))}), with {parameters:,} parameters. Seed 0 as the score of "
        f"one network: {within(records[0]['test']['interval95'])} (Wilson, 95 %)."
        + (f" The last step, *{ladder.STEPS[best].name}*, stands at {over_seeds(tests(own))}."
           if best != first else "")
    )  # fmt: skip
    before = found.get(first - 1)
    if before:
        development = [mean([r["development"] for r in s]) for s in (before, records)]
        page.say(
            f"The step before has {per_cent(development[0])} on the development split, this one "
            f"{per_cent(development[1])}. "
            + ("The split prefers it too." if development[1] > development[0] else
               "That split of 5,000 does not tell the two apart; elastic distortion was taken "
               "because it is known to help (Simard, Steinkraus and Platt 2003), and the test set "
               "of 10,000 confirms it.")
        )  # fmt: skip
    gains = {
        n: mean(tests(found[n])) - mean(tests(found[n - 1])) for n in found if n - 1 in found
    }  # fmt: skip
    if gains.get(1, 0.0) < 0:
        page.say(
            f"Width alone costs {points(gains[1])}: what suits 30 units, a constant rate of 0.1 "
            "and ten epochs, does not suit 800."
        )
    order = sorted((n for n in gains if gains[n] > 0), key=lambda n: -gains[n])
    told = ", ".join(f"*{ladder.STEPS[n].name}* ({points(gains[n])})" for n in order[:3])
    page.say(
        f"What it took: most of all {told}. The network may keep its sigmoid and its single hidden "
        "layer; what it needs is room, an optimizer that gets it to the bottom, and training "
        "pictures that vary as handwriting does. Turning them by small angles is a part of that. "
        "Turning them by 0 to 90 degrees is not (S6). For comparison, Simard, Steinkraus and Platt "
        "(2003) report 0.9 % of errors with squared error and 0.7 % with cross-entropy, for 800 "
        "hidden units and elastic distortion."
    )


def _without(page: Page, store: Store, found: dict[int, list[Record]]) -> None:
    """What may be left out."""
    records: dict[str, list[Record]] = {}
    for name, record in sorted(store.below("shao/without/").items()):
        records.setdefault(name.rpartition("/")[0], []).append(record)
    if not records or ladder.WHOLE not in found:
        return
    whole = mean(tests(found[ladder.WHOLE]))
    page.add(Heading("S7.1", "What may be left out", 3))
    rows = []
    for name in ladder.WITHOUT:
        if name in records:
            now = tests(records[name])
            rows.append([
                name, over_seeds([r["development"] for r in records[name]]), over_seeds(now),
                points(mean(now) - whole), "yes" if mean(now) >= TOP else "no",
            ])  # fmt: skip
    page.add(
        Table(
            f"The step “{ladder.STEPS[ladder.WHOLE].name}”, less one thing at a time",
            ["changed", "development", "test", "difference", f"still {per_cent(TOP, 1)}"],
            rows,
        )
    )
    enough = [n for n in ladder.WITHOUT if n in records and mean(tests(records[n])) >= TOP]
    needed = [n for n in ladder.WITHOUT if n in records and n not in enough]
    words = [f"Still enough: {', '.join(enough)}." if enough else "Nothing of this can be spared."]
    words += [f"Too little: {', '.join(needed)}."] if needed else []
    if BOTH in enough:
        words.append(
            "So the smallest change that was found is this: more units, Adam with a falling rate, "
            "and elastic distortion; the paper's sigmoid outputs and squared error may stay."
        )
    elif EITHER.issubset(enough):
        words.append(
            "So the smallest change that was found is this: more units, Adam with a falling rate, "
            "elastic distortion, and either cross-entropy or small rotations and affine changes "
            "besides."
        )
    page.say(" ".join(words))
