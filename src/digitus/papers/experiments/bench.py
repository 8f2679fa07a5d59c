"""What experiments share: digits, training by recipe, scores as records, checkpoints, pictures.

Inside: `Bench`, which knows where digits and checkpoints are, and the small functions around it.
Not inside: the experiments themselves.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from digitus import metrics
from digitus.datasets import sources
from digitus.datasets.batches import split
from digitus.datasets.digits import Digits
from digitus.errors import DataError, ModelError
from digitus.files import read_arrays, write_arrays
from digitus.papers.store import Record, as_json
from digitus.recipe import Recipe
from digitus.recognizer import Recognizer
from digitus.training.loop import SPLIT_SEED, EpochEnded, Finished, train
from digitus.types import Answers, Bytes, Images, Ints, Numbers, Params

# The images [n 28 28] at some places of MNIST's "train" or "test": results keep places only.
Album: TypeAlias = Callable[[str, Sequence[int]], Bytes]


@cache
def _loaded(part: Literal["train", "test"], data_dir: Path | None) -> Digits:
    return sources.load("mnist", part, data_dir=data_dir)


@dataclass(frozen=True)
class Bench:
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


def album(data_dir: Path | None) -> Album | None:
    """MNIST's images by part and place, for a report; None where MNIST is not on this machine."""
    try:
        learnt = sources.load("mnist", "train", data_dir=data_dir, download=False)
        test = sources.load("mnist", "test", data_dir=data_dir, download=False)
    except DataError:
        return None
    parts = {"train": learnt.images, "test": test.images}
    return lambda part, places: parts[part][list(places)]


def packed(images: Numbers) -> Record:
    """Pictures [n h w], bytes or signed bytes, as JSON holds them: a deflated text."""
    data = zlib.compress(np.ascontiguousarray(images).tobytes(), 9)
    kind = "signed" if images.dtype == np.int8 else "bytes"
    return {"kind": kind, "shape": images.shape, "data": base64.b64encode(data).decode("ascii")}


def unpacked(record: Record) -> Numbers:
    """The pictures of `packed`."""
    dtype = np.int8 if record["kind"] == "signed" else np.uint8
    data = zlib.decompress(base64.b64decode(record["data"]))
    return np.frombuffer(data, dtype).reshape(record["shape"])


def quantised(weights: Numbers) -> npt.NDArray[np.int8]:
    """Weights as signed bytes of one scale, for pictures; the largest half per cent is clipped."""
    scale = float(np.quantile(np.abs(weights), 0.995)) or 1.0
    return np.clip(np.round(weights / scale * 127), -127, 127).astype(np.int8)
