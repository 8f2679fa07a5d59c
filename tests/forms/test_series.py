"""Values that rise from sheet to sheet: after corrections, and by tables that others changed."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from digitus.forms.correct import Correction, corrected
from digitus.forms.form import Field, Form, Rising, Sum
from digitus.forms.pages import Record
from digitus.forms.rows import Row, rows

METER = Form(
    "meters",
    (
        Field("day", (20.0, 20.0, 80.0, 9.0), date="DD.MM.YYYY"),
        Field("kwh", (20.0, 40.0, 50.0, 9.0), pattern="#####", required=True),
    ),
    risings=(Rising("kwh", day="day", most=10.0),),
)
# Several meters, whose sheets follow one another.
METERS = replace(
    METER,
    fields=(*METER.fields, Field("meter", (20.0, 60.0, 40.0, 9.0), pattern="####")),
    risings=(Rising("kwh", of="meter"),),
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


def of_meters(*sheets: tuple[Any, str, Any]) -> list[Row]:
    """Rows of several meters: which one, its value and the value's flag, of each sheet."""
    made = table(*(("01.01.2026", kwh, flag) for _, kwh, flag in sheets))
    return [
        row | {"meter": meter, "meter_confidence": 0.9, "meter_flag": "", "meter_place": "1 2 3 4"}
        for row, (meter, _, _) in zip(made, sheets, strict=True)
    ]


def correction(page: int, read: str, value: str, field: str = "kwh") -> Correction:
    return Correction(("meters", "a.pdf", str(page)), field, read, value, 0.6, certain=False)


@pytest.mark.parametrize(
    ("value", "flag"),
    [("105", ""), ("95", "falls"), ("130", "jumps"), ("", "no reading"), ("1?5", "unreadable")],
)
def test_a_corrected_value_is_compared_with_those_before_it(value: str, flag: str) -> None:
    read = table(("01.01.2026", "100", ""), ("03.01.2026", "900", "jumps"))
    made, _ = corrected(read, [METER], [correction(2, "900", value)])
    assert [row["kwh_flag"] for row in made] == ["", flag]


def test_a_correction_flags_sheets_that_nobody_looked_at() -> None:
    read = table(
        ("02.01.2026", "105", ""),
        ("01.01.2026", "100", "doubtful"),
        ("03.01.2026", "107", "doubtful"),
    )
    made, _ = corrected(read, [METER], [correction(2, "100", "106")])
    assert [row["kwh_flag"] for row in made] == ["falls", "", "doubtful"]


@pytest.mark.parametrize(
    ("first", "flag", "flags"),
    [
        ("100", "falls", ["", "", ""]),
        ("106", "falls", ["", "falls", ""]),
        ("80", "falls, doubtful", ["", "jumps, doubtful", "jumps"]),
        ("100", "falls, doubtful", ["", "doubtful", ""]),
        ("100", "range", ["", "range", ""]),
    ],
)
def test_a_correction_removes_flags_that_no_longer_hold(
    first: str, flag: str, flags: list[str]
) -> None:
    """A sheet that fell below a wrong value is compared anew, and followed if it is right."""
    read = table(
        ("01.01.2026", "900", ""), ("02.01.2026", "105", flag), ("03.01.2026", "107", "falls")
    )
    made, _ = corrected(read, [METER], [correction(1, "900", first)])
    assert [row["kwh_flag"] for row in made] == flags


def test_a_value_of_another_meter_does_not_fall() -> None:
    read = of_meters(("0042", "900", ""), ("0042", "105", "falls"), ("0043", "101", ""))
    made, told = corrected(read, [METERS], [correction(2, "0042", "0043", "meter")])
    assert [row["kwh_flag"] for row in made] == ["", "", "falls"]
    assert [flag for _, flag in told] == [""]


def test_a_sum_is_checked_once_its_total_no_longer_falls() -> None:
    form = replace(METERS, sums=(Sum("kwh", ("meter",)),))
    read = of_meters(("0900", "900", ""), ("0900", "890", "falls"))
    made, _ = corrected(read, [form], [correction(2, "0900", "0905", "meter")])
    assert [row["kwh_flag"] for row in made] == ["", "sum"]


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


@pytest.mark.parametrize("pattern", ["####", ""])
@pytest.mark.parametrize("meter", ["0042", 42, 42.0, "42", "42.0"])
@pytest.mark.parametrize("flag", ["", None, math.nan])
def test_a_meter_that_another_program_made_a_number(meter: Any, flag: Any, pattern: str) -> None:
    """It is the same meter; and NaN, which empty cells become, is no flag."""
    kind = "boxes" if pattern else "line"
    fields = (*METER.fields, replace(METERS.fields[-1], pattern=pattern, kind=kind))
    form, earlier = replace(METERS, fields=fields), of_meters((meter, "100", flag))
    read = of_meters(("0042", "900", ""), ("0142", "91", ""))
    made, _ = corrected(read, [form], [correction(1, "900", "91")], earlier)
    assert [row["kwh_flag"] for row in made] == ["falls", ""]


@pytest.mark.parametrize(
    "meter", ["12-34", "1e5?", "NaN", "sNaN", "Infinity", "1e99999999999999999999"]
)
def test_a_meter_that_is_no_number_is_itself(meter: str) -> None:
    read = of_meters((meter, "900", ""), (meter, "100", ""), ("0042", "91", ""))
    made, _ = corrected(read, [METERS], [correction(1, "900", "101")])
    assert [row["kwh_flag"] for row in made] == ["", "falls", ""]


@pytest.mark.parametrize(("flag", "kept"), [(3, "3"), (math.nan, "falls"), (None, "falls")])
def test_flags_that_another_program_made_numbers(flag: Any, kept: str) -> None:
    form = replace(METERS, sums=(Sum("kwh", ("meter",)),))
    read = of_meters(("0100", "900", flag), ("0100", "90", flag))
    read[1]["meter"] = "0090"
    made, told = corrected(
        read, [replace(form, risings=(Rising("kwh"),))], [correction(1, "900", "100")]
    )
    assert [row["kwh_flag"] for row in made] == ["", kept]
    assert [flag for _, flag in told] == [kept if flag == 3 else ""]


def test_a_value_that_became_nan_is_empty() -> None:
    read = of_meters(("0100", "", "no reading"))
    read[0] |= {"kwh": math.nan}
    made, _ = corrected(read, [METERS], [correction(1, "", "100")])
    assert (made[0]["kwh"], made[0]["kwh_flag"]) == ("100", "")
