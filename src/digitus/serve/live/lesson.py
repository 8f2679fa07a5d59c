"""What can be trained on the web page: a few settings in, a recipe out.

A lesson starts from a recipe (`starting_points`) and replaces what the web page offers to replace.

Inside: the settings with their limits, and the recipe that they make. Not inside: the network as
text (`network_text`), and carrying it out (`run`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import asdict

from digitus import nn
from digitus.datasets.augmentation import Augmentation
from digitus.datasets.sources import STROKES
from digitus.errors import RecipeError
from digitus.recipe import RULES, Recipe, with_settings
from digitus.serve.decoding import in_words
from digitus.serve.live.network_text import ACTIVATIONS, PATTERN, network_of, text_of
from digitus.serve.live.starting_points import (
    MOST_PARAMETERS,
    names,
    parameters,
    starting_point,
)
from digitus.training.step import shard_size

AUGMENTS = {
    "none": Augmentation(),
    "mild": Augmentation(rotate=8, scale=0.1, shear=8, shift=1, elastic=0.8, smoothness=4),
    "strong": Augmentation(rotate=20, scale=0.2, shear=15, shift=2, elastic=1.2, smoothness=4),
}
OWN = "recipe"  # the recipe's own augmentation, where it is none of these
OPTIMIZERS = {kind.__name__: kind for kind in RULES}
DATA = (STROKES, "mnist")
LIMITS: dict[str, tuple[float, float]] = {
    "rate": (1e-6, 100.0),
    "batch_size": (0, 512),  # 0: the whole set at once
    "epochs": (1, 1000),
    "examples": (200, 20_000),
    "seed": (0, 10**6),
}
CHOICES: dict[str, Sequence[str]] = {
    "recipe": names(),
    "activation": tuple(ACTIVATIONS),
    "optimizer": tuple(OPTIMIZERS),
    "augment": (*AUGMENTS, OWN),
    "data": DATA,
}
# Held back to measure on: one of so many examples, but no more than the second number.
EXAMPLES_TO_ONE_HELD_BACK, MOST_HELD_BACK_EXAMPLES = 6, 2000


def _within(setting: str) -> Meta:
    """The limits of a setting."""
    least, most = LIMITS[setting]
    return Meta(ge=least, le=most)


def _one_of(setting: str) -> Meta:
    """A setting's choices, for the description; `Lesson` itself refuses what is none of them."""
    return Meta(extra_json_schema={"enum": list(CHOICES[setting])})


class Lesson(Struct, frozen=True, forbid_unknown_fields=True):
    """The settings that the web page offers. Raises `RecipeError` where they make no recipe."""

    recipe: Annotated[str, _one_of("recipe")]
    layers: Annotated[
        str,
        Meta(
            examples=["784-32-10", "784-8c-p-10"],
            extra_json_schema={"pattern": PATTERN},
        ),
    ]
    activation: Annotated[str, _one_of("activation")]
    optimizer: Annotated[str, _one_of("optimizer")]
    rate: Annotated[float, _within("rate")]
    batch_size: Annotated[int, _within("batch_size")]
    epochs: Annotated[int, _within("epochs")]
    augment: Annotated[str, _one_of("augment")]
    data: Annotated[str, _one_of("data")]
    examples: Annotated[int, _within("examples")]
    seed: Annotated[int, _within("seed")]

    def __post_init__(self) -> None:
        for key in CHOICES.keys() - {"recipe"}:  # `plan` refuses it, and suggests the nearest name
            if getattr(self, key) not in CHOICES[key]:
                raise RecipeError(f"{key} must be one of {', '.join(CHOICES[key])}")

    def plan(self) -> Recipe:
        """The recipe. Raises `RecipeError` and `ShapeError`."""
        base = starting_point(self.recipe)
        own = lesson_of(self.recipe)
        network = base.network
        if (self.layers, self.activation) != (own.layers, own.activation):
            network = network_of(self.layers, ACTIVATIONS[self.activation](), base.network)
        optimizer, schedule = base.optimizer, base.schedule
        if self.optimizer != own.optimizer:
            optimizer = OPTIMIZERS[self.optimizer]()
        if self.rate != own.rate:
            schedule = dataclasses.replace(base.schedule, rate=self.rate)
        return with_settings(
            base,
            network=network,
            data=self.data,
            development=min(self.examples // EXAMPLES_TO_ONE_HELD_BACK, MOST_HELD_BACK_EXAMPLES),
            optimizer=optimizer,
            schedule=schedule,
            batch_size=self._batch_size(network),
            worn=0.0,
            not_digits=0.0,
            teacher="",
            epochs=self.epochs,
            augment=base.augment if self.augment == OWN else AUGMENTS[self.augment],
            seed=self.seed,
        )

    def _batch_size(self, network: nn.Chain) -> int:
        """As asked; where a step may have shards, one at most, so that `equations` can show it."""
        count = parameters(network)
        if count > MOST_PARAMETERS:
            why = f"{count:,} parameters are more than {MOST_PARAMETERS:,}"
            raise RecipeError(why, "parameters", n=count, most=MOST_PARAMETERS)
        if not {nn.Conv, nn.BatchNorm} & {type(layer) for layer in nn.walk(network)}:
            return self.batch_size
        most = shard_size(network, self.examples, 1, count)
        return min(self.batch_size or most, most)


def lesson_of(recipe: str) -> Lesson:
    """A recipe's own settings. Raises `RecipeError` for an unknown one."""
    base = starting_point(recipe)
    activations = {kind: name for name, kind in ACTIVATIONS.items()}
    used = [activations[type(a)] for a in base.network.layers if type(a) in activations]
    return Lesson(
        recipe=recipe,
        layers=text_of(base.network),
        activation=used[0] if used else "relu",
        optimizer=type(base.optimizer).__name__,
        rate=base.schedule.rate,
        batch_size=min(base.batch_size, int(LIMITS["batch_size"][1])),
        epochs=base.epochs,
        augment=next((name for name, a in AUGMENTS.items() if a == base.augment), OWN),
        data=STROKES,
        examples=6000,
        seed=0,
    )


def lesson_from(settings: dict[str, object]) -> Lesson:
    """A recipe's own settings with some replaced. Raises `RecipeError`."""
    name = settings.get("recipe", "perceptron")
    if not isinstance(name, str):
        raise RecipeError("recipe must be the name of one")
    try:
        return msgspec.convert(asdict(lesson_of(name)) | settings, Lesson)
    except msgspec.ValidationError as error:
        raise RecipeError(in_words(error)) from None
