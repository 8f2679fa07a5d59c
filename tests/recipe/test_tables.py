"""Recipes as tables: what ships works, and every setting can be written down and read again."""

from __future__ import annotations

import json
import re
from dataclasses import fields, replace
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitus import nn
from digitus.datasets.augmentation import Augmentation
from digitus.detection.tasks import task_of
from digitus.errors import RecipeError
from digitus.recipe import (
    KINDS,
    LAYERS,
    MADE,
    Recipe,
    changed,
    from_table,
    load_recipe,
    planned_for,
    shipped,
    to_table,
    with_settings,
)
from digitus.types import Array, Params
from small import EVERYTHING, LOSS_PARTS, TABLE, recipe


@pytest.mark.parametrize("name", shipped())
def test_shipped_recipes(name: str) -> None:
    loaded = load_recipe(name)
    assert loaded.name == name
    assert loaded.about
    if loaded.data in MADE:
        assert task_of(loaded).plan(loaded.network)
    else:
        assert planned_for(loaded, (28, 28))
    assert from_table(json.loads(json.dumps(to_table(loaded)))) == loaded


COUNTED = re.compile(r"(?m)^#.*?(\d[\d,]*) parameters")  # in a comment


@pytest.mark.parametrize("name", [n for n, text in shipped().items() if COUNTED.search(text)])
def test_a_recipe_counts_its_parameters_right(name: str) -> None:
    shapes = planned_for(load_recipe(name), (28, 28)).values()
    assert COUNTED.findall(shipped()[name]) == [f"{sum(map(prod, shapes)):,}"]


def test_the_papers_recipes_are_the_papers() -> None:
    gopa = load_recipe("gopa-2024")
    shapes = gopa.network.plan((28, 28, 1))[0]
    assert [*shapes.values()] == [(784, 10), (10,), (10, 10), (10,)]
    assert gopa.initial == nn.Uniform(-0.5, 0.5)
    assert (gopa.batch_size, gopa.optimizer) == (0, nn.GradientDescent())
    shao = load_recipe("shao-2023")
    assert {type(layer) for layer in shao.network.layers} >= {nn.Centre, nn.Sigmoid}
    assert shao.loss == nn.SquaredError()


def test_every_layer_rule_and_setting_can_be_written_down() -> None:
    needed: dict[type, Any] = {nn.Dense: {"units": 3}, nn.Conv: {"channels": 2}}
    needed |= {nn.Residual: {"body": []}, nn.Concat: {"first": [], "second": []}}
    needed |= {nn.Exemplars: {"units": 10, "examples": 3}}
    table = {**TABLE, "network": [{"kind": k.__name__, **needed.get(k, {})} for k in LAYERS]}
    assert [type(layer) for layer in from_table(table).network.layers] == list(LAYERS)
    for key in KINDS.keys() - {"network"}:
        for kind in KINDS[key]:
            more: dict[str, Any] = {"rate": 0.1} if key == "schedule" else {}
            more |= {"parts": LOSS_PARTS} if kind is nn.MultiTask else {}
            more |= {"rule": {"kind": "AdamW"}, "norm": 3} if kind is nn.Clipped else {}
            made = from_table({**TABLE, key: {"kind": kind.__name__, **more}})
            assert type(getattr(made, key)) is kind
            assert from_table(json.loads(json.dumps(to_table(made)))) == made


def test_a_rule_within_clipping_keeps_its_settings() -> None:
    table = {"kind": "Clipped", "norm": 3, "rule": {"kind": "AdamW", "decay": 0.3}}
    assert recipe(optimizer=table).optimizer == nn.Clipped(nn.AdamW(decay=0.3), norm=3.0)


def test_losses_with_losses_inside_are_those_of_their_tables() -> None:
    expected = nn.MultiTask(
        [(nn.HeatmapFocal(alpha=3.0), 1, 1.0), (nn.PlaceCrossEntropy(), 9, 0.5)]
    )
    assert recipe(loss={"kind": "MultiTask", "parts": LOSS_PARTS}).loss == expected


def test_tables_keep_every_setting() -> None:
    everything = recipe(
        EVERYTHING,
        about="ä",
        classes="abcdefghij",
        schedule={"kind": "Step", "rate": 1, "at": [0.1, 0.2]},
        augment={"rotate": [-5, 10], "stroke": 0.5},
    )
    assert to_table(everything).keys() == {f.name for f in fields(Recipe)}
    assert from_table(json.loads(json.dumps(to_table(everything)))) == everything
    assert everything.schedule.at == (0.1, 0.2)


def test_with_settings() -> None:
    assert with_settings(recipe(), epochs=7) == recipe(epochs=7)
    for wrong, said in (
        ({"epochs": 0}, "epochs must be at least 1"),
        ({"epochs": "3"}, "epochs must be a whole number, not '3'"),
        ({"classes": 10}, "classes must be text, not 10"),
        ({"augment": 3}, "augment must be a table of settings, not 3"),
        ({"wear": None}, "wear must be a table of settings, not None"),
        ({"network": [nn.Dense(10)]}, "layer 0 must be a table like"),
        ({"schedule": 0.1}, "schedule must be a table like"),
        ({"epoch": 3}, "no setting 'epoch'; did you mean 'epochs'"),
    ):
        with pytest.raises(RecipeError, match=said):
            with_settings(recipe(), **wrong)


