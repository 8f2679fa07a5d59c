"""The report in HTML: whole, on its own, with verdicts that follow the numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitus.datasets import sources
from digitus.datasets.sources import load
from digitus.papers.experiments import shao_rotation
from digitus.papers.images import Album
from digitus.papers.images import album as album_of
from digitus.papers.report import claims, markdown, write_html
from digitus.papers.store import Store, open_store
from digitus.synthetic.strokes import strokes
from html_page import Page

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "results" / "papers.json"


@pytest.fixture(scope="module")
def store() -> Store:
    return open_store(RESULTS)


def drawn(part: str, places: Sequence[int]) -> np.ndarray:
    """An album of the simulated pen."""
    return strokes(len(places), seed=len(part)).images


@pytest.mark.slow
@pytest.mark.parametrize("album", [drawn, None])
def test_html_is_whole_and_fetches_nothing(
    album: Album | None, store: Store, tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    write_html(path, store, album)
    text = path.read_text("utf-8")
    tags = [attributes for _, attributes in Page(text).tags]
    ids = [a["id"] for a in tags if "id" in a]
    links = [a[name] or "" for a in tags for name in ("href", "src") if name in a]
    assert len(set(ids)) == len(ids)
    assert all(link.startswith("#") and link[1:] in ids for link in links)
    assert "http" not in re.sub(r"base64,[^)]*|http-equiv|http://www.w3.org/2000/svg", "", text)
    assert len(text) < 2_000_000
    assert "All 3s that the baseline misreads" in text
    assert ("not kept" in text) == (not album)


def test_an_album_has_the_images_at_their_places(mnist_dir: Path) -> None:
    found = album_of(mnist_dir)
    assert found is not None
    test = load("mnist", "test", data_dir=mnist_dir)
    assert np.array_equal(found("test", [7, 3]), test.images[[7, 3]])


def test_no_album_without_mnist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DIGITUS_DATA", raising=False)
    monkeypatch.setattr(sources, "cache_folder", lambda: tmp_path)
    assert album_of(tmp_path) is None


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
        tests = {t: score(accuracy) for t in shao_rotation.TESTS}
        record = {"tests": tests, "own_range": 0.9, "angles": {"0": accuracy}, "development": 0.9}
        for seed in range(2):
            store.put(f"shao/rotation/{shao_rotation.PAPER}/{degrees}/{seed}", {}, record, 1.0)
    verdicts = {claim: verdict for _, claim, _, verdict in claims(store)}
    assert verdicts["training on 0 to 90 degrees gives 99.1\u00a0%"] == "not refuted (S6)"
    text, _ = markdown(store)
    assert "**Quick.**" in text
    assert "refuted for upright digits" not in text
    assert "*Not measured yet.*" in text
    assert "## G1" not in text
