"""Layers, losses and rules of somebody's own class: used in memory, and in no file.

A file that names such a class was written once, and nobody could read it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from digitus import nn
from digitus.errors import RecipeError
from digitus.recipe import Recipe
from digitus.recognizer import Recognizer
from digitus.training.run_folder import Run, record
from small import digits, recipe


@dataclass(frozen=True)
class Doubled:
    """y = 2 x."""

    def plan(self, shape: nn.Shape) -> tuple[dict[str, nn.Shape], nn.Shape]:
        return {}, shape

    def forward(self, p: nn.Params, x: Any, rng: Any = None) -> tuple[Any, Any]:
        return 2 * x, lambda dy, want_dx=True: (2 * dy, {})


class OwnRule(nn.GradientDescent):
    """A rule of its own."""


class OwnLoss(nn.SquaredError):
    """A loss of its own."""


def with_layer(layer: Any) -> dict[str, Any]:
    return {"network": nn.Chain([nn.Scale(), nn.Flatten(), *layer, nn.Dense(10)])}


def untrained(recipe: Recipe) -> Recognizer:
    """A recognizer with the parameters that training begins with."""
    params = nn.initial(recipe.network, (28, 28, 1), recipe.initial, nn.stream(0, "initial"))
    return Recognizer(recipe, params, (28, 28))


SETTINGS: dict[str, tuple[str, dict[str, Any]]] = {
    "a layer": ("Doubled", with_layer([Doubled()])),
    "a layer in another": ("Doubled", with_layer([nn.Residual(nn.Chain([Doubled()]))])),
    "a rule": ("OwnRule", {"optimizer": OwnRule()}),
    "a rule in another": ("OwnRule", {"optimizer": nn.Clipped(OwnRule(), 1.0)}),
    "a loss": ("OwnLoss", {"loss": OwnLoss()}),
}


@pytest.mark.parametrize("kind", SETTINGS)
def test_no_file_is_written_that_names_a_class_of_somebodys_own(kind: str, tmp_path: Path) -> None:
    name, settings = SETTINGS[kind]
    own = replace(recipe(), **settings)
    message = f"{next(iter(settings))}: a file cannot hold .*{name}, a class of your own"
    with pytest.raises(RecipeError, match=message):
        untrained(own).save(tmp_path / "own.safetensors")
    # Training that is kept is refused before its first step, and not after the last.
    with pytest.raises(RecipeError, match=message):
        next(record(Run(tmp_path / "run"), own, digits()))
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_what_ships_is_no_class_of_somebodys_own(tmp_path: Path) -> None:
    layers = with_layer([nn.Residual(nn.Chain([nn.Relu()]))])
    whole = replace(recipe(), **layers, optimizer=nn.Clipped(nn.Adam(), 1.0))
    untrained(whole).save(tmp_path / "whole.safetensors")
    assert next(record(Run(tmp_path / "run"), whole, digits()))
