"""What can be trained on the page, and what cannot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict

import small
from digitus import nn
from digitus.errors import DigitusError, RecipeError
from digitus.recipe import load_recipe, planned, shipped
from digitus.serve.live.digits_cache import CACHED_SETS, DigitsCache
from digitus.serve.live.lesson import LIMITS, lesson_from, lesson_of
from digitus.serve.live.offers import offers
from digitus.serve.live.starting_points import names
from digitus.serve.responses import json_text
from digitus.training.step import shard_size


@pytest.mark.parametrize("name", names())
def test_every_recipe_is_a_lesson(name: str) -> None:
    lesson = lesson_of(name)
    recipe = lesson.plan()
    planned(recipe.network, (28, 28))
    assert recipe.data == lesson.data == "strokes"
    assert lesson_from({"recipe": name}) == lesson
    assert lesson_from(asdict(lesson)) == lesson
    if name in shipped():
        own = load_recipe(name)
        kept = ("network", "optimizer", "schedule", "loss", "initial", "augment", "average")
        assert [getattr(recipe, key) for key in kept] == [getattr(own, key) for key in kept]


def test_settings_replace_the_recipes() -> None:
    lesson = lesson_from(
        {"recipe": "shao-2023", "layers": "784-8c-p-20-10", "activation": "tanh", "rate": 1,
         "optimizer": "Momentum", "augment": "mild", "epochs": 3, "batch_size": 7, "seed": 5}
    )  # fmt: skip
    recipe = lesson.plan()
    assert recipe.network.layers == (
        nn.Scale(255), nn.Centre(), nn.Conv(8), nn.Tanh(), nn.MaxPool(2), nn.Flatten(),
        nn.Dense(20), nn.Tanh(), nn.Dense(10), nn.Tanh(),
    )  # fmt: skip
    assert recipe.schedule == nn.Constant(rate=1.0)
    assert recipe.optimizer == nn.Momentum()
    assert (recipe.epochs, recipe.batch_size, recipe.seed) == (3, 7, 5)
    assert recipe.augment.rotate == 8
    assert isinstance(recipe.loss, nn.SquaredError)


def test_convolutions_learn_in_one_shard() -> None:
    for batch_size in (0, 100, 500):
        recipe = lesson_from({"recipe": "convolutions", "batch_size": batch_size}).plan()
        assert 0 < recipe.batch_size <= shard_size(recipe.network, 10**4, 1, 1)
    assert lesson_from({"recipe": "perceptron", "batch_size": 0}).plan().batch_size == 0


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"layers": ""}, "layers must look like"),
        ({"layers": "784"}, "layers must look like"),
        ({"layers": "784-10-5"}, "layers must look like"),
        ({"layers": "100-10"}, "layers must look like"),
        ({"layers": "784-x-10"}, "a layer is"),
        ({"layers": "784--10"}, "a layer is"),
        ({"layers": "784-0-10"}, "from 1 to 1024"),
        ({"layers": "784-2000-10"}, "from 1 to 1024"),
        ({"layers": "784-33c-10"}, "from 1 to 32"),
        ({"layers": "784-1024-1024-10"}, "parameters are more"),
        ({"layers": "784-20-8c-10"}, "must come before"),
        ({"layers": "784-p-p-p-p-p-10"}, "window is larger"),
        ({"layers": "784" + "-16" * 8 + "-10"}, "layers are more"),
        ({"layers": 7}, "layers must be text"),
        ({"rate": 0}, "rate must be a number >= 1e-06"),
        ({"rate": True}, "rate must be a number"),
        ({"rate": "1"}, "rate must be a number"),
        ({"rate": 10**400}, "rate: .*out of range"),
        ({"epochs": 1.5}, "epochs must be a whole number"),
        ({"epochs": 0}, "epochs must be a whole number >= 1"),
        ({"examples": 10**7}, "examples must be a whole number <= 20000"),
        ({"batch_size": -1}, "batch_size must be a whole number >= 0"),
        ({"data": "/etc"}, "data must be one of"),
        ({"data": "usps"}, "data must be one of"),
        ({"augment": "wild"}, "augment must be one of"),
        ({"activation": "step"}, "activation must be one of"),
        ({"optimizer": "Newton"}, "optimizer must be one of"),
        ({"recipe": "nothing"}, "no recipe"),
        ({"recipe": ["mlp"]}, "recipe must be"),
        ({"network": []}, "there is no field 'network'"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_makes_no_recipe(setting: dict[str, Any], words: str) -> None:
    with pytest.raises(DigitusError, match=words) as caught:
        lesson_from(setting).plan()
    small.one_line(caught.value)


def test_a_recipe_is_never_a_file(tmp_path: Path) -> None:
    file = small.write_recipe(tmp_path / "mine.toml")
    for name in (str(file), "../recipes/mlp.toml", "mlp.toml", "/etc/passwd"):
        with pytest.raises(RecipeError, match="no recipe"):
            lesson_from({"recipe": name})


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "layers": st.from_regex(r"784(-([0-9]{1,3}c?|p)){0,5}-10", fullmatch=True),
            "activation": st.sampled_from(["relu", "sigmoid", "tanh"]),
            "rate": st.floats(1e-6, 100),
            "batch_size": st.integers(0, 512),
            "examples": st.integers(200, 20_000),
            "recipe": st.sampled_from(names()),
        },
    )
)
def test_any_lesson_is_a_recipe_or_a_line(table: dict[str, Any]) -> None:
    try:
        recipe = lesson_from(table).plan()
    except DigitusError as error:
        small.one_line(error)
    else:
        assert 0 < recipe.development < table.get("examples", 6000)
        assert planned(recipe.network, (28, 28))


def test_what_is_offered_can_be_had() -> None:
    found = json.loads(json_text(offers()))
    assert found["data"] == ["strokes"]
    for recipe in found["recipes"]:
        lesson_from(recipe["settings"]).plan()
        assert recipe["about"]
    for key, (least, most) in LIMITS.items():
        assert found["limits"][key] == [least, most]
        for value in (least, most):
            lesson_from({key: type(getattr(lesson_of("perceptron"), key))(value)})


def test_a_network_for_pages_is_not_offered() -> None:
    assert "quick" in names()
    assert "page" not in names()
    with pytest.raises(RecipeError, match="no recipe 'page'"):
        lesson_of("page")


def test_the_cache_keeps_a_few() -> None:
    cache = DigitsCache()
    first = cache.digits("strokes", 200)
    assert cache.digits("strokes", 200) is first
    for count in range(201, 201 + CACHED_SETS):
        cache.digits("strokes", count)
    assert cache.digits("strokes", 200) is not first
    with pytest.raises(DigitusError):
        cache.digits("mnist", 200)
