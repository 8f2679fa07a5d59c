"""Digits in MATLAB's files, as EMNIST is published in them.

Inside: that. Not inside: the numbers as images and labels (`arrays`). SciPy reads the file (the
extra `mat`); it runs nothing that the file holds.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np

from digitus.datasets.arrays import names_of, pictures
from digitus.datasets.catalogue import PartName
from digitus.datasets.digits import Pictures
from digitus.errors import DataError
from digitus.files import one_line
from digitus.limits import SET_BYTES
from digitus.types import Numbers

HDF5 = b"\x89HDF"
SEVEN_THREE = b"MATLAB 7.3"


def read_mat(path: Path, part: PartName = "train") -> Pictures:
    """The images and labels of a file: EMNIST's `dataset`, or arrays named as in an `.npz` file.

    EMNIST stores its images by columns; they are turned upright. Raises `DataError`.
    """
    _check(path)
    try:
        loadmat = importlib.import_module("scipy.io").loadmat
    except ImportError:
        raise DataError(f"{path}: to read .mat files, pip install 'digitus[mat]'") from None
    try:
        found: dict[str, Any] = loadmat(path, struct_as_record=True, squeeze_me=False)
        if "dataset" in found:
            return _emnist(found["dataset"], part, path)
        arrays = {name: a for name, a in found.items() if isinstance(a, np.ndarray)}
        images, labels = names_of(arrays, part, str(path))
        return pictures(arrays[images], arrays[labels] if labels else None, str(path))
    except DataError:
        raise
    except MemoryError:  # SciPy believes the header
        raise DataError(f"{path}: announces more numbers than there is memory for") from None
    except Exception as error:  # a damaged file makes SciPy raise nearly anything
        reason = one_line(str(error))[:100]
        raise DataError(f"{path}: is not a whole .mat file ({reason})") from None


def _check(path: Path) -> None:
    """What can be told before SciPy is asked."""
    try:
        with path.open("rb") as file:
            start = file.read(len(SEVEN_THREE))
        size = path.stat().st_size
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from None
    if size > SET_BYTES:
        raise DataError(f"{path}: is larger than {SET_BYTES // 2**30} GiB; split it")
    if start.startswith(HDF5) or start == SEVEN_THREE:
        raise DataError(f"{path}: is of MATLAB 7.3; save it with -v7, or its arrays as .npz")


def _emnist(dataset: Numbers, part: PartName, path: Path) -> Pictures:
    """One part of `dataset`, in which each field is a matrix that holds the value."""
    of_part = dataset[0, 0][part][0, 0]
    images, labels = of_part["images"], of_part["labels"]
    _check_mapping(dataset[0, 0]["mapping"], path)
    made = pictures(images, labels, str(path))
    upright = np.ascontiguousarray(made.images.transpose(0, 2, 1))
    origin = f"{path}, {part} part, turned upright"
    return Pictures(upright, made.labels, str(path), origin)


def _check_mapping(mapping: Numbers, path: Path) -> None:
    """Labels and the characters they stand for [n 2]: letters are not for this reader."""
    if not all(ord("0") <= code <= ord("9") for code in mapping[:, 1:].flat):
        raise DataError(f"{path}: holds letters; digitus reads digits, as in emnist-digits.mat")
