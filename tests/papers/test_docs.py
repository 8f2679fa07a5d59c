"""docs/papers.md says what the results file says; where it matters most, counted once more."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import cv2
import numpy as np
import pytest

from digitus.metrics import t95
from digitus.papers import runner
from digitus.papers.experiments import plan, shao_improved, shao_rotation
from digitus.papers.report import gopa_improved, markdown, to_markdown
from digitus.papers.store import Store, open_store

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "papers.md"
RESULTS = ROOT / "results" / "papers.json"


@pytest.fixture(scope="module")
def store() -> Store:
    return open_store(RESULTS)


@pytest.fixture(scope="module")
def docs() -> str:
    return DOCS.read_text("utf-8")


def rows(text: str, caption: str) -> dict[str, list[str]]:
    """The table under a caption: name of the row to its cells."""
    lines = text.split(f"*{caption}", 1)[1].split("\n\n", 2)[1].splitlines()
    cells = [[c.strip(" *") for c in line.strip("|").split(" | ")] for line in lines]
    return {c[0]: c[1:] for c in cells[2:]}


def interval(values: list[float]) -> str:
    """Mean and interval computed by other means than the page's."""
    half = t95(len(values) - 1) * stdev(values) / len(values) ** 0.5
    return f"{100 * mean(values):.2f} ± {100 * half:.2f}\u00a0%"


def test_docs_are_what_the_results_file_makes(store: Store, docs: str) -> None:
    text, files = markdown(store)
    assert text == docs, "stale: digitus papers --results results/papers.json --only-report ..."
    for name, content in files.items():
        path = DOCS.parent / to_markdown.FOLDER / name
        if name.endswith(".svg"):
            assert path.read_bytes() == content, f"{name} is stale"
        else:
            there = cv2.imread(str(path))
            made = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
            assert there.shape == made.shape, f"{name} is stale"
    pictures = {p.name for p in (DOCS.parent / to_markdown.FOLDER).glob("papers-*")}
    assert pictures == set(files), "pictures that nothing shows"


def test_the_full_run_is_committed(store: Store) -> None:
    assert store.about["quick"] is False
    left = runner.missing(plan.experiments(plan.PAPERS, plan.FULL), store)
    assert not left, f"not in results/papers.json: {[e.name for e in left]}"


def test_table_1(store: Store, docs: str) -> None:
    runs = [store.result(f"shao/baseline/{seed}") for seed in range(5)]
    table = rows(docs, "Test set. Seed 0 in the paper's columns")
    tables = [np.array(r["test"]["confusion"]) for r in runs if r]
    for digit in range(10):
        shares = [float(c[digit, digit] / c[digit].sum()) for c in tables]
        wrong = int(tables[0][digit].sum() - tables[0][digit, digit])
        assert table[str(digit)][2] == str(wrong)
        assert table[str(digit)][5] == interval(shares)
    assert table["3"][0] == "86.93\u00a0%"
    assert table["8"][0] == "87.17\u00a0%"
    assert table["all"][0] == "92.64\u00a0%"
    totals = [float(np.trace(c) / c.sum()) for c in tables]
    assert table["all"][5] == interval(totals)


def test_grid(store: Store, docs: str) -> None:
    for network in (shao_rotation.PAPER, shao_rotation.RELU):
        table = rows(docs, f"{network} (")
        assert list(table) == list(shao_rotation.RANGES)
        for degrees, cells in table.items():
            runs = [store.result(f"shao/rotation/{network}/{degrees}/{s}") for s in range(3)]
            for test, cell in zip(shao_rotation.TESTS, cells, strict=True):
                assert cell == interval([r["tests"][test]["accuracy"] for r in runs if r])


def test_learning_curves(store: Store, docs: str) -> None:
    table = rows(docs, "Accuracy on the test set: mean over 5 seeds")
    for alpha in (0.05, 0.1, 0.2, 0.5, 1.0):
        scores = store.records[f"gopa/curves/{alpha}"]["result"]["scores"]
        cells = [interval([s["test"]["accuracy"] for s in scores[t]]) for t in scores]
        assert table[f"α = {alpha}"] == cells


def test_goals_are_met(store: Store) -> None:
    """784-10-10 at 94.5 % over 5 seeds; a sigmoid network at 99.1 % over 3."""
    best = gopa_improved.chosen(gopa_improved.steps(store)).number
    small = [store.records[f"gopa/furthest/{best}/{s}"]["result"] for s in range(5)]
    assert mean(r["test"]["accuracy"] for r in small) >= 0.945
    assert {r["parameters"] for r in small} == {7960}
    last = len(shao_improved.STEPS) - 1
    sigmoid = [store.records[f"shao/ladder/{last}/{s}"]["result"] for s in range(3)]
    assert mean(r["test"]["accuracy"] for r in sigmoid) >= 0.991
    assert np.all([r["parameters"] <= 784 * 800 + 800 + 8000 + 10 for r in sigmoid])


def test_both_notations_agree(store: Store) -> None:
    found = store.records["gopa/notations"]["result"]["gradients"]
    assert all(g["difference"] < 1e-12 for g in found.values())


def test_misread_threes_are_those_of_the_confusion_matrix(store: Store) -> None:
    for name in ("shao/baseline/0", "shao/ladder/7/0"):
        r = store.records[name]["result"]
        row = list(np.array(r["test"]["confusion"])[3])
        row[3] = 0
        assert row == [r["threes"]["read_as"].count(d) for d in range(10)]
        assert len(set(r["threes"]["places"])) == sum(row)


def test_every_part_of_the_papers_is_found(store: Store, docs: str) -> None:
    numbers = re.findall(r"^## (\S+) ", docs, flags=re.MULTILINE)
    assert numbers == ["0", *(f"G{k}" for k in range(1, 8)), *(f"S{k}" for k in range(1, 8)), "M"]
    where = rows(docs, "Where each part of the papers is found here")
    assert len(where) == 13
    for _, sections in where.values():
        assert set(sections.split(", ")) <= set(numbers)
    assert "*Not measured yet.*" not in docs


def test_results_and_page_hold_no_digits_of_mnist(store: Store, docs: str) -> None:
    def packed(value: Any) -> Iterator[dict[str, Any]]:
        if isinstance(value, dict):
            yield from [value] if "data" in value and "kind" in value else []
            for inner in value.values():
                yield from packed(inner)

    kinds = [record["kind"] for record in packed(store.records)]
    assert kinds.count("signed") == len(kinds) - 1  # weights, and one mean of all pictures
    assert docs.count("not kept with the results") == 4


def test_results_are_all_numbers(store: Store) -> None:
    """No infinity, no NaN: strict JSON."""
    json.loads(RESULTS.read_text("utf-8"), parse_constant=pytest.fail)
    assert all(r["seconds"] > 0 for r in store.records.values())


def test_files_that_are_named_are_there(docs: str) -> None:
    named = re.findall(r"`((?:datasets|nn|papers)/[\w/]+\.py)`", docs)
    assert named
    assert all((ROOT / "src" / "digitus" / name).exists() for name in named)
