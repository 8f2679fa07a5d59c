"""/api/mistakes: whose, which, in what order, found once."""

from __future__ import annotations

import base64
import threading
import time
from typing import Any

import numpy as np
import pytest

import small
from digitus.datasets import sources
from digitus.evaluation import evaluate
from digitus.recognizer import Recognizer
from digitus.serve import mistakes
from digitus.serve.mistakes import MistakesQuery, misread
from serving import Serving, serving


def test_mistakes(served: Serving) -> None:
    found = served.client.get("/api/mistakes").json()
    digits = small.digits(400, seed=9)
    read = small.recognizer().probabilities(digits.images).argmax(1)
    wrong = np.flatnonzero(read != digits.labels)
    assert found["total"] == len(wrong)
    assert found["count"] == 400
    assert len(found["mistakes"]) == min(60, len(wrong))
    assert {m["index"] for m in found["mistakes"]} <= set(wrong.tolist())
    confidences = [m["confidence"] for m in found["mistakes"]]
    assert confidences == sorted(confidences, reverse=True)
    for m in found["mistakes"]:
        assert (m["true"], m["read"]) == (digits.labels[m["index"]], read[m["index"]])
        raw = np.frombuffer(base64.b64decode(m["pixels"]), np.uint8)
        np.testing.assert_array_equal(raw, digits.images[m["index"]].ravel())
        assert m["refused"] == (m["confidence"] < found["threshold"])
    pages = [
        served.client.get(f"/api/mistakes?limit=7&offset={k}").json()["mistakes"]
        for k in range(0, len(wrong), 7)
    ]
    assert sum(map(len, pages)) == len(wrong)
    assert [m for part in pages for m in part][:60] == found["mistakes"]
    for query in ("true=10", "read=-1", "limit=0", "limit=201", "offset=x", "true="):
        assert served.client.get(f"/api/mistakes?{query}").status_code == 400


def test_whose_mistakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.delenv("DIGITUS_DATA", raising=False)
    asked = []

    def nothing_here(name: str, part: str, **settings: Any) -> Any:
        asked.append((name, part, settings))
        if name == "mnist":
            raise sources.DataError("nowhere")
        return small.digits(50)

    monkeypatch.setattr(mistakes, "load", nothing_here)
    assert len(digits := mistakes.test_digits()) == 50
    assert digits.name == "strokes"  # as runs call it, for the page has words for that
    assert asked[0] == ("mnist", "test", {"download": False})
    assert asked[1][:2] == ("strokes", "test")


def test_no_mistakes_at_all() -> None:
    digits = small.digits(100)
    found = misread(evaluate(Perfect(*_parts()), digits), MistakesQuery(limit=10), "strokes")
    assert (found.total, found.mistakes) == (0, [])


def _parts() -> tuple[Any, Any]:
    return small.recognizer().recipe, small.recognizer().params


class Perfect(Recognizer):
    """Knows the answers."""

    def probabilities(self, images: Any, each: Any = map) -> Any:
        return np.eye(10)[small.digits(100).labels]


def test_two_at_once_find_the_mistakes_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    found = []

    def slow() -> Any:
        found.append(1)
        time.sleep(0.2)
        return small.digits(100)

    monkeypatch.setattr(mistakes, "test_digits", slow)
    with serving(tmp_path) as ours:
        threads = [
            threading.Thread(target=ours.client.get, args=("/api/mistakes",)) for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [1]
