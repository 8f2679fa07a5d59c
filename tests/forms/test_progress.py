"""What is kept of a job: a damaged line costs itself and what follows it, and no more."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from digitus.forms.pages import problem
from digitus.forms.progress import PAGES, folder_of, progress
from filled_forms import FORM

FIELD: dict[str, object] = {"answers": [("7", 0.9, "")], "mark": "", "box": [1, 2, 3, 4]}
NONSENSE = {
    "a number": "3",
    "a list": "[]",
    "an empty object": "{}",
    "half an object": "{",
    "very deep": "[" * 10**5,
    "a name that is none": {"file": 3},
    "a stamp that is none": {"stamp": [float("nan"), 1]},
    "no stamp": {"stamp": None},
    "pages that are none": {"pages": [3]},
    "pages of something else": {"pages": [{"form": ""}]},
    "a form that is none": {"pages": [problem("b") | {"form": []}]},
    "a place that is none": {"pages": [problem("b") | {"at": "1"}]},
    "a problem that is none": {"pages": [problem("b") | {"problem": 3}]},
    "fields that are none": {"pages": [problem("b") | {"fields": 3}]},
    "a field that is none": {"pages": [problem("b") | {"fields": {"a": []}}]},
    "half an answer": {"pages": [problem("b") | {"fields": {"a": FIELD | {"answers": [["7"]]}}}]},
    "an answer as sure as a word": {
        "pages": [problem("b") | {"fields": {"a": FIELD | {"answers": [["7", "sure", ""]]}}}]
    },
    "a mark that is none": {"pages": [problem("b") | {"fields": {"a": FIELD | {"mark": 0}}}]},
    "a box of half a pixel": {
        "pages": [problem("b") | {"fields": {"a": FIELD | {"box": [0.5, 0, 9, 9]}}}]
    },
}


@pytest.mark.parametrize("line", NONSENSE.values(), ids=NONSENSE)
def test_a_damaged_line_costs_itself_and_what_follows_it(tmp_path: Path, line: object) -> None:
    table, files = tmp_path / "out.csv", [tmp_path / name for name in ("a", "b")]
    for file in files:
        file.write_bytes(b"")
    with progress(table, [FORM], {}) as (done, _):
        for file in files:
            done.add(file, [problem(file.name)])
    path = folder_of(table) / PAGES
    head, first, second = path.read_text("utf-8").splitlines()
    wrong = line if isinstance(line, str) else json.dumps(json.loads(second) | line)  # type: ignore[operator]
    path.write_text("\n".join([head, first, wrong, second, ""]), "utf-8")
    with progress(table, [FORM], {}) as (done, finished):
        assert [done.records(file) for file in files] == [[problem("a")], None]
        done.add(files[1], [problem("again")])
    with progress(table, [FORM], {}) as (done, finished):
        assert done.records(files[1]) == [problem("again")]
        finished()
    assert not path.parent.exists()


def test_what_is_whole_is_known_again(tmp_path: Path) -> None:
    record = problem("") | {"form": "scores", "fields": {"a": FIELD}}
    files = [tmp_path / os.fsdecode(name) for name in (b"a.png", b"\xff.png")]
    for file in files:
        file.write_bytes(b"")
    with progress(tmp_path / "out.csv", [FORM], {}) as (done, _):
        for file in files:
            done.add(file, [record])  # type: ignore[list-item]
    with progress(tmp_path / "out.csv", [FORM], {}) as (done, _):
        assert [done.records(file) for file in files] == [[record], [record]]
