"""IDX files: what is written is read, and whatever else is in a file is refused in one line."""

import gzip
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from digitus.datasets.idx import read_digits, read_images, read_labels, write_idx
from digitus.errors import DataError, OutputError

IMAGES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
PLAIN = struct.pack(">4I", 0x803, 2, 3, 4) + IMAGES.tobytes()


def check_one_line(error: Exception) -> None:
    assert "\n" not in str(error)


def complaint(path: Path, content: bytes, read=read_images) -> str:
    """What reading the content complains about; it must be one line that names the file."""
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read(path)
    check_one_line(caught.value)
    message = str(caught.value)
    assert str(path) in message
    return message


@given(
    array=arrays(np.uint8, st.tuples(st.integers(0, 4), st.integers(1, 40), st.integers(1, 40)))
    | arrays(np.uint8, st.tuples(st.integers(0, 50))),
    suffix=st.sampled_from(["", ".gz"]),
)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, array: np.ndarray, suffix: str
) -> None:
    path = tmp_path_factory.getbasetemp() / f"round-trip{suffix}"
    write_idx(path, array)
    read = read_images if array.ndim == 3 else read_labels
    assert np.array_equal(read(path), array)
    assert (path.read_bytes()[:2] == b"\x1f\x8b") == (suffix == ".gz")


def test_the_layout_is_the_published_one(tmp_path: Path) -> None:
    write_idx(tmp_path / "images", IMAGES)
    assert (tmp_path / "images").read_bytes() == PLAIN
    write_idx(tmp_path / "labels", np.array([5, 0, 4], np.uint8))
    assert (tmp_path / "labels").read_bytes() == b"\0\0\x08\x01\0\0\0\x03\x05\0\x04"


def test_content_and_not_the_name_decides_on_gzip(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(gzip.compress(PLAIN))
    (tmp_path / "b.gz").write_bytes(PLAIN)
    assert np.array_equal(read_images(tmp_path / "a"), IMAGES)
    assert np.array_equal(read_images(tmp_path / "b.gz"), IMAGES)


def test_writing_twice_makes_the_same_file_and_leaves_nothing_else(tmp_path: Path) -> None:
    write_idx(tmp_path / "a.gz", IMAGES[:, ::2])
    first = (tmp_path / "a.gz").read_bytes()
    write_idx(tmp_path / "a.gz", IMAGES[:, ::2])
    assert (tmp_path / "a.gz").read_bytes() == first
    assert first[3:8] == bytes(5)  # no name, no time
    assert [p.name for p in tmp_path.iterdir()] == ["a.gz"]


def test_writing_refuses(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="float64"):
        write_idx(tmp_path / "a", IMAGES.astype(float))
    with pytest.raises(ValueError, match=r"\(3, 4\)"):
        write_idx(tmp_path / "a", IMAGES[0])
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError, match="cannot write"):
        write_idx(tmp_path / "folder", IMAGES)
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (gzip.compress(b"", mtime=0), "is empty"),
        (b"\0\0\x08\x03\0\0", "breaks off within its header"),
        (b"<!DOCTYPE html><html>", "starts with b'<!DO'"),
        (b"version https://git-lfs.github.com/spec/v1", "instead of IDX images"),
        (struct.pack(">2I", 0x801, 2) + b"\1\2", "holds labels (magic number 2049) where images"),
        (b"\0\0\x0d\x03" + PLAIN[4:], "starts with b'\\x00\\x00\\r\\x03'"),
        (PLAIN[:-1], "ends after 23 of the 24 bytes"),
        (PLAIN + b"\0", "goes on after the 24 bytes"),
        (gzip.compress(PLAIN + b"\0", mtime=0), "goes on after the 24 bytes"),
        (gzip.compress(PLAIN, mtime=0)[:-9], "break off"),
        (gzip.compress(PLAIN, mtime=0)[:14], "break off"),
        (gzip.compress(PLAIN, mtime=0)[:-8] + b"\0" * 8, "CRC check failed"),
        (gzip.compress(PLAIN, mtime=0) + b"rubbish", "is damaged"),
        (struct.pack(">4I", 0x803, 2**32 - 1, 28, 28), "announces 4294967295 x 28 x 28 bytes"),
        (struct.pack(">4I", 0x803, 5, 0, 28), "announces 5 x 0 x 28 bytes"),
    ],
)
def test_malformed_files_are_named_for_what_they_are(
    tmp_path: Path, content: bytes, words: str
) -> None:
    assert words in complaint(tmp_path / "images", content)


def test_labels_and_images_swapped(tmp_path: Path) -> None:
    assert "swapped" in complaint(tmp_path / "a", PLAIN, read_labels)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No such file"):
        read_images(tmp_path / "absent")
    with pytest.raises(DataError, match=r"directory|Permission"):
        read_labels(tmp_path)


@pytest.mark.parametrize("promised", [24, 2**31])
def test_a_bomb_is_not_unfolded(tmp_path: Path, promised: int) -> None:
    """64 MB of zeros in 64 kB: neither the data nor the promise may reach the memory."""
    path = tmp_path / "bomb"
    bomb = gzip.compress(struct.pack(">4I", 0x803, promised, 1, 1) + bytes(2**26))
    path.write_bytes(bomb if promised == 24 else bomb[: len(bomb) // 8])
    tracemalloc.start()
    try:
        with pytest.raises(DataError):
            read_images(path)
        assert tracemalloc.get_traced_memory()[1] < 2**25
    finally:
        tracemalloc.stop()


@given(content=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    for start in (b"", b"\x1f\x8b", b"\x1f\x8b\x08\0", PLAIN[:4], PLAIN[:16]):
        path.write_bytes(start + content)
        for read in (read_images, read_labels):
            try:
                read(path)
            except DataError as error:
                check_one_line(error)


@given(
    at=st.integers(0, 200), value=st.integers(0, 255), cut=st.integers(0, 60), packed=st.booleans()
)
def test_mutated_files_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, at: int, value: int, cut: int, packed: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "mutated"
    content = bytearray(gzip.compress(PLAIN) if packed else PLAIN)
    content[at % len(content)] = value
    path.write_bytes(content[: len(content) - cut])
    try:
        assert read_images(path).size <= 24
    except DataError as error:
        check_one_line(error)


def test_digits_need_as_many_labels_as_images(tmp_path: Path) -> None:
    write_idx(tmp_path / "images", IMAGES)
    write_idx(tmp_path / "labels", np.array([3], np.uint8))
    with pytest.raises(DataError, match="mine: 2 images but 1 labels"):
        read_digits(tmp_path / "images", tmp_path / "labels", "mine")
    write_idx(tmp_path / "labels", np.array([3, 4], np.uint8))
    digits = read_digits(tmp_path / "images", tmp_path / "labels", "mine")
    assert (digits.name, digits.origin, len(digits)) == ("mine", str(tmp_path), 2)


def test_the_real_test_set(mnist_dir: Path) -> None:
    digits = read_digits(
        mnist_dir / "t10k-images-idx3-ubyte.gz", mnist_dir / "t10k-labels-idx1-ubyte.gz"
    )
    assert digits.images.shape == (10_000, 28, 28)
    assert np.bincount(digits.labels).tolist() == [
        980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009,
    ]  # fmt: skip
    assert digits.labels[:5].tolist() == [7, 2, 1, 0, 4]
