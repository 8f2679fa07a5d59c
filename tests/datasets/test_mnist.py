"""On the real MNIST: the files are the published ones, and a perceptron learns them in seconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from digitus.datasets import sources
from digitus.datasets.catalogue import MNIST
from digitus.recipe import load_recipe
from digitus.training.loop import Finished, train


def test_the_four_files_are_the_published_ones(mnist_dir: Path) -> None:
    for part in (MNIST.train, MNIST.test):
        for file in (part.images, part.labels):
            assert file.is_at(mnist_dir / file.name), f"{file.name} has another SHA-256"


def test_the_digits_are_those_of_the_literature(mnist_dir: Path) -> None:
    train_part, test_part = (
        sources.load("mnist", part, data_dir=mnist_dir) for part in ("train", "test")
    )
    assert train_part.images.shape == (60_000, 28, 28)
    assert test_part.images.shape == (10_000, 28, 28)
    assert list(train_part.labels[:5]) == [5, 0, 4, 1, 9]
    assert list(np.bincount(test_part.labels)) == [
        980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009,
    ]  # fmt: skip
    assert round(float(train_part.images.mean()) / 255, 4) == 0.1307
    assert train_part.origin.endswith("the published files")


@pytest.mark.slow
def test_a_perceptron_learns_them(mnist_dir: Path) -> None:
    """600 steps on the first 21,000 images, none of which is in the 1,000 it is judged by."""
    digits = sources.load("mnist", "train", data_dir=mnist_dir, count=22_000)
    settings = ["development=1000", "batch_size=105", "epochs=3", "average=0.98", "augment={}"]
    recipe = load_recipe("quick", [*settings, "network=" + SMALLER])
    *_, last = train(recipe, digits)
    assert isinstance(last, Finished)
    epochs = last.recognizer.history["epochs"]
    assert len(epochs) == 3
    assert epochs[-1]["development_accuracy"] > 0.93
    assert epochs[-1]["development_loss"] < epochs[0]["development_loss"]


SMALLER = """[
    {kind = "Scale"}, {kind = "Flatten"}, {kind = "Dense", units = 128}, {kind = "Relu"},
    {kind = "Dense", units = 10},
]"""
