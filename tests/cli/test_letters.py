"""Commands on a network of other classes than digits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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


def test_gradients_of_a_network_for_other_classes(digitus: Any, tmp_path: Path) -> None:
    file = tmp_path / "abc.toml"
    file.write_text(
        'classes = "ABC"\nnetwork = [{ kind = "Scale" }, { kind = "MaxPool", size = 7 },'
        ' { kind = "Flatten" }, { kind = "Dense", units = 3 }]\n',
        "utf-8",
    )
    told = digitus("check", file)
    assert (told.code, "2 of 2 gradients agree" in told.out) == (0, True)
