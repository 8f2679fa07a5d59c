"""What a lesson can be made of: /api/recipes, from which the web page makes its form.

Inside: that, as it is sent. Not inside: a lesson itself (`lesson`).
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from digitus.datasets.sources import STROKES, available
from digitus.serve.live.lesson import (
    AUGMENTS,
    DATA,
    LIMITS,
    OPTIMIZERS,
    Lesson,
    lesson_of,
)
from digitus.serve.live.network_text import ACTIVATIONS, MOST_CHANNELS, MOST_LAYERS, MOST_UNITS
from digitus.serve.live.starting_points import (
    MOST_PARAMETERS,
    names,
    parameters,
    starting_point,
)
from digitus.serve.values import Answer, Whole

LeastAndMost = Annotated[list[float], Meta(min_length=2, max_length=2)]


class RecipeOffer(Answer, frozen=True):
    """A recipe to start from, with its own settings."""

    name: str
    about: str
    settings: Lesson
    parameters: Whole


class Limits(Answer, frozen=True):
    """The least and the most of each number, and the most of everything in a network."""

    rate: LeastAndMost
    batch_size: LeastAndMost
    epochs: LeastAndMost
    examples: LeastAndMost
    seed: LeastAndMost
    layers: Whole
    units: Whole
    channels: Whole
    parameters: Whole


class Offers(Answer, frozen=True):
    """All that a lesson can be made of; `data` is what there is on this machine."""

    recipes: list[RecipeOffer]
    limits: Limits
    activations: list[str]
    augments: list[str]
    optimizers: list[str]
    data: list[str]


def offers() -> Offers:
    """What a lesson can be made of."""
    return Offers(
        [_offer(name) for name in names()],
        Limits(
            **{key: list(limits) for key, limits in LIMITS.items()},
            layers=MOST_LAYERS,
            units=MOST_UNITS,
            channels=MOST_CHANNELS,
            parameters=MOST_PARAMETERS,
        ),
        list(ACTIVATIONS),
        list(AUGMENTS),
        list(OPTIMIZERS),
        data_here(),
    )


def data_here() -> list[str]:
    """The sets on this machine that a lesson can use; the last is the best to learn from."""
    mnist = any(found.name == "mnist" and found.found for found in available())
    return list(DATA) if mnist else [STROKES]


def _offer(name: str) -> RecipeOffer:
    recipe = starting_point(name)
    return RecipeOffer(name, recipe.about, lesson_of(name), parameters(recipe.network))
