"""The digits that a recognizer misreads, to be looked at.

Inside: which digits are tried (MNIST's test part where it is at hand, else those of the simulated
pen), the answers to all of them, found once, and the wrong ones, some at a time. Not inside: scores
with their intervals (`digitus.evaluation`).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import replace
from typing import Annotated

import numpy as np
from msgspec import UNSET, Meta, Struct, UnsetType

from digitus.datasets.digits import Digits
from digitus.datasets.sources import load
from digitus.errors import DataError
from digitus.evaluation import Evaluation
from digitus.recognizer import Recognizer
from digitus.serve.models import ModelName, ModelQuery, Models
from digitus.serve.operation import operation
from digitus.serve.values import (
    Answer,
    Base64,
    Confusion,
    Digit,
    Share,
    TenShares,
    Whole,
    WholeInQuery,
    packed,
    rounded,
)
from digitus.serve.worker_pool import WorkerPool

PEN_DIGITS = 5000  # of the simulated pen, where there is no MNIST
MOST_SHOWN = 200  # mistakes in an answer
MOST_KEPT = 4  # networks whose answers are kept
AT_ONCE = 500  # digits read between two updates of the progress
FIRST_SECONDS = 120.0  # the first request waits until 10,000 digits are read, 5 s on a free core


DataName = Annotated[
    str,
    Meta(
        description="The set that the digits are of, by the short name that recipes have for it: "
        "mnist, or strokes, which are those of the simulated pen."
    ),
]


class MistakesQuery(Struct, frozen=True):
    """Which mistakes of a network are asked for."""

    true: Annotated[Digit, Meta(description="Only digits that are this.")] | UnsetType = UNSET
    read: Annotated[Digit, Meta(description="Only digits that were read as this.")] | UnsetType = (
        UNSET
    )
    offset: Annotated[WholeInQuery, Meta(description="Leave out so many.")] = 0
    limit: Annotated[int, Meta(ge=1, le=MOST_SHOWN, description="Show so many.")] = 60


class ModelMistakesQuery(MistakesQuery, frozen=True, kw_only=True):
    """Which mistakes, and of which network."""

    model: ModelName | UnsetType = UNSET


class Mistake(Answer, frozen=True):
    """A digit that was misread: its place in the set, what it is, and its 28 x 28 bytes."""

    index: Whole
    true: Digit
    read: Digit
    confidence: Share
    refused: bool
    probabilities: TenShares
    pixels: Base64


class Mistakes(Answer, frozen=True):
    """Some of the `total` mistakes asked for, among `count` digits of the set `data`."""

    data: DataName
    count: Whole
    total: Whole
    confusion: Confusion
    threshold: Share
    mistakes: list[Mistake]


class Looked(Answer, frozen=True):
    """How far the server is: `done` digits of `count`; both 0 where nobody waits."""

    done: Whole
    count: Whole


class MistakesHandler:
    """The handlers; a network's answers are found when somebody first asks for its mistakes."""

    def __init__(self, models: Models, pool: WorkerPool) -> None:
        self._models, self._pool = models, pool
        self._lock = threading.Lock()
        self._found: OrderedDict[tuple[str, int], Evaluation] = OrderedDict()
        self._looked: dict[str, Looked] = {}

    @operation(errors=(404, 409))
    async def mistakes(self, query: ModelMistakesQuery) -> Mistakes:
        """Test digits that the model misreads, the most confident first."""
        return await self._pool.run(self._mistakes, query, timeout_seconds=FIRST_SECONDS)

    @operation()
    async def progress(self, query: ModelQuery) -> Looked:
        """How many test digits the server has read, while somebody waits for the mistakes."""
        return self._looked.get(_key(query.model), Looked(0, 0))

    def _mistakes(self, query: ModelMistakesQuery) -> Mistakes:
        # The version first: after an epoch in between, older answers must not stand under its name.
        version = self._models.version(query.model)
        recognizer = self._models.named(query.model)
        with self._lock:
            if version not in self._found:
                self._found[version] = self._looked_at(recognizer, _key(query.model))
                if len(self._found) > MOST_KEPT:
                    self._found.popitem(last=False)
            self._found.move_to_end(version)
            evaluation = self._found[version]
            return misread(evaluation, query, evaluation.digits.name)

    def _looked_at(self, recognizer: Recognizer, key: str) -> Evaluation:
        """The answers to all test digits, some at a time, so that `progress` can say how many."""
        digits = test_digits()
        answers = []
        for start in range(0, len(digits), AT_ONCE):
            self._looked[key] = Looked(start, len(digits))
            answers.append(recognizer.probabilities(digits.images[start : start + AT_ONCE]))
        del self._looked[key]
        return Evaluation(digits, np.concatenate(answers), recognizer.threshold)


def _key(model: str | UnsetType) -> str:
    return "" if model is UNSET else model


def test_digits() -> Digits:
    """MNIST's test part, if it is on this machine; else digits of the simulated pen.

    Their name is the set's short one, which the web page says in its reader's language.
    """
    try:
        return replace(load("mnist", "test", download=False), name="mnist")
    except DataError:
        return replace(load("strokes", "test", count=PEN_DIGITS), name="strokes")


def misread(evaluation: Evaluation, query: MistakesQuery, data: str) -> Mistakes:
    """The wrong answers asked for, the most confident first, which tell most."""
    digits, read = evaluation.digits, evaluation.answers
    chosen = digits.labels != read
    if query.true is not UNSET:
        chosen &= digits.labels == query.true
    if query.read is not UNSET:
        chosen &= read == query.read
    places = np.flatnonzero(chosen)
    places = places[np.argsort(-evaluation.confidence[places], kind="stable")]
    return Mistakes(
        data,
        len(digits),
        len(places),
        evaluation.confusion.tolist(),
        evaluation.threshold,
        [_mistake(evaluation, int(i)) for i in places[query.offset : query.offset + query.limit]],
    )


def _mistake(evaluation: Evaluation, index: int) -> Mistake:
    confidence = float(evaluation.confidence[index])
    return Mistake(
        index,
        true=int(evaluation.digits.labels[index]),
        read=int(evaluation.answers[index]),
        confidence=round(confidence, 6),
        refused=confidence < evaluation.threshold,
        probabilities=rounded(evaluation.probabilities[index]),
        pixels=packed(evaluation.digits.images[index]),
    )
