"""Recipes as tables: TOML files, and the JSON in every model file.

A table that stands for one of several things names it with the key `kind`::

    network = [{ kind = "Flatten" }, { kind = "Dense", units = 10 }]
    optimizer = { kind = "Momentum", mu = 0.9 }

A layer with layers inside has lists of its own, ``{ kind = "Residual", body = [{ kind = ...}] }``,
a loss with losses inside has ``{ kind = "MultiTask", parts = [{ loss = { kind = ... }, channels =
1, weight = 1.0 }] }``, and an optimizer with a rule inside ``{ kind = "Clipped", norm = 1.0, rule =
{ kind = ... } }``. The names and settings are those of the classes in `digitus.nn`; an unknown one
is an error that names the nearest known one.

Inside: reading and writing tables, checked by hand, since no library says what was probably meant.
Not inside: files of them (`files`), and which values make sense together (`settings`).
"""

from __future__ import annotations

import math
import reprlib
from collections.abc import Iterable
from dataclasses import MISSING, fields, is_dataclass, replace
from types import UnionType
from typing import Any, NewType, TypeVar, cast, get_args, get_origin, get_type_hints

import numpy as np

from digitus import nn
from digitus.errors import RecipeError
from digitus.limits import NESTING, NETWORK_LAYERS
from digitus.nn.losses import Loss
from digitus.recipe.own import NAMED, is_own
from digitus.recipe.settings import KINDS, LAYERS, RULES, TABLES, Recipe, is_name
from digitus.synthetic.wear import Wear
from digitus.types import Json

Simple = TypeVar("Simple", bound=int | float | str)
# Left out of tables where they have their default.
SELDOM = ("classes", "worn", "wear", "not_digits", "teacher", "softness")
PART_LOSSES = tuple(kind for kind in KINDS["loss"] if kind is not nn.MultiTask)
LossParts = NewType("LossParts", object)  # of a MultiTask: tables with a form of their own
PART_KEYS = ("loss", "channels", "weight")
SIMPLE: dict[type, tuple[tuple[type[int | float | str], ...], str]] = {
    int: ((int,), "a whole number"),
    float: ((int, float), "a number"),
    str: ((str,), "text"),
}


def from_table(table: object) -> Recipe:
    """A recipe from its tables, as TOML or JSON gives them. Raises `RecipeError`."""
    if not isinstance(table, dict):
        raise RecipeError(f"a recipe is a table of settings, not {reprlib.repr(table)}")
    where = f"recipe {table['name']}" if is_name(table.get("name")) else "recipe"
    return _build(Recipe, _built(table, where), where)


def to_table(recipe: Recipe) -> dict[str, Json]:
    """The tables of a recipe, ready for JSON; `from_table` makes the same recipe of them.

    A value of a wrong kind stays as it is: `from_table` says what it must be.
    """
    table: dict[str, Json] = {}
    for key in (f.name for f in fields(recipe)):
        value = getattr(recipe, key)
        if key in SELDOM and value == getattr(Recipe, key, Wear()):
            continue
        table[key] = _entry(key, value)
    return table


def with_settings(recipe: Recipe, **settings: object) -> Recipe:
    """The recipe with some settings replaced. Raises `RecipeError` for what it cannot have.

    A setting is an object, or what stands for it in a table. Only those given are read, each as
    from a table; the others stay the objects that they are. So does an object of somebody's own
    class, which no table can name.
    """
    where = f"recipe {recipe.name}"
    own = {key: value for key, value in settings.items() if is_own(key, value)}
    table = {key: _entry(key, value) for key, value in settings.items() if key not in own}
    values: dict[str, Any] = {**_values(Recipe, _built(table, where), where), **own}
    try:
        return replace(recipe, **values)
    except ValueError as error:
        raise RecipeError(f"{where}: {error}") from None


def _entry(key: str, value: object) -> Json:
    """A setting of a recipe as its table holds it."""
    return _settings(value) if key in KINDS and key != "network" else _plain(value)


def _settings(value: object) -> Json:
    """The table of an object, with its kind; for somebody's own class, the class's full name.

    So nobody takes it for a kind that ships under the same name.
    """
    table, cls = _fields(value), type(value)
    if isinstance(value, dict) or not isinstance(table, dict):
        return table
    kind = cls.__name__ if cls in NAMED else f"{cls.__module__}.{cls.__qualname__}"
    return {"kind": kind, **table}


def _fields(value: object) -> Json:
    if isinstance(value, nn.MultiTask):
        return {
            "parts": [
                {"loss": _settings(loss), "channels": _plain(channels), "weight": _plain(weight)}
                for loss, channels, weight in value.parts
            ]
        }
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    return cast("Json", _python(value))


def _plain(value: object) -> Json:
    """What JSON and TOML have no word for, as lists and tables."""
    if isinstance(value, nn.Chain):
        return [_settings(layer) for layer in value.layers]
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    if isinstance(value, RULES):
        return _settings(value)
    return _fields(value)


def _built(table: dict[str, Any], where: str) -> dict[str, Any]:
    """Settings of a recipe, with the objects that their tables stand for."""
    built = dict(table)
    for key, value in table.items():
        if key == "network":
            _check_layers(value, where)
            built[key] = _chain(value, where, f"{where}: network")
        elif key in KINDS:
            built[key] = _chosen(value, KINDS[key], f"{where}: {key}")
        elif key in TABLES:
            built[key] = _build(TABLES[key], value, f"{where}: {key}")
    return built


