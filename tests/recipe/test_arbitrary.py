"""Whatever a recipe's table holds, it is a recipe, or one line says why it is not."""

from __future__ import annotations

import copy
import json
from contextlib import suppress
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from conftest import examples
from digitus.errors import RecipeError, ShapeError
from digitus.recipe import (
    Recipe,
    from_table,
    planned,
    to_table,
)
from small import EVERYTHING, TABLE, one_line

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from([10**400, -1, 0, 1, 10, "Dense", "Adam", "Flatten", "same"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["kind", "units", "rate", "at"]), inner, max_size=3)
    ),
    max_leaves=8,
)
KEYS = st.sampled_from([f.name for f in fields(Recipe)]) | st.text(max_size=5)


def places(table: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every path to a value in nested tables and lists."""
    items = table.items() if isinstance(table, dict) else enumerate(table)
    found = []
    for key, value in items:
        found.append((*path, key))
        if isinstance(value, dict | list):
            found += places(value, (*path, key))
    return found


def check_said_well(table: Any) -> None:
    """It is a recipe that can be planned and written down, or one line says why it is not."""
    try:
        made = from_table(table)
    except RecipeError as error:
        one_line(error)
        return
    assert from_table(json.loads(json.dumps(to_table(made)))) == made
    with suppress(ShapeError):
        planned(made.network, (28, 28))


@pytest.mark.slow
@examples(150)
@given(st.dictionaries(KEYS, JSON, max_size=4))
@example({"name": "x", "network": [{"kind": "Dense", "units": 0}, {"kind": "Dense", "units": 10}]})
def test_arbitrary_tables_never_raise_anything_else(table: dict[str, Any]) -> None:
    check_said_well(table)
    check_said_well(TABLE | table)


@examples(250)
@given(st.sampled_from(places(EVERYTHING)), JSON)
def test_a_recipe_with_one_wrong_value_never_raises_anything_else(
    path: tuple[Any, ...], value: Any
) -> None:
    table = copy.deepcopy(EVERYTHING)
    inner: Any = table
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    check_said_well(table)
