"""The report of `digitus papers`, made from the results file alone: HTML, and Markdown for docs.

Inside: putting the sections together, the verdicts at the top, who finds what where. Not inside:
the sections (`gopa` ...), rendering (`render`).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from digitus import __version__
from digitus.files import write_atomically, write_text
from digitus.papers.experiments import rotation as rotated
from digitus.papers.experiments.bench import Album
from digitus.papers.experiments.plan import GOPA, SHAO
from digitus.papers.report import (
    curves,
    errors,
    furthest,
    gopa,
    ladder,
    preparation,
    render,
    rotation,
    shao,
    turned,
)
from digitus.papers.report.blocks import Heading, Page, Table, figure, mean, over_seeds, per_cent
from digitus.papers.report.shao import PAPER_CORRECT, PAPER_COUNT, PAPER_WRONG, TOP
from digitus.papers.store import Store
from digitus.report.formats import duration
from digitus.report.html import fill

TITLE = "Two papers, carried out again"
QUICK = (
    "This is a quick look: few seeds, a part of the training digits, short training. Its figures "
    "are worse than those of the full run and support no conclusion; verdicts that they seem to "
    "give may be wrong."
)
WHERE = (
    ("data: pictures as columns, scaling by 1/255, development set", "Gopa 2024", "G1"),
    ("the network 784-10-10, first weights", "Gopa 2024", "G2"),
    ("forward propagation", "Gopa 2024", "G3"),
    ("back-propagation", "Gopa 2024", "G4"),
    ("the update, gradient descent", "Gopa 2024", "G5"),
    ("results: accuracy on the development set", "Gopa 2024", "G6, G7"),
    ("preprocessing, Figures 1 and 2", "Shao 2023", "S1"),
    ("the layer as a class, stacking layers", "Shao 2023", "S2"),
    ("back-propagation of each layer, broadcasting", "Shao 2023", "S3"),
    ("Table 1: right and wrong by digit", "Shao 2023", "S4"),
    ("error analysis: which digit is read as which, 3 as 5", "Shao 2023", "S5"),
    ("improvement: digits rotated by 0 to 90 degrees", "Shao 2023", "S6"),
    (f"an accuracy of {per_cent(TOP, 1)}", "Shao 2023", "S7"),
)


def papers_in(store: Store) -> tuple[str, ...]:
    """The papers that the results file knows something about."""
    prefixes = ((GOPA, "gopa/"), (SHAO, "shao/"))
    return tuple(paper for paper, prefix in prefixes if store.below(prefix))


def page_of(store: Store, album: Album | None = None) -> Page:
    """The whole report as blocks."""
    page = Page(album)
    papers = papers_in(store)
    page.add(Heading("0", "What was claimed, and what was measured"))
    page.add(
        Table(
            "The two papers in short",
            ["", "the paper says", "measured here", "verdict"],
            [list(row) for row in claims(store)],
            texts=4,
        )
    )
    page.say(
        "A mean over runs with different seeds is given as mean ± half the 95 % interval "
        "(Student's t). The score of one network on n digits has Wilson's interval. Choices were "
        "made on digits held back from the training set; the test set was looked at for the "
        "scores alone."
    )
    both = {GOPA: "Gopa 2024", SHAO: "Shao 2023"}
    known = {both[paper] for paper in papers}
    page.add(
        Table(
            "Where each part of the papers is found here",
            ["part of the paper", "paper", "section"],
            [list(row) for row in WHERE if row[1] in known],
            texts=3,
        )
    )
    if GOPA in papers:
        gopa.write(page, store)
        curves.write(page, store)
        furthest.write(page, store)
    if SHAO in papers:
        preparation.write(page, store)
        shao.write(page, store)
        errors.write(page, store)
        rotation.write(page, store)
        ladder.write(page, store)
    _method(page, store)
    return page


def claims(store: Store) -> list[tuple[str, str, str, str]]:
    """Paper, claim, measurement, verdict; those of which something is known."""
    found: list[tuple[str, str, str, str]] = []
    notations = store.result("gopa/notations")
    if notations:
        worst = max(g["difference"] for g in notations["gradients"].values())
        found.append((
            "Gopa", "six equations for the gradients",
            f"equal to digitus's layers to {figure(worst)}",
            "correct" if worst < 1e-12 else "**different**",
        ))  # fmt: skip
    curve = store.result("gopa/curves/0.1")
    if curve:
        last = max(curve["scores"], key=int)
        values = [s["development"] for s in curve["scores"][last]]
        found.append((
            "Gopa", "“high accuracy” on the development set, no figure",
            f"{over_seeds(values)} after {int(last):,} iterations at α = 0.1",
            "depends on α and patience (G6)",
        ))  # fmt: skip
    steps = furthest.steps(store)
    if steps:
        values = [r["test"]["accuracy"] for r in steps[furthest.chosen(steps)]]
        found.append((
            "Gopa", "(not claimed) what 7,960 parameters can do",
            f"{over_seeds(values)} on the test set",
            f"descent on the whole set gives {over_seeds(furthest.paper(store))} at best (G7)"
            if curve else "(G7)",
        ))  # fmt: skip
    found.append((
        "Shao", f"from {per_cent(PAPER_CORRECT[3])} to {per_cent(TOP, 1)}",
        f"its own table: {PAPER_WRONG} errors in {PAPER_COUNT:,}, "
        f"{per_cent(1 - PAPER_WRONG / PAPER_COUNT)}",
        "one digit compared with a total (S4)",
    ))  # fmt: skip
    runs = shao.runs(store)
    if runs:
        totals = [r["test"]["accuracy"] for r in runs]
        found.append((
            "Shao", f"baseline, {per_cent(1 - PAPER_WRONG / PAPER_COUNT)} by its table",
            over_seeds(totals),
            "reproduced, a little better (S4)" if mean(totals) > 1 - PAPER_WRONG / PAPER_COUNT
            else "not reached (S4)",
        ))  # fmt: skip
        total = np.sum([np.array(r["test"]["confusion"]) for r in runs], axis=0)
        threes = [int(n) for n in total[3]]
        most = max((d for d in range(10) if d != 3), key=lambda d: threes[d])
        found.append((
            "Shao", "3 is read as 5", f"a misread 3 is read most often as {most}",
            "confirmed (S5)" if most == 5 else "not confirmed (S5)",
        ))  # fmt: skip
    before, after = (turned.runs(store, rotated.PAPER, r) for r in ("upright", "0 to 90"))
    if before and after:
        a, b = (rotation.upright(r) for r in (before, after))
        found.append((
            "Shao", f"training on 0 to 90 degrees gives {per_cent(TOP, 1)}",
            f"{over_seeds(a)} falls to {over_seeds(b)}" if mean(b) < mean(a) else over_seeds(b),
            "refuted (S6)" if mean(b) < mean(a) else "not refuted (S6)",
        ))  # fmt: skip
    steps = ladder.steps(store)
    if steps:
        values = ladder.tests(steps[max(steps)])
        found.append((
            "Shao", f"{per_cent(TOP, 1)} with sigmoid units", over_seeds(values),
            "reached, by other means (S7)" if mean(values) >= TOP else "not reached (S7)",
        ))  # fmt: skip
    known = {"Gopa": GOPA, "Shao": SHAO}
    return [row for row in found if known[row[0]] in papers_in(store)]


def _method(page: Page, store: Store) -> None:
    about = store.about
    page.add(Heading("M", "How it was measured"))
    seconds = sum(r["seconds"] for r in store.records.values())
    page.say(
        f"{len(store.records)} experiments by `digitus papers"
        f"{' --quick' if about.get('quick') else ''}`. Their times add up to {duration(seconds)} "
        "of one core (less where nothing else runs beside them). Each ran in a process of its "
        "own with one thread, so a figure does not depend on how many ran at a time. Settings and "
        "seeds of each are in the results file beside what it found; asked again, the command "
        "carries out only what is missing there. This page is written from that file by `digitus "
        "papers --only-report --results results/papers.json --markdown docs/papers.md`.",
        "The pictures of digits are MNIST's (LeCun, Cortes and Burges).",
    )
    rows = [[str(k), str(v)] for k, v in about.get("machine", {}).items()]
    if rows:
        page.add(Table("Where", ["", "value"], rows, texts=2))


def write_html(path: Path, store: Store, album: Album | None = None) -> None:
    """Writes the report as one file, with the digits that `album` has. Raises `OutputError`."""
    about = store.about
    pairs = [(str(k), str(v)) for k, v in about.get("machine", {}).items()]
    pairs.append(("experiments", str(len(store.records))))
    header = fill(
        "papers/report/papers.html",
        "header",
        title=TITLE,
        quick=QUICK if about.get("quick") else "",
        facts=pairs,
    )
    footer = (
        f"Written by digitus {__version__} from {store.path.name}. Everything "
        "on this page is in this one file."
    )
    write_text(path, render.html(TITLE, header, page_of(store, album), footer))


def markdown(store: Store) -> tuple[str, dict[str, bytes]]:
    """The report as Markdown, and its pictures by name."""
    lead = [
        "Gopa 2024, “A Neural Network-Based Digit Recognizer”, and Shao 2023, “Recognition of "
        "handwritten digital neural network construction and improvement”: every claim beside what "
        "was measured. Written by `digitus papers` from "
        "[results/papers.json](../results/papers.json); every number comes from there."
    ]
    if store.about.get("quick"):
        lead.append(f"**Quick.** {QUICK}")
    return render.markdown(TITLE, lead, page_of(store))


def write_markdown(path: Path, store: Store) -> None:
    """Writes the Markdown, and its pictures into a folder beside it. Raises `OutputError`."""
    text, files = markdown(store)
    for name, content in files.items():
        _write(path.parent / render.FOLDER / name, content)
    write_text(path, text)


def _write(path: Path, content: bytes) -> None:
    def fill(beside: Path) -> None:
        beside.write_bytes(content)

    write_atomically(path, fill)
