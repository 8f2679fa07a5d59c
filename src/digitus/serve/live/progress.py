"""How far a training run has come, as the web page shows it: curve, epochs, scores, weights.

Inside: collecting that from the events of training, and thinning it out so that it stays small
however long the run. Not inside: the run (`run`), its first weights as pictures (`first_layer`),
and sending it all (`channel`).
"""

from __future__ import annotations

import threading
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from digitus.evaluation import Evaluation
from digitus.history import EpochRecord
from digitus.serve.live.first_layer import FirstLayer
from digitus.serve.values import Answer, Confusion, Digit, FourNumbers, Share, Whole
from digitus.training.loop import EpochEnded, State, Stepped

MOST_POINTS = 1000  # of a curve; of more, every second one is left out


class Standing(Struct, frozen=True):
    """Where a run stands; loss and accuracy are means over the epoch so far."""

    epoch: int = 0
    step: int = 0
    loss: float | None = None
    accuracy: float | None = None


class DigitScore(Answer, frozen=True):
    """How well one digit is read."""

    digit: Digit
    count: Whole
    wrong: Whole
    accuracy: Share | None


class Scores(Answer, frozen=True):
    """How well the digits held back are read after an epoch."""

    epoch: Whole
    accuracy: Share
    interval95: Annotated[list[float], Meta(min_length=2, max_length=2)]
    by_digit: list[DigitScore]
    confusion: Confusion


class SavedProgress(Struct, frozen=True):
    """All progress, as the file `shown.json` holds it; `records` has one entry an epoch."""

    now: Standing
    every: int  # one step of so many is a point of the curve
    curve: list[FourNumbers]  # step, loss, accuracy, rate
    records: list[EpochRecord]
    scores: Scores | None
    weights: FirstLayer | None


class Progress:
    """The run's thread adds to it; any thread may ask for copies."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = Standing()
        self._curve: list[list[float]] = []
        self._every = 1
        self._records: list[EpochRecord] = []
        self._scores: Scores | None = None
        self._weights: FirstLayer | None = None

    def saved(self) -> SavedProgress:
        """A copy of everything."""
        with self._lock:
            return SavedProgress(
                self._now,
                self._every,
                list(self._curve),
                list(self._records),
                self._scores,
                self._weights,
            )

    def restore(self, kept: SavedProgress) -> None:
        """Takes up again what was shown before the server ended."""
        self._now, self._every = kept.now, kept.every
        self._curve, self._records = kept.curve, kept.records
        self._scores, self._weights = kept.scores, kept.weights

    def rewind(self, state: State) -> None:
        """Forgets what came after the checkpoint: it will happen again."""
        with self._lock:
            self._curve = [point for point in self._curve if point[0] <= state.step]
            self._records = list(state.epochs)
            self._now = Standing(
                len(state.epochs) + (state.seen > 0),
                state.step,
                state.loss / state.seen if state.seen else self._now.loss,
                state.right / state.seen if state.seen else self._now.accuracy,
            )

    def stepped(self, event: Stepped) -> None:
        """Notes an update."""
        with self._lock:
            self._now = Standing(event.epoch, event.step, event.loss, event.accuracy)
            if event.step % self._every == 0:
                figures = (event.loss, event.accuracy, event.rate)
                self._curve.append([event.step, *(round(x, 6) for x in figures)])
            if len(self._curve) > MOST_POINTS:
                self._every *= 2
                self._curve = [p for p in self._curve if p[0] % self._every == 0]

    def ended(self, event: EpochEnded, evaluation: Evaluation) -> dict[str, object]:
        """Notes an epoch, with the answers to the development digits; returns what is sent."""
        scores = self.scored(evaluation)
        with self._lock:
            self._records.append(event.record())
        return {**event.record(), "scores": scores}

    def scored(self, evaluation: Evaluation) -> Scores:
        """Notes the table by digit and the confusion matrix, and returns them."""
        with self._lock:
            about = evaluation.record() | {"epoch": self._now.epoch}
            wanted = {name: about[name] for name in Scores.__struct_fields__}
            self._scores = msgspec.convert(wanted, Scores)
            return self._scores

    def drawn(self, weights: FirstLayer) -> None:
        """Notes the first layer's weights."""
        with self._lock:
            self._weights = weights
