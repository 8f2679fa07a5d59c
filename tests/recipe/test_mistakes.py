"""Every mistake in a recipe is one line that says what was meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from digitus import nn
from digitus.errors import RecipeError, ShapeError
from digitus.recipe import (
    from_table,
    load_recipe,
    planned,
)
from small import LOSS_PARTS, TABLE, one_line, recipe

NETWORK = TABLE["network"]


def refusal(table: Any) -> str:
    """What is said about a table that is no recipe."""
    with pytest.raises(RecipeError) as caught:
        from_table(table)
    return one_line(caught.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"epoch": 3}, "no setting 'epoch'; did you mean 'epochs'?"),
        (
            {"network": [{"kind": "Dence", "units": 3}]},
            "layer 0: no kind 'Dence'; did you mean 'De",
        ),
        ({"network": [{"kind": "Dense", "unit": 3}]}, "Dense has no setting 'unit'; did you mean"),
        ({"network": [{"kind": "Relu", "leak": 3}]}, "Relu has no setting 'leak' (there are none)"),
        ({"optimizer": {"kind": "adam"}}, "no kind 'adam'; did you mean 'Adam'?"),
        ({"optimizer": {"kind": "Momentum", "mut": 0}}, "no setting 'mut'; did you mean 'mu'?"),
        ({"schedule": {"kind": "Cosin", "rate": 1}}, "did you mean 'Cosine'?"),
        ({"initial": {"kind": "Hee"}}, "did you mean 'He'?"),
        ({"loss": {"kind": "SoftmaxEntropy"}}, "did you mean 'SoftmaxCrossEntropy'?"),
        ({"augment": {"rotat": 3}}, "augment has no setting 'rotat'; did you mean 'rotate'?"),
    ],
)
def test_unknown_names_suggest_the_nearest(change: dict[str, Any], said: str) -> None:
    assert said in refusal(TABLE | change)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"epochs": "ten"}, "epochs must be a whole number, not 'ten'"),
        ({"epochs": 2.5}, "epochs must be a whole number"),
        ({"epochs": True}, "epochs must be a whole number"),
        ({"average": "much"}, "average must be a number"),
        ({"average": 10**400}, "average must be a finite number"),
        ({"average": float("nan")}, "average must be a finite number"),
        ({"about": 7}, "about must be text"),
        ({"name": ["a"]}, "name must be text"),
        ({"augment": 5}, "augment must be a table"),
        ({"augment": {"rotate": "far"}}, "rotate"),
        ({"augment": {"rotate": True}}, "rotate"),
        ({"augment": {"rotate": 10**400}}, "rotate"),
        ({"network": 5}, "network must be a list of layers"),
        ({"network": {"kind": "Dense"}}, "network must be a list of layers"),
        ({"network": [5]}, "layer 0 must be a table"),
        ({"network": [{"units": 3}]}, "layer 0 must be a table like { kind ="),
        ({"network": [{"kind": 3}]}, "no kind 3"),
        ({"network": [{"kind": "Dense"}]}, "layer 0, Dense needs the setting 'units'"),
        (
            {"optimizer": {"kind": "Clipped", "norm": 1}},
            "optimizer, Clipped needs the setting 'rule'",
        ),
        (
            {"optimizer": {"kind": "Clipped", "norm": 1, "rule": {"kind": "adam"}}},
            "optimizer, Clipped: rule: no kind 'adam'; did you mean 'Adam'?",
        ),
        (
            {"optimizer": {"kind": "Clipped", "norm": 1, "rule": "Adam"}},
            "Clipped: rule must be a table like { kind =",
        ),
        (
            {"optimizer": {"kind": "Clipped", "norm": 0, "rule": {"kind": "Adam"}}},
            "Clipped: norm must be a finite number above 0, not 0",
        ),
        (
            {"optimizer": {"kind": "Clipped", "norm": 1, "rule": {"kind": "Clipped"}}},
            "Clipped: rule: no kind 'Clipped'",
        ),
        ({"optimizer": "Adam"}, "optimizer must be a table like { kind ="),
        ({"schedule": {"rate": 0.1}}, "schedule must be a table like { kind ="),
        ({"schedule": {"kind": "Constant"}}, "Constant needs the setting 'rate'"),
        ({"schedule": {"kind": "Step", "rate": 1, "at": 5}}, "at must be a list of numbers"),
        ({"schedule": {"kind": "Step", "rate": 1, "at": ["x"]}}, "at: 0 must be a number"),
        ({"schedule": {"kind": "Constant", "rate": [1]}}, "rate must be a number"),
        ({"loss": {"kind": "MultiTask", "parts": 5}}, "parts must be a list of losses, not 5"),
        ({"loss": {"kind": "MultiTask", "parts": [5]}}, "parts: 0 must be a table of loss, cha"),
        (
            {"loss": {"kind": "MultiTask", "parts": [LOSS_PARTS[0] | {"more": 1}]}},
            "0 must be a table",
        ),
        (
            {"loss": {"kind": "MultiTask", "parts": [LOSS_PARTS[0] | {"channels": 1.5}]}},
            "parts: 0: channels must be a whole number",
        ),
        (
            {
                "loss": {
                    "kind": "MultiTask",
                    "parts": [LOSS_PARTS[0] | {"loss": {"kind": "MultiTask", "parts": LOSS_PARTS}}],
                }
            },
            "parts: 0: loss: no kind 'MultiTask'",
        ),
    ],
)
def test_wrong_types(change: dict[str, Any], said: str) -> None:
    assert said in refusal(TABLE | change)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"epochs": 0}, "epochs must be at least 1, not 0"),
        ({"seed": -1}, "seed must be at least 0"),
        ({"batch_size": -5}, "batch_size must be at least 0"),
        ({"development": 0}, "development must be at least 1"),
        ({"average": 1.0}, "average must be at least 0 and below 1"),
        ({"network": [{"kind": "Dense", "units": 0}]}, "units must be at least 1, not 0"),
        ({"network": [{"kind": "Conv", "channels": -1}]}, "channels must be at least 1, not -1"),
        ({"network": [{"kind": "Conv", "channels": 1, "kernel": 2}]}, "kernel must be odd"),
        ({"network": [{"kind": "Dropout", "rate": 1}]}, "rate must be at least 0 and below 1"),
        ({"optimizer": {"kind": "Momentum", "mu": 1}}, "mu must be at least 0 and below 1"),
        ({"optimizer": {"kind": "Nesterov", "mu": -1}}, "mu must be at least 0 and below 1"),
        ({"optimizer": {"kind": "Adam", "beta1": 1.0}}, "beta1 must be at least 0 and below 1"),
        ({"optimizer": {"kind": "AdamW", "beta2": 1.5}}, "beta2 must be at least 0 and below 1"),
        (
            {"loss": {"kind": "MultiTask", "parts": [LOSS_PARTS[0] | {"channels": 0}]}},
            "needs at least 1 channel, not 0",
        ),
        ({"initial": {"kind": "Uniform", "low": 1, "high": 0}}, "low must not exceed high"),
        ({"schedule": {"kind": "Cosine", "rate": 1, "warmup": 1}}, "warmup is a share"),
        ({"schedule": {"kind": "Constant", "rate": -0.01}}, "above 0, not -0.01"),
        ({"schedule": {"kind": "Step", "rate": 1, "factor": -2}}, "factor must be a finite number"),
        ({"optimizer": {"kind": "Adam", "epsilon": -1}}, "epsilon must be a finite number above 0"),
        ({"optimizer": {"kind": "AdamW", "decay": -5}}, "decay must be a finite number from 0 on"),
        ({"augment": {"elastic": -1}}, "elastic must be a finite number >= 0"),
        ({"name": ""}, "name"),
        ({"name": "../../elsewhere"}, "name"),
        ({"name": "two\nlines"}, "name"),
    ],
)
def test_values_out_of_range(change: dict[str, Any], said: str) -> None:
    assert said in refusal(TABLE | change)


@pytest.mark.parametrize("table", [None, 5, [], "text", {"name": "x"}])
def test_tables_that_are_no_recipe_at_all(table: Any) -> None:
    refusal(table)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("epochs", "a setting looks like KEY=VALUE"),
        ("=3", "no setting ''"),
        ("epoch=3", "did you mean 'epochs'?"),
        ("epochs=many", "epochs must be a whole number, not 'many'"),
        ("network.0.units=3", "goes into network, which is not a table"),
        ("about.first=3", "goes into about, which is not a table"),
        ("schedule.rat=3", "no setting 'rat'; did you mean 'rate'?"),
        ("schedule=3", "schedule must be a table"),
        ("epochs=" + "9" * 5000, "epochs"),
        ("seed=" + "[" * 5000, "seed must be a whole number"),
    ],
)
def test_settings_that_cannot_be(setting: str, said: str) -> None:
    with pytest.raises(RecipeError) as caught:
        load_recipe("quick", [setting])
    assert said in one_line(caught.value)


def test_recipe_extremes() -> None:
    """No setting keeps native code busy for ever, or overflows in it."""
    for setting in ("augment.stroke=1000000", "augment.smoothness=1e308", "augment.elastic=1e308"):
        with pytest.raises(RecipeError, match=r"augment: \w+ must be a"):
            load_recipe("shao-2023", [setting])


def test_names_and_files_that_cannot_be(tmp_path: Path) -> None:
    bad = {
        "broken": b"epochs = = 3",
        "long": b"epochs = " + b"9" * 5000,
        "deep": b"x = " + b"[" * 5000,
        "latin": "about = 'ä'".encode("latin-1"),
        "empty": b"",
    }
    said = {"mpl": "did you mean 'mlp'?", str(tmp_path / "nowhere.toml"): "cannot be read"}
    for name, content in bad.items():
        (tmp_path / f"{name}.toml").write_bytes(content)
        said[str(tmp_path / f"{name}.toml")] = name
    (tmp_path / "folder.toml").mkdir()
    said[str(tmp_path / "folder.toml")] = "cannot be read"
    for name, words in said.items():
        with pytest.raises(RecipeError) as caught:
            load_recipe(name)
        assert words in one_line(caught.value)


@pytest.mark.parametrize(
    ("network", "said"),
    [
        (NETWORK[:-1], "10"),
        ([*NETWORK[:-1], {"kind": "Dense", "units": 5}], "ends with [5]"),
        ([{"kind": "Dense", "units": 10}], "layer 0, Dense(units=10): needs a vector"),
        ([{"kind": "Flatten"}, {"kind": "Conv", "channels": 3}], "layer 1, Conv"),
        ([{"kind": "Flatten"}, {"kind": "Dense", "units": 10**12}, NETWORK[-1]], "parameters"),
        ([{"kind": "Flatten"}, {"kind": "Dense", "units": 10**30}, NETWORK[-1]], "parameters"),
        ([{"kind": "Flatten"}, NETWORK[-1], {"kind": "Standardize"}], "layer 2, Standardize"),
        ([{"kind": "Flatten"}, NETWORK[-1], {"kind": "Centre"}], "layer 2, Centre"),
        ([], "ends with [28, 28, 1]"),
    ],
)
def test_networks_that_cannot_be(network: list[Any], said: str) -> None:
    with pytest.raises(ShapeError) as caught:
        planned(recipe(network=network).network, (28, 28))
    assert said in one_line(caught.value)


def test_a_network_that_learns_nothing() -> None:
    with pytest.raises(ShapeError, match="nothing in it learns"):
        planned(nn.Chain([nn.Flatten()]), (2, 5))
