"""Digits as arrays: every usual form of images and labels, and files that are not what they say."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitus.datasets.arrays import read_npz
from digitus.datasets.catalogue import PartName
from digitus.datasets.named import digits_of
from digitus.datasets.own import load_own, load_pictures
from digitus.errors import DataError
from drawn import DIGIT, check_one_line, complaint
from measured import growth
from small import one_line


def test_npz_by_any_of_its_names(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    images, labels = np.stack([DIGIT, DIGIT // 2]), np.array([3, 4])
    for arrays in (
        {"images": images, "labels": labels},
        {"x": images[..., None], "y": labels[:, None]},
        {"x": images.reshape(2, -1), "y": labels.astype(np.float32)},
        {"images": images.astype(np.int64), "labels": labels},
        {"images": np.asfortranarray(images / np.float32(255)), "labels": labels},
    ):
        np.savez_compressed(path, **arrays)
        digits = load_own(path)
        assert np.array_equal(digits.images, images)
        assert digits.labels.tolist() == [3, 4]
    np.savez(path, x_train=images, y_train=labels, x_test=images[1:], y_test=labels[1:])
    assert len(load_own(path)) == 2
    assert load_own(path, "test").labels.tolist() == [4]
    np.savez(path, images=DIGIT[None] > 0, labels=labels[:1])
    assert set(np.unique(load_own(path).images)) == {0, 255}


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"a": DIGIT}, "holds the arrays a; expected images and labels, or x and y, or x_tr"),
        ({"images": DIGIT[None], "labels": [1, 2]}, "1 images but 2 labels"),
        ({"images": DIGIT, "labels": [1]}, "28 pixels a row do not make a square image"),
        ({"images": 7, "labels": [1]}, "images of shape []"),
        ({"images": np.zeros((0, 28, 28)), "labels": []}, "holds no examples"),
        ({"images": DIGIT[None] * 1j, "labels": [1]}, "expected numbers"),
        ({"images": np.array(["a"]), "labels": [1]}, "expected numbers"),
        ({"images": DIGIT[None] / 10 - 1, "labels": [1]}, "pixels from -1 to 19"),
        ({"images": DIGIT[None], "labels": [11]}, "label 11 at example 0"),
    ],
)
def test_npz_with_other_arrays(tmp_path: Path, arrays: dict[str, object], words: str) -> None:
    np.savez(tmp_path / "a.npz", **arrays)  # type: ignore[arg-type]
    assert words in complaint(tmp_path / "a.npz")


def test_npz_in_fortran_order(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 5, 4), np.uint8)
    np.savez(tmp_path / "a.npz", images=np.asfortranarray(images), labels=[1, 2, 3])
    digits = read_npz(tmp_path / "a.npz")
    assert np.array_equal(digits.images, images)
    assert digits.images.flags.c_contiguous


@pytest.mark.parametrize("kind", [bool, np.int64, np.float32])
def test_black_and_white_is_the_same_in_a_file_and_in_memory(tmp_path: Path, kind: type) -> None:
    """In memory, whole numbers of 0 and 1 were read as almost black."""
    images = (DIGIT[None] > 0).astype(kind)
    np.savez(tmp_path / "a.npz", x=images, y=[3])
    for data in (tmp_path / "a.npz", (images, [3])):
        assert set(np.unique(digits_of(data, "train").images)) == {0, 255}


def test_npz_is_never_unpickled(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, ...]:
            return (Path(tmp_path / "exploded").touch, ())

    np.savez(tmp_path / "a.npz", images=np.array([Bomb()], object), labels=[1])
    assert "expected numbers" in complaint(tmp_path / "a.npz")
    assert not (tmp_path / "exploded").exists()


def test_npz_headers_are_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    for shape, words in [((2**40,), "below 2 GiB"), ((2**20,), "cut short")]:
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(
            header, {"descr": "|u1", "fortran_order": False, "shape": shape}
        )
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("images.npy", header.getvalue() + bytes(100))
            archive.writestr("labels.npy", header.getvalue())
        assert words in complaint(path)
    np.savez(path, images=DIGIT[None], labels=[1])
    newer = bytearray(path.read_bytes())
    newer[newer.index(b"PK\1\2") + 6] = 0xFF  # the version that is needed to read it: 25.5
    for content in (newer, newer[:-30], newer.replace(b"\x93NUMPY", b"numpy!")):
        path.write_bytes(content)
        assert "is not a whole .npz file" in complaint(path)
    path.write_bytes(b"PK\3\4 and nothing")
    assert "is not a whole .npz file" in complaint(path)
    path.write_bytes(b"")
    assert "is not a whole .npz file" in complaint(path)


@given(data=st.data(), compressed=st.booleans())
def test_damaged_npz_files_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, compressed: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.npz"
    save_arrays = np.savez_compressed if compressed else np.savez
    save_arrays(path, images=DIGIT[None, :4, :4], labels=np.array([1]))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        read_npz(path)
    except DataError as error:
        check_one_line(error)


@pytest.mark.parametrize(
    ("names", "part", "expected"),
    [
        (("X", "y"), "train", 3),
        (("data", "target"), "train", 3),
        (("arr_0", "arr_1"), "test", 3),
        (("X_train", "y_train"), "train", 3),
        (("train_images", "train_labels"), "train", 3),
        (("x_test", "y_test"), "test", 3),
    ],
)
def test_names_that_arrays_have(
    tmp_path: Path, names: tuple[str, str], part: PartName, expected: int
) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, **dict(zip(names, (DIGIT[None], [expected]), strict=True)))  # type: ignore[arg-type]
    assert load_own(path, part).labels.tolist() == [expected]


@pytest.mark.parametrize(
    "labels",
    [["7", "0"], [b"7", b"0"], [" 7", "0 "], np.eye(10)[[7, 0]], np.eye(10, dtype=bool)[[7, 0]],
     [[7], [0]], [7.0, 0.0]],
    ids=["text", "bytes", "spaces", "one-hot", "one-hot bits", "column", "floats"],
)  # fmt: skip
def test_forms_of_labels(tmp_path: Path, labels: Any) -> None:
    np.savez(tmp_path / "a.npz", images=np.stack([DIGIT, DIGIT]), labels=np.array(labels))
    assert load_own(tmp_path / "a.npz").labels.tolist() == [7, 0]


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (["7", "a"], "label 'a' at example 1"),
        (["7", "10"], "label '10' at example 1"),
        (np.full((2, 10), 0.1), "a single 1 and zeros else, but not example 0"),
        (np.zeros((2, 10)), "a single 1 and zeros else, but not example 0"),
        (np.eye(9)[[1, 2]], "2 images but 18 labels"),
    ],
)
def test_labels_that_are_none(tmp_path: Path, labels: Any, words: str) -> None:
    np.savez(tmp_path / "a.npz", images=np.stack([DIGIT, DIGIT]), labels=np.array(labels))
    assert words in complaint(tmp_path / "a.npz")


def test_channels_first_last_and_in_colour(tmp_path: Path) -> None:
    grey = np.stack([DIGIT, DIGIT // 2])
    red = np.zeros((2, 28, 28, 3), np.uint8)
    red[..., 0] = grey
    as_red = np.rint(0.299 * grey).astype(np.uint8)
    for images, expected in (
        (grey[:, None], grey),
        (grey[..., None] / 255, grey),
        (np.repeat(grey[..., None], 3, 3), grey),
        (np.repeat(grey[:, None], 3, 1), grey),
        (red, as_red),
        (np.moveaxis(red, 3, 1), as_red),
    ):
        np.savez(tmp_path / "a.npz", images=images, labels=[1, 2])
        assert np.array_equal(load_own(tmp_path / "a.npz").images, expected)
    np.savez(tmp_path / "a.npz", images=np.zeros((2, 28, 28, 4)), labels=[1, 2])
    assert "images of shape [2, 28, 28, 4]" in complaint(tmp_path / "a.npz")


@pytest.mark.parametrize("names", [["x\n"], ["a\x1b[2J"], [f"array{i}" for i in range(9000)]])
def test_names_of_arrays_are_told_in_one_line(tmp_path: Path, names: list[str]) -> None:
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), b"")
    with pytest.raises(DataError, match="holds the arrays") as caught:
        load_own(path)
    one_line(caught.value)


def test_arrays_without_labels(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x_test=DIGIT[None], x_train=DIGIT[None], y_train=[3])
    assert load_pictures(tmp_path / "a.npz", "test").labels is None
    assert load_own(tmp_path / "a.npz").labels.tolist() == [3]


def test_memory_of_small_whole_numbers_is_what_they_have(tmp_path: Path) -> None:
    """Times 1.0 they would be eight bytes each, at once."""
    images = np.zeros((200, 200, 200), np.int8)
    np.savez_compressed(tmp_path / "a.npz", images=images, labels=np.zeros(200, int))
    tracemalloc.start()
    try:
        load_own(tmp_path / "a.npz")
        assert tracemalloc.get_traced_memory()[1] < 4 * images.nbytes
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("version", [b"\x02\x00", b"\x03\x00"])
def test_memory_for_a_header_of_two_gigabytes_is_not_taken(tmp_path: Path, version: bytes) -> None:
    """It is packed a thousandfold, and NumPy would read it before it looks at its length."""
    path = tmp_path / "header.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("images.npy", "labels.npy"):
            header = b"\x93NUMPY" + version + (2**31 - 1).to_bytes(4, "little")
            archive.writestr(name, header + b" " * 10**7)
    with growth() as grown, pytest.raises(DataError, match="header of more than 10000 bytes"):
        read_npz(path)
    assert grown.bytes < 10**7


def test_memory_of_signed_bytes_is_not_eight_times_as_much(tmp_path: Path) -> None:
    path = tmp_path / "signed.npz"
    images = np.full((20_000, 28, 28), 100, np.int8)
    np.savez_compressed(path, images=images, labels=np.zeros(len(images), np.int8))
    with growth() as grown:
        assert (read_npz(path).images == 100).all()
    assert grown.bytes < 4 * images.nbytes
