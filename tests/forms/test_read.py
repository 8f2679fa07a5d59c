"""Sheets that were filled in, read: found, turned, straightened, each field with its flag."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from digitus.forms import raster
from digitus.forms.align import shifts
from digitus.forms.form import Field, Form, Rising
from digitus.forms.layout import numbers
from digitus.forms.pages import PageReader, Record
from digitus.forms.rows import rows
from digitus.forms.straighten import find, marked
from digitus.types import Bytes
from digitus.vision.decode import Picture
from filled_forms import ASLANT, FORM, VALUES, filled, photographed, printed

READER = PageReader((FORM,))


def picture(pixels: Bytes) -> Picture:
    return Picture(pixels, pixels.shape[1], pixels.shape[0])


def read(pixels: Bytes, reader: PageReader = READER) -> dict[str, Any]:
    """The row of one sheet."""
    (row,) = rows([("a.png", [reader.page(picture(pixels)) | {"at": 1}])], reader.forms)
    return row


@pytest.fixture(scope="module")
def sheet() -> Bytes:
    return filled()


def test_a_scan_is_read(sheet: Bytes) -> None:
    row = read(sheet)
    assert {name: row[name] for name in VALUES} == VALUES | {"second": "025"}
    assert (row["form"], row["problem"]) == ("scores", "")
    for name in VALUES:
        x, y, w, h = map(int, row[f"{name}_place"].split())
        assert np.abs(np.array([x, y, w, h]) / raster.SCALE - FORM.field(name).place).max() < 0.4


@pytest.mark.parametrize("turns", range(4))
def test_a_photo_is_found_turned_and_straightened(sheet: Bytes, turns: int) -> None:
    photo = photographed(sheet, ASLANT)
    found = find(np.ascontiguousarray(np.rot90(photo, turns)), [FORM], marked([FORM]))
    assert found.placing
    h, w = sheet.shape
    corners = np.array([[0, 0], [w, 0], [w, h], [0, h]], float)
    there = ASLANT.copy()
    height, width = photo.shape
    for _ in range(turns):
        there = np.column_stack([there[:, 1], width - there[:, 0]])
        height, width = width, height
    assert np.abs(found.placing.points(corners) - there).max() < 2
    assert not found.problem


def test_a_photo_upside_down_is_read(sheet: Bytes) -> None:
    row = read(np.ascontiguousarray(np.rot90(photographed(sheet, ASLANT), 2)))
    assert {name: row[name] for name in VALUES} == VALUES


def test_a_field_follows_what_is_printed(sheet: Bytes) -> None:
    moved = cv2.warpAffine(sheet, np.array([[1, 0.01, 3], [0, 1, -4.0]]), sheet.shape[::-1])
    for name, shift in shifts(moved, printed(), FORM.fields).items():
        x, y, w, h = (v * raster.SCALE for v in FORM.field(name).place)
        points = np.array([[x, y], [x + w, y + h]])
        true = np.column_stack([0.01 * points[:, 1] + 3, [-4, -4]])
        assert np.abs(shift(points) - true).max() < 1, name


def test_fields_may_be_empty_and_required_ones_are_missing() -> None:
    row = read(printed())
    assert [row[name] for name in VALUES] == [""] * 4
    assert row["player_flag"] == "missing"
    assert row["first_flag"] == row["second_flag"] == row["total_flag"] == ""


def test_what_is_crossed_out_has_no_value_and_a_flag(sheet: Bytes) -> None:
    struck = sheet.copy()
    x, y, w, h = (v * raster.SCALE for v in FORM.field("first").place)
    ends = [(round(x + 4), round(y + 0.6 * h)), (round(x + w - 4), round(y + 0.4 * h))]
    cv2.line(struck, *ends, 40, 4, cv2.LINE_AA)
    row = read(struck)
    assert (row["first"], row["first_flag"]) == ("", "crossed out")
    assert (row["second"], row["second_flag"]) == ("025", "")


def test_an_empty_field_that_is_somewhere_else_is_not_taken_for_empty(sheet: Bytes) -> None:
    gone = sheet.copy()
    x, y, w, h = (round(v * raster.SCALE) for v in FORM.field("first").place)
    gone[y - 25 : y + h + 15, x - 15 : x + w + 15] = 255
    row = read(gone)
    assert (row["first"], row["first_flag"]) == ("", "not found")
    assert row["second_flag"] == ""


def test_a_scribble_is_no_digit() -> None:
    sheet = printed()
    x, y, w, h = (v * raster.SCALE for v in FORM.field("first").digit_places[1])
    rng = np.random.default_rng(0)
    points = (rng.uniform(0.1, 0.9, (25, 2)) * [w, h] + [x, y]).astype(int).tolist()
    for a, b in pairwise(points):
        cv2.line(sheet, a, b, 40, 3, cv2.LINE_AA)
    assert read(sheet)["first_flag"] == "crossed out"


def beside(sheet: Bytes) -> Bytes:
    return np.hstack([sheet, sheet])


BAD: dict[str, tuple[Callable[[Bytes], Bytes], str]] = {
    "blank paper": (lambda s: np.full_like(s, 255), "none of its marks can be seen"),
    "half a sheet": (lambda s: s[: s.shape[0] // 3, : s.shape[1] // 3 * 2], "marks can be seen"),
    "two sheets": (beside, "more than one sheet"),
    "another form": (lambda s: printed(replace(FORM, name="other")), "a sheet of another form"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_picture_of_no_such_sheet_is_a_row_that_says_so(sheet: Bytes, name: str) -> None:
    make, words = BAD[name]
    row = read(make(sheet))
    assert words in row["problem"]
    assert not row["form"]
    assert set(row) == {"form", "file", "page", "problem"}


def test_which_form_it_is() -> None:
    other = replace(FORM, name="other")
    reader = PageReader((FORM, other))
    assert [reader.page(picture(printed(f)))["form"] for f in (FORM, other)] == ["scores", "other"]


def test_the_marks_of_pages_and_forms_differ() -> None:
    forms = [replace(FORM, name=str(i)) for i in range(100)]
    found = [numbers(form, page) for form in forms for page in (1, 2)]
    for own in found:
        assert [n % 8 for n in own] == [*range(8)]
    agree = [sum(a == b for a, b in zip(*pair, strict=True)) for pair in pairwise(found)]
    assert max(agree) < 3


def record(page: int, form: str = "two", **texts: str) -> Record:
    fields = {
        name: {"answers": [[text, 0.99, ""]], "mark": "", "box": [1, 2, 3, 4]}
        for name, text in texts.items()
    }
    return {"form": form, "page": page, "at": page, "problem": "", "fields": fields}


def test_pages_become_sheets() -> None:
    first, *_ = FORM.fields
    two = replace(FORM, name="two", fields=(first, replace(first, name="last", page=2)), sums=())
    files = [
        ("a.pdf", [record(1, player="11-11"), record(2, last="22-22")]),
        ("b.png", [record(1, player="33-33")]),
        ("c.png", [record(2, last="44-44")]),
        ("d.png", [record(2, last="55-55")]),
        ("e.png", [{"form": "", "page": 0, "at": 1, "problem": "is empty", "fields": {}}]),
    ]
    made = list(rows(files, [two]))
    found = [(r.get("player"), r.get("last"), r["problem"]) for r in made]
    assert found == [
        ("11-11", "22-22", ""),
        ("33-33", "44-44", ""),
        (None, "55-55", "page 1 is missing"),
        (None, None, "is empty"),
    ]
    assert made[1]["last_place"] == "1 2 3 4 page 2 of c.png"


def test_missing_pages_are_named_in_the_singular_or_the_plural() -> None:
    first, *_ = FORM.fields
    more = [replace(first, name=f"on_{page}", page=page) for page in (2, 3)]
    three = replace(FORM, name="two", fields=(first, *more), sums=())
    made = rows([("a.png", [record(1, player="11-11")])], [three])
    assert [row["problem"] for row in made] == ["pages 2, 3 are missing"]


def test_values_that_rise_from_sheet_to_sheet() -> None:
    one = replace(FORM, name="two", risings=(Rising("total", "player"),), sums=())
    pages = [("11", "100"), ("22", "500"), ("11", "099"), ("11", "120")]
    files = [("a.pdf", [record(1, player=p, total=t) for p, t in pages])]
    assert [row["total_flag"] for row in rows(files, [one])] == ["", "", "falls", ""]
    earlier = list(rows([("a.pdf", [record(1, player="11", total="130")])], [one]))
    found = list(rows(files, [one], earlier=earlier))
    assert [row["total_flag"] for row in found] == ["falls", "", "falls", "falls"]


METER = Form(
    "two",
    (
        Field("day", (20.0, 20.0, 80.0, 9.0), date="DD.MM.YYYY"),
        Field("kwh", (20.0, 40.0, 50.0, 9.0), pattern="#####"),
    ),
    risings=(Rising("kwh", day="day", most=10.0),),
)


def series(*sheets: tuple[str, str], mark: str = "") -> list[dict[str, Any]]:
    pages = [record(1, day=day, kwh=kwh) for day, kwh in sheets]
    pages[-1]["fields"]["kwh"]["mark"] = mark
    return list(rows([("a.pdf", pages)], [METER]))


def test_a_series_follows_its_days_and_rises_by_no_more_than_is_allowed() -> None:
    made = series(
        ("05.01.2026", "140"), ("01.01.2026", "100"), ("03.01.2026", "121"), ("04.01.2026", "90")
    )
    assert [(row["kwh"], row["kwh_flag"]) for row in made] == [
        ("140", ""), ("100", ""), ("121", "jumps"), ("90", "falls"),
    ]  # fmt: skip


def test_a_series_goes_on_from_an_earlier_table_in_the_order_of_days() -> None:
    """Whatever the order of its rows, and where a new sheet is older than some of them."""
    earlier = series(("01.03.2026", "300"), ("01.01.2026", "100"), ("01.02.2026", "200"))
    new = [("02.03", "250"), ("02.01", "90"), ("03.01", "105"), ("04.03", "310")]
    files = [("b.pdf", [record(1, day=f"{day}.2026", kwh=kwh) for day, kwh in new])]
    found = list(rows(files, [METER], earlier=earlier))
    assert [row["kwh_flag"] for row in found] == ["falls", "falls", "", ""]
    jump = [("c.pdf", [record(1, day="02.02.2026", kwh="215")])]
    (found,) = rows(jump, [METER], earlier=earlier)
    assert found["kwh_flag"] == "jumps"  # from the day before, not from the last in the table


def test_of_doubtful_readings_the_plausible_one_is_taken() -> None:
    pages = [record(1, day="01.01.2026", kwh="100"), record(1, day="03.01.2026", kwh="170")]
    pages[1]["fields"]["kwh"]["answers"] = [["170", 0.7, ""], ["110", 0.29, ""]]
    *_, row = rows([("a.pdf", pages)], [METER])
    assert (row["kwh"], row["kwh_flag"]) == ("110", "")
    assert row["kwh_confidence"] > 0.99


def test_a_series_without_a_day_or_a_reading_goes_on() -> None:
    made = series(("01.01.2026", "100"), ("99.01.2026", "900"), ("02.01.2026", ""))
    assert [row["kwh_flag"] for row in made] == ["", "", "no reading"]
    struck = series(("01.01.2026", "100"), ("02.01.2026", ""), mark="crossed out")
    assert struck[1]["kwh_flag"] == "crossed out"


def test_a_file_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    from digitus.errors import DataError

    path = tmp_path / "no.png"
    path.write_bytes(b"nothing")
    with pytest.raises(DataError, match="is not a picture"):
        READER(path)
