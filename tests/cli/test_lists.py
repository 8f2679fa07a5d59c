"""`digitus check`, `digitus data` and `digitus models`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from digitus.datasets.catalogue import SOURCES
from digitus.datasets.idx import write_idx
from digitus.files import write_arrays
from digitus.nn import Tanh
from digitus.recipe import shipped, to_table
from small import digits, page_recipe, recognizer, write_recipe

# ---------------------------------------------------------------------------------- check


def test_check_passes(digitus: Any) -> None:
    record = digitus("check", "--json").record
    assert record["passed"] is True
    assert len(record["findings"]) > 100
    assert all(f["passed"] and f["error"] <= record["tolerance"] for f in record["findings"])
    layers = {f["case"].split("(")[0] for f in record["findings"]}
    assert {"Dense", "Conv", "BatchNorm", "SoftmaxCrossEntropy"} <= layers


def test_check_of_a_recipe(digitus: Any, recipe_file: Path) -> None:
    record = digitus("check", recipe_file, "--json").record
    assert [f["array"] for f in record["findings"]] == ["3.W", "3.b", "5.W", "5.b"]
    people = digitus("check", recipe_file)
    assert people.code == 0
    assert "4 of 4 gradients agree with finite differences" in people.out


def test_check_goes_into_layers_within_layers(digitus: Any, tmp_path: Path) -> None:
    dense = {"kind": "Dense", "units": 10}
    inner = {"kind": "Concat", "first": [], "second": [dense]}
    network = [{"kind": "Flatten"}, dense, {"kind": "Residual", "body": [dense]}, inner, dense]
    path = write_recipe(tmp_path / "nested.toml", network=network)
    record = digitus("check", path, "--json").record
    assert record["passed"]
    assert {"2.0.W", "3.1.0.W"} <= {finding["array"] for finding in record["findings"]}


def test_check_of_a_network_for_pages(digitus: Any, tmp_path: Path) -> None:
    assert digitus("check", page_recipe(tmp_path / "pages.toml"), "--json").record["passed"]
    digits_only = write_recipe(tmp_path / "no.toml", data="pages")
    assert "the digits of a page need [4, 4, 21]" in digitus("check", digits_only).complaint


@pytest.mark.slow
def test_check_finds_a_wrong_gradient(digitus: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    forward = Tanh.forward

    def slightly_wrong(self: Tanh, p: Any, x: Any, rng: Any = None) -> Any:
        y, backward = forward(self, p, x, rng)
        return y, lambda dy, want_dx=True: (backward(dy)[0] * 1.01, {})

    monkeypatch.setattr(Tanh, "forward", slightly_wrong)
    result = digitus("check", "--json")
    assert result.code == 1
    assert result.record["passed"] is False
    failed = [f for f in result.record["findings"] if not f["passed"]]
    assert failed
    with_tanh = ("Tanh", "Chain", "Residual", "Concat")
    assert all(f["case"].startswith(with_tanh) for f in failed)
    people = digitus("check")
    assert people.code == 1
    assert "WRONG  Tanh()" in people.out


def test_check_of_what_is_no_recipe(digitus: Any, tmp_path: Path) -> None:
    assert "did you mean 'cnn'?" in digitus("check", "cnm").complaint
    for units, said in ((5, "ends with [5] outputs"), (10**12, "")):
        path = tmp_path / "x.toml"
        path.write_text(
            f"network = [{{ kind = 'Flatten' }}, {{ kind = 'Dense', units = {units} }}]", "utf-8"
        )
        assert said in digitus("check", path).complaint


# ---------------------------------------------------------------------------------- data


def test_data_lists_every_set(digitus: Any) -> None:
    sets = {row["name"]: row for row in digitus("data", "--json").record["sets"]}
    assert sets.keys() == {*SOURCES, "strokes"}
    assert sets["mnist"]["found"] is None
    assert (sets["mnist"]["train"], sets["mnist"]["test"]) == (60_000, 10_000)
    people = digitus("data")
    assert people.code == 0
    for name in sets:
        assert f"{name}  " in people.out


def test_data_says_where_a_set_lies(digitus: Any, tmp_path: Path) -> None:
    folder = tmp_path / "[here]" / "mnist"
    folder.mkdir(parents=True)
    for part, kind in (("train", "images-idx3"), ("train", "labels-idx1"), ("t10k", "images-idx3"),
                       ("t10k", "labels-idx1")):  # fmt: skip
        array = digits().images if kind == "images-idx3" else digits().labels
        write_idx(folder / f"{part}-{kind}-ubyte", array)
    rows = digitus("data", "--data-dir", folder.parent, "--json").record["sets"]
    assert {row["name"]: row["found"] for row in rows}["mnist"] == str(folder)
    assert str(folder) in digitus("data", "--data-dir", folder.parent).out
    record = digitus("data", "mnist", "--data-dir", folder.parent, "--json").record
    assert [part["n"] for part in record["parts"]] == [300, 300]
    assert "not as published" in record["parts"][0]["origin"]


def test_data_without_labels(digitus: Any, tmp_path: Path) -> None:
    np.savetxt("test.csv", digits().images[:5].reshape(5, -1), "%d", delimiter=",")
    train, _ = digitus("data", "test.csv", "--json").record["parts"]
    assert (train["n"], train["by_digit"], train["sha256"]) == (5, None, None)
    people = digitus("data", "test.csv", "--sheet", "sheet.png")
    assert people.out.count("5 images") == 1  # train and test are the same
    assert "    no labels\n" in people.out
    sheet = cv2.imread("sheet.png", cv2.IMREAD_GRAYSCALE)
    assert np.array_equal(sheet[:28, : 5 * 28], np.hstack(digits().images[:5]))
    assert not sheet[28:].any()


def test_data_stored_by_columns(digitus: Any, tmp_path: Path) -> None:
    np.savez("a.npz", x=digits().images, y=digits().labels)
    np.savez("b.npz", x=digits().images.transpose(0, 2, 1), y=digits().labels)
    upright = digitus("data", "a.npz", "--json").record["parts"][0]
    turned = digitus("data", "b.npz", "--transposed", "--json").record["parts"][0]
    assert turned["sha256"] == upright["sha256"]


def test_data_loads_a_set(digitus: Any) -> None:
    record = digitus("data", "strokes", "--json").record
    train, test = record["parts"]
    assert (train["n"], test["n"]) == (300, 100)
    assert train["size"] == [28, 28]
    assert sum(train["by_digit"]) == 300
    assert len(train["sha256"]) == 64
    assert "300 images" in digitus("data", "strokes").out


def test_data_draws_a_sheet(digitus: Any, own: Path) -> None:
    assert digitus("data", own, "--sheet", "sheet.png").code == 0
    sheet = cv2.imread("sheet.png", cv2.IMREAD_GRAYSCALE)
    assert sheet.shape == (280, 560)
    first = digits().images[digits().labels == 3][0]
    assert np.array_equal(sheet[3 * 28 : 4 * 28, :28], first)


def test_data_that_cannot_be_had(digitus: Any, own: Path) -> None:
    assert "did you mean 'mnist'?" in digitus("data", "mnsit").complaint
    assert "cannot download" in digitus("data", "mnist", "--json").complaint
    for path in ("absent", "absent/digits", "./absent", "absent.csv"):
        words = "did you mean" if path == "absent" else f"{path}: there is no such folder or file"
        assert words in digitus("data", path).complaint
        assert words in digitus("evaluate", "--data", path).complaint
    complaint = digitus("data", own, "--sheet", own / "x.png", "--json").complaint
    assert "cannot write" in complaint


# ---------------------------------------------------------------------------------- models


def test_models(digitus: Any) -> None:
    empty = digitus("models", "--json").record
    assert {row["recipe"] for row in empty["recipes"]} == shipped().keys()
    assert {row["recipe"]: row["parameters"] for row in empty["recipes"]}["gopa-2024"] == 7960
    parameters = {row["recipe"]: row["parameters"] for row in empty["recipes"]}
    assert (parameters["page"], parameters["closeup"]) == (1_219_337, 783_211)
    assert empty["models"] == []
    assert empty["shipped"][0]["model"] == "default"
    assert empty["shipped"][0]["recipe"] == "cnn"
    assert "No models in runs/ yet" in digitus("models").out
    recognizer().save("runs/mine/model.safetensors")
    (row,) = digitus("models", "--json").record["models"]
    assert row["model"] == "runs/mine/model.safetensors"
    assert row["epochs"] == 8
    assert row["parameters"] == recognizer().parameter_count
    accuracy = recognizer().history["epochs"][-1]["development_accuracy"]
    assert row["development_accuracy"] == accuracy
    assert f"held back {100 * accuracy:.2f} %" in digitus("models").out


def test_models_are_listed_in_columns(digitus: Any) -> None:
    for name in ("a", "a-much-longer-name"):
        recognizer().save(f"runs/{name}/model.safetensors")
    told = digitus("models").out.split("Recipes")
    recipes, made = ("Recipes" + told[1]).split("Models in runs/\n")
    for table in (recipes, made):
        ends = {row.index(" parameters") for row in table.splitlines() if " parameters  " in row}
        assert len(ends) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "history",
    [{}, {"epochs": []}, {"epochs": [], "data": {}}, {"data": {"x": 1}}],
)
def test_models_made_elsewhere(digitus: Any, history: dict[str, Any]) -> None:
    """A model may know nothing of its training: it is listed, scored and reported all the same."""
    replace(recognizer(), history=history).save("runs/mine/model.safetensors")
    (row,) = digitus("models", "--json").record["models"]
    assert row["development_accuracy"] is None
    assert digitus("models").code == 0
    assert digitus("evaluate", "runs/mine", "--data", "strokes", "--report", "x.html").code == 0


def test_damaged_models_are_listed_with_what_is_wrong(digitus: Any) -> None:
    for name, content in (("[a]", b""), ("b", b"x" * 100)):
        Path(f"runs/{name}").mkdir(parents=True)
        Path(f"runs/{name}/model.safetensors").write_bytes(content)
    about = {"recipe": to_table(recognizer().recipe), "size": [28, 28]}
    write_arrays(Path("runs/c/model.safetensors"), recognizer().params, "model", about)
    recognizer().save("runs/good/model.safetensors")
    rows = digitus("models", "--json").record["models"]
    assert ["error" in row for row in rows] == [True, True, True, False]
    people = digitus("models")
    assert people.code == 0
    assert "runs/[a]/model.safetensors is truncated" in people.out
