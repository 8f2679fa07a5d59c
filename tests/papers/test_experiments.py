"""The experiments, each in small: records that JSON can hold, resumed runs, honest choices."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest

from digitus import metrics
from digitus.papers.experiments import (
    gopa,
    gopa_improved,
    gopa_notation,
    shao,
    shao_improved,
    shao_rotation,
)
from digitus.papers.experiments.workspace import Workspace
from digitus.papers.images import unpacked
from digitus.papers.store import as_json
from digitus.recipe import to_table
from small import digits

CURVES: dict[str, Any] = {
    "alpha": 0.5, "seeds": [0, 1], "iterations": 12, "every": 4, "at": [4, 12], "count": None,
    "development": 30,
}  # fmt: skip


def test_notations(small_workspace: Workspace) -> None:
    found = gopa.notations({"seed": 1, "examples": 50}, small_workspace)
    assert all(g["difference"] < 1e-12 < g["largest"] for g in found["gradients"].values())


def test_curves(small_workspace: Workspace) -> None:
    found = as_json(gopa.curves(CURVES, small_workspace))
    assert found["iterations"] == [0, 4, 8, 12]
    assert np.shape(found["development"]) == (4, 2)
    last = found["scores"]["12"][1]["test"]
    assert last["n"] == np.sum(last["confusion"]) == 100
    assert last["accuracy"] == np.trace(last["confusion"]) / 100
    right = round(100 * last["accuracy"])
    assert last["interval95"] == list(metrics.interval95(right, 100))
    assert unpacked(found["units"]).shape == (10, 28, 28)


def test_curves_go_on_where_they_were_killed(
    small_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = as_json(gopa.curves(CURVES, small_workspace))
    monkeypatch.setattr(gopa, "SECONDS_BETWEEN_CHECKPOINTS", 0.0)
    steps = []

    def killed(*arguments: Any) -> Any:
        steps.append(1)
        if len(steps) == 7:
            raise KeyboardInterrupt
        return real(*arguments)

    real = gopa_notation.gradients
    monkeypatch.setattr(gopa_notation, "gradients", killed)
    with pytest.raises(KeyboardInterrupt):
        gopa.curves(CURVES, small_workspace)
    assert small_workspace.remembered("curves", {**CURVES, "alpha": 0.1}) is None
    assert as_json(gopa.curves(CURVES, small_workspace)) == whole
    assert len(steps) == 7 + 6, "the first six steps were not done again"
    assert not list(small_workspace.folder.glob("*"))


def test_preparation_is_folded_into_the_first_layer() -> None:
    """Centred and standardised inputs give a network that takes plain pixels."""
    for kind in ("centred", "standardised"):
        means = gopa_improved.Means(epochs=4, batch=20, prepare=kind)
        p = gopa_improved.fit(means, [0], digits())
        X = gopa_notation.pixels(digits().images)
        mean, width = gopa_improved._moments(kind, digits())
        inner = {**p, "W1": p["W1"] * width.T, "b1": p["b1"] + p["W1"] @ mean}
        there = gopa_notation.forward(inner, (X - mean) / width).A2
        assert np.allclose(gopa_notation.forward(p, X).A2, there, atol=1e-4)
        assert (gopa_notation.answers(p, X)[0] == digits().labels).mean() > 0.5


def test_the_development_split_chooses_the_candidate(small_workspace: Workspace) -> None:
    means = replace(gopa_improved.STEPS[-1][2], epochs=2, batch=30, candidates=5)
    settings = {"means": asdict(means), "seed": 3, "count": 200, "teacher_epochs": 1}
    found = gopa_improved.step(settings, small_workspace)
    assert found["parameters"] == 7960
    assert len(found["candidates"]) == 5
    assert found["development"] == max(found["candidates"])


@pytest.mark.parametrize(
    "change", [{"start": 14}, {"temperature": 1.0}, {"decay": 0.1}, {"smoothing": 0.1}]
)
def test_variants(small_workspace: Workspace, change: dict[str, Any]) -> None:
    means = replace(gopa_improved.VARIANTS["nothing changed"], epochs=3, batch=20, **change)
    settings = {"means": asdict(means), "seeds": [0, 1], "count": 250, "teacher_epochs": 1}
    found = gopa_improved.variant(settings, small_workspace)
    assert len(found["development"]) == 2
    assert ("teacher" in found) == ("temperature" in change)


def test_pruning_ends_with_ten_units() -> None:
    means = gopa_improved.Means(initial="he", epochs=5, batch=20, start=17)
    p = gopa_improved.fit(means, [0, 1], digits())
    assert {name: w.shape[1:] for name, w in p.items()} == {
        "W1": (10, 784), "b1": (10, 1), "W2": (10, 10), "b2": (10, 1),
    }  # fmt: skip


def test_every_step_and_variant_is_784_10_10() -> None:
    for _, _, means in gopa_improved.STEPS:
        assert means.start == 10
    assert next(iter(gopa_improved.VARIANTS.values())) == gopa_improved.STEPS[gopa_improved.BASE][2]


def test_baseline(small_workspace: Workspace) -> None:
    found = as_json(shao.baseline({"seed": 0, "count": 250, "epochs": 2}, small_workspace))
    assert found["parameters"] == 784 * 30 + 30 + 30 * 10 + 10
    confusion = np.array(found["test"]["confusion"])
    assert len(found["threes"]["places"]) == confusion[3].sum() - confusion[3, 3]
    assert set(digits(100, 9).labels[found["threes"]["places"]]) <= {3}


def test_setups_hold_what_is_drawn(small_workspace: Workspace) -> None:
    found = as_json(
        shao.setup({"picture": 7, "points": 50, "pixels": shao.WATCHED}, small_workspace)
    )
    assert found["one_hot"].index(1) == found["label"] == digits().labels[7]
    standard = np.array(found["scatter"]["standardised"])
    assert standard.shape == (50, 2)
    found = as_json(gopa.setup({"development": 30}, small_workspace))
    assert (found["learnt"], found["X"]) == (270, [784, 270])


def test_spectrum_against_numpy(small_workspace: Workspace) -> None:
    found = shao.spectrum({"count": None, "rank": 20}, small_workspace)
    x = digits().images.reshape(300, -1) / 255
    values = np.linalg.eigvalsh(np.cov(x.T, bias=True))[::-1]
    for name in ("/255", "centred"):
        own = found[name]["covariance"]
        assert own["largest"] == pytest.approx(values[0])
        assert own["ratio"] == pytest.approx(values[0] / values[19])
    assert found["raw"]["covariance"]["largest"] == pytest.approx(values[0] * 255**2)
    assert found["centred"]["mean_length"] == pytest.approx(0, abs=1e-6)
    # Centring leaves the covariance as it is and takes the mean out of the second moments.
    moments = [found[name]["second moments"]["largest"] for name in ("/255", "centred")]
    assert moments[1] < moments[0]


def test_learning(small_workspace: Workspace) -> None:
    settings = {"preparation": "standardised", "rate": 0.1, "seed": 0, "count": 250, "epochs": 2}
    found = shao.learning(settings, small_workspace)
    assert [e["epoch"] for e in found["epochs"]] == [1, 2]


@pytest.mark.parametrize("network", [shao_rotation.PAPER, shao_rotation.RELU])
def test_rotation(small_workspace: Workspace, network: str) -> None:
    settings = {
        "network": network, "range": "0 to 90", "seed": 0, "epochs": 1, "count": 250,
        "angles": [0, 90],
    }  # fmt: skip
    found = as_json(shao_rotation.trained_on(settings, small_workspace))
    assert list(found["tests"]) == list(shao_rotation.TESTS)
    assert found["angles"]["0"] == found["tests"]["upright"]["accuracy"]


def test_test_digits_are_turned_once_for_all() -> None:
    a, b = (shao_rotation.turned(digits(20), (0, 90), "0 to 90") for _ in range(2))
    assert np.array_equal(a.images, b.images)
    assert not np.array_equal(a.images, digits(20).images)
    quarter = shao_rotation.turned(digits(20), (90, 90), "fixed")
    assert np.array_equal(quarter.images, np.rot90(digits(20).images, axes=(1, 2)))


def test_the_networks_of_the_grid() -> None:
    paper = shao_rotation.recipe(shao_rotation.PAPER, None, 1, None)
    assert to_table(paper) == to_table(shao.recipe(1, None))
    relu = shao_rotation.recipe(shao_rotation.RELU, None, 0, None)
    assert "Dense(units=300)" in str(relu.network.layers)


def test_ladder_begins_with_the_paper_and_stays_sigmoid() -> None:
    assert shao_improved.step_recipe(0, 2, None, None) == shao.recipe(2, None)
    for number in range(len(shao_improved.STEPS)):
        layers = to_table(shao_improved.step_recipe(number, 0, None, None))["network"]
        units = [layer["units"] for layer in layers if layer["kind"] == "Dense"]
        assert len(units) == 2
        assert units[0] <= 800
        kinds = {layer["kind"] for layer in layers}
        assert kinds == {"Scale", "Centre", "Flatten", "Dense", "Sigmoid"}


def test_ladder_step(small_workspace: Workspace) -> None:
    number = len(shao_improved.STEPS) - 1
    settings = {"number": number, "seed": 0, "count": 250, "epochs": 1}
    found = shao_improved.step(settings, small_workspace)
    assert found["parameters"] == 784 * 800 + 800 + 800 * 10 + 10
    assert json.dumps(as_json(found))
