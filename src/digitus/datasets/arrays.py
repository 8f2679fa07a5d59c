"""Digits as arrays of numbers, in any of the usual layouts, and `.npz` files of these.

Images may be flat, have channels, be bytes or fractions; labels may be numbers, text or one-hot.
Inside: making images and labels of such arrays, and reading them from a file, which is never
trusted. Not inside: tables (`tables`), MATLAB's files (`matlab`), Parquet (`parquet`).
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Callable, Collection, Iterator
from pathlib import Path, PurePath

import numpy as np

from digitus.datasets.catalogue import PartName
from digitus.datasets.digits import DIGITS, Pictures, file_name, named, place
from digitus.errors import DataError
from digitus.files import one_line
from digitus.limits import NPY_HEADER_BYTES, SET_BYTES
from digitus.nn.arrays import bounds
from digitus.types import Bytes, Images, Labels, Numbers

IMAGES = ("images", "x", "X", "data", "image", "arr_0")
LABELS = ("labels", "y", "Y", "target", "targets", "label", "arr_1")
LUMINANCE = (299, 587, 114)  # of red, green and blue, in thousandths (ITU-R BT.601)
AT_ONCE = 2**20  # values: intermediate arrays are larger than the bytes that they become


def _example(number: int) -> str:
    return f"example {number}"


def read_npz(path: Path, part: PartName = "train", classes: str = DIGITS) -> Pictures:
    """The arrays `images` and `labels`, or `x` and `y`, or `x_train`, `y_train` and so on.

    Without labels where the file has none for these images. Nothing is unpickled. Raises
    `DataError`.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.removesuffix(".npy") for name in archive.namelist()}
            images, labels = names_of(names, part, str(path))
            known = _array(archive, labels) if labels else None
            return pictures(_array(archive, images), known, str(path), classes)
    except DataError:
        raise
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from None
    except Exception as error:  # a damaged file makes zipfile, zlib and NumPy raise nearly anything
        reason = one_line(str(error))[:100]
        raise DataError(f"{path}: is not a whole .npz file ({reason})") from None


def names_of(names: Collection[str], part: PartName, where: str) -> tuple[str, str | None]:
    """Which of the arrays of a file are the images and the labels of a part.

    Those of the part come first, since a file may hold both parts. Raises `DataError`.
    """
    for spelling in ("{}_" + part, part + "_{}", "{}"):
        for name in IMAGES:
            if (images := spelling.format(name)) in names:
                found = (spelling.format(label) for label in LABELS)
                return images, next((label for label in found if label in names), None)
    held = one_line(", ".join(sorted(names))) or "none"
    raise DataError(
        f"{where}: holds the arrays {held}; expected images and "
        f"labels, or x and y, or x_{part} and y_{part}"
    )


def pictures(
    images: Numbers, labels: Numbers | None, where: str, classes: str = DIGITS
) -> Pictures:
    """Arrays as images and, if there are any, labels. Raises `DataError`."""
    if images.ndim and not images.size:
        raise DataError(f"{where}: holds no examples")
    if images.ndim < 2 and images.dtype.kind in "buif":
        raise _shapeless(images, where)
    upright = np.ascontiguousarray(as_images(as_bytes(images, where), where))
    known = None if labels is None else as_labels(labels, where, classes=classes)
    return Pictures(upright, known, file_name(PurePath(where)), where, classes=classes)


def as_bytes(values: Numbers, where: str, which: Callable[[int], str] = _example) -> Bytes:
    """Numbers of any type as bytes; other than bytes, they are shares of white if none exceeds 1.

    `which` names an example in an error. Raises `DataError`.
    """
    if values.dtype == np.uint8:
        return values
    if values.dtype.kind not in "buif":
        raise DataError(f"{where}: images are {values.dtype}; expected numbers")
    if not values.size:
        return values.astype(np.uint8)
    low, high = float(values.min()), float(values.max())
    if not 0 <= low <= high <= 255:  # also refuses NaN
        rows = values.reshape(len(values), -1)
        fits = ((rows >= 0) & (rows <= 255)).all(axis=1)
        raise DataError(
            f"{where}: pixels from {low:g} to {high:g}, first in {which(int(np.argmin(fits)))}; "
            "expected 0 to 255, or 0 to 1"
        )
    scale = np.float32(255 if high <= 1 else 1)
    made = np.empty(values.shape, np.uint8)
    for part in _parts(values):
        np.rint(values[part] * scale, made[part], casting="unsafe")
    return made


