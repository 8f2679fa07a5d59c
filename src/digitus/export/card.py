"""What an exported model says of itself: a card for people, and the same as JSON for programs.

Inside: `about`. Not inside: the card of the recognizer that ships, which has its scores
(`weights/default.md`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from textwrap import wrap
from typing import TypedDict

from digitus import __version__
from digitus.datasets.digits import DIGITS, file_name
from digitus.export.operations import Model
from digitus.export.precision import Precision
from digitus.recipe import to_table
from digitus.types import Json

WIDTH = 90  # characters of a line


class About(TypedDict):
    """What an export says of itself, as JSON holds it."""

    digitus: str
    card: str
    size: list[int]
    precision: Precision
    temperatures: list[float]
    threshold: float
    classes: str
    recipes: list[dict[str, Json]]


def about(members: Sequence[Model], threshold: float, precision: Precision) -> About:
    """Everything that JSON can hold of a model: its recipes, calibration, precision and card."""
    return {
        "digitus": __version__,
        "card": card(members, threshold, precision),
        "size": list(members[0].size),
        "precision": precision,
        "temperatures": [member.temperature for member in members],
        "threshold": threshold,
        "classes": members[0].recipe.classes,
        "recipes": [_without_folders(to_table(member.recipe)) for member in members],
    }


def _without_folders(recipe: dict[str, Json]) -> dict[str, Json]:
    """A recipe that names its digits and teachers, but not where they lay: an export is given away.

    The model's own file keeps that, since later training goes on from there. Teachers are files
    with "+" between them. Digits are one path, which may hold a "+", or the names of sets, which
    lie in no folder.
    """
    named = {"data": file_name(PurePath(str(recipe["data"])))}
    if "teacher" in recipe:
        teachers = str(recipe["teacher"]).split("+")
        named["teacher"] = "+".join(file_name(PurePath(teacher)) for teacher in teachers)
    return recipe | named


def card(members: Sequence[Model], threshold: float, precision: Precision) -> str:
    """A few lines for people."""
    height, width = members[0].size
    classes = members[0].recipe.classes
    kind, others = ("digit", "letters, for ") if classes == DIGITS else ("sign", "")
    what = f"{kind}, 0 to 9," if classes == DIGITS else f"{kind}, one of {classes},"
    return "\n".join(
        [
            f"Reads one handwritten {what} in {height} x {width} bytes: 0 is paper, 255 is",
            "ink, upright and centred as in MNIST.",
            *(["A committee: the mean of what its members find probable."] * (len(members) > 1)),
            *(line for member in members for line in wrap(_member(member), WIDTH)),
            f"Weights: {precision}. Answers less probable than {threshold:.3f} are refused.",
            f"Not for {others}print, for decisions about people, or where a misread {kind} does",
            "harm and nobody looks at the doubtful ones.",
            f"Made by digitus {__version__}, MIT licence.",
        ]
    )


def _member(member: Model) -> str:
    """A network in a line: its recipe, size, what it learnt from and how well."""
    history = member.history
    words = [f"Network {member.recipe.name}: {member.parameter_count:,} parameters"]
    if name := history.get("data", {}).get("name"):
        words.append(f"trained on {name}")
    if epochs := history.get("epochs"):
        held_back = epochs[-1]["development_accuracy"]
        words.append(f"{100 * held_back:.2f} % right of what was held back")
    return ", ".join(words) + "."
