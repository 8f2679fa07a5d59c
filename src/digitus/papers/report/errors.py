"""What the report says about the error analysis of Shao 2023: section S5.

Inside: the most frequent confusions, 3 read as 5, all misread 3s and what becomes of them. Not
inside: measuring (`shao`, `ladder`).
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from digitus.metrics import frequent_confusions
from digitus.papers.experiments import ladder
from digitus.papers.report.blocks import Heading, Items, Page, Pictures, Table, mean
from digitus.papers.report.shao import runs
from digitus.papers.store import Record, Store


def write(page: Page, store: Store) -> None:
    """Section S5."""
    page.add(Heading("S5", "Shao 2023: which digit is read as which"))
    found = runs(store)
    if not found:
        page.say("*Not measured yet.*")
        return
    total = np.sum([r["test"]["confusion"] for r in found], axis=0)
    rows = [
        [f"{c['digit']} as {c['read_as']}", f"{c['times'] / len(found):.1f}",
         str(np.array(found[0]["test"]["confusion"])[c["digit"], c["read_as"]])]
        for c in frequent_confusions(total, 10)
    ]  # fmt: skip
    page.add(Table("The most frequent confusions", ["", "mean over seeds", "seed 0"], rows))
    pairs = [(c["digit"], c["read_as"]) for c in frequent_confusions(total, 90)]
    place = pairs.index((3, 5)) + 1 if (3, 5) in pairs else 0
    threes = total[3] / len(found)
    others = {d: threes[d] for d in range(10) if d != 3}
    most = max(others, key=lambda d: others[d])
    page.say(
        "The paper singles out 3s that are read as 5. "
        + ("**Confirmed:** of our misread 3s most are read as 5, too "
           if most == 5 else f"**Not so here:** most of our misread 3s are read as {most} ")
        + f"({threes[5]:.1f} of {sum(others.values()):.1f} on average); among all confusions it is "
        f"number {place}. The reverse, 5 read as 3, happens {total[5][3] / len(found):.1f} times "
        f"although there are fewer 5s."
    )  # fmt: skip
    page.add(Heading("S5.1", "All misread 3s, and what becomes of them", 3))
    own = found[0]["threes"]
    _show(page, "baseline", "All 3s that the baseline misreads (seed 0)", own)
    counts = Counter(own["read_as"])
    told = [f"{n} as {d}" for d, n in counts.most_common()]
    page.say(f"{len(own['places'])} pictures: {', '.join(told)}.")
    _along_the_ladder(page, store)


def _show(page: Page, name: str, caption: str, threes: Record) -> None:
    labels = [f"as {d}" for d in threes["read_as"]]
    caption = f"{caption}, each with what it was read as (MNIST test set)"
    page.show_digits(
        caption,
        lambda album: [
            Pictures(f"threes-{name}", f"{caption}.", album("test", threes["places"]), labels, 44)
        ],
    )


def _along_the_ladder(page: Page, store: Store) -> None:
    """Misread 3s after each improvement of S7."""
    found = store.below("shao/ladder/")
    numbers = sorted({int(name.split("/")[0]) for name in found})
    if not numbers:
        return
    rows = []
    start: set[int] = set()
    for number in numbers:
        own = [r for name, r in sorted(found.items()) if name.startswith(f"{number}/")]
        confusion = [np.array(r["test"]["confusion"]) for r in own]
        wrong = [int(c[3].sum() - c[3][3]) for c in confusion]
        first = own[0]["threes"]
        places = set(first["places"])
        start = start or places
        rows.append([
            ladder.STEPS[number].name, f"{mean(wrong):.1f}",
            f"{mean([int(c[3][5]) for c in confusion]):.1f}",
            f"{mean([int(c[5][3]) for c in confusion]):.1f}",
            str(len(places & start)), str(len(places - start)),
        ])  # fmt: skip
    page.add(
        Table(
            "Misread 3s along the steps of S7: means over seeds; on the right, for seed 0, how "
            "many of the first network's misread 3s are still misread, and how many are new",
            ["step", "3 misread", "3 as 5", "5 as 3", "still", "new"],
            rows,
        )
    )
    last = found[f"{numbers[-1]}/0"]["threes"]
    if last["places"]:
        _show(page, "last", "All 3s that the last step still misreads (seed 0)", last)
    left = [str(p) for p in last["places"]]
    page.say(
        "What is left are mostly 3s of unusual shapes"
        + (f" (numbers {', '.join(left)} of the test set, from 0)." if len(left) <= 20 else ".")
    )
    page.add(
        Items([
            "A 3 and a 5 differ in one stroke: whether the upper half opens to the left or to the "
            "right. A network of few sigmoid units looks at sums of ink and sees two shapes that "
            "agree in most of their pixels.",
            "Distorted training pictures teach what does not matter (slant, place, bends), and the "
            "confusion fades with the others.",
        ])
    )  # fmt: skip
