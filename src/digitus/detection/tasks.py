"""Tasks: what networks learn from made pages, to find digits and to look at finds again.

Inside: what tells the two apart for training. Not inside: training itself (`source`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from digitus.detection import closeup, closeups, maps, model, score
from digitus.detection.examples import Make, closeup_batch, crop_batch
from digitus.history import History
from digitus.nn import Chain, Shape
from digitus.recipe import CLOSEUPS, PAGES, Recipe
from digitus.training.source import ArrayShape, Score, right_classes
from digitus.types import Params


@dataclass(frozen=True)
class Task:
    """What a network learns: examples are images of `side` pixels, made by `make`.

    `epoch` is the number of examples in an epoch, `at_once` how many held-back ones are evaluated
    together, `sample` on how many statistics are measured. `targets` and `labels` are the axes of
    an example's answers. `score` counts in training; `exact` counts right answers and all that
    there are; `examples` and `right` are the words for these. `plan` raises `ShapeError` for a
    network that does not fit; `save` writes one.
    """

    side: int
    make: Make
    epoch: int
    at_once: int
    sample: int
    targets: tuple[int, ...]
    labels: tuple[int, ...] | None
    score: Score
    exact: Score
    examples: str
    right: str
    plan: Callable[[Chain], dict[str, Shape]]
    save: Callable[[Path, Recipe, Params, History], None]

    def arrays(self, size: int) -> dict[str, ArrayShape]:
        """The arrays of a batch of that size, by their names in `Batch`."""
        inputs = {"inputs": ((size, self.side, self.side), "u1")}
        labels = {} if self.labels is None else {"labels": ((size, *self.labels), "u1")}
        return inputs | {"targets": ((size, *self.targets), "f4")} | labels


CELLS = maps.CROP_SIDE // maps.STRIDE

TASKS = {
    PAGES: Task(
        side=maps.CROP_SIDE,
        make=crop_batch,
        epoch=4800,
        at_once=24,
        sample=480,  # each has thousands of places
        targets=(CELLS, CELLS, maps.CHANNELS),
        labels=None,
        score=score.digits_found,
        exact=score.found,
        examples="crops",
        right="of the digits are found",
        plan=model.planned_crop,
        save=model.save,
    ),
    CLOSEUPS: Task(
        side=closeups.SIDE,
        make=closeup_batch,
        epoch=48_000,
        at_once=480,
        sample=4800,
        targets=(closeups.CLASSES,),
        labels=(),
        score=right_classes,
        exact=right_classes,
        examples="close-ups",
        right="are taken for what they are",
        plan=closeup.planned_closeup,
        save=closeup.save,
    ),
}


def task_of(recipe: Recipe) -> Task:
    """What a network of the recipe learns from made pages. Raises `KeyError` for other data."""
    return TASKS[recipe.data]
