"""How likely a value is wrong by its confidence: the formula, its numbers, and their fit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import forms_trust
from digitus.forms import trust
from digitus.types import Floats64, Ints

RESULTS = Path(__file__).parents[2] / "results" / "forms_trust.json"
CERTAINTIES = [0.0, 0.3, 0.9, 0.99, 0.999, 0.9999, 0.99999, 1.0]
TRUE = np.array([0.8, 0.7])


def test_its_numbers_are_the_fitted_ones() -> None:
    found = json.loads(RESULTS.read_text("utf-8"))
    assert list(trust.WEIGHTS) == found["weights"]
    assert [list(row) for row in trust.COVARIANCE] == found["covariance"]


def test_of_two_values_the_surer_one_is_less_likely_wrong() -> None:
    for chances in ([trust.chance_wrong(c) for c in CERTAINTIES],
                    [trust.most_chance_wrong(c) for c in CERTAINTIES]):  # fmt: skip
        assert chances == sorted(chances, reverse=True)
        assert 0 < chances[-1] < 1e-3
        assert 0.5 < chances[0] < 1


def test_the_upper_bound_is_above_the_chance() -> None:
    """Most of all for the surest values: few of them were wrong."""
    share = [trust.most_chance_wrong(c) / trust.chance_wrong(c) for c in CERTAINTIES[2:]]
    assert min(share) > 1
    assert share[-1] == max(share)


def some(sheets: int, rng: np.random.Generator) -> tuple[Floats64, Floats64, Ints]:
    """Nine fields of each sheet, wrong as `TRUE` says; on some sheets they are wrong together."""
    sheet = np.repeat(np.arange(sheets), 9)
    x = np.column_stack([np.ones(len(sheet)), rng.uniform(-13, 3, len(sheet))])
    together = np.repeat(rng.random(sheets), 9)
    own = rng.random(len(sheet))
    draw = np.where(np.repeat(rng.random(sheets) < 0.3, 9), together, own)
    wrong = draw < 1 / (1 + np.exp(-x @ TRUE))
    return x, wrong.astype(np.float64), sheet


def test_a_fit_finds_what_is_true() -> None:
    w, covariance = forms_trust.fitted(*some(4000, np.random.default_rng(0)))
    assert w == pytest.approx(TRUE, abs=0.1)
    assert (np.linalg.eigvalsh(covariance) > 0).all()


@pytest.mark.slow
def test_the_upper_bound_holds_as_often_as_it_says() -> None:
    """With sheets made 200 times, some of whose fields are wrong together."""
    at, holds = np.array([1.0, -9.0]), 0
    for seed in range(200):
        w, covariance = forms_trust.fitted(*some(300, np.random.default_rng(seed)))
        holds += at @ w + trust.SURE * np.sqrt(at @ covariance @ at) >= at @ TRUE
    assert 0.9 <= holds / 200 <= 0.99
