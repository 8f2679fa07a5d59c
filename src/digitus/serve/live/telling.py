"""What happens in a run: noted as its progress, and sent to all who watch.

Inside: which event of training is sent, and how often. Not inside: training (`run`), progress
itself (`progress`), and the way to browsers (`channel`).
"""

from __future__ import annotations

import time
from dataclasses import asdict

import msgspec
from msgspec import structs

from digitus.datasets.digits import Digits
from digitus.evaluation import Evaluation, evaluate
from digitus.nn import softmax
from digitus.recognizer import Recognizer
from digitus.serve.live.channel import Channel
from digitus.serve.live.first_layer import FirstLayer
from digitus.serve.live.progress import Progress
from digitus.serve.responses import Error
from digitus.training.loop import EpochEnded, Finished, Stepped

STEP_SECONDS = 0.1  # seconds between two steps that are sent
WEIGHTS_SECONDS = 0.2  # seconds between two pictures of the weights


class Telling:
    """The run's thread calls it; any thread may look at the progress."""

    def __init__(self, channel: Channel) -> None:
        self.progress, self._channel = Progress(), channel
        self._told = self._drawn = 0.0

    @property
    def weights_wanted(self) -> bool:
        """Whether somebody watches, and the latest picture of the weights is old."""
        late = time.monotonic() - self._drawn >= WEIGHTS_SECONDS
        return bool(self._channel.watched) and late

    def stepped(self, event: Stepped, *, always: bool) -> None:
        """Notes an update; only some are sent, unless `always`."""
        self.progress.stepped(event)
        now = time.monotonic()
        if always or now - self._told >= STEP_SECONDS:
            self._told = now
            self._channel.publish("stepped", asdict(event))

    def epoch(self, event: EpochEnded, development: Digits) -> Evaluation:
        """Notes and sends an epoch; returns its answers to the digits held back."""
        evaluation = Evaluation(development, softmax(event.outputs), threshold=0.0)
        self._channel.publish("epoch", self.progress.ended(event, evaluation))
        return evaluation

    def finished(self, event: Finished[Recognizer], development: Digits) -> Evaluation:
        """Notes and sends the end; returns the recognizer's answers to the digits held back."""
        evaluation = evaluate(event.recognizer, development)
        scores = self.progress.scored(evaluation)
        standing = structs.asdict(self.progress.saved().now)
        self._channel.publish("finished", standing | {"scores": scores})
        return evaluation

    def weights(self, weights: FirstLayer | None) -> None:
        """Notes and sends the first layer's weights as they are now, if it has any."""
        self._drawn = time.monotonic()
        if weights is not None:
            self.progress.drawn(weights)
            self._channel.publish("weights", weights)

    def status(self, status: str, failure: Error | None) -> None:
        """Sends how the run stands, and why it has failed."""
        why = msgspec.to_builtins(failure) if failure else {"error": None}
        self._channel.publish("status", {"status": status, **why})
