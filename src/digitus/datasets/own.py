"""The user's own digits: a folder of pictures, a CSV file or an `.npz` file.

Inside: the three readers behind `load_own`. Not inside: the published sets (`sources`), and the
preparation of difficult pictures (`vision`): here, they are only made grey, light on dark, 28 x 28.

Where a source is divided into training and test part (folders `train` and `test`; arrays `x_train`
and `y_train`, `x_test` and `y_test`), `part` says which is meant; an undivided one is read whole.
"""

from __future__ import annotations

import csv
import math
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from digitus.datasets.catalogue import PartName
from digitus.datasets.digits import SIDE, Digits
from digitus.datasets.idx import LARGEST_SET
from digitus.errors import DataError
from digitus.types import Grey, Numbers
from digitus.vision.decode import SUFFIXES, decode

Fit = Callable[[Grey], Grey]

LIST = "labels.csv"
DIGITS = tuple("0123456789")
# A digit that stands alone at the start of a name: 7.png, 7_0012.png, 7-a.png, "7 (2).png".
LABELLED = re.compile(r"([0-9])[-_. (]")


def load_own(path: Path, part: PartName = "train", *, fit: Fit | None = None) -> Digits:
    """The digits at a path, as `read_folder`, `read_csv` or `read_npz` reads them.

    `fit` makes each picture of a folder an image; without it, as `read_folder` says.

    Raises `DataError`, also for a path that is none of the three.
    """
    if path.is_dir():
        return read_folder(path, part, fit=fit)
    if not path.exists():
        raise DataError(f"{path}: there is no such file or folder")
    match path.suffix.lower():
        case ".csv":
            return read_csv(path)
        case ".npz":
            return read_npz(path, part)
    raise DataError(
        f"{path}: is neither a folder of pictures nor a .csv or .npz file; save it as one of them"
    )


def read_folder(path: Path, part: PartName = "train", *, fit: Fit | None = None) -> Digits:
    """The labelled pictures in a folder and the folders in it, as images [n 28 28].

    Where the folder has a file `labels.csv` with the columns `file` and `label`, its pictures are
    those and in that order. Else a picture's label is the name of its folder, if that is a single
    digit (`3/a.png`), or the digit at the start of its own name, if `_`, `-`, `.`, `(` or a space
    follows (`7_0012.png`); other kinds of files and hidden ones are passed over. A picture without
    a label is an error.

    `fit` makes a grey picture [h w] an image [28 28]; without it, `fitted`. Raises `DataError`.
    """
    root = path / part if (path / part).is_dir() else path
    if (root / LIST).is_file():
        listed = _listed(root / LIST)
        pictures, labels = list(listed), list(listed.values())
    else:
        pictures = sorted(p for p in root.rglob("*") if _is_picture(p.relative_to(root)))
        labels = [_label(picture) for picture in pictures]
    if not pictures:
        raise DataError(f"{root}: holds no pictures ({', '.join(sorted(SUFFIXES))})")
    if None in labels:
        first = pictures[labels.index(None)]
        raise DataError(
            f"{first}: no label in its name or its folder's ({labels.count(None)} such pictures); "
            "put pictures into folders named 0 to 9, or start their names with the digit and _"
        )
    images = [(fit or fitted)(decode(picture)) for picture in pictures]
    return Digits(np.stack(images), np.array(labels, np.uint8), f"pictures in {root}", str(root))


def read_csv(path: Path) -> Digits:
    """The rows `label,pixel,pixel,...` of a file, with or without a line of headings.

    As many pixels as a square has, row by row: 784 make images [n 28 28]. Raises `DataError`.
    """
    try:
        if path.stat().st_size > LARGEST_SET:
            raise DataError(f"{path}: is larger than {LARGEST_SET // 2**30} GiB; split it")
        with path.open(encoding="utf-8-sig") as file:
            first = file.readline()
            headings = not _is_number(first.split(",")[0])
            if not (file.readline() if headings else first).strip():
                raise DataError(f"{path}: holds no examples")
            file.seek(0)
            table = np.loadtxt(
                file,
                dtype=np.float32,
                delimiter=",",
                quotechar='"',
                comments=None,
                skiprows=int(headings),
                ndmin=2,
            )
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from None
    except ValueError as error:
        reason = " ".join(str(error).split())[:120]
        raise DataError(f"{path}: is not a table of numbers: {reason}") from None
    if table.shape[1] < 2:
        raise DataError(f"{path}: has one column; expected the label and the pixels")
    return _digits(table[:, 1:], table[:, 0], path)


