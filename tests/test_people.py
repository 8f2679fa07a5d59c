"""What a person meets in a Python session: one call to train, short answers, plain errors."""

from __future__ import annotations

import io
import logging
import os
import pickle
import pydoc
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import digitus
from digitus.datasets.named import digits_of
from digitus.errors import DataError, OutputError, RecipeError, TrainingError
from digitus.locks import locked
from digitus.training.run_folder import Run
from small import digits, recipe, recognizer


class Tags(HTMLParser):
    """The tags of a piece of HTML, which must all be closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen.append(tag)
        self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def small() -> tuple[np.ndarray, np.ndarray]:
    """Images and labels in memory."""
    return digits().images, digits().labels


def sevens() -> np.ndarray:
    """A picture of two digits, black on white."""
    image = digits().images[digits().labels == 7][0]
    return 255 - np.pad(np.hstack([image, image]), 12)


def test_one_call_trains_and_the_recognizer_has_its_report() -> None:
    trained = digitus.train(recipe(), small())
    assert trained.report is not None
    assert len(trained.report.digits) == trained.recipe.development
    held_back = trained.history["epochs"][-1]["development_accuracy"]
    assert trained.report.accuracy == pytest.approx(held_back)
    again = pickle.loads(pickle.dumps(trained))
    assert np.array_equal(again.outputs(small()[0]), trained.outputs(small()[0]))


def test_settings_epochs_and_seed_are_those_that_are_given() -> None:
    trained = digitus.train(
        recipe(), small(), epochs=1, seed=4, settings={"schedule.rate": 0.25, "name": "mine"}
    )
    made = trained.recipe
    assert (made.epochs, made.seed, made.schedule.rate, made.name) == (1, 4, 0.25, "mine")
    assert len(trained.history["epochs"]) == 1


def test_training_goes_on_with_the_weights_of_another() -> None:
    before = recognizer()
    images, labels = small()
    rate = {"schedule.rate": 1e-12}
    after = digitus.train(data=(images, labels), start_from=before, epochs=1, settings=rate)
    assert after.recipe.network == before.recipe.network
    assert after.history["started_from"]["recipe"] == before.recipe.name
    assert np.allclose(after.outputs(images), before.outputs(images), atol=1e-3)


def test_a_run_that_is_kept_lies_in_its_folder(tmp_path: Path) -> None:
    trained = digitus.train(recipe(epochs=1), small(), out=tmp_path / "run")
    run = Run(tmp_path / "run")
    loaded = digitus.load(run.model)
    assert np.array_equal(loaded.outputs(small()[0]), trained.outputs(small()[0]))
    assert run.report.read_text("utf-8").startswith("<!doctype html>")
    assert not run.checkpoint.exists()
    with pytest.raises(TrainingError, match="holds a run already"):
        digitus.train(recipe(), small(), out=tmp_path / "run")


def test_a_folder_that_another_writes_to_is_left_alone(tmp_path: Path) -> None:
    with (
        locked(tmp_path, "digitus train"),
        pytest.raises(OutputError, match="is in use by digitus train"),
    ):
        digitus.train(recipe(epochs=1), small(), out=tmp_path)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot write"):
        digitus.train(recipe(epochs=1), small(), out=tmp_path / "file")


def test_epochs_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "digitus")
    digitus.train(recipe(epochs=2), small())
    epochs = [r.getMessage() for r in caplog.records if r.getMessage().startswith("epoch")]
    assert len(epochs) == 2


def test_a_training_that_learns_nothing_is_an_error() -> None:
    with pytest.raises(TrainingError, match="smaller learning rate"):
        digitus.train(recipe(), small(), settings={"schedule.rate": 1e5})


def test_what_cannot_be_trained_is_refused_with_what_is_accepted(tmp_path: Path) -> None:
    images, labels = small()
    with pytest.raises(TypeError, match=r"a pair, not int"):
        digitus.train(recipe(), 3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="Recipe, not dict"):
        digitus.train({}, (images, labels))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="Recognizer or its file, not dict"):
        digitus.train(recipe(), small(), start_from={})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="'auto' or 'none'"):
        digitus.train(recipe(), small(), prepare="yes")
    with pytest.raises(DataError, match="no such folder or file"):
        digitus.train("quick", tmp_path / "none")
    with pytest.raises(RecipeError, match="learns from pages"):
        digitus.train("page")


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        (lambda x: x / 255.0, lambda y: y),
        (lambda x: x.astype(np.int64), lambda y: y.astype(np.float64)),
        (lambda x: x.tolist(), lambda y: y.tolist()),
    ],
)
def test_arrays_of_other_kinds_are_the_same_digits(images: Any, labels: Any) -> None:
    x, y = digits(20).images, digits(20).labels
    found = digits_of((images(x), labels(y)), "train")
    assert np.array_equal(found.images, x)
    assert np.array_equal(found.labels, y)


@pytest.mark.parametrize(
    ("images", "labels", "words"),
    [
        (np.full((2, 28, 28), 300), [1, 2], "expected 0 to 255"),
        (np.full((2, 28, 28), np.nan), [1, 2], "expected 0 to 255"),
        (np.full((2, 28, 28), "a"), [1, 2], "expected numbers"),
        (np.zeros((2, 28, 28), np.uint8), [1, 12], "the digits 0 to 9"),
        (np.zeros((2, 28, 28), np.uint8), [1, -1], "the digits 0 to 9"),
        (np.zeros((2, 28, 28), np.uint8), [1, 0.5], "the digits 0 to 9"),
        (np.zeros((2, 28, 28), np.uint8), ["a", "b"], "the digits 0 to 9"),
        (np.zeros((2, 28), np.uint8), [1, 2], "height, width"),
        (7.0, [1], "height, width"),
    ],
)
def test_arrays_that_are_no_digits_are_refused(images: Any, labels: Any, words: str) -> None:
    with pytest.raises(DataError, match=words):
        digits_of((images, labels), "train")


def test_evaluate_takes_what_train_takes(tmp_path: Path) -> None:
    images, labels = small()
    np.savez(tmp_path / "own.npz", x=images, y=labels)
    by_path = digitus.evaluate(recognizer(), tmp_path / "own.npz")
    assert np.array_equal(
        by_path.probabilities, digitus.evaluate(recognizer(), small()).probabilities
    )


def test_what_is_printed_fits_on_a_screen() -> None:
    reading = digitus.read(sevens(), keep_steps=True)
    score = digitus.evaluate(recognizer(), small())
    for value in (recognizer(), reading, score, digits()):
        assert "\n" not in repr(value)
        assert len(repr(value)) < 200
        assert "array(" not in str(value)
    assert str(reading) == "77"
    assert "2 digits, 0 refused: '77'" in repr(reading)
    assert len(str(score).splitlines()) == 12
    assert "array(" not in repr(reading.digits[0])
    assert len(repr(reading.steps)) < 200


def test_a_reading_of_nothing_and_one_of_many_lines_are_printed() -> None:
    blank = digitus.read(np.full((40, 40), 255, np.uint8))
    assert (str(blank), blank._repr_html_().count("<tr>")) == ("no digits", 1)
    many = digitus.reading.result.Reading(9, 9, (), tuple("123456"))
    assert repr(many).endswith("'1', '2', '3' and 3 lines)")
    four = digitus.reading.result.Reading(9, 9, (), tuple("1234"))
    assert repr(four).endswith("'1', '2', '3' and 1 line)")


def test_notebooks_show_the_picture_with_its_boxes_and_tables() -> None:
    reading = digitus.read(sevens())
    seen = Tags(reading._repr_html_()).seen
    assert seen.count("image") == 1
    assert seen.count("rect") == 2
    assert seen.count("tr") == 3
    score = digitus.evaluate(recognizer(), small())
    assert Tags(score._repr_html_()).seen.count("tr") == 11
    assert Tags(recognizer()._repr_html_()).seen.count("table") == 1


def test_what_notebooks_show_of_a_strangers_model_is_text() -> None:
    from dataclasses import replace

    hostile = replace(recognizer(), history={"data": {"name": "<script>alert(1)</script>"}})
    assert "script" not in Tags(hostile._repr_html_()).seen


@pytest.mark.slow
def test_pictures_of_all_kinds_are_read_alike(tmp_path: Path) -> None:
    grey = sevens()
    path = tmp_path / "a.png"
    image = Image.fromarray(grey)
    image.save(path)
    colour = np.repeat(grey[:, :, None], 3, axis=2)
    clear = np.dstack([colour, np.full(grey.shape, 255, np.uint8)])
    with path.open("rb") as file:
        kinds = [str(path), path, path.read_bytes(), bytearray(path.read_bytes()), file, image]
        kinds += [image.convert("RGBA"), image.convert("P"), grey, colour, clear, grey[:, :, None]]
        for kind in kinds:
            assert digitus.read(kind).lines == ("77",)
    assert digitus.read(grey > 127).lines == ("77",)


def test_a_photo_that_pillow_has_opened_stands_as_its_camera_noted(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.rot90(sevens())).save(tmp_path / "a.png", exif=exif)
    with Image.open(tmp_path / "a.png") as image:
        assert digitus.read(image).lines == ("77",)


def test_so_many_digits() -> None:
    assert digitus.read(sevens(), digits=2).lines == ("77",)
    assert digitus.read(sevens(), digits=3).lines[0].count("?") == 1
    with pytest.raises(ValueError, match="not both"):
        digitus.read(sevens(), digits=2, pattern="##")
    with pytest.raises(ValueError, match="from 1 to 100, not 0"):
        digitus.read(sevens(), digits=0)
    with pytest.raises(TypeError, match="not str"):
        digitus.read(sevens(), digits="2")  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [None, 3, [b"1"], {"a": 1}, object()])
def test_what_is_no_picture_is_refused_with_what_is_accepted(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"a path, a file's bytes.*not " + type(wrong).__name__):
        digitus.read(wrong)


def test_files_for_text_and_fractions_are_refused_with_what_helps() -> None:
    with pytest.raises(TypeError, match="binary mode"):
        digitus.read(io.StringIO("77"))  # type: ignore[arg-type]
    with pytest.raises(DataError, match="255"):
        digitus.read(sevens() / 255.0)
    with pytest.raises(TypeError, match=r"Recognizer, not str"):
        digitus.read(sevens(), recognizer="default")  # type: ignore[arg-type]


def test_dir_and_help_show_the_public_names() -> None:
    assert set(dir(digitus)) == set(digitus.__all__)
    told = pydoc.plain(pydoc.render_doc(digitus))
    for name in set(digitus.__all__) - {"__version__"}:
        assert f" {name}" in told
    assert digitus.__version__ in told
    assert "Trains a network and returns it" in told


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_commands(shell: str) -> None:
    at = "re" if shell == "fish" else "1"  # fish tells the word, the others its number
    env = {**os.environ, "COMP_WORDS": "digitus re", "COMP_CWORD": at}
    env["_DIGITUS_COMPLETE"] = f"{shell}_complete"
    program = "from digitus.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program], env=env, capture_output=True, text=True, check=False
    )
    assert "read" in done.stdout
    assert "train" not in done.stdout
