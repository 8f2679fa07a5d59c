"""A user's own digits: folders of pictures, lists of labels, CSV and npz, and what is refused."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from digitus.datasets.own import load_own, load_pictures
from digitus.errors import DataError
from drawn import DIGIT, complaint, save


def test_labels_come_from_folders_and_names(tmp_path: Path) -> None:
    names = {
        "3/a.png": 3,
        "3/7_a.png": 3,
        "4/deep/9-x.png": 9,
        "5_0012.png": 5,
        "6.PNG": 6,
        "7 (2).jpg": 7,
        "8-b.bmp": 8,
        "two/2.old.webp": 2,
    }
    for name in names:
        save(tmp_path / name)
    for ignored in (".hidden/1.png", "0/.1.png", "README.txt", "table.csv", "Thumbs.db"):
        (tmp_path / ignored).parent.mkdir(exist_ok=True)
        (tmp_path / ignored).write_bytes(b"nothing")
    digits = load_own(tmp_path)
    assert digits.images.shape == (len(names), 28, 28)
    assert digits.labels.tolist() == [names[n] for n in sorted(names, key=Path)]
    assert digits.origin == str(tmp_path)


@pytest.mark.parametrize("name", ["a.png", "12_a.png", "2024-05-01.png", "img_3.png", "10/a.png"])
def test_a_picture_without_a_label_is_an_error(tmp_path: Path, name: str) -> None:
    save(tmp_path / name)
    save(tmp_path / "3" / "a.png")
    assert "no label in its name or its folder's (1 such pictures)" in complaint(tmp_path)


def test_a_folder_may_be_divided(tmp_path: Path) -> None:
    save(tmp_path / "train" / "1" / "a.png")
    save(tmp_path / "test" / "2" / "a.png")
    assert load_own(tmp_path).labels.tolist() == [1]
    assert load_own(tmp_path, "test").labels.tolist() == [2]


@pytest.mark.parametrize("around", ["", "digits/"])
def test_one_part_alone_is_not_taken_for_the_other(tmp_path: Path, around: str) -> None:
    """A network would be tested on what it learnt from, and look very good."""
    for there, asked in (("train", "test"), ("test", "train")):
        folder = tmp_path / there
        save(folder / there / "3" / "a.png")
        for path in (folder, zipped(tmp_path / f"{there}.zip", folder, around)):
            assert load_own(path, there).labels.tolist() == [3]
            with pytest.raises(DataError, match=f"holds the {there} part alone"):
                load_own(path, asked)


def test_polarity_is_that_of_the_edge(tmp_path: Path) -> None:
    save(tmp_path / "1_light_on_dark.png", DIGIT)
    save(tmp_path / "2_dark_on_light.png", 255 - DIGIT)
    assert all(np.array_equal(image, DIGIT) for image in load_own(tmp_path).images)


def test_the_caller_may_fit_pictures_in_another_way(tmp_path: Path) -> None:
    save(tmp_path / "2_large.png", np.full((40, 60), 9, np.uint8))
    seen = []

    def fit(picture: np.ndarray) -> np.ndarray:
        seen.append(picture.shape)
        return DIGIT

    assert np.array_equal(load_own(tmp_path, fit=fit).images, DIGIT[None])
    assert seen == [(40, 60)]


def test_a_list_of_labels_decides_files_and_order(tmp_path: Path) -> None:
    for name in ("b.png", "a.png", "not-listed.png"):
        save(tmp_path / name)
    (tmp_path / "labels.csv").write_text("file,label,kind\nb.png,7,single\na.png,4,single\n")
    assert load_own(tmp_path).labels.tolist() == [7, 4]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("file,label\na.png,1\na.png,12\n", "labels.csv, line 3: label '12'; labels must be"),
        ("file,label\na.png,\n", "labels.csv, line 2: no label"),
        ("file,label\na.png\n", "labels.csv, line 2: no label"),
        ("file,label\n\x1b.png,6\x1f\n", "[?].png: is in labels.csv, but there is no such file"),
        ("file,value\na.png,1\n", "needs the columns file and label"),
        ("file,label\nb.png,1\n", "b.png"),
        ("file,label\n", "holds no pictures"),
    ],
)
def test_a_bad_list_of_labels_is_one_line(tmp_path: Path, text: str, says: str) -> None:
    save(tmp_path / "a.png")
    (tmp_path / "labels.csv").write_text(text)
    with pytest.raises(DataError, match=says) as error:
        load_own(tmp_path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("shape", [(56, 56), (100, 40), (40, 100), (14, 14), (1, 300), (28, 20)])
def test_pictures_are_fitted_and_keep_their_proportions(
    tmp_path: Path, shape: tuple[int, int]
) -> None:
    grey_paper = np.full(shape, 220, np.uint8)
    height, width = shape
    grey_paper[height // 4 : -height // 4 or None, width // 4 : -width // 4 or None] = 20
    save(tmp_path / "8.png", grey_paper)
    image = load_own(tmp_path).images[0]
    assert image.shape == (28, 28)
    assert image[0, 0] == image[-1, -1]
    if height > 1:
        assert image[0, 0] == 35  # the paper, inverted, also beside the picture
        ink = np.argwhere(image > 135)
        extent = ink.max(0) - ink.min(0) + 1
        assert np.abs(extent - 14 * np.array(shape) / max(shape)).max() <= 2
        assert np.abs(ink.mean(0) - 13.5).max() <= 1


def test_folders_that_hold_nothing_to_read(tmp_path: Path) -> None:
    assert "holds no pictures" in complaint(tmp_path)
    (tmp_path / "3").mkdir()
    (tmp_path / "3" / "a.png").write_bytes(b"not a picture")
    with pytest.raises(DataError, match="not a picture in a known format"):
        load_own(tmp_path)
    assert "no such file" in complaint(tmp_path / "absent")
    (tmp_path / "a.txt").write_text("7")
    assert "neither a folder" in complaint(tmp_path / "a.txt")


def test_pictures_without_any_label(tmp_path: Path) -> None:
    for name in ("b.png", "a.png", "IMG_3.png"):
        save(tmp_path / name)
    pictures = load_pictures(tmp_path)
    assert pictures.labels is None
    assert pictures.name == f"pictures in {tmp_path.name}"
    assert pictures.files == ("IMG_3.png", "a.png", "b.png")
    assert "3 images and no labels; put them into folders named 0 to 9" in complaint(tmp_path)


def zipped(path: Path, folder: Path, around: str = "") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*.*")):
            archive.write(file, f"{around}{file.relative_to(folder).as_posix()}")
        archive.writestr("__MACOSX/3/._a.png", b"nothing")
    return path


@pytest.mark.parametrize("around", ["", "digits/", "a/b/"])
def test_a_zip_file_is_the_folder_in_it(tmp_path: Path, around: str) -> None:
    folder = tmp_path / "folder"
    for part, label in (("train", 3), ("test", 4)):
        save(folder / part / str(label) / "a.png", np.full((40, 60), 9, np.uint8))
    archive = zipped(tmp_path / "a.zip", folder, around)
    for part in ("train", "test"):
        own, packed = load_own(folder, part), load_own(archive, part)
        assert packed.labels.tolist() == own.labels.tolist()
        assert np.array_equal(packed.images, own.images)


def test_folders_of_labels_and_lists_in_zip_files(tmp_path: Path) -> None:
    save(tmp_path / "folder" / "3" / "a.png")
    assert load_own(zipped(tmp_path / "a.zip", tmp_path / "folder")).labels.tolist() == [3]
    (tmp_path / "folder" / "labels.csv").write_text("label;filename\n5;3/a.png\n")
    assert load_own(zipped(tmp_path / "b.zip", tmp_path / "folder", "x/")).labels.tolist() == [5]
    (tmp_path / "folder" / "labels.csv").write_text("label,file\n5,3/b.png\n")
    assert "3/b.png: is in labels.csv, but there is no such file" in complaint(
        zipped(tmp_path / "c.zip", tmp_path / "folder")
    )


def test_zip_files_that_are_none(tmp_path: Path) -> None:
    save(tmp_path / "folder" / "3" / "a.png")
    whole = zipped(tmp_path / "a.zip", tmp_path / "folder").read_bytes()
    for content in (b"", b"PK", whole[:-30], whole.replace(b"IDAT", b"IDOT")):
        (tmp_path / "b.zip").write_bytes(content)
        complaint(tmp_path / "b.zip")
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.writestr("README.txt", "nothing")
    assert "holds no pictures" in complaint(tmp_path / "c.zip")
