"""The results file and the laboratory: nothing is lost, nothing is done twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitus.datasets.idx import write_idx
from digitus.errors import DataError
from digitus.papers import runner
from digitus.papers.experiments import plan
from digitus.papers.images import packed, unpacked
from digitus.papers.runner import Experiment
from digitus.papers.store import Store, open_store
from small import digits


def test_a_record_is_there_as_soon_as_it_is_made(tmp_path: Path) -> None:
    store = Store(tmp_path / "results.json", {"quick": True})
    store.put("a/b", {"seeds": (0, 1)}, {"x": np.arange(3), "y": np.float32(0.5)}, 1.234)
    again = open_store(store.path)
    assert again.about == {"quick": True}
    assert again.result("a/b") == {"x": [0, 1, 2], "y": 0.5}
    assert again.has("a/b", {"seeds": [0, 1]})
    assert not again.has("a/b", {"seeds": [0, 1, 2]})
    assert not again.has("a/c", {"seeds": [0, 1]})
    assert again.below("a/") == {"b": again.result("a/b")}


def test_the_file_can_be_read_by_people(tmp_path: Path) -> None:
    store = Store(tmp_path / "results.json")
    store.put("curve", {}, {"long": list(range(500)), "table": [[1, 2], [3, 4]] * 30}, 1.0)
    text = store.path.read_text("utf-8")
    assert json.loads(text)["records"]["curve"]["result"]["table"][1] == [3, 4]
    assert max(len(line) for line in text.splitlines() if "long" not in line) < 120


@pytest.mark.parametrize("text", ["", "[]", "{", '{"version": 2}', '{"version": 1}', "null"])
def test_another_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "results.json"
    path.write_text(text)
    with pytest.raises(DataError, match=r"results\.json"):
        open_store(path)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8])
def test_pictures_survive(dtype: Any) -> None:
    images = np.arange(3 * 28 * 28).astype(dtype).reshape(3, 28, 28)
    record = json.loads(json.dumps(packed(images)))
    assert np.array_equal(unpacked(record), images)
    assert unpacked(record).dtype == dtype


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """Strokes in files named like MNIST's."""
    folder = tmp_path / "data"
    folder.mkdir()
    for part, few in (("train", digits(300)), ("t10k", digits(100, 9))):
        write_idx(folder / f"{part}-images-idx3-ubyte.gz", few.images)
        write_idx(folder / f"{part}-labels-idx1-ubyte.gz", few.labels)
    return folder


def test_only_what_is_missing_is_carried_out(tmp_path: Path, data_dir: Path) -> None:
    store = Store(tmp_path / "results.json")
    settings = {"seed": 0, "examples": 20}
    one = Experiment("one", "gopa.notations", settings, after=("two",))
    two = Experiment("two", "gopa.notations", {**settings, "seed": 1})
    told: list[str] = []

    def perform(*experiments: Experiment) -> None:
        folder = tmp_path / "parts"
        runner.perform(experiments, store, folder, data_dir, threads=2, tell=told.append)

    perform(one, two)
    assert [line.split()[3] for line in told] == ["two", "one"], "one waits for two"
    perform(one, two)
    assert len(told) == 2
    changed = Experiment("one", "gopa.notations", {**settings, "examples": 30})
    assert runner.missing([changed, two], store) == [changed]
    failing = Experiment("three", "gopa.setup", {"development": 10**6})
    with pytest.raises(DataError, match="cannot hold back"):
        perform(failing)
    assert set(open_store(store.path).records) == {"one", "two"}


@pytest.mark.slow
@pytest.mark.parametrize("size", [plan.FULL, plan.QUICK])
def test_the_plan(size: plan.Size) -> None:
    found = plan.experiments(plan.PAPERS, size)
    names = [e.name for e in found]
    assert len(set(names)) == len(names)
    assert {name.split("/")[0] for name in names} == {"gopa", "shao"}
    known = set(names)
    assert all(known.issuperset(e.after) for e in found)
    for e in found:
        module, function = e.function.split(".")
        assert hasattr(
            __import__(f"digitus.papers.experiments.{module}", fromlist=[module]), function
        )
        json.dumps(e.settings)
