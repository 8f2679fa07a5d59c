"""The recipes that a lesson can start from: a few small ones, and those that ship.

Inside: that. Not inside: what a lesson replaces in them (`lesson`).
"""

from __future__ import annotations

import math
from functools import cache

from digitus import nn
from digitus.datasets.digits import DIGITS
from digitus.datasets.sources import STROKES
from digitus.errors import RecipeError
from digitus.recipe import MADE, Recipe, load_recipe, nearest, planned, shipped
from digitus.serve.live.network_text import ACTIVATIONS, network_of

MOST_PARAMETERS = 1_000_000
SMALL = {
    "perceptron": ("784-32-10", "relu", "one hidden layer of 32 units; learns in seconds"),
    "one layer": ("784-10", "relu", "no hidden layer: each digit is one picture of weights"),
    "deep": ("784-64-32-16-10", "tanh", "three hidden layers with tanh"),
    "convolutions": ("784-8c-p-16c-p-10", "relu", "two layers of 3 x 3 windows"),
}


@cache
def names() -> tuple[str, ...]:
    """The small ones, and those that ship, learn digits and are not too large."""
    recipes = {name: load_recipe(name) for name in shipped()}
    digits = {name: recipe for name, recipe in recipes.items() if _learns_digits(recipe)}
    fits = (name for name, r in digits.items() if parameters(r.network) <= MOST_PARAMETERS)
    return (*SMALL, *fits)


def _learns_digits(recipe: Recipe) -> bool:
    return recipe.data not in MADE and recipe.classes == DIGITS


def parameters(network: nn.Chain) -> int:
    """How many numbers a network learns."""
    return sum(map(math.prod, planned(network, (28, 28)).values()))


def starting_point(name: str) -> Recipe:
    """The recipe of that name: never a file that somebody names. Raises `RecipeError`."""
    if name not in SMALL:
        if name not in names():
            raise RecipeError(f"no recipe {name[:40]!r}{nearest(name, names())}")
        return load_recipe(name)
    layers, activation, about = SMALL[name]
    network = network_of(layers, ACTIVATIONS[activation](), nn.Chain([nn.Scale(), nn.Flatten()]))
    return Recipe(
        name=name,
        network=network,
        about=about,
        data=STROKES,
        initial=nn.Glorot() if activation == "tanh" else nn.He(),
        schedule=nn.Constant(rate=0.003),
        batch_size=32,
    )
