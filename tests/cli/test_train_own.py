"""`digitus train` on what a person has: few images, in other forms; and a training that fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from digitus.recognizer import load
from digitus.training import suited
from small import digits, write_recipe


@pytest.fixture(autouse=True)
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suited, "LEAST_STEPS", 8)


def saved(path: Path, images: np.ndarray, count: int = 60) -> Path:
    np.savez(path, x=images[:count], y=digits().labels[:count])
    return path


def test_sixty_images_train_as_shipped(digitus: Any, tmp_path: Path) -> None:
    data = saved(tmp_path / "own.npz", digits().images)
    recipe = write_recipe(tmp_path / "few.toml", development=5000)
    result = digitus("train", recipe, "--data", data, "--out", "run")
    assert result.code == 0
    assert "50 images to learn from, 10 held back" in result.err
    assert load("run/model.safetensors").recipe.development == 10
    chosen = digitus("train", recipe, "--data", data, "--set", "development=100")
    assert "cannot hold back 100 of 60 examples" in chosen.complaint


def test_pictures_that_are_prepared_to_learn_from(digitus: Any, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path / "few.toml", development=10, epochs=1)
    large = np.stack([255 - cv2.resize(image, (60, 60)) for image in digits().images[:60]])
    data = saved(tmp_path / "large.npz", large)
    result = digitus("train", recipe, "--data", data, "--prepare", "auto", "--out", "run")
    assert result.code == 0
    assert load("run/model.safetensors").size == (28, 28)


def test_images_that_are_perhaps_stored_by_columns(digitus: Any, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path / "few.toml", development=10, epochs=1)
    turned = saved(tmp_path / "turned.npz", digits().images.transpose(0, 2, 1))
    told = digitus("train", recipe, "--data", turned, "--out", "as-they-are").err
    assert "with rows and columns exchanged: try --transposed" in told
    assert "try --" not in digitus("train", recipe, "--data", turned, "--transposed").err


def test_images_stored_by_columns(digitus: Any, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path / "few.toml", development=10, epochs=1)
    upright = saved(tmp_path / "a.npz", digits().images)
    turned = saved(tmp_path / "b.npz", digits().images.transpose(0, 2, 1))
    digitus("train", recipe, "--data", upright, "--out", "a")
    assert digitus("train", recipe, "--data", turned, "--transposed", "--out", "b").code == 0
    data = [load(f"{run}/model.safetensors").history["data"]["sha256"] for run in "ab"]
    assert data[0] == data[1]


def test_a_training_that_diverged_says_so_and_fails(digitus: Any, tmp_path: Path) -> None:
    recipe = write_recipe(
        tmp_path / "wild.toml",
        data=str(saved(tmp_path / "own.npz", digits().images)),
        development=20,
        schedule={"kind": "Constant", "rate": 1e6},
    )
    for form in ([], ["--json"]):
        result = digitus("train", recipe, *form)
        assert result.code == 1
        told = result.err.splitlines()[-1]
        assert told.startswith("digitus: the loss on the images held back is ")
        assert "above the 2.30 of taking all digits for equally likely; try a smaller" in told
        assert "Traceback" not in result.err
