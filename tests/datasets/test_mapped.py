"""A set in a mapped file is the set in memory, read when it is asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from digitus.datasets import idx
from digitus.datasets.digits import Digits
from digitus.datasets.mapped import Mapped
from digitus.errors import DataError
from digitus.training.loop import Finished, train
from small import digits, recipe, same_arrays

PICK = np.array([5, 0, 5, 3])


@pytest.fixture
def mapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Digits:
    part = digits(150)
    idx.write_idx(tmp_path / "images", part.images)
    monkeypatch.setattr(idx, "SET_UNMAPPED_BYTES", 100)
    found = idx.read_images(tmp_path / "images")
    assert isinstance(found, Mapped)
    return Digits(found, part.labels, part.name)


def test_it_is_the_set(mapped: Digits) -> None:
    part = digits(150)
    assert (mapped.images.shape, mapped.images.dtype) == (part.images.shape, np.uint8)
    assert len(mapped) == 150
    assert mapped.sha256 == part.sha256
    for index in (slice(3, 9), slice(None), PICK, part.labels == 2):
        found = mapped.images[index]
        assert type(found) is np.ndarray
        assert np.array_equal(found, part.images[index])
        assert found.flags.writeable


def test_taking_reads_nothing(mapped: Digits) -> None:
    some = mapped.take(mapped.labels > 3).take(PICK)
    assert isinstance(some.images, Mapped)
    part = digits(150)
    assert np.array_equal(some.images[:], part.images[part.labels > 3][PICK])
    assert np.array_equal(np.asarray(some.images), some.images[:])
    assert np.array_equal(some.labels, part.labels[part.labels > 3][PICK])


def test_training_is_the_same(mapped: Digits) -> None:
    about = recipe()
    models = []
    for part in (digits(150), mapped):
        *_, last = train(about, part)
        assert isinstance(last, Finished)
        models.append(last.recognizer)
    assert same_arrays(models[0].params, models[1].params)
    assert models[0].temperature == models[1].temperature


def test_a_packed_or_small_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("images", "images.gz"):
        idx.write_idx(tmp_path / name, digits(20).images)
    assert type(idx.read_images(tmp_path / "images")) is np.ndarray
    monkeypatch.setattr(idx, "SET_UNMAPPED_BYTES", 100)
    assert type(idx.read_images(tmp_path / "images.gz")) is np.ndarray


@pytest.mark.parametrize("change", [-1, 1])
def test_a_file_of_another_length_is_refused(
    change: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    idx.write_idx(tmp_path / "images", digits(20).images)
    content = (tmp_path / "images").read_bytes()
    (tmp_path / "images").write_bytes(content[:-1] if change < 0 else content + b"\0")
    monkeypatch.setattr(idx, "SET_UNMAPPED_BYTES", 100)
    with pytest.raises(DataError, match=r"holds \d+ of the 15680 bytes"):
        idx.read_images(tmp_path / "images")
