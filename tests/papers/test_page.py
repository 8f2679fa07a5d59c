"""The report: docs/papers.md says what the results file says, and the pages hold together."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import cv2
import numpy as np
import pytest

from digitus.datasets import sources
from digitus.datasets.sources import load
from digitus.metrics import t95
from digitus.papers.experiments import ladder, rotation
from digitus.papers.experiments.bench import Album
from digitus.papers.experiments.bench import album as album_of
from digitus.papers.report import document, furthest, render
from digitus.papers.report.blocks import (
    Chart,
    Figures,
    Heading,
    Line,
    Page,
    Pictures,
    Table,
    over_seeds,
    per_cent,
    points,
)
from digitus.papers.store import Store, open_store
from digitus.synthetic.strokes import strokes

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "papers.md"
RESULTS = ROOT / "results" / "papers.json"
VOID = {"meta", "br", "img", "link", "hr", "input", "rect", "circle", "path"}


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


# ------------------------------------------------------------------ docs/papers.md, regenerated


def test_docs_are_what_the_results_file_makes(store: Store, docs: str) -> None:
    text, files = document.markdown(store)
    assert text == docs, "stale: digitus papers --results results/papers.json --only-report ..."
    for name, content in files.items():
        path = DOCS.parent / render.FOLDER / name
        if name.endswith(".svg"):
            assert path.read_bytes() == content, f"{name} is stale"
        else:
            there = cv2.imread(str(path))
            made = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
            assert there.shape == made.shape, f"{name} is stale"
    pictures = {p.name for p in (DOCS.parent / render.FOLDER).glob("papers-*")}
    assert pictures == set(files), "pictures that nothing shows"


def test_the_full_run_is_committed(store: Store) -> None:
    from digitus.papers import runner
    from digitus.papers.experiments import plan

    assert store.about["quick"] is False
    left = runner.missing(plan.experiments(plan.PAPERS, plan.FULL), store)
    assert not left, f"not in results/papers.json: {[e.name for e in left]}"


# ----------------------------------------------- and once more, by hand, where it matters most


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
    for network in (rotation.PAPER, rotation.RELU):
        table = rows(docs, f"{network} (")
        assert list(table) == list(rotation.RANGES)
        for degrees, cells in table.items():
            runs = [store.result(f"shao/rotation/{network}/{degrees}/{s}") for s in range(3)]
            for test, cell in zip(rotation.TESTS, cells, strict=True):
                assert cell == interval([r["tests"][test]["accuracy"] for r in runs if r])


def test_learning_curves(store: Store, docs: str) -> None:
    table = rows(docs, "Accuracy on the test set: mean over 5 seeds")
    for alpha in (0.05, 0.1, 0.2, 0.5, 1.0):
        scores = store.records[f"gopa/curves/{alpha}"]["result"]["scores"]
        cells = [interval([s["test"]["accuracy"] for s in scores[t]]) for t in scores]
        assert table[f"α = {alpha}"] == cells


def test_goals_are_met(store: Store) -> None:
    """784-10-10 at 94.5 % over 5 seeds; a sigmoid network at 99.1 % over 3."""
    best = furthest.chosen(furthest.steps(store))
    small = [store.records[f"gopa/furthest/{best}/{s}"]["result"] for s in range(5)]
    assert mean(r["test"]["accuracy"] for r in small) >= 0.945
    assert {r["parameters"] for r in small} == {7960}
    last = len(ladder.STEPS) - 1
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
    for _, _, where in document.WHERE:
        assert set(where.split(", ")) <= set(numbers)
    assert "*Not measured yet.*" not in docs


# ------------------------------------------------------------------------------- the pages


class Html(HTMLParser):
    """Complains of tags that do not balance; collects addresses."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.ids += [found["id"] or ""] if "id" in found else []
        self.links += [v or "" for k, v in attrs if k in ("href", "src")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def drawn(part: str, places: Sequence[int]) -> np.ndarray:
    """An album of the simulated pen."""
    return strokes(len(places), seed=len(part)).images


@pytest.mark.parametrize("album", [drawn, None])
def test_html_is_whole_and_fetches_nothing(
    album: Album | None, store: Store, tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    document.write_html(path, store, album)
    text = path.read_text("utf-8")
    html = Html(text)
    assert len(set(html.ids)) == len(html.ids)
    assert all(link.startswith("#") and link[1:] in html.ids for link in html.links)
    assert "http" not in re.sub(r"base64,[^)]*|http-equiv|http://www.w3.org/2000/svg", "", text)
    assert len(text) < 2_000_000
    assert "All 3s that the baseline misreads" in text
    assert ("not kept" in text) == (not album)


def test_results_and_page_hold_no_digits_of_mnist(store: Store, docs: str) -> None:
    def packed(value: Any) -> Iterator[dict[str, Any]]:
        if isinstance(value, dict):
            yield from [value] if "data" in value and "kind" in value else []
            for inner in value.values():
                yield from packed(inner)

    kinds = [record["kind"] for record in packed(store.records)]
    assert kinds.count("signed") == len(kinds) - 1  # weights, and one mean of all pictures
    assert docs.count("not kept with the results") == 4


def test_an_album_has_the_images_at_their_places(mnist_dir: Path) -> None:
    found = album_of(mnist_dir)
    assert found is not None
    test = load("mnist", "test", data_dir=mnist_dir)
    assert np.array_equal(found("test", [7, 3]), test.images[[7, 3]])


def test_no_album_without_mnist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DIGITUS_DATA", raising=False)
    monkeypatch.setattr(sources, "cache_folder", lambda: tmp_path)
    assert album_of(tmp_path) is None


def test_text_cannot_become_markup() -> None:
    few = Page()
    few.add(Heading("X1", "a <b>"), Table("c & d", ["<i>", "x"], [["<script>", "**1**"]]))
    few.say("`x < y` and **bold** & [there](https://example.org)")
    text = render.html("<title>", "", few, "")
    assert "<script>" not in text.split("<main>")[1].split("</main>")[0]
    assert "a &lt;b&gt;" in text
    assert "<code>x &lt; y</code> and <strong>bold</strong> &amp; <a href=" in text
    markdown, _ = render.markdown("T", [], few)
    assert "## X1 a <b>" in markdown
    assert "| <script> | **1** |" in markdown


def test_figures_become_files() -> None:
    few = Page()
    images = np.zeros((3, 28, 28), np.uint8)
    images[1] = 255
    lines = [Line("one", [0, 1, 2], [0.1, 0.2, 0.3], [0.01] * 3), Line("two", [0, 2], [0.5, 0.2])]
    few.add(
        Heading("X1", "figures"),
        Pictures("few", "three", images, ["a", "b", "c"]),
        Pictures("weights", "three", images.astype(np.int8), ["a", "b", "c"]),
        Figures([Chart("curve", "a curve", "x", lines, low=0.15)]),
    )
    text, files = render.markdown("T", [], few)
    assert set(files) == {"papers-few.png", "papers-weights.png", "papers-curve.svg"}
    assert all(f"](pictures/{name})" in text for name in files)
    sheet = cv2.imdecode(np.frombuffer(files["papers-few.png"], np.uint8), cv2.IMREAD_COLOR)
    assert sheet[10, 10].tolist() == [255, 255, 255]
    assert sheet[10, 130].tolist() == [0, 0, 0]
    svg = files["papers-curve.svg"].decode("utf-8")
    assert svg.count('<path class="line') == 2
    assert "a curve" in svg
    Html(render.html("T", "", few, ""))


def test_words_for_numbers() -> None:
    assert per_cent(0.92641) == "92.64\u00a0%"
    assert points(-0.0123) == "−1.23"
    assert over_seeds([0.5]) == "50.00\u00a0% (one run)"
    values = [0.91, 0.93, 0.92]
    assert over_seeds(values) == interval(values)


def test_verdicts_follow_the_numbers(tmp_path: Path) -> None:
    """A page about other results says other things."""

    def score(accuracy: float) -> dict[str, Any]:
        right = round(1000 * accuracy)
        table = np.zeros((10, 10), int)
        np.fill_diagonal(table, right // 10)
        table[3, 7] = 1000 - right
        return {"n": 1000, "accuracy": accuracy, "interval95": [0, 1], "confusion": table.tolist()}

    store = Store(tmp_path / "results.json", {"quick": True})
    for degrees, accuracy in (("upright", 0.93), ("0 to 90", 0.95)):
        tests = {t: score(accuracy) for t in rotation.TESTS}
        record = {"tests": tests, "own_range": 0.9, "angles": {"0": accuracy}, "development": 0.9}
        for seed in range(2):
            store.put(f"shao/rotation/{rotation.PAPER}/{degrees}/{seed}", {}, record, 1.0)
    verdicts = {claim: verdict for _, claim, _, verdict in document.claims(store)}
    assert verdicts["training on 0 to 90 degrees gives 99.1\u00a0%"] == "not refuted (S6)"
    text, _ = document.markdown(store)
    assert "**Quick.**" in text
    assert "refuted for upright digits" not in text
    assert "*Not measured yet.*" in text
    assert "## G1" not in text


def test_results_are_all_numbers(store: Store) -> None:
    """No infinity, no NaN: strict JSON."""
    json.loads(RESULTS.read_text("utf-8"), parse_constant=pytest.fail)
    assert all(r["seconds"] > 0 for r in store.records.values())
