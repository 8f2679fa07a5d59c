"""What a page shows of a training run: its curve, its epochs, its scores, its first weights.

Inside: collecting that from the events of training, and thinning it out so that it stays small
however long the run. Not inside: the run (`live`), and sending it (`channel`).
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from digitus.evaluation import Evaluation
from digitus.nn import first_trained
from digitus.recipe import Recipe
from digitus.serve.bodies import packed
from digitus.serve.inside import named
from digitus.training.loop import EpochEnded, State, Stepped
from digitus.training.source import Batch
from digitus.training.step import gradient

Table = dict[str, Any]

MOST_POINTS = 1000  # of a curve: then every second one is left out
MOST_UNITS = 64  # whose weights are shown


class Shown:
    """The run's thread adds to it; anyone may ask for copies."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now: Table = {"epoch": 0, "step": 0, "loss": None, "accuracy": None}
        self._curve: list[list[float]] = []  # step, loss, accuracy, rate
        self._every = 1  # of so many steps, one is a point of the curve
        self._records: list[Table] = []
        self._scores: Table | None = None
        self._weights: Table | None = None

    def now(self) -> Table:
        """Where the run stands."""
        with self._lock:
            accuracy = self._records[-1]["development_accuracy"] if self._records else None
            return {**self._now, "development_accuracy": accuracy}

    def table(self) -> Table:
        """All that is large."""
        with self._lock:
            return {
                "curve": list(self._curve),
                "records": list(self._records),
                "scores": self._scores,
                "weights": self._weights,
            }

    def kept(self) -> Table:
        """Everything, for a file; `restore` takes it back."""
        return {"now": self._now, "every": self._every, **self.table()}

    def restore(self, kept: Table) -> None:
        """What had been shown before the server ended."""
        self._now, self._every = dict(kept["now"]), int(kept["every"])
        self._curve, self._records = list(kept["curve"]), list(kept["records"])
        self._scores, self._weights = kept["scores"], kept["weights"]

    def rewind(self, state: State) -> None:
        """Forgets what came after the checkpoint: it will happen again."""
        with self._lock:
            self._curve = [point for point in self._curve if point[0] <= state.step]
            self._records = list(state.epochs)
            self._now |= {"epoch": len(state.epochs) + (state.seen > 0), "step": state.step}
            if state.seen:
                self._now["loss"] = state.loss / state.seen
                self._now["accuracy"] = state.right / state.seen

    def stepped(self, event: Stepped) -> None:
        """After an update."""
        with self._lock:
            self._now = {
                "epoch": event.epoch,
                "step": event.step,
                "loss": event.loss,
                "accuracy": event.accuracy,
            }
            if event.step % self._every == 0:
                figures = (event.loss, event.accuracy, event.rate)
                self._curve.append([event.step, *(round(x, 6) for x in figures)])
            if len(self._curve) > MOST_POINTS:
                self._every *= 2
                self._curve = [p for p in self._curve if p[0] % self._every == 0]

    def ended(self, event: EpochEnded, evaluation: Evaluation) -> Table:
        """After an epoch, with the answers to the development digits; what is told of it."""
        self.scored(evaluation)
        with self._lock:
            self._records.append(event.record())
            return {**event.record(), "scores": self._scores}

    def scored(self, evaluation: Evaluation) -> None:
        """The table by digit and the confusion matrix."""
        about = evaluation.record()
        wanted = ("accuracy", "interval95", "by_digit", "confusion")
        with self._lock:
            self._scores = {"epoch": self._now["epoch"], **{key: about[key] for key in wanted}}

    def drawn(self, weights: Table) -> None:
        """The first layer's weights, as `draw` gives them."""
        with self._lock:
            self._weights = weights


def draw(recipe: Recipe, state: State, batch: Batch) -> Table | None:
    """The first layer's weights as pictures, and the gradients that the next step follows.

    `batch` is that step's. None where the first layer has no weights.
    """
    layer = first_trained(recipe.network, state.params)
    name = f"{layer}.W"
    if name not in state.params:
        return None
    _, gradients = gradient(
        recipe.network, recipe.loss, state.params, batch, seed=recipe.seed, step=state.step
    )
    pictures = _pictures(state.params[name])
    weights, scale = _signed(pictures)
    slopes, slope_scale = _signed(_pictures(gradients[name]))
    return {
        "step": state.step,
        "layer": layer,
        "name": named(recipe.network.layers[layer]),
        "shape": list(pictures.shape),
        "scale": scale,
        "weights": weights,
        "gradient_scale": slope_scale,
        "gradients": slopes,
    }


def _pictures(w: Any) -> Any:
    """First weights as pictures [units h w]: of a dense layer 28 x 28, of a convolution k x k."""
    if w.ndim == 2:
        side = int(len(w) ** 0.5)
        return w.T[:MOST_UNITS, : side * side].reshape(-1, side, side)
    return w[:, :, 0].transpose(2, 0, 1)[:MOST_UNITS]


def _signed(pictures: Any) -> tuple[str, float]:
    """Pictures as signed bytes, 127 for the largest number, and that number."""
    scale = float(np.abs(pictures).max()) or 1.0
    return packed(np.rint(pictures * (127 / scale)), "i1"), scale
