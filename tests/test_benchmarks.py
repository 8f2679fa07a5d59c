"""The benchmark is honest: everyone does the same work, and the page says what the figures say."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import asdict, replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import growth
import peers
from conftest import missing
from digitus.datasets.augment import augment
from digitus.datasets.augmentation import Augmentation
from digitus.recipe import planned
from digitus.synthetic.strokes import strokes
from peers import Task, own
from rows import (
    ABOUT,
    FULL,
    ROWS,
    Row,
    Size,
    answering,
    distorting,
    earlier,
    learning,
    limits,
    mapping,
    page,
    reaching,
    tasks,
)
from rows.processes import needed

ROOT = Path(__file__).parent.parent
TINY = Size(images=96, steps=1, answers=12, repeats=1, long=1, calls=3, starts=1, compiled=False)
SLOW = limits.Limits(flops=1e9, bandwidth=1e9)
LEARN: list[Any] = [(row, "plain NumPy") for row in learning.PEERS if row != "cnn"]
SLOW_LEARN = [(row, "PyTorch") for row in learning.PEERS]
SLOW_LEARN += [("cnn", "JAX"), ("epoch128", "scikit-learn")]
LEARN += [pytest.param(*each, marks=pytest.mark.slow) for each in SLOW_LEARN]


@cache
def small(name: str) -> Task:
    """A row's task with few images, of the pen."""
    images = 128 if name == "cnn" else 300
    return Task(tasks.recipe(name), strokes(images + tasks.SPARE, 0))


def module(who: str) -> Any:
    """A peer, where it is installed."""
    found = peers.peer(who)
    if isinstance(found, str):
        missing(peers.NEEDS[who][1], found)
    return found


@pytest.mark.parametrize(("row", "who"), LEARN)
def test_peers_learn_the_same(row: str, who: str) -> None:
    task = small(row)
    mine, theirs = own.Learner(task), module(who).learner(task)
    assert peers.disagreement(task, mine, theirs) < 2e-4
    losses = []
    for learner in (mine, theirs):
        learner.prepare()
        losses.append(learner.epoch(0))
        learner.prepare()
        losses.append(learner.epoch(1))
        learner.close()
    # Steps are the same, too: the second epoch's loss is that of what the first one learnt.
    tolerance = 0.05 if who == "scikit-learn" else 2e-3  # it goes in an order of its own
    assert losses[2:] == pytest.approx(losses[:2], rel=tolerance)
    assert losses[1] < losses[0]


def test_a_wrong_gradient_is_noticed() -> None:
    task = small("step10")
    mine, theirs = own.Learner(task), module("plain NumPy").learner(task)
    right = theirs.gradients
    theirs.gradients = lambda images, labels: (
        right(images, labels)[0],
        {k: 1.01 * g for k, g in right(images, labels)[1].items()},
    )
    assert peers.disagreement(task, mine, theirs) > learning.TOLERANCE


@pytest.mark.parametrize("network", ["epoch800", "cnn"])
@pytest.mark.parametrize("who", answering.PEERS)
def test_peers_answer_the_same(who: str, network: str) -> None:
    recognizer, images = tasks.recognizer(network), strokes(7, 1).images
    with ExitStack() as stack:
        predict = module(who).predictor(recognizer, 1, len(images), stack)
        assert peers.difference(recognizer, images, predict) < 1e-5
        assert predict(images).dtype == np.float32


