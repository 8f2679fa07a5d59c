"""What is sent of a training run, and what is saved of it beside its checkpoint.

Inside: the structs, and how large a run is. Not inside: the run (`run`), and how far it has come
(`progress`).
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from digitus.history import EpochRecord
from digitus.recipe import Recipe
from digitus.serve.layer_words import named
from digitus.serve.live.first_layer import FirstLayer
from digitus.serve.live.lesson import Lesson
from digitus.serve.live.progress import Scores
from digitus.serve.live.starting_points import parameters
from digitus.serve.refusals import Code
from digitus.serve.responses import CodeSaid, Error, ValuesSaid
from digitus.serve.values import Answer, FourNumbers, Share, Whole

Status = Literal["starting", "running", "waiting", "paused", "finished", "stopped", "failed"]
GOING: tuple[Status, ...] = ("starting", "running", "waiting", "paused")


class Extent(Answer, frozen=True):
    """How large a run is. It does not change."""

    layers: list[str]
    parameters: Whole
    epochs: Whole
    batches: Whole  # in an epoch
    steps: Whole
    examples: Whole
    development: Whole


def extent(lesson: Lesson, recipe: Recipe) -> Extent:
    """The extent of a lesson that makes that recipe."""
    examples = lesson.examples - recipe.development
    batches = math.ceil(examples / (recipe.batch_size or examples))
    return Extent(
        [named(layer) for layer in recipe.network.layers],
        parameters(recipe.network),
        recipe.epochs,
        batches,
        recipe.epochs * batches,
        examples,
        recipe.development,
    )


class Summary(Extent, frozen=True, kw_only=True):
    """How a run stands, without what is large."""

    id: str
    begun: float  # seconds since 1970; 0 where a former version did not note it
    status: Status
    error: str | None = None  # why it has failed
    code: CodeSaid | UnsetType = UNSET
    values: ValuesSaid | UnsetType = UNSET
    owner: Whole  # in a class, the number of the pupil whose run it is
    wait: float | None  # seconds at most until it may go on, where it waits for others
    pace: float
    settings: Lesson
    epoch: Whole
    step: Whole
    loss: float | None
    accuracy: Share | None
    development_accuracy: Share | None


class RunState(Summary, frozen=True, kw_only=True):
    """Everything to show a run; a point of the curve is step, loss, accuracy, rate."""

    curve: list[FourNumbers]
    records: list[EpochRecord]
    scores: Scores | None
    weights: FirstLayer | None


class SavedSettings(Struct, frozen=True):
    """What was asked for and how it stands, as `settings.json` holds it."""

    lesson: Lesson
    status: Status
    paused: bool
    pace: Annotated[float, Meta(ge=0)]
    # Seconds since 1970. A version that did not note it kept its runs before any that does.
    begun: float = 0.0
    owner: Whole = 0
    error: str = ""
    code: Code | UnsetType = UNSET
    values: ValuesSaid | UnsetType = UNSET

    @property
    def failure(self) -> Error | None:
        """Why it has failed."""
        return Error(self.error, self.code, self.values) if self.error else None
