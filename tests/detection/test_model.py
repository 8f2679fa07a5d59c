"""A page network as a file, and what is no page network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from digitus.detection import model
from digitus.detection.confidence import Confidence
from digitus.detection.maps import CHANNELS, CROP_SIDE
from digitus.detection.model import DEFAULT, WEIGHTS, load, save, shipped
from digitus.errors import ModelError
from digitus.files import write_arrays
from digitus.nn import Chain, Conv, He, Relu, initial, stream
from digitus.recipe import Recipe, to_table
from digitus.types import Params

RECIPE = Recipe("page", Chain([Conv(3, stride=2), Relu(), Conv(CHANNELS, stride=2)]))


def params() -> Params:
    return initial(RECIPE.network, (CROP_SIDE, CROP_SIDE, 1), He(), stream(0, "model"))


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    path, weights = tmp_path / "page.safetensors", params()
    confidence = Confidence((0.5, 0.25, 0.125), tuple(float(i) for i in range(9)))
    save(path, RECIPE, weights, {"steps": 7}, confidence)
    network = load(path)
    assert network.recipe == RECIPE
    assert network.history == {"steps": 7}
    assert network.confidence == confidence
    for name, a in weights.items():
        assert network.params[name].dtype == np.float32
        np.testing.assert_allclose(network.params[name], a, atol=np.abs(a).max() / 250)
    assert len(network.detector.find(np.full((40, 60), 200, np.uint8), least=0.999)) <= 150


def test_parameters_and_answers_must_fit() -> None:
    missing = params()
    del missing["0.b"]
    with pytest.raises(ModelError, match=r"needs 0\.b"):
        save("nowhere", RECIPE, missing, {})
    other = replace(RECIPE, network=Chain([Conv(5)]))
    with pytest.raises(ModelError, match="the digits of a page need"):
        save(
            "nowhere",
            other,
            initial(other.network, (CROP_SIDE, CROP_SIDE, 1), He(), stream(0, "x")),
            {},
        )


@pytest.mark.parametrize("lacking", ["recipe", "confidence", "history"])
def test_a_file_that_lacks_something_is_damaged(tmp_path: Path, lacking: str) -> None:
    about = {
        "recipe": to_table(RECIPE), "history": {},
        "confidence": {"choice": [1, 1, 1], "alone": [0] * 9, "presence": [0] * 12},
    }  # fmt: skip
    del about[lacking]
    path = tmp_path / "page.safetensors"
    write_arrays(path, params(), "page network", about)
    with pytest.raises(ModelError, match=f"is damaged: its metadata lack '{lacking}'"):
        load(path)


def test_weights_that_no_file_lacks_are_not_made_up() -> None:
    with pytest.raises(KeyError, match="choice"):
        model._confidence_of({"alone": [0.0] * 9, "presence": [0.0] * 12})


def test_an_older_file_knows_nothing_of_what_is_around_a_find(tmp_path: Path) -> None:
    weights = [0.1 * i for i in range(9)]
    about = {
        "recipe": to_table(RECIPE), "history": {},
        "confidence": {"choice": [1, 1, 1], "presence": weights},
    }  # fmt: skip
    path = tmp_path / "page.safetensors"
    write_arrays(path, params(), "page network", about)
    confidence = load(path).confidence
    assert confidence.alone == pytest.approx(weights)
    assert confidence.presence == pytest.approx([*weights, 0, 0, 0])
    assert confidence.together == (0, 0, 0, 0)


def test_a_recognizer_is_no_page_network() -> None:
    with pytest.raises(ModelError, match=r"is a digitus model; a page network is needed"):
        load(WEIGHTS / "default.safetensors")


def test_what_ships_is_small_and_finds_a_digit() -> None:
    assert (WEIGHTS / f"{DEFAULT}.safetensors").stat().st_size < 2_000_000
    grey = np.full((120, 160), 230, np.uint8)
    grey[30:90, 76:84] = 20  # a plain 1
    found = shipped().detector.find(grey, least=0.3)
    assert len(found) == 1
    np.testing.assert_allclose(found.boxes[0, :2], [80, 60], atol=8)
    assert found.digits[0].argmax() == 1
