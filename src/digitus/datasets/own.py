"""The user's own digits, in whichever kind of file they are.

Inside: which reader a path is for. Not inside: the readers (`pictures`, `idx_folder`, `tables`,
`arrays`, `matlab`, `parquet`), which of several files is meant (`bundles`), and the published sets
(`sources`).

Where a source is divided into training and test part (folders `train` and `test`; arrays `x_train`
and `y_train`, `x_test` and `y_test`), `part` says which is meant; an undivided one is read whole.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory

import numpy as np

from digitus.datasets import bundles, idx_folder, pictures, tables
from digitus.datasets.arrays import read_npz
from digitus.datasets.catalogue import PartName
from digitus.datasets.digits import DIGITS, Digits, Pictures, file_name
from digitus.datasets.matlab import read_mat
from digitus.datasets.parquet import read_parquet
from digitus.datasets.pictures import Fit
from digitus.errors import DataError

READABLE = (
    "a folder of pictures, of IDX files or of one of the following, a .zip file of such a folder, "
    "a .csv, .tsv, .npz, .mat or .parquet file"
)


def load_own(
    path: Path, part: PartName = "train", *, fit: Fit | None = None, classes: str = DIGITS
) -> Digits:
    """The digits at a path, which must have labels; see `load_pictures`."""
    return load_pictures(path, part, fit=fit, classes=classes).labelled()


def holds_pictures(path: Path, part: PartName = "train") -> bool:
    """Whether what lies there are pictures of any size, and not arrays of pixels.

    Raises `DataError` where several files may be meant.
    """
    if path.is_dir() or path.suffix.lower() == ".zip":
        found = _bundled(path, part)
        return not found or found[0].suffix.lower() == ".parquet"
    return path.suffix.lower() == ".parquet"


def load_pictures(
    path: Path, part: PartName = "train", *, fit: Fit | None = None, classes: str = DIGITS
) -> Pictures:
    """The digits at a path, or the other signs of `classes`, with or without labels.

    `fit` makes an image of each picture, where there are pictures; by default it is `fitted`.

    Raises `DataError`, also for a path of another kind.
    """
    if path.is_dir():
        if found := _bundled(path, part):
            return _read_set([path / name for name in found], path, part, fit, classes)
        return pictures.read_folder(path, part, fit=fit, classes=classes)
    if not path.exists():
        raise DataError(f"{path}: there is no such file or folder")
    if not path.is_file():
        raise DataError(f"{path}: is not a file")
    match path.suffix.lower():
        case suffix if suffix in tables.SUFFIXES:
            return tables.read_csv(path, classes)
        case ".npz":
            return read_npz(path, part, classes)
        case ".mat":
            return read_mat(path, part, classes)
        case ".parquet":
            return read_parquet(path, fit or pictures.fitted, classes)
        case ".zip":
            return _read_zip(path, part, fit, classes)
    raise DataError(f"{path}: is neither {READABLE}; save it as one of them")


def _bundled(path: Path, part: PartName) -> list[PurePath]:
    """The files of a set's part in a folder or zip file; none where there are pictures."""
    if path.is_dir():
        files = (file.relative_to(path) for file in path.rglob("*") if file.is_file())
        return bundles.chosen(files, part, path)
    return bundles.in_zip(path, part)


def _read_zip(path: Path, part: PartName, fit: Fit | None, classes: str) -> Pictures:
    """A zip file of pictures, or of the files of a set, which are read where they are unpacked."""
    found = _bundled(path, part)
    if not found:
        return pictures.read_zip(path, part, fit=fit, classes=classes)
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:

        def told(text: str) -> str:
            return text.replace(folder, str(path))

        files = bundles.unpack(path, found, Path(folder))
        try:
            read = _read_set(files, path, part, fit, classes)
        except DataError as error:
            raise DataError(told(str(error))) from None
        images = read.images[:]  # into memory, where the file was mapped
        return replace(read, images=images, origin=told(read.origin))


def _read_set(
    files: list[Path], path: Path, part: PartName, fit: Fit | None, classes: str
) -> Pictures:
    """Reads the files that `bundles` chose at a path: a pair of IDX, one other, or its shards."""
    if idx_folder.is_idx(files[0].name):
        name = f"IDX files in {file_name(path)}"
        return idx_folder.read_pair(files[0], (*files[1:], None)[0], name, classes)
    parts = [load_pictures(file, part, fit=fit, classes=classes) for file in files]
    if len(parts) == 1:
        return replace(parts[0], name=file_name(path))
    labels = [found.labels for found in parts if found.labels is not None]
    return replace(
        parts[0],
        name=file_name(path),
        images=np.concatenate([found.images for found in parts]),
        labels=np.concatenate(labels) if len(labels) == len(parts) else None,
    )
