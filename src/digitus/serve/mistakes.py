"""The digits that a recognizer misreads, to be looked at.

Inside: which digits are tried (MNIST's test part where it is at hand, else those of the simulated
pen), the answers to all of them, found once, and the wrong ones, some at a time. Not inside: scores
with their intervals (`digitus.evaluation`).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
from msgspec import UNSET, Meta, Struct, UnsetType

from digitus.datasets.digits import Digits
from digitus.datasets.sources import load
from digitus.errors import DataError
from digitus.evaluation import Evaluation, evaluate
from digitus.recognizer import Recognizer
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
FIRST_SECONDS = 120.0  # who asks first waits until 10,000 digits are read, 5 s on a free core


class MistakesQuery(Struct, frozen=True):
    """Which mistakes are asked for."""

    true: Annotated[Digit, Meta(description="Only digits that are this.")] | UnsetType = UNSET
    read: Annotated[Digit, Meta(description="Only digits that were read as this.")] | UnsetType = (
        UNSET
    )
    offset: Annotated[WholeInQuery, Meta(description="Leave out so many.")] = 0
    limit: Annotated[int, Meta(ge=1, le=MOST_SHOWN, description="Show so many.")] = 60


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
    """Some of the `total` mistakes asked for, among `count` digits of a set."""

    data: str
    count: Whole
    total: Whole
    confusion: Confusion
    threshold: Share
    mistakes: list[Mistake]


@dataclass(frozen=True)
class MistakesHandler:
    """The handler; the answers are found when somebody first asks."""

    recognizer: Recognizer
    pool: WorkerPool
    _found: list[Evaluation] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @operation()
    async def mistakes(self, query: MistakesQuery) -> Mistakes:
        """Test digits that the model misreads, the most confident first."""
        return await self.pool.run(self._mistakes, query, timeout_seconds=FIRST_SECONDS)

    def _mistakes(self, query: MistakesQuery) -> Mistakes:
        with self._lock:
            if not self._found:
                self._found.append(evaluate(self.recognizer, test_digits()))
        return misread(self._found[0], query)


def test_digits() -> Digits:
    """MNIST's test part, if it is on this machine; else digits of the simulated pen."""
    try:
        return load("mnist", "test", download=False)
    except DataError:
        return load("strokes", "test", count=PEN_DIGITS)


def misread(evaluation: Evaluation, query: MistakesQuery) -> Mistakes:
    """The wrong answers asked for, the most confident first: they have most to tell."""
    digits, read = evaluation.digits, evaluation.answers
    chosen = digits.labels != read
    if query.true is not UNSET:
        chosen &= digits.labels == query.true
    if query.read is not UNSET:
        chosen &= read == query.read
    places = np.flatnonzero(chosen)
    places = places[np.argsort(-evaluation.confidence[places], kind="stable")]
    return Mistakes(
        digits.name,
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