def _parts(values: Numbers) -> Iterator[slice]:
    """Examples, as many at a time as hold `AT_ONCE` values."""
    yield from bounds(len(values), max(1, AT_ONCE // max(1, values[0].size)))


def as_images(values: Bytes, where: str) -> Images:
    """Bytes of one of the usual shapes as [n h w]: flat squares, or channels first or last.

    Colours become grey by their luminance. Raises `DataError`.
    """
    if values.ndim == 4:
        if values.shape[1] in (1, 3) and values.shape[3] not in (1, 3):
            values = np.moveaxis(values, 1, 3)
        if values.shape[3] == 3:
            values = _grey(values)
        elif values.shape[3] == 1:
            values = values[..., 0]
    if values.ndim == 2:
        side = math.isqrt(values.shape[1])
        if side * side != values.shape[1]:
            raise DataError(f"{where}: {values.shape[1]} pixels a row do not make a square image")
        values = values.reshape(-1, side, side)
    if values.ndim != 3:
        raise _shapeless(values, where)
    return values


def _shapeless(values: Numbers, where: str) -> DataError:
    return DataError(
        f"{where}: images of shape {list(values.shape)}; expected [n height width], with 1 or 3 "
        "channels or none, or [n pixels]"
    )


def _grey(colours: Bytes) -> Bytes:
    """Red, green and blue [n h w 3] as grey [n h w]."""
    grey = np.empty(colours.shape[:3], np.uint8)
    for part in _parts(colours):
        grey[part] = (colours[part] @ np.array(LUMINANCE) + 500) // 1000
    return grey


def as_labels(
    values: Numbers,
    where: str,
    which: Callable[[int], str] = _example,
    classes: str = DIGITS,
) -> Labels:
    """Labels given as numbers, as text or one-hot [n classes], as bytes [n].

    Letters may be counted from 1, as EMNIST does. Raises `DataError`.
    """
    if values.dtype.kind in "US":
        return _from_text(values.reshape(-1), where, which, classes)
    if values.dtype.kind not in "buif":
        raise DataError(f"{where}: labels are {values.dtype}; expected numbers or text")
    if values.ndim == 2 and values.shape[1] == len(classes):
        return _from_one_hot(values, where, which)
    labels = values.reshape(-1)
    if classes != DIGITS and labels.size and (labels.min(), labels.max()) == (1, len(classes)):
        labels = labels - 1
    _check(labels, np.isin(labels, np.arange(len(classes))), where, which, classes)
    return labels.astype(np.uint8)


def _from_text(texts: Numbers, where: str, which: Callable[[int], str], classes: str) -> Labels:
    different, which_of = np.unique(np.strings.strip(texts.astype("U")), return_inverse=True)
    places = [place(str(text), classes) for text in different]
    right = np.array([known is not None for known in places], bool)
    _check(different[which_of], right[which_of], where, which, classes)
    return np.array([known or 0 for known in places], np.uint8)[which_of]


def _from_one_hot(values: Numbers, where: str, which: Callable[[int], str]) -> Labels:
    sure = ((values == 0) | (values == 1)).all(axis=1) & (values.sum(axis=1) == 1)
    if not sure.all():
        first = int(np.argmin(sure))
        raise DataError(
            f"{where}: labels [n {values.shape[1]}] have a single 1 and zeros else, but not "
            f"{which(first)}"
        )
    return values.argmax(axis=1).astype(np.uint8)


def _check(
    labels: Numbers, right: Numbers, where: str, which: Callable[[int], str], classes: str
) -> None:
    if not right.all():
        first = int(np.argmin(right))
        found = labels[first] if labels.dtype.kind != "U" else repr(str(labels[first])[:40])
        shown = found if isinstance(found, str) else f"{found:g}"
        raise DataError(
            f"{where}: label {shown} at {which(first)}; labels must be {named(classes)}"
        )


def _array(archive: zipfile.ZipFile, name: str) -> Numbers:
    """An array of an `.npz` file, whose header is checked against the file before it is read."""
    npy = np.lib.format
    where = f"{archive.filename}: array {name}"
    with archive.open(f"{name}.npy") as stream:
        version = npy.read_magic(stream)
        length = stream.read(2 if version == (1, 0) else 4)  # length of the header that follows
        stream.seek(npy.MAGIC_LEN)
        if int.from_bytes(length, "little") > NPY_HEADER_BYTES:
            raise DataError(f"{where}: has a header of more than {NPY_HEADER_BYTES} bytes")
        header = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
        shape, _, dtype = header[version](stream)
    size = math.prod(shape) * dtype.itemsize
    if dtype.kind not in "buifUS" or size > SET_BYTES:
        raise DataError(f"{where}: is {dtype} {list(shape)}; expected numbers or text, below 2 GiB")
    if size > archive.getinfo(f"{name}.npy").file_size:
        raise DataError(f"{where}: is cut short, or its header is wrong")
    with archive.open(f"{name}.npy") as stream:
        array: Numbers = npy.read_array(stream, allow_pickle=False)
    return array
