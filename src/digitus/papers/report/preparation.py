"""What the report says about the preprocessing of Shao 2023: section S1.

Inside: its two figures drawn from real digits, the shape of the cloud of inputs, learning curves.
Not inside: measuring (`shao`).
"""

from __future__ import annotations

import numpy as np

from digitus.papers.experiments import plan, shao
from digitus.papers.experiments.bench import Album, unpacked
from digitus.papers.report.blocks import (
    Block,
    Chart,
    Equations,
    Figures,
    Heading,
    Items,
    Line,
    Page,
    Pictures,
    Table,
    figure,
    mean,
    per_cent,
)
from digitus.papers.store import Record, Store
from digitus.types import Bytes


def write(page: Page, store: Store) -> None:
    """Section S1."""
    _figures(page, store)
    _preprocessing(page, store)


def _figures(page: Page, store: Store) -> None:
    page.add(Heading("S1", "Shao 2023: preprocessing (its Figures 1 and 2)"))
    page.say(
        'The paper turns each picture into an array, normalises it ("centred data"), flattens it, '
        "and makes the label a one-hot vector. Its Figures 1 and 2 are drawn anew from real "
        "digits, by what they are about: what a picture becomes, and what centring and scaling do."
    )
    found = store.result("shao/setup")
    if not found:
        page.say("*Not measured yet.*")
        return
    digit = found["label"]
    one_hot = " ".join(f"{v:g}" for v in found["one_hot"])
    mean = unpacked(found["mean"])

    def from_picture_to_array(album: Album) -> list[Block]:
        picture = album("train", [found["place"]])
        half = (picture.astype(np.int16) - mean) / 255 * 127
        return [
            Equations(_array(picture[0])),
            Pictures("shao-picture", f"The same {digit} as a picture.", picture, [str(digit)], 112),
            Pictures(
                "shao-centred", f"The {digit} with the mean taken away: blue above it, red below.",
                np.round(half).astype(np.int8), ["centred"], 112,
            ),
        ]  # fmt: skip

    page.add(Heading("S1.1", "Figure 1: from a picture to an array", 3))
    page.show_digits(f"A {digit} as numbers, as a picture, and centred", from_picture_to_array)
    page.add(Pictures("shao-mean", "The mean of all training pictures.", mean, ["the mean"], 112))
    page.say(
        f"The array of 28 × 28 bytes becomes a vector of 784; the label {digit} becomes "
        f"[{one_hot}]."
    )
    (r1, c1), (r2, c2) = found["pixels"]
    page.add(Heading("S1.2", "Figure 2: centring and scaling", 3))
    page.say(
        f"Two of the 784 inputs, the pixels at row {r1}, column {c1} and at row {r2}, column {c2}, "
        f"for the first {len(found['labels'])} training digits. Dividing by 255 changes the scale, "
        "centring moves the cloud to the origin, standardising makes it as high as wide: the "
        "second of the two is seldom inked and varies less."
    )
    across = f"row {r1}, column {c1}; up: row {r2}, column {c2}"
    lines = {}
    for name in shao.PREPARATIONS:
        xy = np.array(found["scatter"][name])
        lines[name] = Line(name, xy[:, 0].tolist(), xy[:, 1].tolist())
    page.add(
        Figures([
            Chart("shao-raw", "Raw bytes", across, [lines.pop("raw")], percent=False,
                  kind="points"),
            Chart("shao-scatter", "Prepared, all at the same scale", across, list(lines.values()),
                  percent=False, kind="points"),
        ])
    )  # fmt: skip


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


