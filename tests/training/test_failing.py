"""Training that cannot go on says in one line why, and what to try."""

from __future__ import annotations

from typing import Any

import pytest

from digitus.datasets.digits import Digits
from digitus.errors import DataError, ShapeError, TrainingError
from digitus.recipe import Recipe
from digitus.training.loop import train
from small import (
    digits,
    one_line,
    recipe,
    trained,
)


def refusal(small: Recipe, whole: Digits | None = None) -> TrainingError:
    with pytest.raises(TrainingError) as caught:
        trained(small, whole or digits())
    one_line(caught.value)
    return caught.value


@pytest.mark.parametrize("rate", [1e6, 1e30])
def test_a_loss_that_is_not_finite_says_what_to_try(rate: float) -> None:
    settings = {"optimizer": {"kind": "GradientDescent"}, "loss": {"kind": "SquaredError"}}
    error = refusal(recipe(**settings, schedule={"kind": "Constant", "rate": rate}, epochs=9))
    assert "try a smaller learning rate (now 1e+" in str(error)
    assert "epoch" in str(error)


def test_a_last_step_that_diverges_is_found_too() -> None:
    """The loss is taken before the step, so the last step's damage shows only on what it made."""
    settings = {"optimizer": {"kind": "GradientDescent"}, "batch_size": 0, "epochs": 1}
    for rate in (1e30, 1e38):
        error = refusal(recipe(**settings, schedule={"kind": "Constant", "rate": rate}))
        assert "smaller learning rate" in str(error)


@pytest.mark.parametrize(
    ("network", "said"),
    [
        ([{"kind": "Dense", "units": 10}], "layer 0, Dense(units=10)"),
        ([{"kind": "Flatten"}, {"kind": "MaxPool"}], "layer 1, MaxPool(size=2)"),
        ([{"kind": "Flatten"}, {"kind": "Dense", "units": 5}], "ends with [5] outputs"),
        (
            [{"kind": "Flatten"}, *({"kind": "Dense", "units": u} for u in (10**9, 10))],
            "more than 1,000,000,000 parameters",
        ),
        (
            [{"kind": "Flatten"}, {"kind": "Dense", "units": 10}, {"kind": "Standardize"}],
            "layer 2, Standardize",
        ),
    ],
)
def test_a_network_that_does_not_fit_says_which_layer(network: list[Any], said: str) -> None:
    events = train(recipe(network=network), digits())
    with pytest.raises(ShapeError) as caught:
        next(events)  # before the first step, not after an epoch
    assert said in one_line(caught.value)


def test_too_few_digits() -> None:
    with pytest.raises(DataError, match="cannot hold back 60 of 50 examples"):
        next(train(recipe(), digits(300).take(slice(50))))
