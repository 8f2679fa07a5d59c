"""Sets of digits from strangers: IDX, arrays of NumPy and MATLAB, tables, zip files, Parquet.

Not inside: networks (`files`), single pictures (`reading`).
"""

from __future__ import annotations

import gzip
import io
import zipfile
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from digitus.datasets import idx
from digitus.datasets.own import load_pictures
from digitus.synthetic.strokes import strokes
from fuzzing.files import at, from_file
from fuzzing.pictures import FILES
from fuzzing.target import Target

# IDX, gzipped or not.


def images_or_labels(data: bytes) -> object:
    """IDX read as images or labels, by the last byte of the magic number."""
    plain = data[3:4] == b"\1"
    return idx.read_stream(io.BytesIO(data), "a file", 1 if plain else 3)


def idx_files() -> list[bytes]:
    """Images and labels."""
    some = strokes(3, 0)
    plain = [
        from_file("x-idx", lambda p, a=a: idx.write_idx(p, a)) for a in (some.images, some.labels)
    ]
    return [*plain, *(gzip.compress(content, mtime=0) for content in plain)]


# Arrays of NumPy, CSV.


def archive(**members: bytes) -> bytes:
    """An uncompressed `.npz` of these `.npy` files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as zipped:
        for name, content in members.items():
            zipped.writestr(zipfile.ZipInfo(f"{name}.npy"), content)
    return packed.getvalue()


def array(a: Any, version: tuple[int, int] = (1, 0)) -> bytes:
    """An `.npy` file."""
    packed = io.BytesIO()
    np.lib.format.write_array(packed, np.asarray(a), version=version)
    return packed.getvalue()


def beside_labels(data: bytes) -> object:
    """The bytes as the array of the images, with labels beside it: no checksum is in the way."""
    return read_npz(archive(x=data, y=array(np.arange(3))))


read_npz = at("own.npz", load_pictures)


def arrays() -> list[bytes]:
    """Images in some of the types and orders that they may have."""
    some = strokes(3, 0).images[:, ::4, ::4]
    return [
        array(some),
        array(np.asfortranarray(some)),
        array(some.reshape(3, -1) / np.float32(255), (2, 0)),
        array(some.astype(">i8")[..., None]),
        array(some > 0),
    ]


def archives() -> list[bytes]:
    """Plain and compressed."""
    packed = io.BytesIO()
    np.savez_compressed(packed, x_train=np.zeros((3, 28, 28), np.uint8), y_train=np.arange(3))
    return [archive(x=a, y=array(np.arange(3))) for a in arrays()[:2]] + [packed.getvalue()]


TABLES = (
    b"7,0,255,3,4\n1,0,0,0,0\n",
    b"label,p0,p1,p2,p3\n7,0,255,3,4\n",
    b'"3","1","2","3","4"\r\n',
    b"\xef\xbb\xbflabel;pixel0;pixel1;pixel2;pixel3\n7;0;255;3;4\n",
    b"pixel0\tpixel1\tpixel2\tpixel3\tlabel\n0.5\t0\t1\t1\t9\n",
    b"p0,p1,p2,p3\n1,2,3,4\n",
)


def listed(path: Path) -> object:
    """A folder with a picture and a list."""
    picture = path.with_name("a.png")
    if not picture.exists():
        picture.write_bytes(FILES[0](Image.fromarray(strokes(1, 0).images[0])))
    return load_pictures(path.parent)


LISTS = (b"file,label\na.png,3\n", b"label,file\n7,a.png\n", b"file,label\n../../a.png,10\n")

# What other libraries read.


def packed() -> list[bytes]:
    """A picture with its label in its name, stored and deflated; and tables."""
    picture = FILES[0](Image.fromarray(strokes(1, 0).images[0]))

    def write(path: Path, how: int) -> None:
        with zipfile.ZipFile(path, "w", how) as zipped:
            zipped.writestr(zipfile.ZipInfo("7_0.png"), picture)

    def write_table(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as zipped:
            for part in ("train", "test"):
                zipped.writestr(zipfile.ZipInfo(f"digits/{part}.csv"), TABLES[1])

    methods = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    found = [from_file("own.zip", lambda path, how=how: write(path, how)) for how in methods]
    return [*found, from_file("own.zip", write_table)]


def matlab() -> list[bytes]:
    """Two arrays, plain and compressed."""
    save = import_module("scipy.io").savemat
    some = {"x": strokes(2, 0).images[:, ::4, ::4], "y": np.arange(2)}
    return [
        from_file("own.mat", lambda path, small=small: save(path, some, do_compression=small))
        for small in (False, True)
    ]


def parquet() -> list[bytes]:
    """A column of pictures, one of labels."""
    pyarrow, tables = import_module("pyarrow"), import_module("pyarrow.parquet")
    picture = FILES[0](Image.fromarray(strokes(1, 0).images[0]))
    table = pyarrow.table({"image": [{"bytes": picture}] * 2, "label": [3, 5]})
    return [from_file("own.parquet", lambda path: tables.write_table(table, path))]


TARGETS: dict[str, Target] = {
    "idx": Target(images_or_labels, idx_files),
    "npz": Target(read_npz, archives),
    "npy": Target(beside_labels, arrays),
    "csv": Target(at("own.csv", load_pictures), lambda: TABLES),
    "labels": Target(at("folder/labels.csv", listed), lambda: LISTS),
    "zip": Target(at("own.zip", load_pictures), packed),
    "mat": Target(at("own.mat", load_pictures), matlab),
    "parquet": Target(at("own.parquet", load_pictures), parquet),
}
