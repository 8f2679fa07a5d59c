"""Recipes as files: those that ship, and anybody's TOML, with single settings replaced.

Inside: finding and opening them, and settings as a command takes them, `schedule.rate=0.1`. Not
inside: what may stand in the tables of a recipe (`table`).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from digitus.errors import RecipeError
from digitus.files import open_file, reason
from digitus.limits import TOML_BYTES
from digitus.recipe.settings import Recipe
from digitus.recipe.table import from_table, nearest, to_table
from digitus.toml import tables

RECIPES = Path(__file__).parents[1] / "recipes"


def shipped() -> dict[str, str]:
    """The recipes that come with digitus: name to TOML text."""
    return dict(sorted((file.stem, file.read_text("utf-8")) for file in RECIPES.glob("*.toml")))


def load_recipe(name: str | Path, settings: Iterable[str] = ()) -> Recipe:
    """A shipped recipe by its name, or any TOML file, with `settings` like "schedule.rate=0.1".

    Raises `RecipeError` for one that does not exist, is not TOML, or has unknown settings.
    """
    if not isinstance(name, str | Path):
        raise TypeError(f"a recipe is its name or a path, not {type(name).__name__}")
    known = shipped()
    if str(name) in known:
        content, source = known[str(name)].encode(), str(name)
    else:
        path = Path(name)
        if path.suffix != ".toml":
            raise RecipeError(f"no recipe {str(name)!r}{nearest(str(name), known)}")
        try:
            with open_file(path) as file:
                content, source = file.read(TOML_BYTES + 1), path.stem
        except OSError as error:
            raise RecipeError(f"recipe {path} cannot be read: {reason(error)}") from None
    try:
        table = tables(content)
        for setting in settings:
            _override(table, setting)
    except (ValueError, RecursionError) as error:  # also for deep nesting, or 5,000 digits
        raise RecipeError(f"recipe {source} is not TOML: {error}") from None
    return from_table({"name": source, **table})


def changed(recipe: Recipe, settings: Iterable[str]) -> Recipe:
    """The recipe with settings as `load_recipe` takes them.

    Raises `RecipeError`, also where the recipe holds an object that no table can name.
    """
    table: dict[str, object] = {**to_table(recipe)}
    for setting in settings:
        _override(table, setting)
    return from_table(table)


def _override(table: dict[str, object], setting: str) -> None:
    """Sets "schedule.rate=0.1", or "optimizer={kind='Adam'}", in the tables of a recipe."""
    import tomllib

    key, equals, value = setting.partition("=")
    if not equals:
        raise RecipeError(f"a setting looks like KEY=VALUE, for example seed=3; got {setting!r}")
    try:
        parsed = tomllib.loads(f"value = {value}")["value"]
    except (ValueError, RecursionError):
        parsed = value  # a bare word is a string: data=strokes
    *path, last = key.strip().split(".")
    for step in path:
        inner = table.setdefault(step, {})
        if not isinstance(inner, dict):
            raise RecipeError(f"the setting {key} goes into {step}, which is not a table")
        table = inner
    table[last] = parsed