@pytest.mark.parametrize("who", ["PyTorch", "SciPy"])
def test_peers_distort_the_same(who: str) -> None:
    name, library = distorting.PEERS[who]
    if find_spec(library) is None:
        missing(library, f"{library} is not installed")
    distort = __import__(name, fromlist=["distort"]).distort
    images, rng = strokes(20, 2).images, np.random.default_rng(0)
    fixed: dict[str, Any] = {"rotate": (10, 10), "scale": (0.1, 0.1), "shear": (8, 8)}
    affine = Augmentation(**fixed, shift=(1.5, 1.5))
    theirs, mine = distort(images, affine, rng, 1), augment(images, affine, rng)
    assert np.abs(theirs.astype(int) - mine).mean() < 0.5  # OpenCV looks up at 1/32 of a pixel
    assert np.abs(images.astype(int) - mine).mean() > 10
    # On a slope of 10 grey levels for each pixel, noise is displacement.
    slope = np.tile(np.arange(0, 250, 10, dtype=np.uint8), (200, 25, 1))
    elastic = Augmentation(elastic=0.8, smoothness=3)
    spread = [
        (changed[:, 8:-8, 8:-8].astype(float) - slope[:, 8:-8, 8:-8]).std() / 10
        for changed in (distort(slope, elastic, rng, 1), augment(slope, elastic, rng))
    ]
    assert spread == pytest.approx([0.8, 0.8], rel=0.08)


def test_operations_are_counted() -> None:
    network = tasks.recipe("step10").network
    forward = 2 * (784 * 10 + 10 * 10)
    assert limits.operations(network, (28, 28, 1), learn=False) == forward
    assert limits.operations(network, (28, 28, 1), learn=True) == 2 * forward + 2 * 100


def test_rows_have_the_stated_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "digits", lambda count: strokes(count, 0))
    monkeypatch.setattr(peers, "NEEDS", {"plain NumPy": peers.NEEDS["plain NumPy"]})
    word = "not asked"
    only = {"plain NumPy": peers.peer("plain NumPy")}
    for place in (learning, answering):
        monkeypatch.setattr(place, "peer", lambda who: only.get(who, word))
    found = {}
    for measure, name in (
        (learning.measure, "step10"),
        (learning.measure, "epoch128"),
        (answering.batch, "batch"),
        (answering.single, "single"),
    ):
        found |= {k: row.record() for k, row in measure(name, TINY, 1, SLOW)}  # type: ignore[operator]
    assert list(found) == [
        "step10", "epoch128", "batch", "batch.cnn", "batch.shipped", "single", "single.p99",
    ]  # fmt: skip
    for row in found.values():
        assert row["digitus"] > 0
        assert row["spread"]["digitus"][0] <= row["digitus"] <= row["spread"]["digitus"][1]
        assert set(row["skipped"].values()) <= {word, "left out of a quick session"}
    assert found["step10"]["peers"]["plain NumPy"] > 0
    json.dumps(found)


def test_a_mapped_file_is_learnt_from_as_memory_is() -> None:
    size = replace(TINY, mapped=600, drawn=1)
    found = {k: row.record() for k, row in mapping.measure("mapped", size, 1, SLOW)}
    assert list(found) == ["mapped", "mapped.memory"]
    for row in found.values():
        assert row["digitus"] >= 0
        assert list(row["peers"]) == ["in memory"]


def test_a_mark_is_reached_by_the_mean() -> None:
    runs = {
        "seconds": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]],
        "accuracy": [[98, 99], [98, 100], [99, 100]],
    }
    assert reaching.first(runs, 99) == ([3.0, 4.0], 99)
    assert reaching.first(runs, 99.8) == ([5.0, 6.0], 99.5)  # the best, which is not enough


@pytest.mark.parametrize("mark", reaching.MARKS)
def test_schedules_fit_mnist(mark: str) -> None:
    recipe = reaching.schedule(mark, 3, FULL)
    assert recipe.seed == 3
    assert planned(recipe.network, (28, 28))


def test_the_exponent_is_the_slope_of_the_logarithms() -> None:
    x = [1, 10, 100]
    assert growth.exponent(x, [3.0 * a**1.5 for a in x]) == pytest.approx(1.5)


def test_the_growth_page_is_the_one_of_the_results_file() -> None:
    record = json.loads(growth.RESULTS.read_text("utf-8"))
    for path, text in growth.pages(record).items():
        assert path.read_text("utf-8") == text, "stale: python benchmarks/growth.py --page"


def test_what_is_needed_is_the_core() -> None:
    names = needed(["digitus"])
    assert {"digitus", "numpy", "pillow"} <= names
    assert not {"torch", "pytest", "matplotlib"} & names


