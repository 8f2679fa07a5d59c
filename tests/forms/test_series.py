"""Values that rise from sheet to sheet: after corrections, and by tables that others changed."""

from __future__ import annotations

from typing import Any

import pytest

from digitus.forms.correct import Correction, corrected
from digitus.forms.form import Field, Form, Rising
from digitus.forms.rows import Row, rows
from digitus.forms.sheets import Record

METER = Form(
    "meters",
    (
        Field("day", (20.0, 20.0, 80.0, 9.0), date="DD.MM.YYYY"),
        Field("kwh", (20.0, 40.0, 50.0, 9.0), pattern="#####", required=True),
    ),
    risings=(Rising("kwh", day="day", most=10.0),),
)


def table(*sheets: tuple[str, str, str]) -> list[Row]:
    """Rows as they are read: day, value and its flag of each sheet."""
    made = []
    for page, (day, kwh, flag) in enumerate(sheets, 1):
        row: Row = {"form": "meters", "file": "a.pdf", "page": page, "problem": ""}
        for name, value, word in (("day", day, ""), ("kwh", kwh, flag)):
            end = {"": value, "_confidence": 0.9, "_flag": word, "_place": "1 2 3 4"}
            row |= {name + key: cell for key, cell in end.items()}
        made.append(row)
    return made


def correction(page: int, read: str, value: str) -> Correction:
    return Correction(("meters", "a.pdf", str(page)), "kwh", read, value, 0.6, certain=False)


@pytest.mark.parametrize(
    ("value", "flag"),
    [("105", ""), ("95", "falls"), ("130", "jumps"), ("", "no reading"), ("1?5", "unreadable")],
)
def test_a_corrected_value_is_compared_with_those_before_it(value: str, flag: str) -> None:
    read = table(("01.01.2026", "100", ""), ("03.01.2026", "900", "jumps"))
    made, _ = corrected(read, [METER], [correction(2, "900", value)])
    assert [row["kwh_flag"] for row in made] == ["", flag]


def test_a_correction_tells_of_sheets_that_nobody_looked_at() -> None:
    read = table(
        ("02.01.2026", "105", ""),
        ("01.01.2026", "100", "doubtful"),
        ("03.01.2026", "107", "doubtful"),
    )
    made, _ = corrected(read, [METER], [correction(2, "100", "106")])
    assert [row["kwh_flag"] for row in made] == ["falls", "", "doubtful"]


def test_a_corrected_value_is_compared_with_those_of_an_earlier_table() -> None:
    earlier = table(("31.12.2025", "100", ""))
    made, _ = corrected(
        table(("01.01.2026", "900", "jumps")), [METER], [correction(1, "900", "90")], earlier
    )
    assert made[0]["kwh_flag"] == "falls"


@pytest.mark.parametrize(
    ("day", "value", "flag"),
    [
        ("01.01.2026", 100, "falls"),  # another program made numbers of a column
        ("1.1.26", "100", ""),  # or wrote days in its own way: nothing is known of that one
        (None, None, ""),
    ],
)
def test_an_earlier_table_that_another_program_has_changed(day: Any, value: Any, flag: str) -> None:
    page: Record = {
        "form": "meters",
        "page": 1,
        "at": 1,
        "problem": "",
        "fields": {
            name: {"answers": [(text, 0.99, "")], "mark": "", "box": [1, 2, 3, 4]}
            for name, text in (("day", "02.01.2026"), ("kwh", "90"))
        },
    }
    (row,) = rows([("a.pdf", [page])], [METER], earlier=table((day, value, "")))
    assert row["kwh_flag"] == flag
