"""Digits in the forms in which others publish them: MATLAB's files, Parquet."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from digitus.datasets.own import load_own, load_pictures
from drawn import DIGIT, complaint
from later import Later

pa, pq, scipy_io = Later("pyarrow"), Later("pyarrow.parquet"), Later("scipy.io")

LABELS = [3, 9, 0]


def images() -> np.ndarray:
    return np.stack([DIGIT, DIGIT // 2, 255 - DIGIT // 3])


def emnist(path: Path, first: int = ord("0"), **settings: Any) -> Path:
    """A file as EMNIST's: rows of pixels by columns, structs within structs."""
    flat = images().transpose(0, 2, 1).reshape(3, -1)
    part = {"images": flat, "labels": np.array(LABELS)[:, None], "writers": np.zeros((3, 1))}
    mapping = np.array([[n, n + first] for n in range(10)])
    test = {**part, "labels": part["labels"][::-1]}
    dataset = {"train": part, "test": test, "mapping": mapping}
    scipy_io.savemat(path, {"dataset": dataset}, **settings)
    return path


@pytest.mark.parametrize("compressed", [False, True])
def test_emnist_as_matlab_has_it_is_turned_upright(tmp_path: Path, compressed: bool) -> None:
    path = emnist(tmp_path / "emnist-digits.mat", do_compression=compressed)
    digits = load_own(path)
    assert digits.labels.tolist() == LABELS
    assert np.array_equal(digits.images, images())
    assert digits.origin == f"{path}, train part, turned upright"
    assert load_own(path, "test").labels.tolist() == LABELS[::-1]


def test_letters_are_refused_where_nobody_asks_for_them(tmp_path: Path) -> None:
    path = emnist(tmp_path / "emnist-letters.mat", first=ord("A"))
    assert "holds 'ABCDEFGHIJ' and not the digits 0 to 9" in complaint(path)
    assert load_own(path, classes="ABCDEFGHIJ").labels.tolist() == LABELS


def test_arrays_of_matlab(tmp_path: Path) -> None:
    path = tmp_path / "a.mat"
    scipy_io.savemat(path, {"X": images().reshape(3, -1) / 255, "y": LABELS})
    assert np.array_equal(load_own(path).images, images())
    assert load_own(path).labels.tolist() == LABELS
    scipy_io.savemat(path, {"X": images()})
    assert load_pictures(path).labels is None
    scipy_io.savemat(path, {"Z": images()})
    assert "holds the arrays Z" in complaint(path)


def test_files_that_are_not_matlabs(tmp_path: Path) -> None:
    whole = emnist(tmp_path / "a.mat").read_bytes()
    for content in (b"", b"nothing", whole[: len(whole) // 2], whole[:140] + b"\xff" * 200):
        (tmp_path / "b.mat").write_bytes(content)
        assert "is not a whole .mat file" in complaint(tmp_path / "b.mat")
    (tmp_path / "b.mat").write_bytes(b"MATLAB 7.3 MAT-file, Platform: GLNXA64" + bytes(600))
    assert "is of MATLAB 7.3; save it with -v7" in complaint(tmp_path / "b.mat")


def png(picture: np.ndarray) -> bytes:
    content = io.BytesIO()
    Image.fromarray(picture).save(content, "PNG")
    return content.getvalue()


@pytest.mark.parametrize("kind", ["struct", "bytes", "text labels"])
def test_parquet_as_hugging_face_has_it(tmp_path: Path, kind: str) -> None:
    files: list[Any] = [png(image) for image in images()[:2]]
    if kind == "struct":
        files = [{"bytes": file, "path": "0.png"} for file in files]
    labels: list[Any] = ["3", "9"] if kind == "text labels" else [3, 9]
    pq.write_table(pa.table({"image": files, "label": labels}), tmp_path / "a.parquet")
    digits = load_own(tmp_path / "a.parquet")
    assert np.array_equal(digits.images, images()[:2])
    assert digits.labels.tolist() == [3, 9]


def test_parquet_of_pictures_of_any_size_and_polarity(tmp_path: Path) -> None:
    paper = 255 - np.kron(DIGIT, np.ones((3, 3), np.uint8))
    pq.write_table(pa.table({"image": [png(paper)]}), tmp_path / "a.parquet")
    pictures = load_pictures(tmp_path / "a.parquet")
    assert pictures.labels is None
    assert np.abs(pictures.images[0].astype(int) - DIGIT).max() <= 1
    seen = load_pictures(tmp_path / "a.parquet", fit=lambda picture: DIGIT[: len(picture)])
    assert np.array_equal(seen.images[0], DIGIT)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"text": ["a"]}, "has the columns text; expected image and label"),
        ({"image": [b"nothing"], "label": [1]}, "row 1: is not a picture"),
        ({"image": [{"bytes": None, "path": "/etc/passwd"}], "label": [1]}, "row 1: holds no pic"),
        ({"image": [png(DIGIT)], "label": [10]}, "label 10 at row 1"),
        ({"image": [png(DIGIT)] * 2, "label": [1, None]}, "row 2: has no label"),
    ],
)
def test_parquet_that_does_not_hold_digits(
    tmp_path: Path, columns: dict[str, Any], words: str
) -> None:
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    assert words in complaint(tmp_path / "a.parquet")


def test_files_that_are_not_parquet(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"image": [png(DIGIT)], "label": [1]}), path)
    whole = path.read_bytes()
    for content in (b"", b"PAR1", whole[: len(whole) // 2], whole[20:]):
        path.write_bytes(content)
        assert "is not a whole Parquet file" in complaint(path)


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.import_module", no_module)
    (tmp_path / "a.parquet").write_bytes(b"anything")
    assert "pip install 'digitus[parquet]'" in complaint(tmp_path / "a.parquet")


def no_module(name: str) -> Any:
    raise ImportError(name)
