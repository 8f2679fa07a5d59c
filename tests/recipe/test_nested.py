"""Recipes of networks with layers inside layers: written down, read back, and mistakes in them.

Not inside: recipes otherwise (`test_tables`), training with them (`training/test_branches`).
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from digitus import nn
from digitus.errors import RecipeError, ShapeError
from digitus.limits import NESTING
from digitus.recipe import from_table, planned, to_table
from small import TABLE


def refusal(table: dict[str, Any]) -> str:
    """What is said of a table that cannot be."""
    with pytest.raises(RecipeError) as caught:
        from_table(table)
    return str(caught.value)


DENSE = {"kind": "Dense", "units": 10}
BODY = [{"kind": "BatchNorm"}, {"kind": "Relu"}, {"kind": "Residual", "body": [DENSE]}]
BRANCHED = [
    {"kind": "Flatten"},
    DENSE,
    {"kind": "Residual", "body": BODY},
    {"kind": "Concat", "first": [], "second": [DENSE, {"kind": "Tanh"}]},
    DENSE,
]


def test_layers_within_layers_can_be_written_down() -> None:
    made = from_table({**TABLE, "network": BRANCHED})
    body = nn.Chain([nn.BatchNorm(), nn.Relu(), nn.Residual(nn.Chain([nn.Dense(10)]))])
    assert made.network.layers[2] == nn.Residual(body)
    assert made.network.layers[3] == nn.Concat(nn.Chain([]), nn.Chain([nn.Dense(10), nn.Tanh()]))
    assert planned(made.network, (28, 28))["2.2.0.W"] == (10, 10)
    table = json.loads(json.dumps(to_table(made)))
    assert table["network"][2]["body"][2] == {"kind": "Residual", "body": [DENSE]}
    assert from_table(table) == made


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        ({"kind": "Residual"}, "layer 0, Residual needs the setting 'body'"),
        ({"kind": "Residual", "body": 3}, "Residual: body must be a list of layers, not 3"),
        ({"kind": "Residual", "body": {"kind": "Relu"}}, "body must be a list of layers"),
        ({"kind": "Residual", "bodi": []}, "Residual has no setting 'bodi'; did you mean 'body'?"),
        ({"kind": "Concat", "first": []}, "Concat needs the setting 'second'"),
        (
            {"kind": "Residual", "body": [{"kind": "Relu"}, {"kind": "Dence"}]},
            "layer 0, Residual: body: layer 1: no kind 'Dence'; did you mean 'Dense'?",
        ),
        (
            {"kind": "Concat", "first": [], "second": [{"kind": "Dense", "unit": 3}]},
            "Concat: second: layer 0, Dense has no setting 'unit'; did you mean 'units'?",
        ),
    ],
)
def test_mistakes_within_layers_are_found(layer: dict[str, Any], said: str) -> None:
    assert said in refusal({**TABLE, "network": [layer]})


def test_layers_may_be_nested_some_thirty_deep_and_no_deeper() -> None:
    """The file of a stranger must not reach the end of Python's stack."""
    for depth in (29, 31, 100, 5000):
        layers: list[Any] = [DENSE]
        for _ in range(depth):
            layers = [{"kind": "Residual", "body": layers}]
        table = {**TABLE, "network": [{"kind": "Flatten"}, DENSE, *layers]}
        if depth < NESTING:
            made = from_table(table)
            assert planned(made.network, (4, 4))
            assert from_table(to_table(made)) == made
        else:
            assert "layers may be nested 30 deep, not deeper" in refusal(table)


def test_a_layer_that_prepares_the_input_may_not_hide_in_another() -> None:
    network = [{"kind": "Flatten"}, DENSE, {"kind": "Residual", "body": [{"kind": "Centre"}]}]
    with pytest.raises(ShapeError, match=r"layer 2, Centre\(\): prepares the input"):
        planned(from_table({**TABLE, "network": network}).network, (28, 28))
