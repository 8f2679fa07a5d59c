"""Digits however they are named: a set of the catalogue, a path to one's own, arrays, `Digits`.

Inside: which of these it is, and what may be done on the way: images stored by columns are turned,
pictures of any size and polarity are made like MNIST's. Not inside: reading files (`own`,
`sources`).
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from digitus.datasets import own, sources
from digitus.datasets.arrays import as_bytes, as_labels
from digitus.datasets.catalogue import SOURCES, PartName
from digitus.datasets.digits import DIGITS, Digits, Pictures
from digitus.errors import DataError
from digitus.types import Bytes, Images

Named: TypeAlias = "str | Path | Digits | tuple[npt.ArrayLike, npt.ArrayLike]"
ACCEPTED = "the name of a set, a path, digitus.Digits, or images [n h w] and labels [n] as a pair"


def digits_of(
    data: Named,
    part: PartName,
    data_dir: Path | None = None,
    *,
    prepare: str = "none",
    transposed: bool = False,
    classes: str = DIGITS,
) -> Digits:
    """Digits with their labels, whatever `data` is.

    Raises `TypeError` for what cannot be digits, `DataError` where there are no labels, and what
    `pictures_of` raises.
    """
    if isinstance(data, str | Path):
        found = pictures_of(
            str(data), part, data_dir, prepare=prepare, transposed=transposed, classes=classes
        ).labelled()
    else:
        found = data if isinstance(data, Digits) else _of_arrays(data, classes)
        images = turned(found.images) if transposed else found.images
        images = prepared(images) if prepare == "auto" else images
        if images is not found.images:
            found = replace(found, images=images)
    return found


def _of_arrays(data: object, classes: str) -> Digits:
    """Images and labels that somebody has in memory."""
    if not isinstance(data, tuple | list) or len(data) != 2:
        raise TypeError(f"data is {ACCEPTED}, not {type(data).__name__}")
    images, labels = (np.asarray(part) for part in data)
    where = "arrays in memory"
    known = as_labels(labels, where, classes=classes)
    if images.ndim == 3:  # `Digits` refuses all others
        images = as_bytes(images, where)
    return Digits(images, known, where, classes=classes)


def pictures_of(
    data: str,
    part: PartName,
    data_dir: Path | None = None,
    *,
    prepare: str = "none",
    transposed: bool = False,
    classes: str = DIGITS,
) -> Pictures:
    """Digits by a name of the catalogue or by a path to the user's own, which may lack labels.

    `prepare` "auto" makes pictures of any size, polarity and position like MNIST's; `transposed`
    turns images upright that are stored by columns. `classes` are those of the user's own labels.
    """
    auto = prepare == "auto"
    if {os.sep, os.altsep or os.sep, "."} & set(data) and not Path(data).exists():
        raise DataError(f"{data}: there is no such folder or file")
    if data in (*SOURCES, sources.STROKES) or not Path(data).exists():
        digits = sources.load(data, part, data_dir=data_dir)
        found = Pictures(
            digits.images, digits.labels, digits.name, digits.origin, classes=digits.classes
        )
    elif auto and not transposed and own.holds_pictures(Path(data), part):
        from digitus.vision.normalise import prepare_one

        # From the full picture: shrunk to 28 x 28 first, a small digit would be lost.
        return own.load_pictures(
            Path(data), part, fit=lambda picture: prepare_one(picture).image, classes=classes
        )
    else:
        found = own.load_pictures(Path(data), part, classes=classes)
    if transposed:
        found = replace(found, images=turned(found.images))
    return replace(found, images=prepared(found.images)) if auto else found


def turned(images: Images) -> Images:
    """Images [n h w] with rows and columns exchanged."""
    upright: Images = np.ascontiguousarray(images[:].transpose(0, 2, 1))  # into memory, if mapped
    return upright


def prepared(images: Images) -> Bytes:
    """Images [n h w] made like MNIST's [n 28 28], whatever their size, polarity and position."""
    from digitus.vision.normalise import prepare

    return prepare(images)
