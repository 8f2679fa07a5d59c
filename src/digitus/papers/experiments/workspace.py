"""What experiments share: digits, checkpoints, training by recipe, scores as records.

Inside: `Workspace`, which knows where digits and checkpoints are, and small functions beside it.
Not inside: the experiments themselves.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np

from digitus import metrics
from digitus.datasets import sources
from digitus.datasets.batches import split
from digitus.datasets.digits import Digits
from digitus.errors import ModelError
from digitus.files import read_arrays, write_arrays
from digitus.papers.store import Record, as_json
from digitus.recipe import Recipe
from digitus.recognizer import Recognizer
from digitus.training.loop import SPLIT_SEED, EpochEnded, Finished, train
from digitus.types import Answers, Images, Ints, Params


@cache
def _loaded(part: Literal["train", "test"], data_dir: Path | None) -> Digits:
    return sources.load("mnist", part, data_dir=data_dir)


@dataclass(frozen=True)
class Workspace:
    """Where digits come from and where experiments keep files on the way."""

    folder: Path
    data_dir: Path | None = None

    def training_set(self, count: int | None = None) -> Digits:
        """MNIST's training part, or its first `count` images."""
        digits = _loaded("train", self.data_dir)
        return digits if count is None else digits.take(slice(count))

    def parts(self, count: int | None, development: int) -> tuple[Digits, Digits]:
        """What is learnt from and the development split, as `digitus train` parts them."""
        return split(self.training_set(count), development, SPLIT_SEED)

    def test_set(self) -> Digits:
        """MNIST's test part: for final scores alone."""
        return _loaded("test", self.data_dir)

    def file(self, name: str) -> Path:
        """A file that outlives an experiment: a trained network that another one needs."""
        return self.folder / f"{name}.safetensors"

    def remember(self, name: str, settings: Record, arrays: Params, about: Record) -> None:
        """Keeps the state of a long experiment. Raises `OutputError`."""
        about = as_json({"settings": settings, **about})
        write_arrays(self._checkpoint(name, settings), arrays, "checkpoint", about)

    def remembered(self, name: str, settings: Record) -> tuple[Params, Record] | None:
        """The state that an interrupted experiment with the same settings has left."""
        path = self._checkpoint(name, settings)
        try:
            arrays, about = read_arrays(path, "checkpoint") if path.exists() else ({}, {})
        except ModelError:
            return None  # damaged: begin again
        return (arrays, about) if about.get("settings") == as_json(settings) else None

    def forget(self, name: str, settings: Record) -> None:
        """Removes the state; the experiment has ended."""
        self._checkpoint(name, settings).unlink(missing_ok=True)

    def _checkpoint(self, name: str, settings: Record) -> Path:
        mark = hashlib.sha256(json.dumps(as_json(settings), sort_keys=True).encode()).hexdigest()
        return self.folder / f"{name}-{mark[:12]}.part.safetensors"


def trained(recipe: Recipe, digits: Digits) -> tuple[Recognizer, list[Record]]:
    """The recognizer that a recipe makes of a training set, and the records of its epochs."""
    epochs = []
    for event in train(recipe, digits):
        if isinstance(event, EpochEnded):
            epochs.append({"epoch": event.epoch, "development": event.development_accuracy})
        elif isinstance(event, Finished):
            return event.recognizer, epochs
    raise AssertionError("training ends with Finished")


def read(recognizer: Recognizer, images: Images) -> Ints:
    """The most probable digit of each image [n]."""
    return np.asarray(recognizer.outputs(images).argmax(axis=1))


def score(answers: Answers, digits: Digits) -> Record:
    """How many answers are right, in all and by digit, and what was read as what."""
    right = int((answers == digits.labels).sum())
    return {
        "n": len(digits),
        "accuracy": right / len(digits),
        "interval95": metrics.interval95(right, len(digits)),
        "confusion": metrics.confusion(digits.labels, answers),
    }


def accuracy(answers: Answers, digits: Digits) -> float:
    """The share of right answers."""
    return float((answers == digits.labels).mean())
