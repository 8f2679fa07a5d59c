"""Small things to train with: digits, recipes and recognizers that take milliseconds."""

from __future__ import annotations

import atexit
import copy
import json
import tempfile
from collections.abc import Generator, Iterable
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from digitus.datasets.digits import Digits, targets
from digitus.nn import initial
from digitus.nn.arrays import stream
from digitus.recipe import Recipe, from_table
from digitus.recognizer import Recognizer
from digitus.synthetic.strokes import strokes
from digitus.threads import Map
from digitus.training.loop import Finished, State, begin, train
from digitus.training.source import Batch, Development
from digitus.types import Images, Params

TABLE: dict[str, Any] = {
    "name": "small",
    "data": "strokes",
    "development": 60,
    "network": [
        {"kind": "Scale"},
        {"kind": "MaxPool", "size": 2},
        {"kind": "Flatten"},
        {"kind": "Dense", "units": 16},
        {"kind": "Relu"},
        {"kind": "Dense", "units": 10},
    ],
    "schedule": {"kind": "Constant", "rate": 0.01},
    "batch_size": 60,
    "epochs": 2,
}


def _teacher() -> str:
    """A model file with random parameters: as a teacher, as good as one that has learnt."""
    folder = tempfile.TemporaryDirectory(prefix="digitus-tests-")
    atexit.register(folder.cleanup)
    path = Path(folder.name) / "teacher.safetensors"
    plain = from_table(TABLE)
    start = initial(plain.network, (28, 28, 1), plain.initial, stream(1, "teacher"))
    Recognizer(plain, start).save(path)
    return str(path)


# Everything that could be forgotten by a checkpoint: dropout, statistics, momentum, an average of
# the weights, augmentation, worn and other pictures, a teacher, and a last batch smaller than the
# others. Of what takes long to make, worn pictures above all, there is a little of each.
EVERYTHING: dict[str, Any] = {
    **TABLE,
    "name": "everything",
    "network": [
        {"kind": "Standardize"},
        {"kind": "MaxPool", "size": 4},
        {"kind": "Conv", "channels": 3, "stride": 2},
        {"kind": "BatchNorm"},
        {"kind": "Relu"},
        {"kind": "Flatten"},
        {"kind": "Dropout", "rate": 0.2},
        {"kind": "Dense", "units": 10},
    ],
    "optimizer": {"kind": "Momentum", "mu": 0.8},
    "schedule": {"kind": "Cosine", "rate": 0.05, "warmup": 0.2},
    "batch_size": 70,
    "average": 0.9,
    "augment": {"rotate": 10, "shift": 1, "elastic": 0.5},
    "worn": 0.05,
    "wear": {"size": [24, 30]},
    "not_digits": 0.05,
    "teacher": _teacher(),
    "softness": 2.0,
    "seed": 3,
}

# The parts of a `MultiTask`, as tables.
LOSS_PARTS: list[dict[str, Any]] = [
    {"loss": {"kind": "HeatmapFocal", "alpha": 3}, "channels": 1, "weight": 1},
    {"loss": {"kind": "PlaceCrossEntropy"}, "channels": 9, "weight": 0.5},
]

# A small network that finds digits on pages.
FINDS: dict[str, Any] = {
    **TABLE,
    "name": "finds",
    "data": "pages",
    "development": 6,
    "network": [
        {"kind": "Scale"},
        {"kind": "Conv", "channels": 2, "stride": 2},
        {"kind": "BatchNorm"},
        {"kind": "Relu"},
        {"kind": "AveragePool", "size": 2},
        {"kind": "Conv", "channels": 21, "kernel": 1},
    ],
    "loss": {
        "kind": "MultiTask",
        "parts": [
            {"loss": {"kind": "HeatmapFocal"}, "channels": 1, "weight": 1},
            {"loss": {"kind": "SmoothAbsolute"}, "channels": 6, "weight": 0.1},
            {"loss": {"kind": "PlaceCrossEntropy"}, "channels": 3, "weight": 0.1},
            {"loss": {"kind": "PlaceCrossEntropy"}, "channels": 10, "weight": 0.1},
            {"loss": {"kind": "HeatmapFocal"}, "channels": 1, "weight": 0.1},
        ],
    },
    "optimizer": {"kind": "AdamW"},
    "schedule": {"kind": "Cosine", "rate": 0.01},
    "batch_size": 2,
    "average": 0.5,
}


def recipe(table: dict[str, Any] = TABLE, **settings: Any) -> Recipe:
    """One of the tables above with some settings replaced."""
    return from_table({**table, **settings})


