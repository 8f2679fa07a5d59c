"""Shao 2023's hypothesis: training on digits turned by 0 to 90 degrees reads digits better.

Each experiment trains one network on digits turned by angles drawn anew in every epoch, and scores
it on the test set upright, turned by angles drawn once for all networks, and turned by each of a
row of fixed angles. Inside: the networks, the ranges, the experiment `trained_on`. Not inside: the
words about it (`report.shao_rotation`).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from digitus.datasets.augment import augment
from digitus.datasets.augmentation import Augmentation
from digitus.datasets.digits import Digits
from digitus.nn import (
    Adam,
    Chain,
    Cosine,
    Dense,
    Flatten,
    Glorot,
    He,
    Relu,
    Scale,
    Sigmoid,
    SoftmaxCrossEntropy,
    stream,
)
from digitus.papers.experiments.shao import recipe as paper_recipe
from digitus.papers.experiments.workspace import Workspace, accuracy, read, score, trained
from digitus.papers.store import Record
from digitus.recipe import Recipe

# Degrees, counter-clockwise. None: as they are.
RANGES: dict[str, tuple[float, float] | None] = {
    "upright": None,
    "±10": (-10, 10),
    "±15": (-15, 15),
    "±30": (-30, 30),
    "±45": (-45, 45),
    "0 to 90": (0, 90),
    "0 to 360": (0, 360),
}
TESTS = ("upright", "±15", "0 to 90", "0 to 360")
PAPER = "sigmoid 784-30-10"
WIDER = "sigmoid 784-100-10"
RELU = "ReLU 784-300-10"
LARGER = "ReLU 784-800-10"
TEST_SEED = 2023  # of the angles of the test digits: the same for every network


def recipe(network: str, epochs: int | None, seed: int, count: int | None) -> Recipe:
    """How each network is trained: the paper's by its recipe, the others as at first.

    The first measurement was by cross-entropy, Adam from 0.001 down a cosine, batches of 128, 12
    epochs.
    """
    base = paper_recipe(seed, count)
    if network == PAPER:
        return base if epochs is None else replace(base, epochs=epochs)
    units = int(network.split("-")[1])
    relu = network.startswith("ReLU")
    return replace(
        base,
        name=network,
        network=Chain(
            [Scale(255.0), Flatten(), Dense(units), Relu() if relu else Sigmoid(), Dense(10)]
        ),
        initial=He() if relu else Glorot(),
        loss=SoftmaxCrossEntropy(),
        optimizer=Adam(),
        schedule=Cosine(0.001),
        batch_size=128,
        epochs=epochs or 12,
    )


def turned(digits: Digits, degrees: tuple[float, float] | None, *purpose: str | int) -> Digits:
    """The digits turned about their centres by angles drawn from a range, the same every time."""
    if degrees is None:
        return digits
    rng = stream(TEST_SEED, "turned", *purpose)
    images = augment(digits.images, Augmentation(rotate=degrees), rng)
    return Digits(images, digits.labels, digits.name, digits.origin)


def trained_on(settings: Record, workspace: Workspace) -> Record:
    """A network trained on one range of angles, and its scores on all of them.

    Settings: `network`, `range`, `seed`, `epochs` (None: as usual), `count`, `angles` (degrees of
    the fixed angles), `recipe` (its table, so that a changed one is carried out again).
    """
    count = settings["count"]
    chosen = recipe(settings["network"], settings["epochs"], settings["seed"], count)
    degrees = RANGES[settings["range"]]
    if degrees is not None:
        chosen = replace(chosen, augment=Augmentation(rotate=degrees))
    digits = workspace.training_set(count)
    recognizer, epochs = trained(chosen, digits)
    test = workspace.test_set()
    scores = {}
    for name in TESTS:
        seen = turned(test, RANGES[name], name)
        scores[name] = score(read(recognizer, seen.images), seen)
    learnt = turned(digits.take(slice(10_000)), degrees, "learnt")
    fixed = {}
    for angle in settings["angles"]:
        seen = turned(test, (angle, angle), "fixed") if angle else test
        fixed[str(angle)] = accuracy(read(recognizer, seen.images), seen)
    return {
        "development": epochs[-1]["development"],
        "own_range": accuracy(read(recognizer, learnt.images), learnt),
        "tests": scores,
        "angles": fixed,
    }


def angles(step: int) -> list[int]:
    """Angles in degrees, a `step` apart, to a quarter turn beyond 0 to 90 at either end."""
    return [int(a) for a in np.arange(-90, 181, step)]
