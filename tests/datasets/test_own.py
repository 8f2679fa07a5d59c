"""A user's own digits: folders of pictures, lists of labels, CSV and npz, and what is refused."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from digitus.datasets.own import load_own, read_csv, read_npz
from digitus.errors import DataError

DIGIT = np.zeros((28, 28), np.uint8)
DIGIT[4:24, 12:16] = 200


def save(path: Path, picture: np.ndarray = DIGIT) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path)


def check_one_line(error: Exception) -> None:
    assert "\n" not in str(error)


def complaint(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        load_own(path)
    check_one_line(caught.value)
    message = str(caught.value)
    assert str(path) in message
    return message


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
        ("file,label\na.png,12\n", "no label"),
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


ROWS = ["7,0,1,2,255", "0,9,8,7,6"]


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(ROWS),
        "\n".join(["label,p0,p1,p2,p3", *ROWS]) + "\n",
        "\ufeff" + "\r\n".join(['"label","1x1","1x2","2x1","2x2"', *ROWS]) + "\r\n\r\n",
    ],
)
def test_csv_with_and_without_headings(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8", newline="")
    digits = load_own(path)
    assert digits.labels.tolist() == [7, 0]
    assert digits.images.tolist() == [[[0, 1], [2, 255]], [[9, 8], [7, 6]]]
    assert digits.name == str(path)


def test_csv_of_mnist_size(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    table = np.column_stack([np.arange(5), np.tile(DIGIT.ravel(), (5, 1))])
    np.savetxt(path, table, fmt="%d", delimiter=",")
    digits = read_csv(path)
    assert digits.images.shape == (5, 28, 28)
    assert np.array_equal(digits.images[3], DIGIT)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "holds no examples"),
        (b"label,pixel0\n", "holds no examples"),
        (b"7\n8\n", "has one column"),
        (b"7,1,2,3\n", "3 pixels a row do not make a square"),
        (b"7,1,2,3,4\n7,1\n", "is not a table of numbers"),
        (b"7,1,2,x,4\n", "is not a table of numbers"),
        (b"7,1,2,3,256\n", "pixels from 1 to 256"),
        (b"7,-1,2,3,4\n", "pixels from -1 to 4"),
        (b"7,nan,2,3,4\n", "pixels from nan"),
        (b"10,1,2,3,4\n", "label 10 at example 0"),
        (b"3,1,2,3,4\n2.5,1,2,3,4\n", "label 2.5 at example 1"),
        (b"\xff\xfe7,1,2,3,4\n", "is not a table of numbers"),
    ],
)
def test_csv_that_is_not_one(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    assert words in complaint(tmp_path / "a.csv")


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
        ({"a": DIGIT}, "holds the arrays a; expected images and labels or x and y or x_train"),
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