def _preprocessing(page: Page, store: Store) -> None:
    page.add(Heading("S1.3", "What preprocessing does", 3))
    spectrum = store.result("shao/spectrum")
    if spectrum:
        rank = store.records["shao/spectrum"]["settings"]["rank"]
        rows = []
        for name, own in spectrum.items():
            c, s = own["covariance"], own["second moments"]
            rows.append([
                name, figure(round(own["mean_length"], 9)), figure(c["largest"]),
                figure(c["ratio"]), figure(c["condition"]), figure(s["largest"]),
                figure(s["ratio"]),
            ])  # fmt: skip
        page.add(
            Table(
                "The cloud of inputs: length of its mean, and eigenvalues λ of the covariance and "
                "of the second moments E[x xᵀ] with a 1 for the bias",
                ["input", "mean", "covariance λ₁", f"λ₁ / λ{_subscript(rank)}", "condition number",
                 "moments λ₁", f"λ₁ / λ{_subscript(rank)}"],
                rows,
            )
        )  # fmt: skip
        ranks = spectrum["centred"]["covariance"]["rank"]
        page.say(
            f"The covariance has rank {ranks} of 784, since some pixels are black in every "
            "picture; its condition number over that rank is enormous and says mostly that some "
            f"pixels hardly ever carry ink. The ratio of the first to the {rank}th eigenvalue "
            "describes the part that carries the digits. Centring does not change the covariance "
            "at all; what it improves is the matrix of second moments, which is what gradient "
            "descent sees: a mean far from 0 is one long direction that all others are short "
            "beside."
        )
        page.add(Figures([_eigenvalues(spectrum)]))
    learning = store.below("shao/learning/")
    if learning:
        lines = []
        for name in shao.PREPARATIONS:
            own = [r for key, r in sorted(learning.items()) if key.startswith(f"{name}/")]
            if own:
                epochs = [e["epoch"] for e in own[0]["epochs"]]
                values = [
                    mean([r["epochs"][i]["development"] for r in own]) for i in range(len(epochs))
                ]
                lines.append(Line(name, epochs, values))
        some = next(iter(k for k in store.records if k.startswith("shao/learning/")))
        rate = store.records[some]["settings"]["rate"]
        page.add(
            Figures([
                Chart("shao-learning", f"The paper's network at the same rate, {rate:g}", "epoch",
                      lines, low=0.0),
                Chart("shao-learning-close", "The same, enlarged (raw lies below)", "epoch", lines,
                      low=0.85),
            ])
        )  # fmt: skip
    _rates(page, store.below("shao/rates/"))


def _eigenvalues(spectrum: Record) -> Chart:
    """How quickly the eigenvalues fall, by preparation; what has the same shape is drawn once."""
    lines = []
    for name, part in (("centred", "covariance"), ("standardised", "covariance"),
                       ("/255", "second moments")):  # fmt: skip
        values = np.array(spectrum[name][part]["eigenvalues"])
        some = np.unique(np.geomspace(1, len(values), 80).round().astype(int))
        words = name if part == "covariance" else f"{name}, second moments"
        lines.append(Line(words, some.tolist(), (values[some - 1] / values[0]).tolist()))
    title = "Eigenvalues beside the largest"
    return Chart("shao-spectrum", title, "rank", lines, percent=False, log=(True, True), low=1e-6)


def _rates(page: Page, found: dict[str, Record]) -> None:
    """The same network, each preparation at several rates."""
    if not found:
        return
    rows, best, top = [], {}, {}
    for name in shao.PREPARATIONS:
        own = {r: found[f"{name}/{r}"]["development"] for r in plan.RATES if f"{name}/{r}" in found}
        if own:
            best[name] = max(own, key=lambda r: own[r])
            top[name] = own[best[name]]
            cells = [per_cent(own[r]) if r in own else "" for r in plan.RATES]
            rows.append([name, *cells])
    epochs = len(next(iter(found.values()))["epochs"])
    page.add(
        Table(
            f"Development accuracy after {epochs} epochs by learning rate (seed 0)",
            ["input", *(f"rate {r:g}" for r in plan.RATES)],
            rows,
        )
    )
    told = ", ".join(f"{name} {per_cent(top[name])} at {best[name]:g}" for name in best)
    page.say(
        f"Each at its own best rate: {told}. Raw bytes fail because they are 255 times too large: "
        "every hidden sigmoid is saturated from the start, and no rate mends that. Among the other "
        "three the rate matters more than the preparation."
    )
    page.add(
        Items([
            "At one rate, standardised inputs learn fastest. They are *larger*: as the table of "
            "eigenvalues says, the same rate carries them further. At small rates they are far "
            "ahead, at their own best rates the three are close together.",
            "Centring makes the second moments much rounder and the learning hardly faster: at "
            "rates well below the limit that the longest direction sets, its length costs nothing. "
            "It would matter for a network pushed to that limit.",
            "So preprocessing decides *whether and how fast* such a network learns at a given "
            "rate; how well it reads in the end is decided elsewhere (S7).",
        ])
    )  # fmt: skip


def _subscript(n: int) -> str:
    return "".join("₀₁₂₃₄₅₆₇₈₉"[int(d)] for d in str(n))
