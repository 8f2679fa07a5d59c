"""Who takes part: digitus itself (`own`) and its peers, each doing the same work in its own way.

A module of a peer offers `learner(task)`, `predictor(recognizer, threads)` or both; the work comes
as digitus describes it, a `Task` or a `Recognizer`, and every peer builds the same network with the
same weights from that. Inside: the common form, who is installed, and whether all agree. Not
inside: the rows (`rows`), the clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol

import numpy as np

from digitus.datasets.batches import order, split
from digitus.datasets.digits import Digits
from digitus.nn.arrays import bounds
from digitus.recipe import Recipe
from digitus.recognizer import Recognizer
from digitus.training.loop import SPLIT_SEED, State, begin

NEEDS = {
    "plain NumPy": ("peers.plain", "numpy"),
    "PyTorch": ("peers.pytorch", "torch"),
    "PyTorch compiled": ("peers.pytorch_compiled", "torch"),
    "PyTorch example": ("peers.pytorch_example", "torch"),
    "JAX": ("peers.jaxes", "jax"),
    "scikit-learn": ("peers.sklearns", "sklearn"),
    "ONNX Runtime": ("peers.onnxes", "onnxruntime"),
    "SciPy": ("peers.scipys", "scipy"),
}
Predictor = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class Task:
    """Something to learn: a recipe, digits and a number of threads."""

    recipe: Recipe
    digits: Digits
    threads: int = 1

    @cached_property
    def start(self) -> State:
        """A state with the first parameters, which nobody changes."""
        return begin(self.recipe, self.digits)

    @cached_property
    def learnt(self) -> Digits:
        """The digits that are learnt from."""
        return split(self.digits, self.recipe.development, SPLIT_SEED)[0]

    @cached_property
    def pixels(self) -> np.ndarray:
        """[n h w 1] from 0 to 1, made before the clock starts, as peers are mostly fed."""
        return self.learnt.images[..., None] / np.float32(255)

    @property
    def batch_size(self) -> int:
        """Images of a step; all of them where the recipe says 0."""
        return self.recipe.batch_size or len(self.learnt)

    @property
    def steps(self) -> int:
        """Steps of an epoch."""
        return -(-len(self.learnt) // self.batch_size)

    def batches(self, epoch: int) -> Iterator[Any]:
        """The indices of each batch, in the order in which digitus goes; a whole set as it is."""
        count = len(self.learnt)
        if self.steps == 1:
            return iter([slice(None)])
        indices = order(count, self.recipe.seed, epoch)
        return (indices[part] for part in bounds(count, self.batch_size))


class Learner(Protocol):
    """Learns a task, epoch by epoch."""

    def prepare(self) -> None:
        """Does before the clock starts what is no part of the work, such as setting threads."""

    def epoch(self, number: int) -> float:
        """One pass over the data; the mean loss."""

    def gradients(self, images: np.ndarray, labels: np.ndarray) -> tuple[float, dict[str, Any]]:
        """Loss and gradients of bytes [n h w] at the first parameters, by digitus's names."""


def peer(name: str) -> Any:
    """The module of a peer, or why there is none, in words."""
    module, library = NEEDS[name]
    if find_spec(library) is None:
        return f"{library} is not installed"
    try:
        return import_module(module)
    except ImportError as error:
        return str(error)


def disagreement(task: Task, one: Learner, other: Learner, count: int = 64) -> float:
    """The largest difference of two learners in loss or gradient, relative to the gradient's."""
    images, labels = task.learnt.images[:count], task.learnt.labels[:count]
    (loss, mine), (other_loss, theirs) = (who.gradients(images, labels) for who in (one, other))
    worst = abs(loss - other_loss) / abs(loss)
    for name, g in mine.items():
        if theirs[name].shape != g.shape:
            raise ValueError(f"{name}: {theirs[name].shape} instead of {g.shape}")
        worst = max(worst, float(np.abs(theirs[name] - g).max() / np.abs(g).max()))
    return worst


def difference(recognizer: Recognizer, images: np.ndarray, predict: Predictor) -> float:
    """The largest difference of a peer's probabilities from digitus's."""
    return float(np.abs(recognizer.probabilities(images) - predict(images)).max())
