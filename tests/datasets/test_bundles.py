"""Sets as they are downloaded: the file of a part among others, in a folder or in a zip file."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from scipy.io import savemat

from digitus.datasets import bundles
from digitus.datasets.idx import write_idx
from digitus.datasets.named import pictures_of
from digitus.datasets.own import load_own, load_pictures
from digitus.errors import DataError
from digitus.synthetic.strokes import strokes
from drawn import complaint, save

TRAIN, TEST = strokes(12, 1), strokes(7, 2)
HEADS = ",".join(f"pixel{i}" for i in range(784))


def table(digits: Any, *, labels: bool = True) -> str:
    rows = [",".join(map(str, image.ravel())) for image in digits.images]
    if labels:
        rows = [f"{label},{row}" for label, row in zip(digits.labels, rows, strict=True)]
    return "\n".join([("label," if labels else "") + HEADS, *rows]) + "\n"


def kaggle(folder: Path) -> Path:
    """What a competition's download holds."""
    folder.mkdir()
    (folder / "train.csv").write_text(table(TRAIN))
    (folder / "test.csv").write_text(table(TEST, labels=False))
    (folder / "sample_submission.csv").write_text("ImageId,Label\n1,0\n")
    return folder


def idx_files(folder: Path) -> Path:
    """MNIST's files, each as itself and once more in a folder of its name."""
    for part, digits in (("train", TRAIN), ("t10k", TEST)):
        for what, kind, array in (("images", 3, digits.images), ("labels", 1, digits.labels)):
            name = f"{part}-{what}-idx{kind}-ubyte"
            write_idx(folder / name / name, array)
            write_idx(folder / f"{part}-{what}.idx{kind}-ubyte", array)
    return folder


def hugging_face(folder: Path) -> Path:
    """A file for each part, in the folder of a configuration, beside a card."""
    (folder / "mnist").mkdir(parents=True)
    (folder / "README.md").write_text("a card")
    for part, digits in (("train", TRAIN), ("test", TEST)):
        pictures = []
        for image in digits.images:
            packed = io.BytesIO()
            Image.fromarray(image).save(packed, "PNG")
            pictures.append({"bytes": packed.getvalue(), "path": None})
        rows = pa.table({"image": pictures, "label": digits.labels.tolist()})
        pq.write_table(rows, folder / "mnist" / f"{part}-00000-of-00001.parquet")
    return folder


def emnist(folder: Path) -> Path:
    """One file with both parts, images by columns."""
    parts = {
        part: {
            "images": digits.images.transpose(0, 2, 1).reshape(-1, 784),
            "labels": digits.labels[:, None],
        }
        for part, digits in (("train", TRAIN), ("test", TEST))
    }
    mapping = np.array([[digit, 48 + digit] for digit in range(10)], np.uint8)
    (folder / "matlab").mkdir(parents=True)
    path = folder / "matlab" / "emnist-digits.mat"
    savemat(path, {"dataset": {**parts, "mapping": mapping}}, do_compression=True)
    return folder


def zipped(path: Path, folder: Path, around: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, f"{around}{file.relative_to(folder).as_posix()}")
        archive.writestr("__MACOSX/._train.csv", b"nothing")
    return path


@pytest.mark.parametrize("made", [kaggle, idx_files, hugging_face, emnist])
@pytest.mark.parametrize("around", [None, "", "digits/"])
def test_each_part_is_found_by_its_name(tmp_path: Path, made: Any, around: str | None) -> None:
    path = made(tmp_path / "set")
    if around is not None:
        path = zipped(tmp_path / "set.zip", path, around)
    for part, digits in (("train", TRAIN), ("test", TEST)):
        found = load_pictures(path, part)
        assert np.array_equal(found.images, digits.images)
        assert str(path) in found.origin
        if made is kaggle and part == "test":
            assert found.labels is None
        else:
            assert np.array_equal(found.labels, digits.labels)


def test_they_are_prepared_like_any_other(tmp_path: Path) -> None:
    path = zipped(tmp_path / "set.zip", kaggle(tmp_path / "set"))
    found = pictures_of(str(path), "train", prepare="auto")
    assert found.images.shape == (12, 28, 28)
    turned = pictures_of(str(path), "train", transposed=True)
    assert np.array_equal(turned.images, TRAIN.images.transpose(0, 2, 1))


def test_pictures_come_first(tmp_path: Path) -> None:
    folder = kaggle(tmp_path / "set")
    save(folder / "3" / "a.png")
    for path in (folder, zipped(tmp_path / "set.zip", folder)):
        assert load_own(path).labels.tolist() == [3]


def test_one_part_never_passes_for_the_other(tmp_path: Path) -> None:
    folder = kaggle(tmp_path / "set")
    for name in ("test.csv", "sample_submission.csv"):
        (folder / name).unlink()
    for path in (folder, zipped(tmp_path / "set.zip", folder)):
        assert len(load_own(path, "train")) == 12
        with pytest.raises(DataError, match=r"holds the train part alone \(train.csv\)"):
            load_own(path, "test")


def test_of_several_files_one_has_to_be_named(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    for name in ("a.csv", "b.npz", "c.mat", "d.tsv"):
        (folder / name).write_bytes(b"")
    said = "holds 4 files that may be meant (a.csv, b.npz, c.mat, ...); "
    assert said + "name the right one" in complaint(folder)
    assert said + "take out the right one" in complaint(zipped(tmp_path / "a.zip", folder))


def test_what_is_wrong_inside_a_zip_file_is_told_by_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "mine.csv").write_text("label,a,b,c,d\n7,1,2,3,4\n7,1,2,x,4\n")
    path = zipped(tmp_path / "a.zip", folder)
    assert complaint(path).startswith(f"{path}/mine.csv, line 3: 'x' is not a number")


def test_archives_of_strangers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("\x1b[2m é.csv", table(TRAIN))
    assert len(load_own(path)) == 12
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"pixel77", b"pixel78"))
    assert "is not a whole .zip file" in complaint(path)
    path.write_bytes(whole)
    monkeypatch.setattr(bundles, "SET_BYTES", 1000)
    assert "unfolds into more than" in complaint(path)


def test_names_that_lead_out_of_an_archive_lead_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    write_idx(tmp_path / "images.idx", TRAIN.images)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(tmp_path / "images.idx", "../../../out-images.idx")
    (tmp_path / "images.idx").unlink()
    assert len(load_pictures(tmp_path / "a.zip").images) == 12
    assert [path.name for path in sorted(tmp_path.rglob("*"))] == ["a.zip", "temporary"]
