"""What the report says about Shao 2023, sections S2 to S4, from the records alone.

Inside: layers as classes, back-propagation, Table 1, and what is known of the paper's figures. Not
inside: preprocessing (`page_preparation`), the error analysis (`page_errors`), the rotation
hypothesis (`page_rotation`), the way to 99.1 % (`page_ladder`).
"""

from __future__ import annotations

import numpy as np

from digitus.metrics import by_digit
from digitus.papers.report.blocks import (
    Equations,
    Heading,
    Page,
    Table,
    mean,
    over_seeds,
    per_cent,
    seeds,
    within,
)
from digitus.papers.store import Record, Store

# What is known of the paper's table: its two worst digits and the sum of its errors.
PAPER_CORRECT = {3: 0.8693, 8: 0.8717}
PAPER_WRONG, PAPER_COUNT = 736, 10_000
TOP = 0.991  # the accuracy that the paper hopes for


def write(page: Page, store: Store) -> None:
    """Sections S2 to S4."""
    _layers(page)
    _backward(page)
    _table(page, store)


def runs(store: Store) -> list[Record]:
    """The baseline, over its seeds."""
    return [r for _, r in sorted(store.below("shao/baseline/").items())]


def _layers(page: Page) -> None:
    page.add(Heading("S2", "Shao 2023: a layer as a class, a network as a stack"))
    page.say(
        "The paper makes each layer an object, and any network by stacking them. digitus does the "
        "same with one difference: a layer holds *settings only*, its parameters live outside in a "
        "flat dictionary, and `forward` returns the function that carries a gradient back. So "
        "nothing has to be reset, and a network can be compared, printed and saved.",
    )
    page.add(
        Equations(
            "network = Chain([Scale(255), Centre(), Flatten(), Dense(30), Sigmoid(), Dense(10), "
            "Sigmoid()])\n"
            'y, backward = network.forward(params, x)     # params: {"3.W": ..., "3.b": ..., ...}\n'
            "loss, dy = SquaredError()(y, t)\n"
            "_, gradients = backward(dy)"
        ),
    )
    page.say(
        "Where the paper is silent, the recipe `shao-2023` says what was chosen and why: 30 hidden "
        "units and batches of 10, which are those of the best-known tutorial network of this kind "
        "(Nielsen 2015, chapter 1); rate 0.1 and 10 epochs, chosen on the development split so as "
        "to come near the paper's own baseline."
    )


def _backward(page: Page) -> None:
    page.add(
        Heading("S3", "Shao 2023: back-propagation, layer by layer"),
        Equations(
            "each layer gets dy, the derivative of the cost by its output, and gives dx\n\n"
            "squared error   L = mean ½ ‖y - t‖²     dy = (y - t) / n         nn.SquaredError\n"
            "sigmoid         y = 1 / (1 + e⁻ˣ)       dx = dy y (1 - y)        nn.Sigmoid\n"
            "dense           y = x W + b             dx = dy Wᵀ               nn.Dense\n"
            "                                        dW = xᵀ dy,  db = Σₙ dy"
        ),
    )
    page.say(
        "b is one row, added to all: *broadcasting*. Going back, a broadcast becomes a sum, db = "
        "Σₙ dy. Note y (1 − y) in the sigmoid: where an output is sure and wrong, this is close to "
        "0 and the error hardly moves the weights. That is what cross-entropy mends (S7)."
    )


def _table(page: Page, store: Store) -> None:
    page.add(Heading("S4", "Shao 2023: Table 1 beside ours"))
    page.say(
        f"The paper's table counts, for each digit, how many were read wrong. Its errors add up to "
        f"{PAPER_WRONG} in {PAPER_COUNT:,}: an accuracy of "
        f"**{per_cent(1 - PAPER_WRONG / PAPER_COUNT)}** "
        f"in all. Its worst digits are 3 with {per_cent(PAPER_CORRECT[3])} and 8 with "
        f"{per_cent(PAPER_CORRECT[8])}. So the claim that accuracy rises from "
        f"{per_cent(PAPER_CORRECT[3])} to {per_cent(TOP, 1)} compares *one digit, the worst,* "
        "before with a total after, which the paper does not define. The honest starting point is "
        f"{per_cent(1 - PAPER_WRONG / PAPER_COUNT)}."
    )
    found = runs(store)
    if not found:
        page.say("*Not measured yet.*")
        return
    tables = [by_digit(np.array(r["test"]["confusion"])) for r in found]
    rows = []
    for digit in range(10):
        own = tables[0][digit]
        known = PAPER_CORRECT.get(digit)
        shares = [t[digit]["accuracy"] for t in tables]
        rows.append([
            str(digit), "" if known is None else per_cent(known), f"{own['count']:,}",
            str(own["wrong"]), per_cent(1 - own["accuracy"]), per_cent(own["accuracy"]),
            over_seeds(shares),
        ])  # fmt: skip
    first = found[0]["test"]
    wrong = sum(row["wrong"] for row in tables[0])
    totals = [r["test"]["accuracy"] for r in found]
    rows.append([
        "all", per_cent(1 - PAPER_WRONG / PAPER_COUNT), f"{first['n']:,}", str(wrong),
        per_cent(1 - first["accuracy"]), per_cent(first["accuracy"]), over_seeds(totals),
    ])  # fmt: skip
    page.add(
        Table(
            f"Test set. Seed 0 in the paper's columns; right: mean over {seeds(len(found))}",
            ["digit", "paper, % correct", "count", "wrong", "% wrong", "% correct", "mean"],
            rows,
            total=True,
        )
    )
    hardest = sorted(range(10), key=lambda d: mean([t[d]["accuracy"] for t in tables]))[:3]
    page.say(
        f"Seed 0 as the score of one network: {within(first['interval95'])} (Wilson, 95 %). Our "
        f"baseline makes about {round(PAPER_COUNT * (1 - mean(totals)))} errors, the paper's "
        f"{PAPER_WRONG}"
        + (": the same kind of network, a little better trained. (Aiming at its total exactly "
           "would mean training worse on purpose.) "
           if mean(totals) > 1 - PAPER_WRONG / PAPER_COUNT else ". ")
        + "Our hardest digits are "
        f"{hardest[0]}, {hardest[1]} and {hardest[2]}; "
        + ("3 is among them." if 3 in hardest else
           "3, the paper's worst, is not among them: which digit is worst depends on the run as "
           "much as on the digit.")
    )  # fmt: skip
