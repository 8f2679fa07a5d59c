"""Commands on a network of other classes than digits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from lettered import CLASSES, learnt, letters


def test_commands_take_letters(digitus: Any, tmp_path: Path) -> None:
    learnt().save(tmp_path / "m.safetensors")
    signs = np.array(list(CLASSES))[letters().labels]
    np.savez(tmp_path / "d.npz", images=letters().images, labels=signs)
    model, data = str(tmp_path / "m.safetensors"), str(tmp_path / "d.npz")
    told = digitus("evaluate", model, "--data", data, "--predict", str(tmp_path / "p.csv"))
    assert told.code == 0
    assert "class" in told.out
    rows = (tmp_path / "p.csv").read_text("utf-8").splitlines()[1:]
    assert {row.split(",")[1] for row in rows} <= set(CLASSES)
    assert digitus("serve", model).err.count("the page is for the digits") == 1


def test_data_counts_signs(digitus: Any, tmp_path: Path) -> None:
    np.savez("d.npz", images=letters().images, labels=np.array(list(CLASSES))[letters().labels])
    told = digitus("data", "d.npz", "--classes", CLASSES, "--sheet", "s.png")
    counts = np.bincount(letters().labels)
    assert f"a: {counts[0]:,}, b: {counts[1]:,}, X: {counts[2]:,}" in told.out
    height, _ = cv2.imread("s.png", cv2.IMREAD_GRAYSCALE).shape
    assert height == len(CLASSES) * 28  # the last signs too
    part, _ = digitus("data", "d.npz", "--classes", CLASSES, "--json").record["parts"]
    assert (part["classes"], part["by_digit"]) == (CLASSES, counts.tolist())


def test_classes_that_data_refuses(digitus: Any, tmp_path: Path) -> None:
    np.savez("d.npz", images=letters().images, labels=np.array(list(CLASSES))[letters().labels])
    assert "different signs" in digitus("data", "d.npz", "--classes", "AAB").err
    assert "NAME of a set of your own" in digitus("data", "--classes", "AB").err
    assert (
        "--classes is for labels of your own" in digitus("data", "strokes", "--classes", "AB").err
    )
    assert digitus("data", "d.npz").code == 1  # letters are no digits unless somebody says so


def test_gradients_of_a_network_for_other_classes(digitus: Any, tmp_path: Path) -> None:
    file = tmp_path / "abc.toml"
    file.write_text(
        'classes = "ABC"\nnetwork = [{ kind = "Scale" }, { kind = "MaxPool", size = 7 },'
        ' { kind = "Flatten" }, { kind = "Dense", units = 3 }]\n',
        "utf-8",
    )
    told = digitus("check", file)
    assert (told.code, "2 of 2 gradients agree" in told.out) == (0, True)