RECORD: dict[str, Any] = {
    "run": "full",
    "threads": 2,
    "size": asdict(FULL),
    "machine": {"processor": "a processor", "system": "a system", "versions": {"digitus": "1"}},
    "versions": {"python": "3"},
    "limits": {"gflops": 100.0, "gb_per_s": 10.0},
    "rows": {
        name: {
            "unit": "MB" if name.startswith(("size", "memory")) else "s",
            "digitus": 0.02,
            "peers": {"Quick": 0.01, "Slow": 0.08},
            "spread": {"digitus": [0.01, 0.03]},
            "skipped": {"Absent": "it is not installed"},
            "machine_limit": 0.005,
            "load": 0.1,
        }
        for name in ABOUT
    },
}


def test_the_page_is_made_of_the_figures_alone() -> None:
    text = page.page(RECORD)
    for words in (
        "**2 times slower than Quick**", "Quick 10.0 ms", "20.0 ms [10.0 ms, 30.0 ms]",
        "80.0 ms (4.00)", "Absent: it is not installed", "behind Quick", "60,000 images",
        "| step10 | 5.00 ms | 25 % | 50 % |", "a processor", "2 threads",
    ):  # fmt: skip
        assert words in text
    assert "quick session" not in text
    assert "no claim" in page.page({**RECORD, "run": "quick"})
    assert all(f"| {name} |" in text for name in ROWS)


def test_fewer_bits_stand_apart() -> None:
    row = Row(turns={"digitus": [3.0], "PyTorch": [2.0], "PyTorch in bfloat16": [1.0]}).record()
    assert row["peers"] == {"PyTorch": 2.0}
    assert row["bfloat16"] == {"PyTorch in bfloat16": 1.0}
    rows = {**RECORD["rows"], "cnn": {**RECORD["rows"]["cnn"], "bfloat16": row["bfloat16"]}}
    assert "| cnn | PyTorch in bfloat16 | 1.00 s |" in page.page({**RECORD, "rows": rows})


def test_the_page_says_whether_there_was_a_gpu() -> None:
    assert "Not measured: there was no GPU." in page.page(RECORD)
    rows = {**RECORD["rows"], "cnn": {**RECORD["rows"]["cnn"], "gpu": {"digitus on a GPU": 0.5}}}
    assert "| cnn | digitus on a GPU | 500 ms |" in page.page({**RECORD, "rows": rows})


def test_the_page_says_what_was_not_reached() -> None:
    row = {**RECORD["rows"]["to99"], "digitus": None, "skipped": {"digitus": "98.70 % at best"}}
    text = page.page({**RECORD, "rows": {**RECORD["rows"], "to99": row}})
    assert "**98.70 % at best**" in text


def test_the_page_is_the_one_of_the_results_file() -> None:
    record = json.loads((ROOT / "results" / "benchmarks.json").read_text("utf-8"))
    text = (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
    assert text == page.page(record), "stale: python -m benchmarks --page"


def test_a_record_has_medians() -> None:
    row = Row(turns={"digitus": [3.0, 1.0, 2.0], "peer": [4.0, 6.0]}).record()
    assert (row["digitus"], row["peers"]) == (2.0, {"peer": 5.0})
    assert row["spread"] == {"digitus": [1.0, 3.0], "peer": [4.0, 6.0]}


def test_rows_are_added_to_those_of_the_same_machine(tmp_path: Path) -> None:
    file = tmp_path / "benchmarks.json"
    assert earlier(file, RECORD) == earlier(None, RECORD) == {}
    file.write_text(json.dumps(RECORD), "utf-8")
    assert earlier(file, RECORD) == RECORD["rows"]
    assert earlier(file, {**RECORD, "threads": 99}) == {}
    assert earlier(file, {**RECORD, "versions": {"numpy": "0.0"}}) == {}


def test_it_is_a_command() -> None:
    command = [sys.executable, "-m", "benchmarks", "--rows", "nonsense"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no row nonsense; there are step10" in done.stderr
