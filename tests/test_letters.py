"""Recipes of other classes than the ten digits: data, training, scores, answers, exports."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

import digitus
from digitus.datasets.arrays import as_labels
from digitus.datasets.catalogue import SOURCES, PartName
from digitus.datasets.digits import place
from digitus.datasets.own import load_own
from digitus.datasets.sources import load
from digitus.errors import DataError, ModelError, RecipeError, ShapeError
from digitus.evaluation import evaluate
from digitus.recipe import from_table, load_recipe, to_table
from digitus.report import write_report
from digitus.serve.models import Models
from digitus.training.loop import begin
from lettered import CLASSES, learnt, letters, recipe
from small import TABLE, digits

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def test_classes_are_part_of_a_recipe_and_of_its_model(tmp_path: Path) -> None:
    assert from_table(to_table(recipe())) == recipe()
    assert "classes" not in to_table(load_recipe("quick"))  # files of digits are as they were
    learnt().save(tmp_path / "m.safetensors")
    assert digitus.load(tmp_path / "m.safetensors").classes == CLASSES
    assert load_recipe("letters").classes == ALPHABET
    for wrong in ("A", "AAB", "A B", "A\n", "".join(map(chr, range(300, 600)))):
        with pytest.raises(RecipeError, match="classes must be"):
            recipe(wrong)
    with pytest.raises(ShapeError, match=r"ends with \[10\] outputs; 3 classes, A to C need \[3\]"):
        begin(replace(recipe(), classes="ABC", network=from_table(TABLE).network),
              replace(letters(), labels=letters().labels % 3, classes="ABC"))  # fmt: skip


def test_labels_of_every_spelling() -> None:
    def found(values: Any, classes: str = ALPHABET) -> list[int]:
        return as_labels(np.array(values), "f", classes=classes).tolist()

    assert found(["A", "z", " B", "2"]) == [0, 25, 1, 2]
    assert found([0, 25, 3.0]) == [0, 25, 3]
    assert found([1, 26, 5]) == [0, 25, 4]  # as EMNIST counts them
    assert found([1, 10, 5], "0123456789AB") == [1, 10, 5]
    assert found(np.eye(26)[[3, 25]]) == [3, 25]
    assert [place(text, "aBb") for text in ("a", "A", "B", "b", "2", "3", "ab", "")] == [
        0, 0, 1, 2, 2, None, None, None,
    ]  # fmt: skip
    for wrong in (["Ä"], [26], [-1], [0, 27], ["AB"]):
        with pytest.raises(DataError, match="labels must be 26 classes, A to Z"):
            found(wrong)


def test_folders_tables_and_pairs_of_letters(tmp_path: Path) -> None:
    picture = Image.fromarray(np.zeros((28, 28), np.uint8))
    for name in ("train/X/one.png", "train/Z/two.png", "test/Y_7.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        picture.save(tmp_path / name)
    assert load_own(tmp_path, "train", classes="XYZ").labels.tolist() == [0, 2]
    assert load_own(tmp_path, "test", classes="XYZ").labels.tolist() == [1]
    with pytest.raises(DataError, match="no labels"):
        load_own(tmp_path, "train")
    rows = [f"{label}," + ",".join("0" * 784) for label in (1, 26, 3)]
    (tmp_path / "t.csv").write_text("\n".join(rows), "utf-8")
    assert load_own(tmp_path / "t.csv", classes=ALPHABET).labels.tolist() == [0, 25, 2]
    pair = letters().images, np.array(list(CLASSES))[letters().labels]
    model = digitus.train(recipe(), data=pair, epochs=1)
    assert model.classes == CLASSES


@pytest.mark.parametrize(("name", "label"), [("emnist-letters", 26), ("emnist-balanced", 46)])
def test_the_published_sets(tmp_path: Path, name: str, label: int) -> None:
    part: PartName
    for part in ("train", "test"):
        images, labels = SOURCES[name].part(part).images.name, SOURCES[name].part(part).labels.name
        pixels = np.zeros((2, 28, 28), np.uint8)
        pixels[:, 3, 5] = 200  # of images by columns
        content = struct.pack(">IIII", 0x803, 2, 28, 28) + pixels.tobytes()
        (tmp_path / images.removesuffix(".gz")).write_bytes(content)
        content = struct.pack(">II", 0x801, 2) + bytes([1, label])
        (tmp_path / labels.removesuffix(".gz")).write_bytes(content)
    found = load(name, "test", data_dir=tmp_path)
    assert [found.classes[k] for k in found.labels] == (["A", "Z"] if label == 26 else ["1", "t"])
    assert found.images[0, 5, 3] == 200
    (tmp_path / labels.removesuffix(".gz")).write_bytes(content[:-2] + b"\0\1")
    if label == 26:
        with pytest.raises(DataError, match="label 255 at position 0"):
            load(name, "test", data_dir=tmp_path)


def test_a_score_and_its_report_call_classes_by_their_signs(tmp_path: Path) -> None:
    score = evaluate(learnt(), letters())
    assert score.probabilities.shape == (600, 12)
    record = score.record()
    assert record["classes"] == CLASSES
    assert len(record["confusion"]) == 12
    assert [line.split()[0] for line in str(score).splitlines()[2:]] == list(CLASSES)
    write_report(tmp_path / "r.html", learnt(), score, [])
    text = (tmp_path / "r.html").read_text("utf-8")
    assert '<th scope="col">X</th>' in text
    assert " read as " in text
    with pytest.raises(DataError, match="shows the digits 0 to 9; the model tells 12 classes"):
        evaluate(learnt(), digits(20))
    with pytest.raises(DataError, match="the recipe small tells 12 classes, a to 6"):
        begin(recipe(), digits(100))


def test_numbers_in_pictures_are_read_by_digits_alone() -> None:
    with pytest.raises(ModelError, match="12 classes, a to 6; numbers in pictures"):
        digitus.read(np.zeros((20, 20), np.uint8), recognizer=learnt())


def test_the_server_offers_no_run_of_letters(tmp_path: Path) -> None:
    learnt().save(tmp_path / "m.safetensors")
    runs: Any = SimpleNamespace(network=lambda run: tmp_path / "m.safetensors")
    with pytest.raises(ModelError, match="letters tells 12 classes, a to 6; the page is for dig"):
        Models(digitus.load(), runs).named("letters")
