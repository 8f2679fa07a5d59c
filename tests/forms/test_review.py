"""The review of forms: what is to be looked at, its file, and corrections put into the table."""

from __future__ import annotations

import base64
import json
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from digitus.errors import DataError
from digitus.forms import doubts
from digitus.forms.correct import Correction, corrected, load_corrections
from digitus.forms.doubts import held, plan
from digitus.forms.pages import PageReader
from digitus.forms.review import Cut, cuts_of, review
from digitus.forms.rows import rows
from digitus.forms.trust import most_chance_wrong
from digitus.vision.decode import decode_pages
from filled_forms import ASLANT, FORM, VALUES, filled, photographed
from html_page import Page

READER = PageReader((FORM,))


def row(**values: Any) -> dict[str, Any]:
    """A row of a table, its fields given as confidence or as (confidence, flag)."""
    made: dict[str, Any] = {"form": "scores", "file": "a.png", "page": 1, "problem": ""}
    for name, told in values.items():
        sure, flag = told if isinstance(told, tuple) else (told, "")
        end = {"_confidence": sure, "_flag": flag, "_place": "1 2 3 4"}
        made |= {name: VALUES[name], **{name + key: value for key, value in end.items()}}
    return made


def test_as_many_are_looked_at_as_the_confidences_ask_for() -> None:
    table = [row(player=0.9, first=0.999, second=0.98, total=(0.99, "sum"))]
    rest = most_chance_wrong(0.999) + most_chance_wrong(0.98)
    found = plan(table, [FORM], wanted=rest / 4)
    assert [doubt.name for doubt in found.doubts] == ["total", "player"]
    assert (found.values, found.share) == (4, 0.5)
    assert found.left == pytest.approx(rest)
    names = [doubt.name for doubt in plan(table, [FORM], wanted=0.99 * rest / 4).doubts]
    assert names == ["total", "player", "second"]
    assert len(plan(table, [FORM], wanted=0.0).doubts) == 4
    assert len(plan(table, [FORM], wanted=1.0).doubts) == 1  # the one with a flag in any case


def test_certain_values_are_drawn_by_lot_as_well() -> None:
    table = [row(player=0.9, first=1.0, second=1.0, total=1.0)] * 10
    found = plan(table, [FORM], 0.001, by_lot=5)
    assert [doubt.certain for doubt in found.doubts] == [False] * 10 + [True] * 5
    assert found.share == 0.25


