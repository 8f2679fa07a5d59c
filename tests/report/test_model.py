"""The sections about a network: its learning, its layers, its first weights, its recipe."""

from __future__ import annotations

import re
import tomllib

import numpy as np
import pytest

from digitus import nn
from digitus.datasets.augmentation import Augmentation
from digitus.recipe import from_table
from digitus.report import model, report
from html_page import Page
from scored import CONV, DENSE, epochs, evaluation, recognizer
from sheets import picture


@pytest.mark.parametrize("n", [1, 2, 3, 7])
def test_epochs_are_counted_in_whole_numbers(n: int) -> None:
    section = model.learning(recognizer().recipe, epochs(n))
    assert section is not None
    ticks = re.findall(r'class="tick middle"[^>]*>([^<]*)<', section.body)
    assert ticks
    assert all(1 <= int(t) <= n for t in ticks)


def test_a_thousand_epochs_and_epochs_with_holes() -> None:
    many = epochs(1000)
    many[500]["loss"] = float("nan")
    many[501]["development_loss"] = None
    section = model.learning(recognizer().recipe, many)
    assert section is not None
    assert "nan" not in "".join(re.findall(r' d="([^"]*)"', section.body))
    assert f"({model.EPOCHS_SHOWN} of 1,000\u00a0epochs)" not in section.body
    assert f"({model.EPOCHS_SHOWN} of 1,000 epochs)" in section.body
    assert len(section.body) < 60_000


@pytest.mark.parametrize("network", [DENSE, CONV], ids=["dense", "conv"])
def test_network_and_recipe(network: nn.Chain) -> None:
    r = recognizer(network, augment=Augmentation(rotate=(-5.0, 9.0)), about='a "quoted" \\ line')
    found = Page(report(r, evaluation(), epochs(2)))
    for layer in network.layers:
        assert repr(layer) in found.text
        line = str(type(layer).__doc__).partition("\n")[0]
        assert " ".join(line.split()) in found.text
    assert f"{r.parameter_count:,}" in found.text
    assert from_table(tomllib.loads(model.recipe_text(r.recipe))) == r.recipe
    assert " ".join(model.recipe_text(r.recipe).split()) in found.text


def test_a_network_for_other_signs_has_as_many_outputs() -> None:
    """It was said to have ten."""
    network = nn.Chain([nn.Scale(), nn.Flatten(), nn.Dense(3)])
    found = Page(report(recognizer(network, classes="ABC"), evaluation(), []))
    assert "bytes to 3 outputs" in found.text
    assert "bytes to ten outputs" in Page(report(recognizer(), evaluation(), [])).text


def test_first_weights_are_the_units_with_the_largest() -> None:
    r = recognizer(DENSE)
    found = model.weights(r)
    assert found is not None
    section, tiles = found
    w = r.params["2.W"]
    assert "64 of the 70\u00a0units" in section.body
    assert len(re.findall('role="img"', section.body)) == 64
    unit = int(np.linalg.norm(w, axis=0).argmax())
    assert f"<small>{unit}</small>" in section.body.partition("</li>")[0]
    shown = picture(tiles.uri)[:28, :28].astype(int)
    blue = shown[..., 2] > shown[..., 0]
    own = w[:, unit].reshape(28, 28)
    visible = shown[..., 3] > 4
    assert np.array_equal(blue[visible], (own > 0)[visible])
    assert visible.mean() > 0.9


def test_first_weights_of_kernels() -> None:
    r = recognizer(CONV)
    found = model.first_weights(r)
    assert found is not None
    thing, pictures_of = found
    assert thing == "kernel"
    assert np.array_equal(pictures_of[2], r.params["1.W"][:, :, 0, 2])
    pooled = recognizer(nn.Chain([nn.MaxPool(), nn.Flatten(), nn.Dense(10)]))
    assert model.first_weights(pooled)[1].shape == (10, 14, 14)  # type: ignore[index]
