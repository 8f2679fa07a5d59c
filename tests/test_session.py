"""What a person sees in a session: names that can be found, answers that fit on the screen."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path
from typing import Any

import pytest

import digitus
from digitus.errors import DataError, ModelError
from digitus.reading.result import Digit
from exported import model, pictures
from small import digits, recipe, recognizer

PICTURE = 255 - pictures()[2]
SMALL: Any = (digits().images, digits().labels)


def test_the_public_names_are_found() -> None:
    assert dir(digitus) == sorted(digitus.__all__)


def test_a_recognizer_is_a_line() -> None:
    assert repr(model("convolutions")) == (
        "Recognizer(convolutions: 2,448 parameters, 28 x 28 bytes, refuses below 0.300)"
    )


def test_a_digit_is_a_line() -> None:
    row = model("convolutions").probabilities(pictures())[2]
    digit = Digit(7, 0.9, (1, 2, 3, 4), 0, pictures()[2], row)
    assert repr(digit) == "Digit(value=7, confidence=0.9, box=(1, 2, 3, 4), line=0)"


@pytest.mark.parametrize(
    ("ask", "accepted"),
    [
        (lambda: digitus.read(PICTURE, grid=9), r"a grid is \(rows, columns\)"),
        (lambda: digitus.read(PICTURE, grid=(9, "9")), r"a grid is \(rows, columns\)"),
        (lambda: digitus.read(PICTURE, pattern=4), "a pattern is text, .* not int"),
        (lambda: digitus.read(PICTURE, min_confidence="a"), "from 0 to 1, not str"),
        (lambda: digitus.evaluate(recognizer(), SMALL, min_confidence=""), "from 0 to 1, not str"),
        (lambda: digitus.evaluate("default", SMALL), "a digitus.Recognizer, .* not str"),
        (lambda: recognizer().probabilities("a"), r"an array of bytes \[n 28 28\], not str"),
        (lambda: recognizer().outputs([[1]]), r"an array of bytes \[n 28 28\], not list"),
        (lambda: recognizer().export("npz", 3), "out is a path, not int"),
        (lambda: digitus.load(3), "a path, not int"),
        (lambda: digitus.load_recipe(3), "a path, not int"),
        (lambda: digitus.train(recipe(), SMALL, settings=3), "settings are a dict, .* not int"),
        (lambda: digitus.train(recipe(), SMALL, threads=""), "threads is a whole number, not str"),
    ],
)  # fmt: skip
def test_wrong_kinds_are_refused_with_what_is_accepted(ask: Any, accepted: str) -> None:
    with pytest.raises(TypeError, match=accepted):
        ask()


def test_a_recognizer_is_loaded_from_the_folder_of_its_run(tmp_path: Path) -> None:
    recognizer().save(tmp_path / "model.safetensors")
    assert repr(digitus.load(tmp_path)) == repr(recognizer())


def test_what_is_not_there_is_not_called_something_else(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read: No such file"):
        digitus.load(tmp_path / "gone.onnx")
    (tmp_path / "there.onnx").write_bytes(b"")
    with pytest.raises(ModelError, match="is an export"):
        digitus.load(tmp_path / "there.onnx")
    recognizer().save(tmp_path / "model.safetensors")
    with contextlib.chdir(tmp_path), pytest.raises(ModelError, match=r"name .* is empty"):
        digitus.load("")


def test_images_stored_by_columns_are_noticed_before_training(
    caplog: pytest.LogCaptureFixture,
) -> None:
    images, labels = SMALL
    caplog.set_level(logging.WARNING, "digitus")
    digitus.train(recipe(epochs=1), (images, labels))
    assert not caplog.records
    digitus.train(recipe(epochs=1), (images.transpose(0, 2, 1), labels))
    (record,) = caplog.records
    assert record.getMessage().endswith("with rows and columns exchanged: try transposed=True")


def test_of_no_images_nothing_is_learnt() -> None:
    with pytest.raises(DataError, match="memory: cannot hold back 60 of 0 examples"):
        digitus.train(recipe(), (SMALL[0][:0], SMALL[1][:0]))
