"""What can be trained on the page: a few settings in, a recipe out.

A lesson starts from a recipe, a shipped one or one of the small ones here, and replaces what the
page offers to replace. Layers are written as text: "784-32-10" is a perceptron with 32 hidden
units, "784-8c-p-10" has eight 3 x 3 convolutions and a 2 x 2 max-pool.

Inside: that, with its limits, and the digits to learn from. Not inside: carrying it out (`live`).
"""

from __future__ import annotations

import math
import re
import threading
from collections import OrderedDict
from dataclasses import asdict, dataclass, fields, replace
from functools import cache
from typing import Any

from digitus import nn
from digitus.datasets.augment import Augmentation
from digitus.datasets.digits import Digits
from digitus.datasets.sources import STROKES, available, load
from digitus.errors import RecipeError
from digitus.recipe import KINDS, Recipe, load_recipe, nearest, planned, shipped, with_settings
from digitus.training.step import shard_size

ACTIVATIONS: dict[str, type] = {"relu": nn.Relu, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh}
AUGMENTS = {
    "none": Augmentation(),
    "mild": Augmentation(rotate=8, scale=0.1, shear=8, shift=1, elastic=0.8, smoothness=4),
    "strong": Augmentation(rotate=20, scale=0.2, shear=15, shift=2, elastic=1.2, smoothness=4),
}
OWN = "recipe"  # the recipe's own augmentation, where it is none of these
MOST_LAYERS, MOST_UNITS, MOST_CHANNELS = 8, 1024, 32
LIMITS: dict[str, tuple[float, float]] = {
    "rate": (1e-6, 100.0),
    "batch_size": (0, 512),  # 0: the whole set at once
    "epochs": (1, 1000),
    "examples": (200, 20_000),
    "seed": (0, 10**6),
}
MOST_PARAMETERS = 1_000_000
HELD_BACK = 6  # one of so many examples is held back to measure on, at most MOST_HELD_BACK
MOST_HELD_BACK = 2000
KEPT = 3  # sets of digits that are kept in memory
LAYER = re.compile(r"(\d{1,4})(c?)|(p)")
SMALL = {
    "perceptron": ("784-32-10", "relu", "one hidden layer of 32 units; learns in seconds"),
    "one layer": ("784-10", "relu", "no hidden layer: each digit is one picture of weights"),
    "deep": ("784-64-32-16-10", "tanh", "three hidden layers with tanh"),
    "convolutions": ("784-8c-p-16c-p-10", "relu", "two layers of 3 x 3 windows"),
}


