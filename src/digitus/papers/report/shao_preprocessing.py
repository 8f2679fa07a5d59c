"""What the report says about the preprocessing of Shao 2023: section S1 (`shao_preprocessing.md`).

Inside: its two figures drawn from real digits, the shape of the cloud of inputs, learning curves,
as that section needs them. Not inside: measuring (`experiments.shao`).
"""

from __future__ import annotations

import numpy as np

from digitus.papers.experiments import plan, shao
from digitus.papers.images import Album, unpacked
from digitus.papers.report.blocks import (
    Block,
    Chart,
    Equations,
    Figures,
    FromAlbum,
    Line,
    Pictures,
)
from digitus.papers.report.document import Document
from digitus.papers.report.formats import mean
from digitus.papers.store import Record, Store
from digitus.types import Bytes

LARGE = 112  # pixels of a picture's width
CURVE_POINTS = 80  # of the curve of eigenvalues, spread evenly by their ratio


def write(document: Document, store: Store) -> None:
    """Section S1."""
    setup = store.result("shao/setup")
    shown: dict[str, Block | FromAlbum] = {}
    if setup:
        shown |= _figures(setup)
    spectrum = store.result("shao/spectrum")
    if spectrum:
        shown["eigenvalues"] = Figures([_eigenvalues(spectrum)])
    learning = store.below("shao/learning/")
    if learning:
        some = next(k for k in store.records if k.startswith("shao/learning/"))
        rate = store.records[some]["settings"]["rate"]
        shown["learning"] = _learning_curves(learning, rate)
    document.write(
        "shao_preprocessing.md",
        shown,
        setup=setup,
        spectrum=spectrum,
        rank=store.records["shao/spectrum"]["settings"]["rank"] if spectrum else 0,
        learning=bool(learning),
        **_rates(store.below("shao/rates/")),
    )


def _figures(setup: Record) -> dict[str, Block | FromAlbum]:
    """The paper's figures: a picture and its array, the inputs as they come and prepared."""
    digit, average = setup["label"], unpacked(setup["mean"])

    def from_picture_to_array(album: Album) -> list[Block]:
        picture = album("train", [setup["place"]])
        centred = (picture.astype(np.int16) - average) / 255 * 127
        caption = f"The {digit} with the mean taken away: blue above it, red below."
        return [
            Equations(_array(picture[0])),
            Pictures(
                "shao-picture", f"The same {digit} as a picture.", picture, [str(digit)], LARGE
            ),
            Pictures(
                "shao-centred", caption, np.round(centred).astype(np.int8), ["centred"], LARGE
            ),
        ]

    (r1, c1), (r2, c2) = setup["pixels"]
    across = f"row {r1}, column {c1}; up: row {r2}, column {c2}"
    lines = {}
    for name in shao.PREPARATIONS:
        xy = np.array(setup["scatter"][name])
        lines[name] = Line(name, xy[:, 0].tolist(), xy[:, 1].tolist())
    raw = [lines.pop("raw")]
    prepared = "Prepared, all at the same scale"
    return {
        "picture": FromAlbum(
            f"A {digit} as numbers, as a picture, and centred", from_picture_to_array
        ),
        "mean": Pictures(
            "shao-mean", "The mean of all training pictures.", average, ["the mean"], LARGE
        ),
        "scatter": Figures([
            Chart("shao-raw", "Raw bytes", across, raw, percent=False, kind="points"),
            Chart("shao-scatter", prepared, across, list(lines.values()), percent=False,
                  kind="points"),
        ]),
    }  # fmt: skip


def _array(picture: Bytes) -> str:
    """The inked part of a picture as numbers."""
    rows, columns = (np.flatnonzero(picture.any(axis=k)) for k in (1, 0))
    inked = picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    lines = [" ".join(f"{v:3d}" for v in row) for row in inked]
    head = (
        f"rows {rows[0]} to {rows[-1]} and columns {columns[0]} to {columns[-1]} of 28 × 28 bytes; "
        "all others are 0"
    )
    return head + "\n\n" + "\n".join(lines)


def _learning_curves(learning: dict[str, Record], rate: float) -> Figures:
    lines = []
    for name in shao.PREPARATIONS:
        own = [r for key, r in sorted(learning.items()) if key.startswith(f"{name}/")]
        if own:
            epochs = [e["epoch"] for e in own[0]["epochs"]]
            values = [
                mean([r["epochs"][i]["development"] for r in own]) for i in range(len(epochs))
            ]
            lines.append(Line(name, epochs, values))
    return Figures([
        Chart("shao-learning", f"The paper's network at the same rate, {rate:g}", "epoch", lines,
              low=0.0),
        Chart("shao-learning-close", "The same, enlarged (raw lies below)", "epoch", lines,
              low=0.85),
    ])  # fmt: skip


def _eigenvalues(spectrum: Record) -> Chart:
    """How quickly the eigenvalues fall, by preparation; what has the same shape is drawn once."""
    lines = []
    for name, part in (("centred", "covariance"), ("standardised", "covariance"),
                       ("/255", "second moments")):  # fmt: skip
        values = np.array(spectrum[name][part]["eigenvalues"])
        some = np.unique(np.geomspace(1, len(values), CURVE_POINTS).round().astype(int))
        words = name if part == "covariance" else f"{name}, second moments"
        lines.append(Line(words, some.tolist(), (values[some - 1] / values[0]).tolist()))
    title = "Eigenvalues beside the largest"
    return Chart("shao-spectrum", title, "rank", lines, percent=False, log=(True, True), low=1e-6)


def _rates(found: dict[str, Record]) -> dict[str, object]:
    """The same network, each preparation at several rates: accuracies by rate, and the best."""
    accuracies = {}
    for name in shao.PREPARATIONS:
        own = {r: found[f"{name}/{r}"]["development"] for r in plan.RATES if f"{name}/{r}" in found}
        if own:
            accuracies[name] = own
    return {
        "rates": plan.RATES,
        "accuracies": accuracies,
        "best": {name: max(own, key=lambda r: own[r]) for name, own in accuracies.items()},
        "epochs": len(next(iter(found.values()))["epochs"]) if found else 0,
    }