@pytest.mark.parametrize(
    ("settings", "wrong"),
    [
        ({"epochs": np.float64(1)}, "epochs must be a whole number, not 1.0"),
        ({"epochs": np.True_}, "epochs must be a whole number, not True"),
        ({"average": np.float32("nan")}, "average must be a finite number, not nan"),
        ({"network": nn.Chain([nn.Dense(np.float32(10))])}, "units must be a whole number, not 10"),  # type: ignore[arg-type]
        ({"network": nn.Chain([3])}, "layer 0 must be a table like"),  # type: ignore[list-item]
        ({"optimizer": nn.SquaredError()}, "optimizer: no kind 'SquaredError'"),
        ({"optimizer": {"eps": 1e-8}}, "optimizer must be a table like"),
        ({"optimizer": None}, "optimizer must be a table like"),
        ({"loss": nn.SquaredError}, "loss must be a table like"),
        ({"about": [1]}, "about must be text, not"),
    ],
)
def test_values_of_wrong_kinds_are_told_when_they_are_written_down(
    settings: dict[str, Any], wrong: str
) -> None:
    with pytest.raises(RecipeError, match=wrong):
        from_table(to_table(with_settings(recipe(), **settings)))


NUMPYS: list[dict[str, Any]] = [
    {"epochs": np.int64(3)},
    {"average": np.float32(0.5)},
    {"optimizer": nn.Momentum(np.float32(0.5))},  # type: ignore[arg-type]
    {"network": nn.Chain([nn.Flatten(), nn.Dense(np.uint8(10))])},  # type: ignore[arg-type]
    {"loss": nn.MultiTask([(nn.SquaredError(), np.int64(10), np.float32(0.5))])},  # type: ignore[list-item]
    {"augment": Augmentation(rotate=(np.float64(-5), np.float64(5)))},
]


@pytest.mark.parametrize("settings", NUMPYS)
def test_numbers_of_numpy_are_numbers(settings: dict[str, Any]) -> None:
    made = with_settings(recipe(), **settings)
    assert made == replace(recipe(), **settings)
    assert from_table(json.loads(json.dumps(to_table(made)))) == made
    kept = to_table(replace(recipe(), **settings))  # and where they were not read before
    assert from_table(json.loads(json.dumps(kept))) == made
    assert from_table({**TABLE, "epochs": np.int64(3)}) == recipe(epochs=3)


class MyAdam(nn.Adam):
    """A rule of somebody's own."""


class MyCosine(nn.Cosine):
    """A schedule of somebody's own."""


class MyDense(nn.Dense):
    """A layer of somebody's own."""


class MyRule:
    """A rule that only does what a rule does."""

    def start(self, w: Array) -> Params:
        """No memory."""
        return {}

    def update(self, g: Array, w: Array, s: Params, rate: float, t: int) -> Array:
        """Down."""
        return -rate * g


NAMESAKE = type("Adam", (nn.Adam,), {})  # called as a rule that ships
OWN: list[dict[str, Any]] = [
    {"optimizer": MyAdam()},
    {"optimizer": NAMESAKE()},
    {"optimizer": MyRule()},
    {"optimizer": nn.Clipped(NAMESAKE(), norm=1.0)},
    {"schedule": MyCosine(rate=0.1)},
    {"initial": type("He", (nn.He,), {})()},
    {"loss": nn.MultiTask([(type("SquaredError", (nn.SquaredError,), {})(), 10, 1.0)])},
    {"network": nn.Chain([nn.Flatten(), MyDense(10)])},
    {"network": nn.Chain([nn.Flatten(), nn.Residual(nn.Chain([MyDense(784)])), nn.Dense(10)])},
    {"augment": type("Augmentation", (Augmentation,), {})(rotate=5)},
]


@pytest.mark.parametrize("settings", OWN)
def test_what_is_somebodys_own_stays_that_object(settings: dict[str, Any]) -> None:
    (key, own), *_ = settings.items()
    theirs = replace(recipe(), **settings)
    assert getattr(with_settings(theirs, epochs=1), key) is own
    assert getattr(with_settings(recipe(), **settings), key) is own
    with pytest.raises(RecipeError, match="epochs must be a whole number, not '3'"):
        with_settings(theirs, epochs="3")
    with pytest.raises(RecipeError, match="no setting 'epoch'; did you mean 'epochs'"):
        with_settings(theirs, epoch=3, **settings)


@pytest.mark.parametrize("settings", [own for own in OWN if own.keys() < KINDS.keys()])
def test_what_is_somebodys_own_is_not_read_as_what_is_called_alike(
    settings: dict[str, Any],
) -> None:
    theirs = replace(recipe(), **settings)
    with pytest.raises(RecipeError, match="kind"):
        from_table(to_table(theirs))
    with pytest.raises(RecipeError, match="kind"):
        changed(theirs, ["epochs=1"])


def test_a_file_is_named_by_its_name_and_settings_replace(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('network = [{ kind = "Flatten" }, { kind = "Dense", units = 10 }]\n', "utf-8")
    mine = load_recipe(path, ["epochs=3", "schedule={kind='Constant', rate=1}", "data=strokes"])
    assert (mine.name, mine.epochs, mine.data) == ("mine", 3, "strokes")
    assert mine.schedule == nn.Constant(1.0)
    assert load_recipe("quick", ["schedule.rate=0.5"]).schedule.rate == 0.5
    assert load_recipe("quick", ["name=a=b"]).name == "a=b"
