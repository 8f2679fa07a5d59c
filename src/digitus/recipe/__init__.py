"""Recipes: an experiment is a file.

A recipe says everything that decides a training run: data, network, initial parameters, loss,
optimizer, schedule, batch size, epochs, augmentation, seed. `settings` is what there is to decide,
`table` its form in TOML and in every model file, `own` what no file can name, `files` finds it. Not
inside: carrying it out (`training`).
"""

from digitus.recipe.files import changed, load_recipe, shipped
from digitus.recipe.own import check_no_own
from digitus.recipe.settings import (
    CLOSEUPS,
    KINDS,
    LAYERS,
    MADE,
    MOST_CLASSES,
    PAGES,
    RULES,
    Recipe,
    check_classes,
    planned,
    planned_for,
)
from digitus.recipe.table import from_table, nearest, to_table, with_settings

__all__ = (
    "CLOSEUPS",
    "KINDS",
    "LAYERS",
    "MADE",
    "MOST_CLASSES",
    "PAGES",
    "RULES",
    "Recipe",
    "changed",
    "check_classes",
    "check_no_own",
    "from_table",
    "load_recipe",
    "nearest",
    "planned",
    "planned_for",
    "shipped",
    "to_table",
    "with_settings",
)
