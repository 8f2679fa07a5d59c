"""`benchmarks/legibility.py`: which digits are asked, how they look, how answers count."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import legibility


def told(truth: int, named: int) -> dict[str, Any]:
    cell = np.zeros((legibility.HEIGHT, legibility.WIDTH, 3), np.uint8)
    return {"page": 0, "truth": truth, "named": named, "cell": cell}


@pytest.mark.slow
def test_digits_are_shown_at_their_place_with_their_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(legibility, "development", lambda: None)  # the pen's alone
    found = legibility.digits(0, count=12, seed=1)
    assert len(found) > 30
    assert np.mean([one["truth"] == one["named"] for one in found]) > 0.9
    for one in found:
        frame = (one["cell"] == legibility.FRAME).all(2)
        rows, columns = np.nonzero(frame)
        assert one["cell"].shape == (legibility.HEIGHT, legibility.WIDTH, 3)
        assert abs(rows.mean() - legibility.HEIGHT / 2) < 2
        assert abs(columns.mean() - legibility.WIDTH / 2) < 2
        inside = one["cell"][rows.min() + 3 : rows.max() - 2, columns.min() + 3 : columns.max() - 2]
        assert inside.std() > 20  # there is ink


def test_as_many_misnamed_as_named_are_asked_and_mixed() -> None:
    found = [told(k % 10, k % 10) for k in range(200)] + [told(1, 7)] * 40
    asked = legibility.chosen(found, 30, seed=1, draw=1)
    wrong = [one["truth"] != one["named"] for one in asked]
    assert (len(asked), sum(wrong)) == (60, 30)
    assert 5 < sum(wrong[:30]) < 25
    other = legibility.chosen(found, 30, seed=1, draw=2)
    assert [one["truth"] for one in asked] != [one["truth"] for one in other]
    first, second = legibility.contact_sheets(asked + asked[:1])
    assert (first.width, second.height) == (
        legibility.COLUMNS * (legibility.WIDTH + 4),
        legibility.HEIGHT + 20,
    )


def test_answers_count_beside_the_truth_and_beside_reading(tmp_path: Path) -> None:
    asked = [
        {name: one[name] for name in ("page", "truth", "named")}
        for one in (told(1, 7), told(4, 9), told(5, 6), told(3, 3), told(8, 8))
    ]
    kept = {"seed": 1, "pages": 10, "named": 100, "misnamed": 3, "asked": asked}
    (tmp_path / "truth.json").write_text(json.dumps(kept), "utf-8")
    answers, results = tmp_path / "answers.txt", tmp_path / "legibility.json"
    for reader, said in (("1", "7 4 0\n3 8"), ("2", "7 9 6 3 3")):
        answers.write_text(said, "utf-8")
        legibility.score(
            argparse.Namespace(folder=tmp_path, answers=answers, reader=reader, json=results)
        )
    readers = json.loads(results.read_text("utf-8"))["readers"]
    assert readers["1"]["misnamed"] == {"asked": 3, "as_truth": 1, "as_reading": 1}
    assert readers["1"]["named"] == {"asked": 2, "as_truth": 2, "as_reading": 2}
    assert readers["2"]["misnamed"] == {"asked": 3, "as_truth": 0, "as_reading": 3}
    assert readers["2"]["named"]["as_truth"] == 1
    answers.write_text("7 4 0", "utf-8")
    with pytest.raises(SystemExit, match="5 digits are asked, and 3 answered"):
        legibility.score(
            argparse.Namespace(folder=tmp_path, answers=answers, reader="1", json=None)
        )
