"""A model is given to others: it says what its digits are called, and not where they lay."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from digitus.datasets.own import load_own
from digitus.export import FILES, Kind
from digitus.export.card import about
from digitus.recognizer import Recognizer
from small import EVERYTHING, digits, recipe, recognizer, trained

FOLDER = "makersown+drawer"  # "+" stands between the names of sets, and in folders
TEACHERS = Path(EVERYTHING["teacher"]).parent.name


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> Recognizer:
    path = tmp_path_factory.mktemp("own") / FOLDER / "digits.npz"
    path.parent.mkdir()
    np.savez(path, images=digits().images, labels=digits().labels)
    asked = recipe(data=str(path), teacher=EVERYTHING["teacher"], epochs=1)
    return trained(asked, load_own(path))[0]


def test_the_history_names_the_file(learnt: Recognizer) -> None:
    assert learnt.history["data"] == {"name": "digits.npz", "sha256": digits().sha256}


def test_the_recipe_of_an_export_names_files(learnt: Recognizer) -> None:
    told = about([learnt], 0.5, "float32")
    assert "trained on digits.npz" in told["card"]
    (table,) = told["recipes"]
    assert (table["data"], table["teacher"]) == ("digits.npz", "teacher.safetensors")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("mnist+strokes", "mnist+strokes"),
        ("/home/x/a+b/digits.npz", "digits.npz"),
        ("a+b.npz", "a+b.npz"),
        ("/", "/"),
    ],
)
def test_digits_are_never_called_by_a_part_of_their_folder(data: str, said: str) -> None:
    model = recognizer()
    told = about([replace(model, recipe=replace(model.recipe, data=data))], 0.5, "float32")
    assert told["recipes"][0]["data"] == said


@pytest.mark.parametrize(
    "to", [pytest.param(to, marks=[pytest.mark.slow] * (to == "html")) for to in FILES]
)
def test_no_file_of_an_export_names_a_folder(learnt: Recognizer, tmp_path: Path, to: Kind) -> None:
    done = learnt.export(to, tmp_path / FILES[to], check=False)
    for content in (file.read_bytes() for file in done.files):
        for word in (*FOLDER.split("+"), TEACHERS):
            assert all(word.encode(code) not in content for code in ("utf-8", "utf-32-le"))
