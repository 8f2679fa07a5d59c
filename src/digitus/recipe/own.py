"""Layers, losses, rules and schedules of somebody's own class in a recipe.

A program may put any object into a recipe that does what a layer, a loss, a rule or a schedule has
to. Nothing in a file can run code, so a file names the classes that ship, and no others.

Inside: telling them apart, and refusing to write a file that nobody could read. Not inside: tables
(`table`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from types import NoneType
from typing import Any, get_type_hints

import numpy as np

from digitus import nn
from digitus.errors import RecipeError
from digitus.recipe.settings import KINDS, TABLES, Recipe

# The classes that a table can name or stands for.
NAMED = {nn.Chain, *TABLES.values(), *(kind for kinds in KINDS.values() for kind in kinds)}
PLAIN = (bool, int, float, str, np.generic, NoneType)  # values of settings


def is_own(key: str, value: object) -> bool:
    """Whether a setting is an object of the right kind that no table can name, or holds one."""
    if key not in (*KINDS, *TABLES) or isinstance(value, type):
        return False
    kind: Any = get_type_hints(Recipe)[key]
    return isinstance(value, kind) and next(_unnamed(value), None) is not None


def check_no_own(recipe: Recipe) -> None:
    """Raises `RecipeError` for a recipe that no file can hold."""
    for key in (field.name for field in fields(recipe)):
        value = getattr(recipe, key)
        if is_own(key, value):
            cls = next(_unnamed(value))
            raise RecipeError(
                f"recipe {recipe.name}: {key}: a file cannot hold {cls.__module__}."
                f"{cls.__qualname__}, a class of your own; keep the recognizer in memory, or put "
                "one of digitus's own into its recipe before it is written"
            )


def _unnamed(value: object) -> Iterator[type]:
    """The classes in a value that no table can name: its own, or of a rule, loss or layer in it."""
    if isinstance(value, PLAIN):
        return
    if isinstance(value, list | tuple):
        for one in value:
            yield from _unnamed(one)
        return
    if type(value) not in NAMED:
        yield type(value)
    if is_dataclass(value):
        for field in fields(value):
            yield from _unnamed(getattr(value, field.name))
