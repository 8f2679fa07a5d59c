"""Recipes: an experiment is a file.

A recipe says everything that decides a training run: data, network, initial parameters, loss,
optimizer, schedule, batch size, epochs, augmentation, seed. It is written in TOML; a table that
stands for one of several things names it with the key `kind`::

    network = [{ kind = "Flatten" }, { kind = "Dense", units = 10 }]
    optimizer = { kind = "Momentum", mu = 0.9 }

A layer with layers inside has lists of its own: ``{ kind = "Residual", body = [{ kind = ...}] }``.

The names and settings are those of the classes in `digitus.nn`; an unknown one is an error that
names the nearest known one. The same tables are kept as JSON in every model file.

Inside: `Recipe`, reading and writing it, and whether its network fits the images (`planned`). Not
inside: carrying it out (`training`).
"""

from __future__ import annotations

import math
import reprlib
import tomllib
from collections.abc import Iterable
from dataclasses import MISSING, dataclass, field, fields, is_dataclass, replace
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from digitus import nn
from digitus.datasets.augmentation import Augmentation
from digitus.errors import RecipeError, ShapeError
from digitus.synthetic.wear import Wear

LAYERS = (
    nn.Dense, nn.Conv, nn.MaxPool, nn.AveragePool, nn.BatchNorm, nn.Relu, nn.Sigmoid, nn.Tanh,
    nn.Softmax, nn.Dropout, nn.Flatten, nn.Scale, nn.Centre, nn.Standardize, nn.Deslant,
    nn.Upsample, nn.Residual, nn.Concat,
)  # fmt: skip
KINDS: dict[str, tuple[type, ...]] = {
    "network": LAYERS,
    "initial": (nn.He, nn.Glorot, nn.Uniform),
    "loss": (nn.SoftmaxCrossEntropy, nn.SquaredError),
    "optimizer": (nn.GradientDescent, nn.Momentum, nn.Nesterov, nn.Adam, nn.AdamW),
    "schedule": (nn.Constant, nn.Step, nn.Cosine),
}
# Left out of tables where they say nothing.
SELDOM = ("worn", "wear", "not_digits", "teacher", "softness")
SOFTEST = 100  # beyond it all ten answers are alike
MOST_NESTED = 30  # layers within layers; a file from a stranger may have thousands
MOST_PARAMETERS = 10**9  # 4 GB, and four times that to train: more is a slip of the pen


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a training run.

    `development` images are held back from the training set for choices along the way.
    `batch_size` 0 means the whole training set at once. `average` is the decay of the exponential
    average of the weights, 0 for none. `data` is a name of the catalogue, several joined by "+", or
    a path. `worn` is the share of images that are worn, as by a bad photograph, drawn anew each
    time; `not_digits` are added to every batch, so many for each digit, to be read as nothing.
    `teacher` names models, joined by "+", whose answers are learnt instead of the labels: files, or
    "default", the one that ships; `softness` divides their outputs before softmax.
    `name` becomes that of a folder.
    """

    name: str
    network: nn.Chain
    about: str = ""
    data: str = "mnist"
    development: int = 5000
    initial: nn.Initializer = field(default_factory=nn.He)
    loss: Any = field(default_factory=nn.SoftmaxCrossEntropy)
    optimizer: nn.Optimizer = field(default_factory=nn.Adam)
    schedule: nn.Schedule = field(default_factory=lambda: nn.Cosine(rate=0.001))
    batch_size: int = 128
    epochs: int = 10
    average: float = 0.0
    augment: Augmentation = field(default_factory=Augmentation)
    worn: float = 0.0
    wear: Wear = field(default_factory=Wear)
    not_digits: float = 0.0
    teacher: str = ""
    softness: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not _is_name(self.name):
            raise ValueError(f"name must be printable, without / or \\, not {self.name[:80]!r}")
        for key, least in (("development", 1), ("batch_size", 0), ("epochs", 1), ("seed", 0)):
            if getattr(self, key) < least:
                raise ValueError(f"{key} must be at least {least}, not {getattr(self, key)}")
        if not 0 <= self.average < 1:
            raise ValueError(f"average must be at least 0 and below 1, not {self.average}")
        for key in ("worn", "not_digits"):
            if not 0 <= getattr(self, key) <= 1:
                raise ValueError(f"{key} must be from 0 to 1, not {getattr(self, key)}")
        if not 0 < self.softness <= SOFTEST:
            raise ValueError(f"softness must be above 0 and at most {SOFTEST}, not {self.softness}")


def planned(network: nn.Chain, size: tuple[int, int]) -> dict[str, nn.Shape]:
    """The shapes of all parameters of a network that tells digits on images of height and width.

    Raises `ShapeError` where it does not, before anything is allocated.
    """
    shapes, out = network.plan((*size, 1))
    if out != (10,):
        raise ShapeError(f"the network ends with {list(out)} outputs; ten digits need [10]")
    if sum(map(math.prod, shapes.values())) > MOST_PARAMETERS:
        raise ShapeError(f"the network would have more than {MOST_PARAMETERS:,} parameters")
    if not any(map(nn.trained, shapes)):
        raise ShapeError("the network cannot be trained: nothing in it learns")
    for i in range(nn.first_trained(network, shapes), len(network.layers)):
        # Its statistics would be measured after training, on what training never divided by them.
        for layer in nn.walk(network.layers[i]):
            if isinstance(layer, nn.Centre | nn.Standardize):
                raise ShapeError(
                    f"layer {i}, {layer}: prepares the input, so it must come before the first "
                    "layer that learns; further up, use BatchNorm"
                )
    return shapes


def shipped() -> dict[str, str]:
    """The recipes that come with digitus: name to TOML text."""
    folder = resources.files("digitus") / "recipes"
    files = [f for f in folder.iterdir() if f.name.endswith(".toml")]
    return dict(sorted((f.name.removesuffix(".toml"), f.read_text("utf-8")) for f in files))


def load_recipe(name: str | Path, settings: Iterable[str] = ()) -> Recipe:
    """A shipped recipe by its name, or any TOML file, with `settings` like "schedule.rate=0.1".

    Raises `RecipeError` for one that does not exist, is not TOML, or has unknown settings.
    """
    known = shipped()
    if str(name) in known:
        text, source = known[str(name)], str(name)
    else:
        path = Path(name)
        if path.suffix != ".toml":
            raise RecipeError(f"no recipe {str(name)!r}{nearest(str(name), known)}")
        try:
            text, source = path.read_text("utf-8"), path.stem
        except (OSError, UnicodeDecodeError) as error:
            raise RecipeError(f"recipe {path} cannot be read: {_reason(error)}") from None
    try:
        table = tomllib.loads(text)
        for setting in settings:
            _override(table, setting)
    except (ValueError, RecursionError) as error:  # the second and numbers of 5,000 digits
        raise RecipeError(f"recipe {source} is not TOML: {error}") from None
    return from_table({"name": source, **table})


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or "it is not UTF-8 text"


def _override(table: dict[str, Any], setting: str) -> None:
    """Sets "schedule.rate=0.1", or "optimizer={kind='Adam'}", in the tables of a recipe."""
    key, equals, value = setting.partition("=")
    if not equals:
        raise RecipeError(f"a setting looks like KEY=VALUE, for example seed=3; got {setting!r}")
    try:
        parsed = tomllib.loads(f"value = {value}")["value"]
    except (ValueError, RecursionError):
        parsed = value  # a bare word is a string: data=strokes
    *path, last = key.strip().split(".")
    for step in path:
        table = table.setdefault(step, {})
        if not isinstance(table, dict):
            raise RecipeError(f"the setting {key} goes into {step}, which is not a table")
    table[last] = parsed


def from_table(table: dict[str, Any]) -> Recipe:
    """A recipe from its tables, as TOML or JSON gives them. Raises `RecipeError`."""
    if not isinstance(table, dict):
        raise RecipeError(f"a recipe is a table of settings, not {reprlib.repr(table)}")
    where = f"recipe {table['name']}" if _is_name(table.get("name")) else "recipe"
    table = dict(table)
    for key, kinds in KINDS.items():
        if key not in table:
            continue
        if key != "network":
            table[key] = _chosen(table[key], kinds, f"{where}: {key}")
        else:
            if _deeper(table[key], 2 * MOST_NESTED):
                raise RecipeError(f"{where}: layers may be nested {MOST_NESTED} deep, not deeper")
            table[key] = _chain(table[key], where, f"{where}: network")
    for key, cls in (("augment", Augmentation), ("wear", Wear)):
        if key in table:
            table[key] = _build(cls, table[key], f"{where}: {key}")
    return _build(Recipe, table, where)


def to_table(recipe: Recipe) -> dict[str, Any]:
    """The tables of a recipe, ready for JSON; `from_table` makes the same recipe of them."""
    table: dict[str, Any] = {}
    for key in (f.name for f in fields(recipe)):
        value = getattr(recipe, key)
        if key in SELDOM and value == getattr(Recipe, key, Wear()):
            continue
        if key == "network":
            table[key] = _listed(value)
        elif key in KINDS:
            table[key] = _settings(value)
        elif is_dataclass(value):
            table[key] = _plain(value)
        else:
            table[key] = value
    return table


def with_settings(recipe: Recipe, **settings: Any) -> Recipe:
    """The recipe with some settings replaced. Raises `RecipeError` for values it cannot have."""
    try:
        return replace(recipe, **settings)
    except ValueError as error:
        raise RecipeError(f"recipe {recipe.name}: {error}") from None


def _settings(value: Any) -> dict[str, Any]:
    return {"kind": type(value).__name__, **_plain(value)}


def _plain(value: Any) -> dict[str, Any]:
    found = {f.name: getattr(value, f.name) for f in fields(value)}
    return {key: _listed(v) for key, v in found.items()}


def _listed(value: Any) -> Any:
    """What JSON and TOML have no word for as lists: a chain of layers, or numbers."""
    if isinstance(value, nn.Chain):
        return [_settings(layer) for layer in value.layers]
    return list(value) if isinstance(value, tuple) else value


def _chain(layers: Any, where: str, called: str) -> nn.Chain:
    """The chain that a list of tables describes."""
    if not isinstance(layers, list):
        raise RecipeError(f"{called} must be a list of layers, not {reprlib.repr(layers)}")
    made = (_chosen(layer, LAYERS, f"{where}: layer {i}") for i, layer in enumerate(layers))
    return nn.Chain(list(made))


def _deeper(value: Any, most: int) -> bool:
    """Whether lists and tables lie within each other more than so many deep."""
    level = [value]
    for _ in range(most + 1):
        inner = (
            v.values() if isinstance(v, dict) else v for v in level if isinstance(v, dict | list)
        )
        level = [v for values in inner for v in values]
    return bool(level)


def _chosen(table: Any, kinds: tuple[type, ...], where: str) -> Any:
    """The object that a table with a `kind` describes."""
    names = {kind.__name__: kind for kind in kinds}
    if not isinstance(table, dict) or "kind" not in table:
        raise RecipeError(f'{where} must be a table like {{ kind = "{next(iter(names))}" }}')
    kind = table["kind"]
    if not isinstance(kind, str) or kind not in names:
        near = nearest(kind if isinstance(kind, str) else "", names)
        raise RecipeError(f"{where}: no kind {reprlib.repr(kind)}{near}")
    rest = {key: value for key, value in table.items() if key != "kind"}
    return _build(names[kind], rest, f"{where}, {kind}")


def _build(cls: type, table: Any, where: str) -> Any:
    """An instance of a dataclass from a table whose keys are its fields."""
    if not isinstance(table, dict):
        raise RecipeError(f"{where} must be a table of settings, not {reprlib.repr(table)}")
    hints = get_type_hints(cls)
    known = {f.name: f for f in fields(cls)}
    for key, value in table.items():
        if key not in known:
            raise RecipeError(f"{where} has no setting {reprlib.repr(key)}{nearest(key, known)}")
        table = table | {key: _checked(value, hints[key], f"{where}: {key}")}
    for key, f in known.items():
        if key not in table and f.default is MISSING and f.default_factory is MISSING:
            raise RecipeError(f"{where} needs the setting {key!r}")
    try:
        return cls(**table)
    except ValueError as error:
        raise RecipeError(f"{where}: {error}") from None


SIMPLE: dict[Any, tuple[tuple[type, ...], str]] = {
    int: ((int,), "a whole number"),
    float: ((int, float), "a number"),
    str: ((str,), "text"),
}


def _checked(value: Any, hint: Any, where: str) -> Any:
    """The value where it is of the simple type asked for; lists of numbers become tuples."""
    if hint is nn.Chain and not isinstance(value, nn.Chain):
        return _chain(value, where, where)
    lists = get_origin(hint) is tuple or any(get_origin(h) is tuple for h in get_args(hint))
    if lists and isinstance(value, list | tuple):
        return tuple(_checked(v, float, f"{where}: {i}") for i, v in enumerate(value))
    if get_origin(hint) is tuple:
        raise RecipeError(f"{where} must be a list of numbers, not {reprlib.repr(value)}")
    if float in get_args(hint):  # one number or a list of them
        hint = float
    if hint not in SIMPLE:
        return value
    types, words = SIMPLE[hint]
    if not isinstance(value, types) or isinstance(value, bool):
        raise RecipeError(f"{where} must be {words}, not {reprlib.repr(value)}")
    try:
        value = hint(value)
    except OverflowError:
        value = math.inf
    if hint is float and not math.isfinite(value):
        raise RecipeError(f"{where} must be a finite number, not {value}")
    return value


def _is_name(name: Any) -> bool:
    """Whether a folder can be called so, inside the folder it is meant for."""
    if not isinstance(name, str) or not name.isprintable() or len(name) > 100:
        return False
    return bool(name.strip(". ")) and not set(name) & set("/\\")


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of an error message: what was probably meant, and what there is."""
    known = list(known)
    close = get_close_matches(name, known, n=1, cutoff=0.5)
    meant = f"; did you mean {close[0]!r}?" if close else ""
    return f"{meant} (there are{': ' + ', '.join(known) if known else ' none'})"
