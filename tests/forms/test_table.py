"""A form's file: what may stand in it, and the error for anything else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitus.errors import FormError
from digitus.forms.form import Field, Form, Rising, Sum
from digitus.forms.table import from_table, from_toml, load_form, to_toml

HEAD = 'name = "meters"\n'
FIELD = '[[field]]\nname = "reading"\nplace = [20, 60, 60, 9]\n'
MISTAKES = {
    "nme = 1": "has no setting 'nme'; did you mean 'name'?",
    "name = 3": "name must be text in a line, not 3",
    'paper = "A6"': "paper: no 'A6'; did you mean 'A5'?",
    "paper = [1, 2]": "paper is a name or [width, height] in mm, not [1.0, 2.0]",
    'unit = "inch"': "unit: no 'inch' (there are: mm, fraction)",
    "field = 3": "field is written with two brackets, [[field]]",
    "": "has no fields: begin one by [[field]]",
    '[[field]]\nname = "a b"\nplace = [1, 1, 1, 1]': "must be letters, digits and _",
    f'[[field]]\nname = "{"a" * 61}"\nplace = [1, 1, 1, 1]': "letters, digits and _, 60 at most",
    '[[field]]\nname = "a"': "field 1, 'a' needs the setting 'place'",
    '[[field]]\nname = "a"\nplace = [1, 2]': "place is [x, y, width, height], not [1, 2]",
    '[[field]]\nname = "a"\nplace = [1, 2, "3", 4]': "place must be a list of numbers",
    '[[field]]\nname = "a"\nplace = [1, 2, nan, 4]': "place must be a list of numbers",
    FIELD: "a field of boxes needs a pattern",
    FIELD + 'pattern = "##"\nkind = "box"': "kind: no 'box'; did you mean 'boxes'?",
    FIELD + 'pattern = "--"': "pattern has 1 to 100 # for digits, not '--'",
    FIELD + 'pattern = "##"\npage = 0': "page is from 1 to 100, not 0",
    FIELD + 'pattern = "##"\nrange = [3, 1]': "range is [least, most], not [3.0, 1.0]",
    FIELD + 'pattern = "#########"\nchecks = ["luhn", "ean"]': "ean: no number of 9 digits",
    FIELD + 'pattern = "#"\nchecks = ["mod11"]': "mod11: no number of 1 digits",
    FIELD + 'pattern = "##:##:#"\nchecks = ["time"]': "time: no number of 5 digits",
    FIELD + 'pattern = "##:##"\nrange = [0, 9]': "a range is of numbers, and '##:##' is none",
    FIELD + 'date = "DD.MM.YY"\nrange = [0, 9]': "a range is of numbers, and '##.##.##' is none",
    FIELD + 'pattern = "#.###,##"\nrange = [0, 9]': "a range is of numbers",
    FIELD + 'pattern = "####-#"\n[[rising]]\nfield = "reading"': "a series is of numbers",
    FIELD + 'pattern = "# #"\n' + FIELD.replace("reading", "all") + 'pattern = "##"\n[[sum]]\n'
    'total = "all"\nof = ["reading"]': "a sum is of numbers, and '# #' of reading is none",
    FIELD + 'pattern = "##"\nrange = [100, 200]': "no number of the pattern is from 100 to 200",
    FIELD + 'pattern = "##"\nrange = [10.2, 10.8]': "no number of the pattern is from 10.2 to 10.8",
    FIELD + 'pattern = "#,#"\nrange = [1.11, 1.19]': "no number of the pattern is from 1.11",
    FIELD + 'pattern = "##"\nrange = [10, 20]\nallowed = ["11", "5"]': "'5' is refused by: range",
    FIELD + 'pattern = "##"\nchecks = ["luhn"]\nallowed = ["12"]': "'12' is refused by: luhn",
    FIELD + 'date = "DD.MM.YYYY"\nallowed = ["31.02.2024"]': "'31.02.2024' is refused by: date",
    FIELD + 'pattern = "##-##"\nallowed = ["12-34", "1234"]': "allowed: '1234' is not as '##-##'",
    FIELD + 'pattern = "##"\nallowed = ["100"]': "allowed: '100' is not as '##'",
    FIELD + 'pattern = "##,#"\nallowed = ["1.5"]': "allowed: '1.5' is not as '##,#'",
    FIELD + 'pattern = "##"\nchecks = ["lun"]': "checks: no 'lun'; did you mean 'luhn'?",
    FIELD + 'pattern = "##"\nrequired = 1': "required is true or false, not 1",
    FIELD + 'pattern = "##"\ndate = "DD.MM.YY"': "a date is a pattern already",
    FIELD + 'date = "DD.MM"': "date is made of DD, MM and YYYY or YY",
    FIELD + 'pattern = "##"\ncells = [[1, 1, 1, 1]]': "cells are 1, but the pattern has 2 digits",
    FIELD + 'pattern = "##"\n' + FIELD + 'pattern = "#"': "the field name 'reading' is there twice",
    '[[field]]\nname = "page"\nplace = [1, 1, 1, 1]\nkind = "free"': "is a column of every table",
    '[[field]]\nname = "a"\nplace = [200, 1, 20, 9]\nkind = "free"': "not on the paper, 210 x 297",
    FIELD + 'kind = "free"\n[[sum]]\ntotal = "red"\nof = ["reading"]': "did you mean 'reading'?",
    FIELD + 'kind = "free"\n[[sum]]\ntotal = "reading"\nof = []': "of is a list of other fields",
    FIELD + 'kind = "free"\n[[rising]]\nfield = "x"': "there is no field 'x'",
    FIELD + 'kind = "free"\n[[rising]]\nfield = "reading"\nday = "reading"': "reading is no date",
    FIELD + 'kind = "free"\n[[rising]]\nfield = "reading"\nmost = 1': "name the field of the day",
    FIELD + 'kind = "free"\n[[rising]]\nfield = "reading"\nmost = -1': "a number from 0 on, not -1",
}  # fmt: skip


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_is_one_line_that_says_what_and_where(text: str, tmp_path: Path) -> None:
    path = tmp_path / "meters.toml"
    path.write_text(text)
    with pytest.raises(FormError) as error:
        load_form(path)
    said = str(error.value)
    assert MISTAKES[text] in said
    assert said.startswith(f"form {path}")
    assert "\n" not in said


def test_what_is_no_file_or_no_toml(tmp_path: Path) -> None:
    for name, content, words in (
        ("none.toml", None, "cannot be read: No such file"),
        ("bad.toml", b"name = ", "is not TOML"),
        ("latin.toml", b"name = '\xe4'", "is not TOML"),
        ("large.toml", b"#" * 1_000_001, "is larger than 1 MB"),
    ):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(FormError, match=words):
            load_form(tmp_path / name)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["name", "place", "kind", "of", "total", "x"]), inner)
    ),
    max_leaves=8,
)


@pytest.mark.slow
@given(st.dictionaries(st.sampled_from(["name", "paper", "unit", "field", "sum", "blank"]), JSON))
def test_any_table_is_a_form_or_one_line(table: dict[str, object]) -> None:
    said = ""
    try:
        assert from_table(table).fields
    except FormError as error:
        said = str(error)
    assert "\n" not in said


def test_fractions_are_parts_of_the_paper() -> None:
    table = {"name": "f", "paper": [200, 100], "unit": "fraction"}
    field = {"name": "a", "place": [0.1, 0.2, 0.3, 0.1], "kind": "free"}
    form = from_table({**table, "field": [field]})
    assert form.fields[0].place == pytest.approx((20, 20, 60, 10))


def test_a_form_is_the_same_after_it_was_written(tmp_path: Path) -> None:
    form = Form(
        "meters",
        (
            Field("meter", (20.0, 30.0, 80.0, 8.0), pattern="####-##", checks=("luhn",)),
            Field("date", (20.0, 45.5, 80.0, 8.0), date="DD.MM.YYYY", label='Day "of" reading ä'),
            Field("reading", (20.0, 60.0, 60.0, 8.0), 2, "", "comb", "#####,#", range=(0.0, 9e4)),
            Field("share", (60.0, 75.0, 20.0, 8.0), pattern="#,##", range=(0.25, 0.755)),
            Field("code", (20.0, 75.0, 20.0, 8.0), kind="line", allowed=("1", "22"), required=True),
        ),
        "Meters",
        (148.0, 210.0),
        (Sum("reading", ("code",)),),
        (Rising("reading", "meter"),),
        ("blank.png",),
    )
    path = tmp_path / "meters.toml"
    path.write_text(to_toml(form), "utf-8")
    assert load_form(path) == replace(form, blank=(str(tmp_path / "blank.png"),))


class Counted(str):
    """A name that counts how often it is compared with another."""

    compared = 0

    def __eq__(self, other: object) -> bool:
        Counted.compared += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


def test_names_are_looked_up_not_searched_for() -> None:
    """So a form with many sums of many fields opens at once."""
    names = [Counted(f"f{i}") for i in range(400)]
    fields = [{"name": n, "place": [1.0, 1.0, 1.0, 1.0], "kind": "free"} for n in names]
    sums = [{"total": "f0", "of": [Counted(n) for n in names[1:]]} for _ in range(20)]
    risings = [{"field": Counted(n)} for n in names]
    Counted.compared = 0
    form = from_table({"name": "f", "field": fields, "sum": sums, "rising": risings})
    assert len(form.sums) == 20
    assert Counted.compared < 5 * (20 * 400 + 400)


SHARES = st.integers(0, 9999), st.integers(1, 9999)


@given(
    st.tuples(*SHARES), st.tuples(*SHARES), st.sampled_from(["A4", [209.96, 120.04], [1200, 20]])
)
def test_a_form_in_fractions_opens_again_after_it_was_written(
    across: tuple[int, int], down: tuple[int, int], paper: object
) -> None:
    x, w, y, h = (
        share / 1e4
        for start, size in (across, down)
        for share in (start, min(size, 10_000 - start))
    )
    field = {"name": "a", "place": [x, y, w, h], "kind": "free"}
    more = {"name": "b", "place": [0.1, 0.1, 0.1, 0.1], "pattern": "#", "cells": [[x, y, w, h]]}
    table = {"name": "f", "unit": "fraction", "paper": paper, "field": [field, more]}
    form = from_table(table)
    again = from_toml(to_toml(form).encode(), "f")
    for one, kept in zip(form.fields, again.fields, strict=True):
        for before, after in zip((one.place, *one.cells), (kept.place, *kept.cells), strict=True):
            assert after == pytest.approx(before, abs=0.15)


def test_a_place_up_to_the_edge_ends_there() -> None:
    field = {"name": "a", "place": [0.3350, 0.1, 0.6650, 0.1], "kind": "free"}
    form = from_table({"name": "f", "unit": "fraction", "field": [field]})
    assert "place = [70.4, 29.7, 139.6, 29.7]" in to_toml(form)
