"""Digits in tables of text: every way to write one is read right, or refused with its line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from digitus.datasets.own import load_own, load_pictures
from digitus.datasets.tables import read_csv
from drawn import DIGIT, complaint

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
    assert (digits.name, digits.origin) == (path.name, str(path))


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
        (b"7,1,2,3,4,5\n", "5 pixels a row do not make a square"),
        (b"7,1,2,3,4\n\n7,1\n", "a.csv, line 3: has 2 columns, not 5; is not a table of numbers"),
        (b"7,1,2,x,4\n", "a.csv, line 1: 'x' is not a number in column 4"),
        (b"a,b,c,d,y\n\n7,1,2,x,4\n", "a.csv, line 3: 'x' is not a number in column 4 (d)"),
        (b"7,1,2,3,4\n7,1,2,,4\n", "a.csv, line 2: nothing stands in column 4"),
        (b"7,1,2,3,4\n,,,,\n", "a.csv, line 2: nothing stands in column 1"),
        (b",1,2,3,4\n7,1,2,3,4\n", "a.csv, line 1: nothing stands in column 1"),
        (b"label,a,b,c,d\n,1,2,3,4\n", "a.csv, line 2: nothing stands in column 1 (label)"),
        (b"label,a,b,class,d\n", "several columns that may be the label, label and class"),
        (b"a,b,c\n1,2,3\n", "make no square image, and none named class, digit, label"),
        (b"7,1,2,3,4\n\n7,1,2,3,256\n", "pixels from 1 to 256, first in line 3"),
        (b"7,-1,2,3,4\n", "pixels from -1 to 4"),
        (b"7,nan,2,3,4\n", "pixels from nan"),
        (b"10,1,2,3,4\n", "label 10 at line 1"),
        (b"label,a,b,c,d\n3,1,2,3,4\n\n2.5,1,2,3,4\n", "label 2.5 at line 4"),
        (b"7," + b"1" * 2**24 + b",2,3,4\n", "line 1: is longer than 16,777,216 characters"),
        (b"\xff\xfe7,1,2,3,4\n", "is not a table of numbers"),
        # Two rows of two numbers would be as many numbers.
        (b"label,a\n7,2,5,4\n", "a.csv, line 2: has 4 columns, not 2"),
        (b"label,a\x16\n1,x\n", "line 2: 'x' is not a number in column 2 (a?)"),
    ],
)
def test_csv_that_is_not_one(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    assert words in complaint(tmp_path / "a.csv")


def rows(count: int = 6, side: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Images [n side side] whose first pixel is black, as in pictures of digits, and labels."""
    images = np.random.default_rng(0).integers(0, 256, (count, side, side), np.uint8)
    images[:, 0, 0] = 0
    return images, np.arange(count)[::-1] % 10


def written(
    path: Path, *, headings: str = "", last: bool = False, quote: str = "", by: str = ","
) -> Path:
    """A table of `rows`: the label first or last, each cell in quotes or not."""
    images, labels = rows()
    lines = []
    for image, label in zip(images, labels, strict=True):
        cells = [*image.ravel().tolist(), label] if last else [label, *image.ravel().tolist()]
        lines.append(by.join(f"{quote}{cell}{quote}" for cell in cells))
    path.write_text("\n".join([headings] * bool(headings) + lines) + "\n", "utf-8")
    return path


@pytest.mark.parametrize(
    "form",
    [
        {"quote": '"'},
        {"quote": "'"},
        {"by": ";"},
        {"by": "\t", "quote": '"'},
        {"last": True},
        {"last": True, "headings": "p1,p2,p3,p4,class"},
        {"last": True, "headings": "'p1','p2','p3','p4','class'"},
        {"last": True, "headings": '"p1";"p2";"p3";"p4";"Label"', "by": ";"},
        {"last": True, "headings": "p1,p2,p3,p4,class", "quote": "'"},
        {"headings": "label,0,1,2,3"},
        {"headings": "y,1x1,1x2,2x1,2x2"},
    ],
    ids=lambda form: " ".join(map(str, form.values())),
)
def test_csv_however_it_is_written_every_row_is_read(
    tmp_path: Path, form: dict[str, object]
) -> None:
    images, labels = rows()
    digits = load_own(written(tmp_path / "a.csv", **form))  # type: ignore[arg-type]
    assert digits.labels.tolist() == labels.tolist()
    assert np.array_equal(digits.images, images)


@pytest.mark.parametrize("headings", ["", ",".join(f"pixel{i}" for i in range(4)), "id,a,b,c,d"])
def test_a_table_without_labels(tmp_path: Path, headings: str) -> None:
    images, _ = rows()
    counted = headings.startswith("id")
    table = np.column_stack([np.arange(6), images.reshape(6, -1)][not counted :])
    path = tmp_path / "test.csv"
    np.savetxt(path, table, "%d", ",", header=headings, comments="")
    pictures = load_pictures(path)
    assert pictures.labels is None
    assert np.array_equal(pictures.images, images)
    assert "6 images and no labels" in complaint(path)
    assert "--predict FILE.csv" in complaint(path)


def test_a_column_that_only_counts_is_no_pixel(tmp_path: Path) -> None:
    images, labels = rows()
    for heading in ("", "index", "Unnamed: 0", "ImageId"):
        path = tmp_path / "a.csv"
        table = np.column_stack([np.arange(6), labels, images.reshape(6, -1)])
        np.savetxt(path, table, "%d", ",", header=f"{heading},label,a,b,c,d", comments="")
        assert load_own(path).labels.tolist() == labels.tolist()
        assert np.array_equal(load_own(path).images, images)


def test_columns_that_pandas_numbered(tmp_path: Path) -> None:
    images, labels = rows(3, 17)
    path = tmp_path / "a.csv"
    table = np.column_stack([labels, images.reshape(3, -1)])
    np.savetxt(path, table, "%d", ",", header=",".join(map(str, range(290))), comments="")
    assert load_own(path).labels.tolist() == labels.tolist()


def test_the_origin_tells_where_the_labels_were(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", last=True, headings="a,b,c,d,class")
    assert load_own(path).origin == f"{path}, labels in column 5 (class)"
    assert load_own(written(tmp_path / "b.csv")).origin == str(tmp_path / "b.csv")


def test_pixels_around_the_label(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b,digit,c,d\n1,2,9,3,4\n")
    digits = load_own(path)
    assert (digits.labels.tolist(), digits.images.ravel().tolist()) == ([9], [1, 2, 3, 4])
