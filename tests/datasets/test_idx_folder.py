"""A folder of IDX files that is named like any other of one's own digits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from digitus.datasets.catalogue import PartName
from digitus.datasets.idx import read_digits, write_idx
from digitus.datasets.named import pictures_of
from digitus.datasets.own import load_own, load_pictures
from digitus.errors import DataError
from digitus.synthetic.strokes import strokes

PARTS: list[tuple[PartName, int, int]] = [("train", 30, 1), ("test", 20, 2)]
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SPELT = [
    ("{}-images-idx3-ubyte.gz", "{}-labels-idx1-ubyte.gz"),
    ("{}-images.idx3-ubyte", "{}-labels.idx1-ubyte"),
    ("{}_images.idx", "{}_labels.idx"),
    ("{}-images-ubyte.gz", "{}-labels-ubyte.gz"),
]


def write(folder: Path, names: tuple[str, str], part: str, count: int, seed: int = 1) -> None:
    digits = strokes(count, seed)
    for name, array in zip(names, (digits.images, digits.labels), strict=True):
        write_idx(folder / name.format(part), array)


@pytest.mark.parametrize("names", SPELT, ids=[images for images, _ in SPELT])
def test_parts_are_told_by_the_names(tmp_path: Path, names: tuple[str, str]) -> None:
    write(tmp_path, names, "train", 30)
    write(tmp_path, names, "t10k", 20, seed=2)
    for part, count, seed in PARTS:
        found = load_own(tmp_path, part)
        assert np.array_equal(found.labels, strokes(count, seed).labels)
        assert np.array_equal(found.images, strokes(count, seed).images)


def test_each_file_may_lie_in_a_folder_of_its_name(tmp_path: Path) -> None:
    images, labels = (name.format("train") for name in SPELT[1])
    write(tmp_path, (f"{images}/{images}", f"{labels}/{labels}"), "train", 30)
    assert np.array_equal(load_own(tmp_path).labels, strokes(30, 1).labels)


@pytest.mark.slow
@pytest.mark.parametrize("names", SPELT, ids=[images for images, _ in SPELT])
@pytest.mark.parametrize(
    ("held", "part", "other"),
    [
        ("train", "test", "train"),
        ("training", "test", "train"),
        ("t10k", "train", "test"),
        ("test", "train", "test"),
        ("emnist-letters-test", "train", "test"),
    ],
)
def test_one_part_never_passes_for_the_other(
    tmp_path: Path, names: tuple[str, str], held: str, part: PartName, other: str
) -> None:
    write(tmp_path, names, held, 5)
    alone = rf"holds the {other} part alone \({held}.images.*files of the {part} part"
    with pytest.raises(DataError, match=alone):
        load_pictures(tmp_path, part)


def test_beside_the_other_part_what_names_none_is_meant(tmp_path: Path) -> None:
    write(tmp_path, SPELT[0], "train", 5)
    write(tmp_path, SPELT[0], "mine", 7)
    assert len(load_own(tmp_path, "test")) == 7
    assert len(load_own(tmp_path, "train")) == 5


def test_an_undivided_set_is_read_whole_and_may_lack_labels(tmp_path: Path) -> None:
    write(tmp_path, ("images.idx", "labels.idx"), "", 12)
    assert len(load_own(tmp_path, "test")) == 12
    (tmp_path / "labels.idx").unlink()
    assert load_pictures(tmp_path, "test").labels is None
    with pytest.raises(DataError, match="12 images and no labels"):
        load_own(tmp_path)


def test_images_are_prepared_as_others_are(tmp_path: Path) -> None:
    write_idx(tmp_path / "images.idx", 255 - strokes(5, 3).images)
    found = pictures_of(str(tmp_path), "train", prepare="auto")
    assert found.images.shape == (5, 28, 28)
    assert np.median(found.images) == 0  # white paper has become black


def test_several_sets_in_one_folder_are_refused(tmp_path: Path) -> None:
    for part in ("easy", "hard"):
        write(tmp_path, SPELT[0], part, 5)
    with pytest.raises(
        DataError, match=r"2 files that may be meant \(easy-images-idx3-ubyte.gz, hard-"
    ):
        load_own(tmp_path)


@pytest.mark.parametrize("first", [0, 1])
def test_letters_may_be_counted_from_one(tmp_path: Path, first: int) -> None:
    labels = np.arange(26, dtype=np.uint8)
    write_idx(tmp_path / "images.idx", strokes(26).images)
    write_idx(tmp_path / "labels.idx", labels + np.uint8(first))
    paths = tmp_path / "images.idx", tmp_path / "labels.idx"
    for found in (load_own(tmp_path, classes=LETTERS), read_digits(*paths, classes=LETTERS)):
        assert np.array_equal(found.labels, labels)
    with pytest.raises(DataError, match=r"labels.idx: label 1\d at example .*the digits 0 to 9"):
        load_own(tmp_path)
