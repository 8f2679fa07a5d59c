"""The recognizer that ships: what must hold of it wherever it is installed."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

import digitus
from digitus.datasets.digits import Digits
from digitus.datasets.sources import load
from digitus.evaluation import evaluate
from digitus.recipe import load_recipe
from digitus.recognizer import WEIGHTS
from digitus.synthetic.degrade import worn
from digitus.synthetic.not_digits import not_digits
from digitus.synthetic.strokes import strokes
from digitus.synthetic.wear import Wear
from digitus.training.loop import EpochEnded, Finished, train


@cache
def fresh() -> Digits:
    """Digits that no network has seen."""
    return strokes(1000, seed=20261122)


def test_it_is_what_its_recipe_makes() -> None:
    shipped = digitus.load()
    recipe = load_recipe("cnn")
    assert shipped.recipe.network == recipe.network
    assert (shipped.recipe.name, shipped.recipe.data) == ("cnn", recipe.data)
    assert shipped.history["epochs"][-1]["epoch"] == recipe.epochs
    assert (WEIGHTS / "default.safetensors").stat().st_size <= 4e6
    assert (WEIGHTS / "default.md").exists()


def test_it_reads_digits() -> None:
    shipped = digitus.load()
    assert evaluate(shipped, fresh()).record()["accuracy"] > 0.97
    bad = worn(fresh().images[:300], Wear(), np.random.default_rng(0))
    assert (shipped.probabilities(bad).argmax(1) == fresh().labels[:300]).mean() > 0.93


def test_it_refuses_what_is_none() -> None:
    shipped = digitus.load()

    def refused(images: np.ndarray) -> float:
        return float((shipped.probabilities(images).max(1) < shipped.threshold).mean())

    rng = np.random.default_rng(0)
    assert refused(np.zeros((1, 28, 28), np.uint8)) == 1
    assert refused(np.full((1, 28, 28), 255, np.uint8)) == 1
    assert refused(rng.integers(0, 256, (500, 28, 28), np.uint8)) == 1
    assert refused(not_digits(500, seed=20261122)) > 0.9
    assert refused(fresh().images) < 0.05


def test_it_reads_mnist(mnist_dir: Path) -> None:
    """A quarter of them; all are in results/recognizer.json."""
    test = load("mnist", "test", data_dir=mnist_dir).take(slice(None, None, 4))
    assert evaluate(digitus.load(), test).record()["accuracy"] >= 0.995


@pytest.mark.slow
@pytest.mark.parametrize("name", [pytest.param("cnn", marks=pytest.mark.slow), "mlp-deslant"])
def test_training_it_anew_works(name: str, tmp_path: Path) -> None:
    """The whole path on a hundredth of the pictures: it learns, and what it makes can be used."""
    few = strokes(250, seed=1)
    settings = ["epochs=3", "development=50", "average=0.5"]
    settings += ["batch_size=32", "schedule={kind='Constant', rate=0.002}"]
    events = list(train(load_recipe(name, settings), few))
    losses = [event.loss for event in events if isinstance(event, EpochEnded)]
    assert losses[-1] < 0.9 * losses[0]
    last = events[-1]
    assert isinstance(last, Finished)
    last.recognizer.save(tmp_path / "again.safetensors")
    again = digitus.load(tmp_path / "again.safetensors")
    assert np.array_equal(
        again.probabilities(few.images), last.recognizer.probabilities(few.images)
    )
