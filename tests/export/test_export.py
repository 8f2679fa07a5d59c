"""What all exports share: what is written, what is checked, what is said of a model, memory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import digitus
from digitus.committee import Committee
from digitus.errors import ExportError
from digitus.export import FILES, Kind, export, npz_file, parity
from digitus.export.card import about, card
from digitus.export.compute import probabilities, values
from digitus.export.operations import networks
from digitus.export.precision import as_float16, quantised
from digitus.nn.arrays import stream
from exported import LAYERS, answers, model, pictures
from small import recognizer


@pytest.mark.parametrize("name", LAYERS)
def test_the_operations_are_the_network(name: str) -> None:
    found = probabilities(networks([model(name)]), pictures())
    np.testing.assert_allclose(found, answers(name), atol=2e-5)


def test_operations_know_their_shapes() -> None:
    for name in LAYERS:
        (network,) = networks([model(name)])
        for i, value in enumerate(values(network, pictures(2))):
            assert value.shape[1:] == network.shape_of(i), (name, i)


@pytest.mark.parametrize("precision", ["float32", "float16", "int8"])
def test_npz_is_checked_and_small(tmp_path: Path, precision: Any) -> None:
    done = model("convolutions").export("npz", tmp_path / "m.npz", precision=precision)
    assert done.parity is not None
    assert done.parity.count == 100
    assert done.size == done.files[0].stat().st_size
    with np.load(tmp_path / "m.npz") as file:
        said = json.loads(str(file["about"]))
        assert file["0.1.W"].dtype == precision
    assert said["threshold"] == 0.3
    assert said["networks"][0]["temperature"] == 0.7
    assert "not for letters" in said["card"].lower()


def test_a_committee_is_one_file(tmp_path: Path) -> None:
    three = Committee((model("convolutions"), model("branches"), model("perceptron")))
    done = three.export("npz", tmp_path / "three.npz")
    assert done.parity is not None
    assert done.parity.same == 100
    assert about(three.members, 0.3, "float32")["card"].count("Network ") == 3  # type: ignore[arg-type]


def test_what_answers_otherwise_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(*_: Any) -> Any:
        return np.full((100, 10), 0.1)

    monkeypatch.setattr(npz_file, "probabilities", wrong)
    with pytest.raises(ExportError, match=r"answers otherwise, and was not written: \d+ of 100"):
        model("convolutions").export("npz", tmp_path / "m.npz")
    assert not list(tmp_path.iterdir())
    assert model("convolutions").export("npz", tmp_path / "m.npz", check=False).parity is None


def test_a_difference_is_a_failure_in_float32_only() -> None:
    expected = np.eye(10)[np.arange(100) % 10]
    found = expected.copy()
    found[0] = np.roll(found[0], 1)
    with pytest.raises(ExportError, match="99 of 100"):
        parity.compared(expected, found, "float32")
    assert parity.compared(expected, found, "int8").same == 99
    found[:20] = np.roll(expected[:20], 1, axis=1)
    with pytest.raises(ExportError, match="80 of 100"):
        parity.compared(expected, found, "int8")


def test_pictures_have_the_networks_size() -> None:
    assert parity.pictures((28, 28)).any(axis=(1, 2)).all()
    assert parity.pictures((8, 12)).shape == (100, 8, 12)
    assert parity.pictures((8, 12)).any(axis=(1, 2)).all()


@pytest.mark.parametrize(("to", "precision"), [("tflite", "float32"), ("npz", "int4")])
def test_what_there_is_not(to: Any, precision: Any) -> None:
    with pytest.raises(ExportError, match=r"tflite|int4"):
        export(recognizer(), to, precision=precision)


def test_the_card_of_the_recognizer_that_ships() -> None:
    text = card([digitus.load()], 0.5, "int8")
    for words in ("cnn: 315,274 parameters", "MNIST", "28 x 28", "int8", "0.500"):
        assert words in text, (words, text)
    assert all(len(line) <= 100 for line in text.splitlines()), text


def test_the_error_of_a_quantised_weight_is_half_a_step() -> None:
    W = np.asarray(stream(1, "weights").normal(size=(3, 3, 5, 7)), np.float32)
    W[..., 2] = 0
    q, scale = quantised(W)
    assert q.dtype == np.int8
    assert np.abs(q).max() == 127
    assert (np.abs(q * scale - W) <= scale / 2 * (1 + 1e-5)).all()
    assert np.isinf(as_float16(np.array([1e9], np.float32))).sum() == 0


def test_every_kind_has_its_ending() -> None:
    kinds: set[Kind] = {"onnx", "c", "js", "html", "npz"}
    assert set(FILES) == kinds
    assert {Path(name).suffix[1:] for name in FILES.values()} == kinds
