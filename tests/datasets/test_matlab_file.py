"""MATLAB's files: what SciPy writes is read to the same numbers, and nothing is believed."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitus.datasets import matlab_file
from digitus.datasets.matlab import read_mat
from digitus.datasets.matlab_file import DamagedError, arrays_of
from digitus.errors import DataError
from later import Later

scipy_io = Later("scipy.io")
BIG = ">"


def written(folder: Path, compressed: bool = False, **named: Any) -> bytes:
    """The bytes of a file."""
    scipy_io.savemat(folder / "a.mat", named, do_compression=compressed)
    return (folder / "a.mat").read_bytes()


def element(kind: int, content: bytes, order: str = "<") -> bytes:
    padding = b"" if kind == matlab_file.COMPRESSED else bytes(-len(content) % 8)
    return struct.pack(f"{order}II", kind, len(content)) + content + padding


def matrix(flags: int, shape: tuple[int, ...], rest: bytes, order: str = "<") -> bytes:
    dimensions = struct.pack(f"{order}{len(shape)}i", *shape)
    start = element(6, struct.pack(f"{order}II", flags, 0), order) + element(5, dimensions, order)
    return element(14, start + element(1, b"x", order) + rest, order)


def file(*elements: bytes, order: str = "<") -> bytes:
    return bytes(124) + struct.pack(f"{order}H", 0x100) + (b"IM", b"MI")[order == BIG] + b"".join(
        elements
    )  # fmt: skip


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"])
def test_numbers_of_every_kind(tmp_path: Path, dtype: str, compressed: bool) -> None:
    for shape in ((2, 3), (1, 1), (2, 3, 4), (0, 5), (1, 3)):
        values = (np.arange(np.prod(shape)) * 3).astype(dtype).reshape(shape)
        found = arrays_of(written(tmp_path, compressed, values=values))
        assert np.array_equal(found["values"], values)
        assert found["values"].shape == shape


def test_what_is_no_number_is_passed_over(tmp_path: Path) -> None:
    cell = np.array([1, "two"], dtype=object)
    content = written(
        tmp_path, text="abc", cell=cell, imaginary=np.array([1j]), many={"a": [1]}, x=np.eye(2),
        deep={"b": {"c": np.arange(3), "text": "d"}},
    )  # fmt: skip
    found = arrays_of(content)
    assert list(found) == ["many", "x", "deep"]
    assert found["deep"]["b"]["c"].tolist() == [[0, 1, 2]]
    assert found["deep"]["b"]["text"].size == 0


def test_fractions_that_are_stored_as_bytes_are_no_bytes() -> None:
    """MATLAB stores 0.0 and 1.0 as bytes; black and white they are, not two shades of black."""
    for flags in (6, 7, 9 | matlab_file.LOGICAL):
        for top, meant in ((1, "b"), (200, "u")):
            content = file(matrix(flags, (1, 2), element(2, bytes((0, top)))))
            assert arrays_of(content)["x"].dtype.kind == meant
    assert arrays_of(file(matrix(9, (1, 2), element(2, b"\0\1"))))["x"].dtype == np.uint8


def test_either_order_of_bytes() -> None:
    content = file(matrix(13, (1, 2), element(6, struct.pack(">II", 1, 258), BIG), BIG), order=BIG)
    assert arrays_of(content)["x"].tolist() == [[1, 258]]


@pytest.mark.parametrize(
    ("rest", "why"),
    [
        (matrix(9, (4, 4), element(2, b"abc")), "3 numbers for a matrix of 16"),
        (matrix(9, (2**31 - 1,) * 8, element(2, b"abc")), "3 numbers for a matrix of"),
        (matrix(9, (-1, -3), element(2, b"abc")), "without a shape"),
        (matrix(9, (1,) * 40, element(2, b"a")), "without a shape"),
        (matrix(9, (1, 3), element(14, b"abc")), "kind 14 where numbers"),
        (matrix(9, (1, 3), element(4, b"abc")), "a number is cut short"),
        (matrix(2, (1, 1), element(5, struct.pack("<i", 0)) + element(1, b"ab")), "without names"),
        (matrix(2, (1, 1), element(5, struct.pack("<i", -3)) + element(1, b"ab")), "without names"),
        (element(14, b"abc"), "cut short"),
        (element(1, b"abc"), "kind 1 where a matrix"),
        (element(15, b"abc"), "incorrect header"),
        (element(15, zlib.compress(bytes(99))[:-5]), "cut short"),
        (struct.pack("<II", 5 << 16 | 2, 0), "a small element of 5 bytes"),
        (struct.pack("<II", 14, 2**32 - 1), "cut short"),
    ],
)
def test_what_a_file_says_of_itself_is_not_believed(rest: bytes, why: str) -> None:
    with pytest.raises(DamagedError, match=why):
        arrays_of(file(rest))


def test_structs_without_end() -> None:
    inner = b""
    for _ in range(2000):
        names = element(5, struct.pack("<i", 2)) + element(1, b"a\0")
        inner = matrix(2, (1, 1), names + (inner or matrix(9, (1, 1), element(2, b"a"))))
    with pytest.raises(DamagedError, match="within one another"):
        arrays_of(file(inner))


def test_what_unpacks_to_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matlab_file, "SET_BYTES", 10_000)
    one = element(15, zlib.compress(matrix(9, (1, 6000), element(2, bytes(6000)))))
    assert arrays_of(file(one))["x"].size == 6000
    with pytest.raises(DamagedError, match="unpacks to more"):
        arrays_of(file(one, one))


@pytest.mark.slow
@pytest.mark.parametrize("compressed", [False, True])
def test_any_byte_may_be_wrong(tmp_path: Path, compressed: bool) -> None:
    part = {"images": np.zeros((1, 784), np.uint8), "labels": np.array([[3]])}
    dataset = {"train": part, "mapping": np.array([[0, 48]])}
    whole = written(tmp_path, compressed, dataset=dataset)
    path = tmp_path / "b.mat"
    path.write_bytes(whole)
    assert len(read_mat(path).images) == 1
    told = []
    for at in range(126, min(len(whole), 700)):
        for value in (0, 255, whole[at] ^ 1):
            path.write_bytes(whole[:at] + bytes([value]) + whole[at + 1 :])
            told.append(refused(path))
    assert all(line.isprintable() for line in told if line)
    assert "" in told


def refused(path: Path) -> str:
    """Why a file is, or nothing where it is read."""
    try:
        read_mat(path)
    except DataError as error:
        return str(error)
    return ""