@dataclass(frozen=True)
class Lesson:
    """The settings that the page offers. Raises `RecipeError` where they make no recipe."""

    recipe: str = "perceptron"
    layers: str = "784-32-10"
    activation: str = "relu"
    optimizer: str = "Adam"
    rate: float = 0.003
    batch_size: int = 32
    epochs: int = 10
    augment: str = "none"
    data: str = STROKES
    examples: int = 6000
    seed: int = 0

    def __post_init__(self) -> None:
        for key, (least, most) in LIMITS.items():
            if not least <= getattr(self, key) <= most:
                raise RecipeError(
                    f"{key} must be from {least:g} to {most:g}, not {getattr(self, key)}"
                )
        for key, known in (
            ("activation", ACTIVATIONS), ("augment", (*AUGMENTS, OWN)),
            ("optimizer", OPTIMIZERS), ("data", (STROKES, "mnist")),
        ):  # fmt: skip
            if getattr(self, key) not in known:
                raise RecipeError(f"{key} must be one of {', '.join(known)}")

    def table(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    def plan(self) -> Recipe:
        """The recipe. Raises `RecipeError` and `ShapeError`."""
        base = _base(self.recipe)
        own = lesson_of(self.recipe)
        network = base.network
        if (self.layers, self.activation) != (own.layers, own.activation):
            network = _network(self.layers, ACTIVATIONS[self.activation](), base.network)
        schedule = base.schedule
        if self.rate != own.rate:
            schedule = replace(base.schedule, rate=self.rate)  # type: ignore[type-var]
        return with_settings(
            base,
            network=network,
            data=self.data,
            development=min(self.examples // HELD_BACK, MOST_HELD_BACK),
            optimizer=base.optimizer if self.optimizer == own.optimizer else _rule(self.optimizer),
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
        """As asked; where it matters, of one shard: the equations on the page are the step's."""
        count = sum(map(math.prod, planned(network, (28, 28)).values()))
        if count > MOST_PARAMETERS:
            raise RecipeError(f"{count:,} parameters are more than {MOST_PARAMETERS:,}")
        if not {nn.Conv, nn.BatchNorm} & {type(layer) for layer in nn.walk(network)}:
            return self.batch_size
        most = shard_size(network, self.examples, 1, count)
        return min(self.batch_size or most, most)


OPTIMIZERS = {kind.__name__: kind for kind in KINDS["optimizer"]}


def lesson_of(recipe: str) -> Lesson:
    """A recipe's own settings. Raises `RecipeError` for an unknown one."""
    base = _base(recipe)
    activations = {kind: name for name, kind in ACTIVATIONS.items()}
    used = [activations[type(a)] for a in base.network.layers if type(a) in activations]
    known = next((name for name, a in AUGMENTS.items() if a == base.augment), OWN)
    most = int(LIMITS["batch_size"][1])
    return Lesson(
        recipe=recipe,
        layers=written(base.network),
        activation=used[0] if used else "relu",
        optimizer=type(base.optimizer).__name__,
        rate=base.schedule.rate,  # type: ignore[attr-defined]
        batch_size=min(base.batch_size, most),
        epochs=base.epochs,
        augment=known,
    )


def lesson_from(table: dict[str, Any]) -> Lesson:
    """A lesson from JSON: a recipe's own settings with some replaced. Raises `RecipeError`."""
    name = table.get("recipe", "perceptron")
    if not isinstance(name, str):
        raise RecipeError("recipe must be the name of one")
    lesson = lesson_of(name)
    settings: dict[str, Any] = {}
    hints = {f.name: type(getattr(lesson, f.name)) for f in fields(lesson)}
    for key, value in table.items():
        if key not in hints:
            raise RecipeError(f"there is no setting {key[:40]!r}; there are {', '.join(hints)}")
        hint = hints[key]
        if isinstance(value, bool) or not isinstance(
            value, (int, float) if hint is float else hint
        ):
            raise RecipeError(f"{key} must be {WORDS[hint]}")
        if isinstance(value, int | float) and not abs(value) <= 10**9:
            raise RecipeError(f"{key} is too large")
        settings[key] = hint(value)
    return replace(lesson, **settings)


WORDS: dict[type, str] = {str: "text", int: "a whole number", float: "a number"}


def lessons() -> list[dict[str, Any]]:
    """All recipes to start from, as JSON."""
    return [
        {
            "name": name,
            "about": _base(name).about,
            "settings": lesson_of(name).table(),
            "parameters": _count(_base(name)),
        }
        for name in names()
    ]


@cache
def names() -> tuple[str, ...]:
    """The recipes to start from: the small ones, and those that ship and are not too large."""
    return (*SMALL, *(name for name in shipped() if _count(load_recipe(name)) <= MOST_PARAMETERS))


def _count(recipe: Recipe) -> int:
    """The parameters of a recipe's network."""
    return sum(map(math.prod, planned(recipe.network, (28, 28)).values()))


def offers() -> dict[str, Any]:
    """What a lesson can be made of, as JSON."""
    mnist = any(found.name == "mnist" and found.found for found in available())
    return {
        "recipes": lessons(),
        "limits": {
            **{key: list(pair) for key, pair in LIMITS.items()},
            "layers": MOST_LAYERS,
            "units": MOST_UNITS,
            "channels": MOST_CHANNELS,
            "parameters": MOST_PARAMETERS,
        },
        "activations": list(ACTIVATIONS),
        "augments": list(AUGMENTS),
        "optimizers": list(OPTIMIZERS),
        "data": [STROKES, "mnist"] if mnist else [STROKES],
    }


def written(network: nn.Chain) -> str:
    """A network as text; what is neither dense, convolution nor pool is left out."""
    parts = ["784"]
    for layer in network.layers:
        if isinstance(layer, nn.Dense):
            parts.append(str(layer.units))
        elif isinstance(layer, nn.Conv):
            parts.append(f"{layer.channels}c")
        elif isinstance(layer, nn.MaxPool | nn.AveragePool):
            parts.append("p")
    return "-".join(parts)


def _network(text: str, activation: Any, base: nn.Chain) -> nn.Chain:
    """A network from text, with the preparation and the last activation of the recipe's own."""
    first, *parts = text.split("-")
    if first != "784" or not parts or parts[-1] != "10":
        raise RecipeError('layers must look like "784-32-10", from 784 pixels to 10 digits')
    if len(parts) > MOST_LAYERS:
        raise RecipeError(f"{len(parts)} layers are more than {MOST_LAYERS}")
    layers: list[Any] = [
        a for a in base.layers if isinstance(a, nn.Scale | nn.Centre | nn.Standardize | nn.Deslant)
    ]
    flat = False
    for part in parts:
        found = LAYER.fullmatch(part)
        if not found:
            raise RecipeError(
                "a layer is a number of units (32), of convolutions (8c), or a pool (p); "
                f"not {part[:20]!r}"
            )
        number, conv, pool = int(found[1] or 0), bool(found[2]), bool(found[3])
        if flat and (conv or pool):
            raise RecipeError("convolutions and pools must come before the layers of units")
        if pool:
            layers.append(nn.MaxPool(2))
        elif conv:
            layers += [nn.Conv(_upto(number, MOST_CHANNELS, "convolutions")), activation]
        else:
            layers += [] if flat else [nn.Flatten()]
            layers += [nn.Dense(_upto(number, MOST_UNITS, "units")), activation]
            flat = True
    ends = isinstance(base.layers[-1], tuple(ACTIVATIONS.values()))
    return nn.Chain(layers if ends else layers[:-1])


def _upto(number: int, most: int, what: str) -> int:
    if not 1 <= number <= most:
        raise RecipeError(f"a layer has from 1 to {most} {what}, not {number}")
    return number


def _rule(name: str) -> Any:
    return OPTIMIZERS[name]()


def _base(name: str) -> Recipe:
    """The recipe that a lesson starts from: never a file that somebody names."""
    if name not in SMALL:
        if name not in names():
            raise RecipeError(f"no recipe {name[:40]!r}{nearest(name, names())}")
        return load_recipe(name)
    layers, activation, about = SMALL[name]
    network = _network(layers, ACTIVATIONS[activation](), nn.Chain([nn.Scale(), nn.Flatten()]))
    return Recipe(
        name=name,
        network=network,
        about=about,
        data=STROKES,
        initial=nn.Glorot() if activation == "tanh" else nn.He(),
        schedule=nn.Constant(rate=0.003),
        batch_size=32,
    )


class DigitsCache:
    """Digits to learn from, the latest few kept in memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, int], Digits] = OrderedDict()

    def digits(self, data: str, count: int) -> Digits:
        """The first `count` of a set's training part. Raises `DataError`; downloads nothing."""
        with self._lock:
            key = (data, count)
            if key not in self._kept:
                self._kept[key] = load(data, "train", download=False, count=count)
                if len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return self._kept[key]