def toml(value: Any) -> str:
    """A value as TOML writes it; JSON but for tables."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


def write_recipe(path: Path, **settings: Any) -> Path:
    """A recipe file with the small recipe of the tests and some settings replaced."""
    table = {k: v for k, v in {**TABLE, **settings}.items() if k != "name"}
    path.write_text("".join(f"{k} = {toml(v)}\n" for k, v in table.items()), "utf-8")
    return path


def page_recipe(path: Path) -> Path:
    """A recipe file of `FINDS`."""
    return write_recipe(path, **FINDS)


@cache
def digits(count: int = 300, seed: int = 0) -> Digits:
    """Written by the simulated pen."""
    return strokes(count, seed)


def batch(digits: Digits) -> Batch:
    """All of a set as one batch."""
    return Batch(digits.images, targets(digits.labels), digits.labels)


@cache
def recognizer() -> Recognizer:
    """Trained for a moment; shared by tests, which do not change it."""
    return trained(recipe(epochs=8), digits(600))[0]


def near(outputs: Any, batch: Batch) -> tuple[float, float]:
    """The score of `Blur`: the share of the places of each picture that are nearly right."""
    shares = (abs(outputs - batch.targets) < 0.02).mean(axis=(1, 2, 3))
    return float(shares.sum()), len(shares)


class Blur:
    """A task other than reading digits: pictures [n 8 8] to maps [n 8 8 1], the mean around."""

    learnt, development, batches = range(60), range(16), 3
    score = staticmethod(near)
    largest: ClassVar = {"inputs": ((20, 8, 8), "u1"), "targets": ((20, 8, 8, 1), "f4")}
    name, sha256 = "noise", "0"

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe

    def batch(self, purpose: str, count: int, step: int) -> Batch:
        """From a stream of its own."""
        images = stream(self.recipe.seed, purpose, step).integers(0, 256, (count, 8, 8), np.uint8)
        around = np.pad(images / np.float32(255), ((0, 0), (1, 1), (1, 1)))
        shifted = [around[:, i : i + 8, j : j + 8, None] for i in range(3) for j in range(3)]
        return Batch(images, np.mean(shifted, axis=0, dtype=np.float32))

    def upcoming(self, steps: Iterable[int], claim: Any) -> Generator[Batch, None, None]:
        """See `Source`."""
        for step in steps:
            with claim():
                made = self.batch("blur", 20, step)
            yield made

    def sample(self, count: int) -> Images:
        """See `Source`."""
        return self.batch("sample", min(count, 60), 0).inputs

    def evaluate(self, params: Params, each: Map = map) -> Development:
        """See `Source`."""
        batch = self.batch("development", 16, 0)
        network = self.recipe.network
        halves = each(
            lambda part: network.forward(params, batch.inputs[part, ..., None] / np.float32(1))[0],
            (slice(8), slice(8, 16)),
        )
        outputs = np.concatenate(list(halves))
        loss = float(self.recipe.loss(outputs, batch.targets)[0])
        right, counted = near(outputs, batch)
        return Development(loss, right / counted, outputs)


def trained(
    recipe: Recipe, digits: Digits, state: State | None = None, threads: int = 1
) -> tuple[Recognizer, State]:
    """The recognizer and the last state of a whole run."""
    state = state or begin(recipe, digits)
    *_, last = train(recipe, digits, state=state, threads=threads)
    assert isinstance(last, Finished)
    return last.recognizer, state


def copies(recipe: Recipe, digits: Digits) -> tuple[Recognizer, list[State]]:
    """A whole run's recognizer and a copy of the state after each of its events."""
    state = begin(recipe, digits)
    seen = [copy.deepcopy(state)]
    for event in train(recipe, digits, state=state):
        if isinstance(event, Finished):
            return event.recognizer, seen
        seen.append(copy.deepcopy(state))
    raise AssertionError("training ended without a recognizer")


def same_arrays(a: dict[str, Any], b: dict[str, Any]) -> bool:
    """Whether two sets of parameters are equal to the bit."""
    return a.keys() == b.keys() and all(
        a[k].dtype == b[k].dtype and np.array_equal(a[k], b[k], equal_nan=True) for k in a
    )


def scores(recognizer: Recognizer) -> list[dict[str, Any]]:
    """The records of its epochs without what depends on the clock."""
    clock = {"seconds", "images_per_second"}
    epochs = recognizer.history["epochs"]
    return [{key: epoch[key] for key in epoch.keys() - clock} for epoch in epochs]


def one_line(error: BaseException) -> str:
    """The text of an error for a person: a line, not a page, without control characters."""
    text = str(error)
    assert text, repr(error)
    assert text.isprintable(), repr(text)
    assert len(text) < 1000, f"{len(text)} characters"
    return text
