"""What the report says about the rotation hypothesis of Shao 2023: section S6 (`shao_rotation.md`).

Inside: the grid of training and test ranges, and why upright digits suffer, as that section needs
them. Not inside: training (`experiments.shao_rotation`), which digits suffer
(`shao_rotated_digits`), what does reach 99.1 % (`shao_improved`).
"""

from __future__ import annotations

from typing import TypedDict

import numpy as np

from digitus.papers.experiments import plan
from digitus.papers.experiments.shao_rotation import LARGER, PAPER, RANGES, RELU, TESTS, WIDER
from digitus.papers.report import shao_rotated_digits
from digitus.papers.report.blocks import Chart, Figures, Heat, Line
from digitus.papers.report.document import Document
from digitus.papers.report.formats import mean
from digitus.papers.report.shao_baseline import TOP
from digitus.papers.report.shao_rotated_digits import runs
from digitus.papers.store import Record, Store

UPRIGHT, QUARTER = "upright", "0 to 90"  # as they are, and as the paper turns them
NETWORKS = (PAPER, WIDER, RELU, LARGER)
ABOUT = {
    PAPER: "the paper's network, the recipe shao-2023",
    RELU: "a ReLU network, Adam, cross-entropy",
}
# The first measurement, of one seed: upright accuracy after upright and after 0-to-90 training.
FIRST = (0.9598, 0.8634)
AGREES = (0.01, 0.02)  # means within this of the first measurement confirm it
ANGLE_TICKS = (-90, -45, 0, 45, 90, 135, 180)  # degrees


def upright(records: list[Record]) -> list[float]:
    """Accuracy on the upright test set, over the seeds."""
    return on(records, UPRIGHT)


def on(records: list[Record], test: str) -> list[float]:
    """Accuracy on the test set turned by a range of angles, over the seeds."""
    return [r["tests"][test]["accuracy"] for r in records]


def write(document: Document, store: Store) -> None:
    """Section S6."""
    if not store.below("shao/rotation/"):
        document.write("shao_rotation.md", measured=False, top=TOP)
        return
    document.write(
        "shao_rotation.md",
        {
            "grids": Figures([_heat(store, n) for n in ABOUT if _ranges(store, n)]),
            "angles": Figures([chart for n in ABOUT if (chart := _angles(store, n))]),
        },
        measured=True,
        top=TOP,
        tests=TESTS,
        grids=[_grid(store, n) for n in ABOUT if _ranges(store, n)],
        larger=LARGER,
        wider=WIDER,
        epochs=plan.FULL.larger_epochs,
        **_falls(store),
        middles=[
            (n, *(mean(upright(r)) for r in both))
            for n in ABOUT
            if all(both := [runs(store, n, degrees) for degrees in ("±45", QUARTER)])
        ],
        capacity=_capacity(store),
    )
    shao_rotated_digits.write(document, store)


def _ranges(store: Store, network: str) -> list[str]:
    """The ranges that a network was trained on."""
    return [degrees for degrees in RANGES if runs(store, network, degrees)]


class _Grid(TypedDict):
    """Accuracies of a network: `rows` by the range of its training, then by that of the test."""

    network: str
    about: str
    runs: int
    rows: dict[str, list[list[float]]]


def _grid(store: Store, network: str) -> _Grid:
    """Accuracies of a network by the range it was trained on and the range of the test."""
    trained = {degrees: runs(store, network, degrees) for degrees in _ranges(store, network)}
    return {
        "network": network,
        "about": ABOUT[network],
        "runs": len(next(iter(trained.values()))),
        "rows": {degrees: [on(own, t) for t in TESTS] for degrees, own in trained.items()},
    }


def _heat(store: Store, network: str) -> Heat:
    rows = _grid(store, network)["rows"]
    values = np.array([[mean(cell) for cell in row] for row in rows.values()])
    label = "across: tested on; down: trained on"
    return Heat(f"rotation-{_short(network)}", f"{network}, in %", [*rows], TESTS, values, label)


def _short(network: str) -> str:
    """Its first word, for names of files."""
    return network.split(maxsplit=1)[0].lower()


def _falls(store: Store) -> dict[str, object]:
    """What training on 0 to 90 degrees does to upright digits, and the first measurement of it."""
    rows = []
    for network in NETWORKS:
        before, after = runs(store, network, UPRIGHT), runs(store, network, QUARTER)
        small = runs(store, network, "±15") or runs(store, network, "±10")
        if before and after:
            rows.append((network, upright(before), upright(after), upright(small)))
    first = next(((b, a) for network, b, a, _ in rows if network == WIDER), None)
    return {
        "falls": rows,
        "changes": [mean(after) - mean(before) for _, before, after, _ in rows],
        "first": FIRST,
        "again": first,
        "agrees": first is not None
        and all(abs(mean(now) - was) < d for now, was, d in zip(first, FIRST, AGREES, strict=True)),
    }


def _angles(store: Store, network: str) -> Chart | None:
    """Accuracy by the angle of the test digits."""
    lines = []
    for degrees in (UPRIGHT, "±15", "±45", QUARTER, "0 to 360"):
        if own := runs(store, network, degrees):
            angles = sorted(map(int, own[0]["angles"]))
            values = [mean([r["angles"][str(a)] for r in own]) for a in angles]
            lines.append(Line(f"trained on {degrees}", angles, values))
    if not lines:
        return None
    title = f"{network}: accuracy by the angle of the test digits"
    return Chart(
        f"angles-{_short(network)}", title, "degrees", lines, low=0.0, high=1.0, ticks=ANGLE_TICKS
    )


def _capacity(store: Store) -> list[tuple[str, str, list[float], list[float], list[float]]]:
    """How well networks read what they were trained on: training, test and upright digits."""
    return [
        (network, degrees, [r["own_range"] for r in own], on(own, degrees), upright(own))
        for network in NETWORKS
        for degrees in (UPRIGHT, QUARTER, "0 to 360")
        if (own := runs(store, network, degrees))
    ]
