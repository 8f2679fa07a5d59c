"""Requests read into structs: what does not fit is said in one line, with the field's name."""

from __future__ import annotations

import json
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct

from digitus.serve.decoding import in_words
from digitus.serve.responses import json_text


class Sample(Struct, forbid_unknown_fields=True):
    count: Annotated[int, Meta(ge=1, le=9)]
    share: float = 0.5
    name: str = ""
    digit: int | None = None
    rows: Annotated[list[list[float]], Meta(max_length=2)] = []


def complaint(table: Any) -> str:
    """What is wrong with a table."""
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(json.dumps(table), type=Sample)
    return in_words(caught.value)


@pytest.mark.parametrize(
    ("table", "line"),
    [
        ({"count": "3"}, "count must be a whole number"),
        ({"count": True}, "count must be a whole number"),
        ({"count": 2.5}, "count must be a whole number"),
        ({"count": 0}, "count must be a whole number >= 1"),
        ({"count": 10}, "count must be a whole number <= 9"),
        ({"count": 1, "share": None}, "share must be a number"),
        ({"count": 1, "name": 3}, "name must be text"),
        ({"count": 1, "digit": "x"}, "digit must be a whole number or null"),
        ({"count": 1, "rows": 3}, "rows must be a list"),
        ({"count": 1, "rows": [[], [], []]}, "rows must be a list of length <= 2"),
        ({"count": 1, "rows": [[0], [1, "x"]]}, "rows[1][1] must be a number"),
        ({}, "count is missing in the body"),
        ({"count": 1, "x\n\x1b[0m": 1}, r"there is no field 'x\n\x1b[0m' in the body"),
        ([], "the body must be an object"),
        (None, "the body must be an object"),
    ],
    ids=str,
)
def test_what_does_not_fit(table: Any, line: str) -> None:
    assert complaint(table) == line


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("count"), inner),
        max_leaves=10,
    )
)
def test_any_json_fits_or_is_one_line(table: Any) -> None:
    line = "it fits"
    try:
        msgspec.convert(table, Sample)
    except msgspec.ValidationError as error:
        line = in_words(error)
    assert line.isprintable()
    assert 0 < len(line) < 320


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_what_is_not_finite_is_no_json(number: float) -> None:
    assert json_text({"x": 1.5}) == '{"x":1.5}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_text({"x": [number]})