def test_wrong_values_are_compared_with_what_the_confidences_said() -> None:
    assert "3 of 10 values were wrong, as the confidences said" in held(
        [0.7] * 10, [True] * 3 + 7 * [False]
    )
    assert "more than the confidences said" in held([0.99] * 10, [True] * 5 + [False] * 5)
    assert "fewer than the confidences said" in held([0.1] * 30, [True] * 10 + [False] * 20)


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The review of a sheet that was photographed upside down, all fields to be looked at."""
    path = tmp_path_factory.mktemp("review") / "a.png"
    cv2.imwrite(str(path), np.rot90(photographed(filled(), ASLANT), 2))
    table = list(rows([(str(path), READER(path))], [FORM]))
    found = plan(table, [FORM], 0.0)
    cuts = cuts_of(
        table, found.doubts, READER, lambda paths, cutter: ((p, cutter(p)) for p in paths)
    )
    return review(table, found, cuts, 0.0)


def test_the_review_shows_each_field_upright_with_its_digits(reviewed: str) -> None:
    page = Page(reviewed)
    assert "4 fields to look at" in page.text
    assert "of 4 values: 100.0 % of them" in page.text
    assert "so that, by the confidences, at most 0.00 % stay wrong" in page.text
    assert len(page.with_class("field")) == 4
    data = json.loads(re.search(r'id="data">(.*?)</script>', reviewed)[1])  # type: ignore[index]
    read = {field["row"][3]: field for field in data["fields"]}
    assert {name: field["read"] for name, field in read.items()} == VALUES
    assert {name: len(field["digits"]) for name, field in read.items()} == {
        "player": 4, "first": 3, "second": 3, "total": 3,
    }  # fmt: skip
    images = [np.frombuffer(base64.b64decode(d), np.uint8) for d in read["player"]["digits"]]
    from digitus.recognizer import load

    answers = load().probabilities(np.stack(images).reshape(-1, 28, 28)).argmax(1)
    assert answers.tolist() == [1, 2, 3, 4]


def test_a_file_that_has_changed_is_reported(tmp_path: Path) -> None:
    table = [row(player=0.5) | {"file": str(tmp_path / "b.png")}]
    cv2.imwrite(table[0]["file"], np.full((300, 300), 255, np.uint8))
    assert next(decode_pages(Path(table[0]["file"]))).pixels.shape == (300, 300)
    found = plan(table, [FORM])
    cuts = cuts_of(
        table, found.doubts, READER, lambda paths, cutter: ((p, cutter(p)) for p in paths)
    )
    with pytest.raises(DataError, match="has changed since it was read"):
        review(table, found, cuts, 0.001)


def test_a_file_of_the_review_has_no_more_fields_than_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    table = [row(player=0.9, first=0.8, second=0.7, total=0.6)] * 5
    monkeypatch.setattr(doubts, "AT_ONCE", 8)
    found = plan(table, [FORM], 0.0)
    assert [len(part) for part in found.parts] == [8, 8, 4]
    assert [doubt for part in found.parts for doubt in part] == list(found.doubts)
    cut = Cut("data:,", 30, 10, (1, 1, 5, 2), np.zeros((0, 28, 28), np.uint8))
    cuts = {("a.png", 1, name): cut for name in VALUES}
    last = review(table, found, cuts, 0.0, part=2)
    assert len(Page(last).with_class("field")) == 4
    assert "20 fields to look at" in Page(last).text
    assert "page 3 of 3, a file each" in Page(last).text
    assert plan([], [FORM]).parts == ((),)


KEY = "scores", "a.png", "1"


def correction(field: str, read: str, value: str) -> Correction:
    return Correction(KEY, field, read, value, 0.6, certain=False)


def test_corrections_are_put_into_the_table() -> None:
    table = [row(player=(0.4, "doubtful"), first=0.9, second=0.9, total=(0.9, "sum"))]
    table[0]["second"] = "026"
    (made,), told = corrected(table, [FORM], [correction("second", "026", "025")])
    assert (made["second"], made["second_confidence"], made["second_flag"]) == ("025", 1.0, "")
    assert made["total_flag"] == ""  # it adds up now
    assert [flag for _, flag in told] == [""]
    (again,), _ = corrected([made], [FORM], [correction("second", "026", "025")])
    assert again == made
    assert table[0]["second"] == "026"


@pytest.mark.parametrize("first", [170, 170.0, "170", "170.0", "0170"])
@pytest.mark.parametrize("page", [1, 1.0])
def test_values_that_another_program_made_numbers(first: Any, page: Any) -> None:
    """They become text again, corrected or not."""
    table = [row(player=0.9, first=0.9, second=0.9, total=0.9) | {"first": first, "page": page}] * 2
    table[1] = table[1] | {"file": "b.png", "total": 195.0, "second": math.nan}
    (made, other), _ = corrected(table, [FORM], [correction("first", "170", "171")])
    assert (made["first"], made["first_flag"], made["total_flag"]) == ("171", "sum", "sum")
    assert [other[name] for name in ("player", "second", "total")] == [VALUES["player"], "", "195"]
    assert isinstance(other["first"], str)


@pytest.mark.parametrize("now", [99, 170.5, math.nan, None])
def test_corrections_of_another_number_are_of_another_table(now: Any) -> None:
    table = [row(player=0.9, first=0.9) | {"first": now}]
    with pytest.raises(DataError, match="are of another table: first"):
        corrected(table, [FORM], [correction("first", "170", "171")])


def test_what_a_person_types_may_still_be_wrong() -> None:
    table = [row(player=0.4, first=0.9, second=0.9, total=0.9)]
    wrong = [correction("first", "170", "171"), correction("player", "12-34", "")]
    (made,), _ = corrected(table, [FORM], wrong)
    assert (made["player_flag"], made["first_flag"], made["total_flag"]) == (
        "missing",
        "sum",
        "sum",
    )


def test_corrections_of_another_table_are_refused() -> None:
    table = [row(player=0.4, first=0.9) | {"first": "117"}]
    with pytest.raises(DataError, match="are of another table: first"):
        corrected(table, [FORM], [correction("first", "999", "170")])
    other = replace(correction("first", "170", "171"), key=("scores", "b.png", "1"))
    with pytest.raises(DataError, match=r"no first of scores in b\.png, page 1"):
        corrected(table, [FORM], [other])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b\n1,2\n", "it has no column 'form'"),
        ("form,file,page,field,read,value,confidence,certain\na,b,1,c,1,2,x,0\n", "not whole"),
    ],
)
def test_a_file_that_holds_no_corrections(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "corrections.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=words):
        load_corrections(path)
