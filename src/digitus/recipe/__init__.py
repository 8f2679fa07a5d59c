"""Recipes: an experiment is a file.

A recipe says everything that decides a training run: data, network, initial parameters, loss,
optimizer, schedule, batch size, epochs, augmentation, seed. `settings` is what there is to decide,
`table` its form in TOML and in every model file. Not inside: carrying it out (`training`).
"""

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
    with_settings,
)
from digitus.recipe.table import changed, from_table, load_recipe, nearest, shipped, to_table

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
    "from_table",
    "load_recipe",
    "nearest",
    "planned",
    "planned_for",
    "shipped",
    "to_table",
    "with_settings",
)
