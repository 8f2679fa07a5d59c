"""Sets as they are downloaded: the file of a part among others, in a folder or in a zip file."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from digitus.datasets import bundles
from digitus.datasets.idx import write_idx
from digitus.datasets.named import pictures_of
from digitus.datasets.own import load_own, load_pictures
from digitus.errors import DataError
from digitus.synthetic.strokes import strokes
from drawn import complaint, save
from later import Later

pa, pq, scipy_io = Later("pyarrow"), Later("pyarrow.parquet"), Later("scipy.io")

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


def idx_in_folders(folder: Path) -> Path:
    """A folder for each part, in which the files of both have the same names."""
    for part, digits in (("train", TRAIN), ("test", TEST)):
        write_idx(folder / part / "images-idx3-ubyte", digits.images)
        write_idx(folder / part / "labels-idx1-ubyte", digits.labels)
    return folder


def idx_below(folder: Path) -> Path:
    """IDX files in a folder of their own, beside a table, a list of classes and hidden files."""
    idx_files(folder / "raw")
    (folder / "train.csv").write_text(table(TEST))
    (folder / "class_to_idx.json").write_text("{}")
    write_idx(folder / "._train-images-idx3-ubyte", TEST.images)
    write_idx(folder / ".old" / "train-images-idx3-ubyte", TEST.images)
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


def sharded(folder: Path) -> Path:
    """As large sets are published: the rows of a part in several files."""
    hugging_face(folder)
    for part in ("train", "test"):
        whole = folder / "mnist" / f"{part}-00000-of-00001.parquet"
        rows = pq.read_table(whole)
        for i, shard in enumerate((rows.slice(0, 4), rows.slice(4))):
            pq.write_table(shard, folder / "mnist" / f"{part}-{i:05}-of-00002.parquet")
        whole.unlink()
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
    scipy_io.savemat(path, {"dataset": {**parts, "mapping": mapping}}, do_compression=True)
    return folder


def zipped(path: Path, folder: Path, around: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, f"{around}{file.relative_to(folder).as_posix()}")
        archive.writestr("__MACOSX/._train.csv", b"nothing")
    return path


@pytest.mark.parametrize(
    "made", [kaggle, idx_files, idx_in_folders, idx_below, hugging_face, sharded, emnist]
)
@pytest.mark.parametrize("around", [None, "", "digits/"])
def test_each_part_is_found_by_its_name(tmp_path: Path, made: Any, around: str | None) -> None:
    path = made(tmp_path / "set")
    if around is not None:
        path = zipped(tmp_path / "set.zip", path, around)
    for part, digits in (("train", TRAIN), ("test", TEST)):
        found = load_pictures(path, part)
        assert np.array_equal(found.images, digits.images)
        assert str(path) in found.origin
        assert path.name in found.name
        assert str(tmp_path) not in found.name
        if made is kaggle and part == "test":
            assert found.labels is None
        else:
            assert np.array_equal(found.labels, digits.labels)


def test_they_are_prepared_like_any_other(tmp_path: Path) -> None:
    path = zipped(tmp_path / "set.zip", kaggle(tmp_path / "set"))
    found = pictures_of(str(path), "train", prepare="auto")
    assert found.images.shape == (12, 28, 28)
    inverted = tmp_path / "inverted"
    write_idx(inverted / "images.idx", 255 - TRAIN.images)
    for dark_on_light in (inverted, zipped(tmp_path / "inverted.zip", inverted)):
        prepared = pictures_of(str(dark_on_light), "train", prepare="auto").images
        assert np.median(prepared) == 0  # white paper has become black
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


@pytest.mark.parametrize("around", [None, "", "digits/"])
def test_what_is_for_validation_is_neither_part(tmp_path: Path, around: str | None) -> None:
    path = kaggle(tmp_path / "set")
    (path / "train.csv").rename(path / "valid.csv")
    (path / "sample_submission.csv").unlink()
    if around is not None:
        path = zipped(tmp_path / "a.zip", path, around)
    said = rf"holds no train part \({around or ''}test.csv, {around or ''}valid.csv\); expected"
    with pytest.raises(DataError, match=said):
        load_pictures(path, "train")
    assert len(load_pictures(path, "test").images) == 7


def test_tables_are_found_beside_what_only_sounds_like_idx(tmp_path: Path) -> None:
    folder = kaggle(tmp_path / "set")
    (folder / "class_to_idx.json").write_text("{}")
    for path in (folder, zipped(tmp_path / "a.zip", folder)):
        assert len(load_own(path)) == 12


def test_the_same_files_in_two_folders_are_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        idx_files(tmp_path / "set" / name)
    said = "2 files that may be meant (a/train-images"
    assert said in complaint(tmp_path / "set")
    assert said in complaint(zipped(tmp_path / "a.zip", tmp_path / "set"))


def test_all_shards_have_to_be_there(tmp_path: Path) -> None:
    folder = sharded(tmp_path / "set")
    (folder / "mnist" / "train-00001-of-00002.parquet").unlink()
    said = "holds 1 of 2 shards (mnist/train-00000-of-00002.parquet)"
    assert said in complaint(folder)
    assert said in complaint(zipped(tmp_path / "a.zip", folder))


def test_nothing_is_unpacked_for_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path / "set" / "3" / "a.png")
    path = zipped(tmp_path / "a.zip", tmp_path / "set")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "there-is-none"))
    assert load_own(path).labels.tolist() == [3]


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