def read_npz(path: Path, part: PartName = "train") -> Digits:
    """The arrays `images` and `labels`, or `x` and `y`, or `x_train`, `y_train` and so on.

    Images are [n h w], [n h w 1] or [n pixels] of squares; labels [n]. Values other than bytes
    are taken for fractions of white if none exceeds 1. Nothing is unpickled. Raises `DataError`.
    """
    pairs = [("images", "labels"), ("x", "y"), (f"x_{part}", f"y_{part}")]
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.removesuffix(".npy") for name in archive.namelist()}
            for images, labels in pairs:
                if {images, labels} <= names:
                    return _digits(_array(archive, images), _array(archive, labels), path)
    except DataError:
        raise
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from None
    except Exception as error:  # a damaged file makes zipfile, zlib and NumPy raise nearly anything
        reason = " ".join(str(error).split())[:100]
        raise DataError(f"{path}: is not a whole .npz file ({reason})") from None
    raise DataError(
        f"{path}: holds the arrays {', '.join(sorted(names)) or 'none'}; "
        f"expected {' or '.join(f'{x} and {y}' for x, y in pairs)}"
    )


def _is_picture(relative: Path) -> bool:
    hidden = any(piece.startswith(".") for piece in relative.parts)
    return relative.suffix.lower() in SUFFIXES and not hidden


def _label(picture: Path) -> int | None:
    if re.fullmatch("[0-9]", picture.parent.name):
        return int(picture.parent.name)
    match = LABELLED.match(picture.name)
    return int(match[1]) if match else None


def _listed(path: Path) -> dict[Path, int | None]:
    """The pictures and labels of a `labels.csv`; None for a label that is not a single digit."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        return {
            path.parent / row["file"]: int(row["label"]) if row["label"] in DIGITS else None
            for row in rows
        }
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read ({error})") from None
    except (KeyError, TypeError):
        raise DataError(f"{path}: needs the columns file and label") from None


def fitted(picture: Grey) -> Grey:
    """A grey picture [h w] as light ink on dark [28 28]: scaled to fit, proportions kept, centred.

    One that is mostly bright along its edge is taken for dark ink on paper and inverted.
    """
    edge = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    if np.median(edge) > 127:
        picture, edge = 255 - picture, 255 - edge
    if picture.shape == (SIDE, SIDE):
        return picture

    import cv2

    scale = SIDE / max(picture.shape)
    height, width = (max(1, round(scale * side)) for side in picture.shape)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    fitted = np.full((SIDE, SIDE), round(float(np.median(edge))), np.uint8)
    top, left = (SIDE - height) // 2, (SIDE - width) // 2
    fitted[top : top + height, left : left + width] = cv2.resize(
        picture, (width, height), interpolation=method
    )
    return fitted


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _array(archive: zipfile.ZipFile, name: str) -> Numbers:
    """An array of an `.npz` file, whose header is checked against the file before it is read."""
    form = np.lib.format
    where = f"{archive.filename}: array {name}"
    with archive.open(f"{name}.npy") as stream:
        version = form.read_magic(stream)
        header = {(1, 0): form.read_array_header_1_0, (2, 0): form.read_array_header_2_0}
        shape, _, dtype = header[version](stream)
    size = math.prod(shape) * dtype.itemsize
    if dtype.kind not in "buif" or size > LARGEST_SET:
        raise DataError(f"{where}: is {dtype} {list(shape)}; expected numbers, below 2 GiB")
    if size > archive.getinfo(f"{name}.npy").file_size:
        raise DataError(f"{where}: is cut short, or its header is wrong")
    with archive.open(f"{name}.npy") as stream:
        array: Numbers = form.read_array(stream, allow_pickle=False)
    return array


def _digits(images: Numbers, labels: Numbers, path: Path) -> Digits:
    """Numbers of whatever type as `Digits`: pixels to bytes, rows of pixels to squares."""
    if not images.size:
        raise DataError(f"{path}: holds no examples")
    if images.ndim == 4 and images.shape[3] == 1:
        images = images[..., 0]
    if images.ndim == 2:
        side = math.isqrt(images.shape[1])
        if side * side != images.shape[1]:
            raise DataError(f"{path}: {images.shape[1]} pixels a row do not make a square image")
        images = images.reshape(-1, side, side)
    if images.ndim != 3:
        raise DataError(f"{path}: images of shape {list(images.shape)}; expected [n height width]")
    low, high = float(images.min()), float(images.max())
    if not 0 <= low <= high <= 255:  # also refuses NaN
        raise DataError(f"{path}: pixels from {low:g} to {high:g}; expected 0 to 255, or 0 to 1")
    if images.dtype != np.uint8:
        images = np.rint(images * (255.0 if high <= 1 else 1.0)).astype(np.uint8)
    labels = labels.reshape(-1)
    wrong = ~np.isin(labels, np.arange(10))
    if wrong.any():
        first = int(np.argmax(wrong))
        raise DataError(
            f"{path}: label {labels[first]:g} at example {first}; labels must be the digits 0 to 9"
        )
    return Digits(images, labels.astype(np.uint8), str(path), str(path))
