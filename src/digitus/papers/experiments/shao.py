"""Shao 2023 as it is stated: its baseline and table, and what preprocessing does.

Inside: the experiments `setup`, `baseline`, `spectrum`, `learning`. Not inside: the rotation
hypothesis (`shao_rotation`), and what it takes to reach 99.1 % (`shao_improved`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from digitus.datasets.digits import Digits
from digitus.nn import Centre, Chain, Constant, Scale, Standardize, calibrated, initial, one_hot
from digitus.nn.arrays import bounds
from digitus.nn.init import Glorot
from digitus.nn.layers import Flatten, Layer
from digitus.papers.experiments.workspace import Workspace, read, score, trained
from digitus.papers.images import packed
from digitus.papers.store import Record
from digitus.recipe import Recipe, load_recipe, with_settings
from digitus.types import Answers, Floats, Floats64, Numbers

Prepare: TypeAlias = Callable[[Numbers], Floats]
THREE = 3
PREPARATIONS: dict[str, tuple[Layer, ...]] = {
    "raw": (),
    "/255": (Scale(255.0),),
    "centred": (Scale(255.0), Centre()),
    "standardised": (Standardize(),),
}
WATCHED = ((14, 18), (14, 22))  # row and column of two pixels: one often, one seldom inked


def recipe(seed: int, count: int | None, **settings: object) -> Recipe:
    """The shipped recipe shao-2023; of a part of the digits, fewer are held back."""
    chosen = with_settings(load_recipe("shao-2023"), seed=seed, **settings)
    return chosen if count is None else with_settings(chosen, development=count // 10)


def setup(settings: Record, workspace: Workspace) -> Record:
    """What preprocessing makes of a picture: array, centred array, vector, one-hot label.

    Settings: `picture`, its place in the training set; `points`, pictures in the scatter plots;
    `pixels`, row and column of the two inputs that are drawn there.
    """
    digits = workspace.training_set()
    k = settings["picture"]
    mean = digits.images.mean(axis=0) / 255
    watched = settings["pixels"]
    rows, columns = zip(*watched, strict=True)
    few = digits.images[: settings["points"], rows, columns]
    scatter = {name: _prepared(name, digits, rows, columns)(few) for name in PREPARATIONS}
    return {
        "label": int(digits.labels[k]),
        "one_hot": one_hot(digits.labels[k : k + 1])[0],
        "place": k,
        "mean": packed(np.round(mean * 255).astype(np.uint8)[None]),
        "pixels": watched,
        "scatter": {name: np.round(v, 4) for name, v in scatter.items()},
        "labels": digits.labels[: settings["points"]],
    }


def _prepared(name: str, digits: Digits, rows: Sequence[int], columns: Sequence[int]) -> Prepare:
    """The function that prepares the two watched pixels [n 2] as a whole picture is prepared."""
    values = digits.images[:, rows, columns].astype(np.float64)
    mean, deviation = values.mean(axis=0), values.std(axis=0)
    return {
        "raw": lambda v: v.astype(np.float64),
        "/255": lambda v: v / 255,
        "centred": lambda v: (v - mean) / 255,
        "standardised": lambda v: (v - mean) / deviation,
    }[name]


def baseline(settings: Record, workspace: Workspace) -> Record:
    """The recipe shao-2023 and its score on the test set.

    Settings: `seed`, `count`, `epochs`, `recipe` (its table: a changed one is carried out again).
    """
    chosen = recipe(settings["seed"], settings["count"], epochs=settings["epochs"])
    recognizer, epochs = trained(chosen, workspace.training_set(settings["count"]))
    test = workspace.test_set()
    answers = read(recognizer, test.images)
    return {
        "parameters": int(sum(w.size for n, w in recognizer.params.items() if "mean" not in n)),
        "epochs": epochs,
        "development": epochs[-1]["development"],
        "test": score(answers, test),
        "threes": threes(answers, test),
    }


def threes(answers: Answers, test: Digits) -> Record:
    """All misread 3s: their places in the test set, and what they were read as."""
    places = np.flatnonzero((test.labels == THREE) & (answers != THREE))
    return {"places": places, "read_as": answers[places]}


def spectrum(settings: Record, workspace: Workspace) -> Record:
    """How long and narrow the cloud of inputs is, by the way it was prepared.

    The covariance does not change when the mean is taken away; what a step of gradient descent
    sees is the matrix of second moments, E[x xᵀ] with a 1 for the bias, which does. Of both: the
    largest eigenvalue and its ratio to the one of rank `rank` and to the smallest above 0.
    Settings: `count`, `rank`.
    """
    digits = workspace.training_set(settings["count"])
    found = {}
    for name, layers in PREPARATIONS.items():
        network = Chain([*layers, Flatten()])
        params = initial(network, (28, 28, 1), Glorot(), np.random.default_rng(0), np.float64)
        inputs = _Batches(digits)
        params = calibrated(network, params, inputs)
        n, total, moments = len(digits), np.zeros(784), np.zeros((784, 784))
        for x in inputs:
            y = network.forward(params, x)[0]
            total += y.sum(axis=0)
            moments += y.T @ y
        mean, moments = total / n, moments / n
        with_bias = np.block([[moments, mean[:, None]], [mean[None], np.ones((1, 1))]])
        found[name] = {
            "covariance": _ratios(moments - np.outer(mean, mean), settings["rank"]),
            "second moments": _ratios(with_bias, settings["rank"]),
            "mean_length": float(np.sqrt(mean @ mean)),
        }
    return found


@dataclass(frozen=True)
class _Batches:
    """Digits as inputs in float64, a part at a time; can be run through again."""

    digits: Digits

    def __iter__(self) -> Iterator[Floats64]:
        for part in bounds(len(self.digits), 1000):
            yield self.digits.images[part][..., None].astype(np.float64)


def _ratios(matrix: Floats64, rank: int) -> Record:
    """The eigenvalues of a symmetric matrix, in figures."""
    values = np.linalg.eigvalsh(matrix)[::-1]
    above = values[values > values[0] * 1e-12]
    return {
        "largest": float(values[0]),
        "rank": len(above),
        "ratio": float(values[0] / values[rank - 1]),
        "condition": float(values[0] / above[-1]),
        "eigenvalues": [float(f"{v:.3g}") for v in above],
    }


def learning(settings: Record, workspace: Workspace) -> Record:
    """The paper's network behind one preparation, at one rate, on the development split alone.

    Settings: `preparation`, `rate`, `seed`, `count`, `epochs`.
    """
    base = recipe(settings["seed"], settings["count"], epochs=settings["epochs"])
    hidden = base.network.layers[2:]  # Flatten, Dense, Sigmoid ...
    chosen = with_settings(
        base,
        network=Chain([*PREPARATIONS[settings["preparation"]], *hidden]),
        schedule=Constant(settings["rate"]),
    )
    _, epochs = trained(chosen, workspace.training_set(settings["count"]))
    return {"epochs": epochs, "development": epochs[-1]["development"]}