def _chain(layers: object, where: str, called: str) -> nn.Chain:
    """The chain that a list of tables describes."""
    if not isinstance(layers, list):
        raise RecipeError(f"{called} must be a list of layers, not {reprlib.repr(layers)}")
    made = (_chosen(layer, LAYERS, f"{where}: layer {i}") for i, layer in enumerate(layers))
    return nn.Chain(list(made))


def _parts(parts: object, where: str) -> list[tuple[Loss, int, float]]:
    """The losses of a `MultiTask`, with their channels and weights."""
    if not isinstance(parts, list):
        raise RecipeError(f"{where} must be a list of losses, not {reprlib.repr(parts)}")
    return [_part(part, f"{where}: {i}") for i, part in enumerate(parts)]


def _part(part: object, where: str) -> tuple[Loss, int, float]:
    if not isinstance(part, dict) or part.keys() != set(PART_KEYS):
        wanted = ", ".join(PART_KEYS)
        raise RecipeError(f"{where} must be a table of {wanted}, not {reprlib.repr(part)}")
    return (
        _chosen(part["loss"], PART_LOSSES, f"{where}: loss"),
        _simple(part["channels"], int, f"{where}: channels"),
        _simple(part["weight"], float, f"{where}: weight"),
    )


def _check_layers(network: object, where: str) -> None:
    """Raises `RecipeError` for more layers, or deeper ones, than a network has, before any is made.

    A file from a stranger may have very many of them.
    """
    level, count = [network], 0
    for _ in range(2 * NESTING + 1):  # lists in tables in lists ...
        count += sum(isinstance(v, dict) for v in level)
        if count > NETWORK_LAYERS:
            raise RecipeError(f"{where}: the network has more than {NETWORK_LAYERS:,} layers")
        inner = (
            v.values() if isinstance(v, dict) else v for v in level if isinstance(v, dict | list)
        )
        level = [v for values in inner for v in values]
    if level:
        raise RecipeError(f"{where}: layers may be nested {NESTING} deep, not deeper")


def _chosen(table: object, kinds: tuple[type, ...], where: str) -> Any:
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


def _build(cls: type, table: object, where: str) -> Any:
    """An instance of a dataclass from a table whose keys are its fields."""
    values = _values(cls, table, where)
    for f in fields(cls):
        if f.name not in values and f.default is MISSING and f.default_factory is MISSING:
            raise RecipeError(f"{where} needs the setting {f.name!r}")
    try:
        return cls(**values)
    except ValueError as error:
        raise RecipeError(f"{where}: {error}") from None


def _values(cls: type, table: object, where: str) -> dict[str, object]:
    """The values for fields of a dataclass that a table gives, checked."""
    if not isinstance(table, dict):
        raise RecipeError(f"{where} must be a table of settings, not {reprlib.repr(table)}")
    hints = get_type_hints(cls)
    if cls is nn.MultiTask:
        hints["parts"] = LossParts
    known = [f.name for f in fields(cls)]
    values: dict[str, object] = {}
    for key, value in table.items():
        if key not in known:
            raise RecipeError(f"{where} has no setting {reprlib.repr(key)}{nearest(key, known)}")
        values[key] = _checked(value, hints[key], f"{where}: {key}")
    return values


def _checked(value: object, hint: object, where: str) -> object:
    """The value if it is of the type asked for; lists of numbers become tuples."""
    if hint is nn.Chain:
        return value if isinstance(value, nn.Chain) else _chain(value, where, where)
    if hint is LossParts:
        return _parts(value, where)
    if hint is nn.Optimizer and not isinstance(value, KINDS["optimizer"]):
        return _chosen(value, RULES, where)
    choices = (hint, *get_args(hint)) if isinstance(hint, UnionType) else (hint,)
    listed = any(get_origin(choice) is tuple for choice in choices)
    if listed and isinstance(value, list | tuple):
        return tuple(_simple(v, float, f"{where}: {i}") for i, v in enumerate(value))
    for kind in SIMPLE:
        if kind in choices:
            return _simple(value, kind, where)
    if listed:
        raise RecipeError(f"{where} must be a list of numbers, not {reprlib.repr(value)}")
    return value


def _simple(value: object, kind: type[Simple], where: str) -> Simple:
    value = _python(value)
    types, words = SIMPLE[kind]
    if not isinstance(value, types) or isinstance(value, bool):
        raise RecipeError(f"{where} must be {words}, not {reprlib.repr(value)}")
    try:
        found = kind(value)
    except OverflowError:
        raise RecipeError(f"{where} must be a finite number, not inf") from None
    if isinstance(found, float) and not math.isfinite(found):
        raise RecipeError(f"{where} must be a finite number, not {found}")
    return found


def _python(value: object) -> object:
    """NumPy's numbers, which loops and searches hand over, as Python's."""
    return value.item() if isinstance(value, np.generic) else value


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of an error message: what was probably meant, and what there is."""
    from difflib import get_close_matches

    known = list(known)
    close = get_close_matches(name, known, n=1, cutoff=0.5)
    meant = f"; did you mean {close[0]!r}?" if close else ""
    return f"{meant} (there are{': ' + ', '.join(known) if known else ' none'})"
