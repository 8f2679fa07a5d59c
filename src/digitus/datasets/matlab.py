"""Digits in MATLAB's files, as EMNIST is published in them.

Inside: which of a file's arrays they are. Not inside: how a file holds arrays (`matlab_file`), and
the numbers as images and labels (`arrays`).
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from digitus.datasets.arrays import names_of, pictures
from digitus.datasets.catalogue import PartName
from digitus.datasets.digits import DIGITS, Pictures, named
from digitus.datasets.matlab_file import DamagedError, Value, arrays_of
from digitus.errors import DataError
from digitus.files import open_file
from digitus.limits import SET_BYTES
from digitus.types import Numbers

HDF5 = b"\x89HDF"
SEVEN_THREE = b"MATLAB 7.3"


def read_mat(path: Path, part: PartName = "train", classes: str = DIGITS) -> Pictures:
    """The images and labels of a file: EMNIST's `dataset`, or arrays named as in an `.npz` file.

    EMNIST stores its images by columns; they are turned upright. Raises `DataError`.
    """
    try:
        found = arrays_of(_content(path))
    except DamagedError as error:
        raise DataError(f"{path}: is not a whole .mat file ({error})") from None
    if "dataset" in found:
        return _emnist(found["dataset"], part, path, classes)
    arrays = {name: a for name, a in found.items() if isinstance(a, np.ndarray)}
    images, labels = names_of(arrays, part, str(path))
    return pictures(arrays[images], arrays[labels] if labels else None, str(path), classes)


def _content(path: Path) -> bytes:
    try:
        with open_file(path) as file:
            if os.fstat(file.fileno()).st_size > SET_BYTES:
                raise DataError(f"{path}: is larger than {SET_BYTES // 2**30} GiB; split it")
            content = file.read()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from None
    if content.startswith((HDF5, SEVEN_THREE)):
        raise DataError(f"{path}: is of MATLAB 7.3; save it with -v7, or its arrays as .npz")
    return content


def _emnist(dataset: Value, part: PartName, path: Path, classes: str) -> Pictures:
    """One part of `dataset`."""
    of_part = _field(dataset, part, path)
    images, labels = (_array(of_part, name, path) for name in ("images", "labels"))
    mapping = _array(dataset, "mapping", path)
    # Labels and the characters they stand for [n 2], capital and small ones [n 3].
    codes = mapping[:, 1].tolist() if mapping.ndim == 2 and mapping.shape[1] > 1 else []
    held = "".join(chr(int(code)) for code in codes if 32 < code < 127)
    if not held or len(held) < len(codes) or not set(held) <= set(classes):
        raise DataError(
            f"{path}: holds {held[:80]!r} and not {named(classes)}; a recipe says which classes "
            "there are"
        )
    made = pictures(images, labels, str(path), classes)
    upright = np.ascontiguousarray(made.images.transpose(0, 2, 1))
    origin = f"{path}, {part} part, turned upright"
    return Pictures(upright, made.labels, made.name, origin, classes=classes)


def _array(struct: Value, name: str, path: Path) -> Numbers:
    value = _field(struct, name, path)
    if isinstance(value, dict):
        raise DataError(f"{path}: {name} are no numbers")
    return value


def _field(struct: Value, name: str, path: Path) -> Value:
    if not isinstance(struct, dict) or name not in struct:
        raise DataError(f"{path}: holds a dataset without {name}, unlike EMNIST's")
    return struct[name]
