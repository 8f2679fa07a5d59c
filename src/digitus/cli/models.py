"""`digitus models`: the recipes that come with digitus, and the models that were made here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from digitus.cli.common import json_option, output, percent, print_json


@click.command
@json_option
def models(json: bool) -> None:
    """List the shipped recipes and the models in runs/."""
    from math import prod

    from digitus.errors import ModelError
    from digitus.recipe import load_recipe, shipped
    from digitus.recognizer import load

    recipes: list[dict[str, Any]] = []
    for name in shipped():
        recipe = load_recipe(name)
        shapes = recipe.network.plan((28, 28, 1))[0].values()
        count = sum(prod(shape) for shape in shapes)
        recipes.append({"recipe": name, "about": recipe.about, "parameters": count})
    made: list[dict[str, Any]] = []
    for path in sorted(Path("runs").glob("*/model.safetensors")):
        try:
            recognizer = load(path)
        except ModelError as error:
            made.append({"model": str(path), "error": str(error)})
            continue
        epochs = recognizer.history.get("epochs", [])
        made.append(
            {
                "model": str(path),
                "recipe": recognizer.recipe.name,
                "parameters": recognizer.parameter_count,
                "data": recognizer.history.get("data", {}).get("name"),
                "epochs": len(epochs),
                "development_accuracy": epochs[-1]["development_accuracy"] if epochs else None,
            }
        )
    if json:
        print_json({"recipes": recipes, "models": made})
        return
    console = output()
    console.print("Recipes (train one with: digitus train NAME)")
    for row in recipes:
        console.print(f"  {row['recipe']:<12} {row['parameters']:>9,} parameters  {row['about']}")
    console.print("Models in runs/" if made else "No models in runs/ yet")
    for row in made:
        if "error" in row:
            console.print(f"  {row['error']}")
            continue
        console.print(
            f"  {row['model']}  {row['parameters']:,} parameters, {row['data']}, "
            f"held back {percent(row['development_accuracy'])}",
            soft_wrap=True,
        )
