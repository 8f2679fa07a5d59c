"""Several networks that read together."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from digitus.committee import Committee
from digitus.datasets.digits import Digits
from digitus.errors import ModelError
from digitus.evaluation import evaluate
from digitus.recognizer import Recognizer
from digitus.synthetic.strokes import strokes
from small import digits, recipe, recognizer, trained


@cache
def fresh() -> Digits:
    """Digits that no network has seen."""
    return strokes(400, seed=77)


def members() -> tuple[Recognizer, ...]:
    return tuple(trained(recipe(epochs=4, seed=seed), digits(600))[0] for seed in range(3))


def test_it_gives_the_mean_of_its_members() -> None:
    three = members()
    committee = Committee(three)
    found = committee.probabilities(fresh().images)
    np.testing.assert_allclose(
        found, sum(m.probabilities(fresh().images) for m in three) / 3, rtol=1e-6
    )
    np.testing.assert_allclose(found.sum(1), 1, rtol=1e-5)
    assert committee.threshold == pytest.approx(sum(m.threshold for m in three) / 3)
    assert committee.size == (28, 28)


def test_it_reads_better_than_its_members() -> None:
    three = members()
    alone = [evaluate(m, fresh()).record()["accuracy"] for m in three]
    assert evaluate(Committee(three), fresh()).record()["accuracy"] > np.mean(alone)


def test_one_is_itself() -> None:
    alone = recognizer()
    together = Committee((alone, alone)).probabilities(fresh().images)
    np.testing.assert_allclose(together, alone.probabilities(fresh().images), rtol=1e-6)


def test_what_cannot_sit_together() -> None:
    with pytest.raises(ModelError, match="at least one"):
        Committee(())
    table = [{"kind": "Flatten"}, {"kind": "Dense", "units": 10}]
    w = {"1.W": np.zeros((64, 10), np.float32), "1.b": np.zeros(10, np.float32)}
    small = Recognizer(recipe(network=table), w, size=(8, 8))
    with pytest.raises(ModelError, match="8 x 8 and 28 x 28"):
        Committee((recognizer(), small))
