"""`digitus models`: the recognizer and the recipes that ship, and the models made here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, final

import click

from digitus.cli.common import any_model, json_option, output, percent, print_json

if TYPE_CHECKING:
    from rich.console import Console

    from digitus.detection.closeup import CloseUpNetwork
    from digitus.detection.model import PageNetwork
    from digitus.recipe import Recipe
    from digitus.recognizer import Recognizer


class _RecipeRow(TypedDict):
    """A recipe that ships."""

    recipe: str
    about: str
    parameters: int


@final
class _ModelRow(TypedDict):
    """A network: the digits that it learnt from, and how many of those held back it reads."""

    model: str
    recipe: str
    parameters: int
    data: str | None
    epochs: int
    development_accuracy: float | None


@final
class _Unusable(TypedDict):
    """A file that is no model, and why."""

    model: str
    error: str


@click.command
@json_option
def models(json: bool) -> None:
    """List what ships, recognizer and recipes, and the models in runs/."""
    from digitus.errors import ModelError
    from digitus.recipe import load_recipe, shipped
    from digitus.recognizer import DEFAULT, load

    recipes: list[_RecipeRow] = []
    for name in shipped():
        recipe = load_recipe(name)
        recipes.append({"recipe": name, "about": recipe.about, "parameters": _parameters(recipe)})
    shipped_models = [_row(DEFAULT, load())]
    made: list[_ModelRow | _Unusable] = []
    for path in sorted(Path("runs").glob("*/model.safetensors")):
        try:
            made.append(_row(str(path), any_model(path)))
        except ModelError as error:
            made.append({"model": str(path), "error": str(error)})
    if json:
        print_json({"shipped": shipped_models, "recipes": recipes, "models": made})
        return
    console = output()
    console.print("Ships with digitus, and is used where none is named")
    _print_rows(console, [_columns(row) for row in shipped_models])
    console.print("Recipes (train one with: digitus train NAME)")
    _print_rows(
        console, [(r["recipe"], f"{r['parameters']:,} parameters", r["about"]) for r in recipes]
    )
    console.print("Models in runs/" if made else "No models in runs/ yet")
    _print_rows(console, [_columns(row) for row in made if "error" not in row])
    for row in made:
        if "error" in row:
            console.print(f"  {row['error']}")


def _parameters(recipe: Recipe) -> int:
    """How many numbers the network of a recipe has, on the images that it is for."""
    from math import prod

    from digitus.detection.closeups import SIDE
    from digitus.detection.maps import CROP_SIDE
    from digitus.recipe import CLOSEUPS, PAGES

    side = {PAGES: CROP_SIDE, CLOSEUPS: SIDE}.get(recipe.data, 28)
    return sum(prod(shape) for shape in recipe.network.plan((side, side, 1))[0].values())


def _row(name: str, network: Recognizer | PageNetwork | CloseUpNetwork) -> _ModelRow:
    """What there is to say of a network."""
    recipe, history = network.recipe, network.history
    epochs = history.get("epochs", [])
    return {
        "model": name,
        "recipe": recipe.name,
        "parameters": sum(a.size for a in network.params.values()),
        "data": history.get("data", {}).get("name"),
        "epochs": len(epochs),
        "development_accuracy": epochs[-1]["development_accuracy"] if epochs else None,
    }


def _columns(row: _ModelRow) -> tuple[str, ...]:
    """A row in words: name, parameters, and where the network comes from."""
    return (
        row["model"],
        f"{row['parameters']:,} parameters",
        f"{row['recipe']}, trained on {row['data'] or 'an unnamed set'}, "
        f"held back {percent(row['development_accuracy'])}",
    )


def _print_rows(console: Console, rows: Sequence[tuple[str, ...]]) -> None:
    """Rows of name, parameters (flush right) and words, in columns."""
    names = max((len(name) for name, _, _ in rows), default=0)
    numbers = max((len(number) for _, number, _ in rows), default=0)
    for name, number, words in rows:
        console.print(f"  {name:<{names}}  {number:>{numbers}}  {words}")
