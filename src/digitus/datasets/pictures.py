"""A person's pictures of single digits: a folder of them, or a zip file of such a folder.

Inside: which pictures there are, what their labels are, and making each an image. Not inside:
opening a picture (`vision.decode`), and preparing difficult ones (`vision.normalise`): here, they
are only made grey, light on dark, 28 x 28.
"""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePath, PurePosixPath
from typing import TypeAlias

import numpy as np

from digitus.datasets.catalogue import PartName
from digitus.datasets.digits import DIGITS, SIDE, Pictures, file_name, named, place
from digitus.datasets.tables import LABELS
from digitus.errors import DataError
from digitus.files import one_line
from digitus.limits import PICTURE_BYTES
from digitus.types import Grey
from digitus.vision.decode import SUFFIXES, decode

Fit: TypeAlias = Callable[[Grey], Grey]
Contents: TypeAlias = dict[PurePath, Callable[[], Path | bytes]]  # by the name inside the folder

LIST = "labels.csv"
FILES = ("file", "filename", "file_name", "image", "picture")
OTHER: dict[PartName, PartName] = {"train": "test", "test": "train"}
MOST_MEMBERS = 10**6  # pictures in a zip file
# A digit that stands alone at the start of a name: 7.png, 7_0012.png, 7-a.png, "7 (2).png".
LABELLED = re.compile(r"(\w)[-_. (]")


def read_folder(
    path: Path, part: PartName = "train", *, fit: Fit | None = None, classes: str = DIGITS
) -> Pictures:
    """The pictures in a folder and the folders in it, as images [n 28 28].

    Where the folder has a file `labels.csv` with the columns `file` and `label`, its pictures are
    those and in that order. Else a picture's label is the name of its folder, if that is a single
    digit (`3/a.png`), or the digit at the start of its own name, if `_`, `-`, `.`, `(` or a space
    follows (`7_0012.png`); other kinds of files and hidden ones are passed over. Either all
    pictures have a label or none has.

    `fit` makes an image [28 28] of a grey picture [h w]; by default it is `fitted`. Raises
    `DataError`, also for a folder that holds the other part alone.
    """
    root = path / part if (path / part).is_dir() else path
    if root == path and (path / OTHER[part]).is_dir() and not (path / LIST).is_file():
        raise _other_part(path, part)
    contents: Contents = {
        file.relative_to(root): partial(Path, file) for file in root.rglob("*") if file.is_file()
    }
    return _read(contents, root, fit or fitted, classes)


def read_zip(
    path: Path, part: PartName = "train", *, fit: Fit | None = None, classes: str = DIGITS
) -> Pictures:
    """The pictures in a zip file, as those of a folder; one folder around all of them is ignored.

    Raises `DataError`.
    """
    with opened_zip(path) as (archive, members):
        contents: Contents = {
            name: partial(_member, archive, member, path) for name, member in members.items()
        }
        return _read(_inside(contents, part, classes, path), path, fit or fitted, classes)


@contextmanager
def opened_zip(
    path: Path,
) -> Iterator[tuple[zipfile.ZipFile, dict[PurePath, zipfile.ZipInfo]]]:
    """A zip file with its files by their names, without what macOS adds.

    Raises `DataError` for what goes wrong with it, also while it is open.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if len(members) > MOST_MEMBERS:
                raise DataError(f"{path}: holds more than {MOST_MEMBERS:,} files; split it")
            yield (
                archive,
                {
                    PurePosixPath(member.filename): member
                    for member in members
                    if not member.filename.startswith("__MACOSX/")
                },
            )
    except DataError:
        raise
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from None
    except Exception as error:  # a damaged file makes zipfile and zlib raise nearly anything
        reason = one_line(str(error))[:100]
        raise DataError(f"{path}: is not a whole .zip file ({reason})") from None


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> bytes:
    """The bytes of a file in an archive. Raises `DataError` where they are too many."""
    with archive.open(member) as stream:
        content = stream.read(PICTURE_BYTES + 1)
    if len(content) > PICTURE_BYTES:
        raise DataError(f"{path}/{member.filename}: is larger than {PICTURE_BYTES // 10**6} MB")
    return content


def _other_part(path: Path, part: PartName) -> DataError:
    """What a network learnt from must not pass for what it is tested on, nor the reverse."""
    return DataError(
        f"{path}: holds the {OTHER[part]} part alone; expected a folder {part} beside it, or "
        "pictures that are not divided"
    )


def _inside(contents: Contents, part: PartName, classes: str, path: Path) -> Contents:
    """What is in the folder of a part, or in the one folder that holds all, under shorter names."""
    tops = {name.parts[0] for name in contents if len(name.parts) > 1}
    if part in tops:
        return {
            PurePosixPath(*name.parts[1:]): read
            for name, read in contents.items()
            if name.parts[0] == part and len(name.parts) > 1
        }
    if OTHER[part] in tops and PurePath(LIST) not in contents:
        raise _other_part(path, part)
    if len(tops) == 1 and all(len(name.parts) > 1 for name in contents) and not tops & {*classes}:
        inner: Contents = {PurePosixPath(*n.parts[1:]): r for n, r in contents.items()}
        return _inside(inner, part, classes, path)
    return contents


def _read(contents: Contents, root: Path, fit: Fit, classes: str) -> Pictures:
    """The pictures of a folder with their labels, or without."""
    listed = next((name for name in contents if name == PurePath(LIST)), None)
    labels: list[int | None]
    if listed is not None:
        names, labels = _listed(contents[listed](), root, classes)
    else:
        names = sorted(filter(is_picture, contents))
        labels = [_label(name, classes) for name in names]
    if not names:
        raise DataError(f"{root}: holds no pictures ({', '.join(sorted(SUFFIXES))})")
    if None in labels and set(labels) != {None}:
        first = names[labels.index(None)]
        raise DataError(
            f"{root / first}: no label in its name or its folder's ({labels.count(None)} such "
            f"pictures); put pictures into folders named as {named(classes)}, or start their names "
            "with the label and _"
        )
    images = [fit(_opened(contents, name, root)) for name in names]
    known = None if None in labels else np.array(labels, np.uint8)
    name = f"pictures in {file_name(root)}"
    return Pictures(np.stack(images), known, name, str(root), tuple(map(str, names)), classes)


def _opened(contents: Contents, name: PurePath, root: Path) -> Grey:
    """A picture as grey [h w]."""
    if name not in contents:
        listed = one_line(str(root / name))
        raise DataError(f"{listed}: is in {LIST}, but there is no such file")
    return decode(contents[name](), str(root / name))


def is_picture(name: PurePath) -> bool:
    """Whether a file's name is that of a picture, and not hidden."""
    return name.suffix.lower() in SUFFIXES and not is_hidden(name)


def is_hidden(name: PurePath) -> bool:
    """Whether a file, or a folder that it lies in, begins with a dot."""
    return any(piece.startswith(".") for piece in name.parts if piece != "..")


def _label(name: PurePath, classes: str) -> int | None:
    folder = name.parent.name
    if (known := place(folder, classes)) is not None:
        return known
    match = LABELLED.match(name.name)
    return place(match[1], classes) if match else None


def _listed(
    content: Path | bytes, root: Path, classes: str
) -> tuple[list[PurePath], list[int | None]]:
    """The pictures and labels of a `labels.csv`, line by line."""
    where = root / LIST
    try:
        raw = content if isinstance(content, bytes) else content.read_bytes()
        lines = raw.decode("utf-8-sig").splitlines()
        delimiter = max(",;\t", key=lines[0].count) if lines else ","
        rows = csv.DictReader(lines, delimiter=delimiter, strict=True)
        columns = {name.strip().lower(): name for name in rows.fieldnames or () if name}
        file = next((columns[name] for name in FILES if name in columns), None)
        label = next((columns[name] for name in sorted(LABELS) if name in columns), None)
        if file is None or label is None:
            raise DataError(f"{where}: needs the columns file and label")
        names: list[PurePath] = []
        labels: list[int | None] = []
        for row in rows:
            names.append(PurePath(row[file] or ""))
            labels.append(_digit(row[label], where, rows.line_num, classes))
        return names, labels
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{where}: cannot be read ({error})") from None


def _digit(text: str | None, where: Path, line: int, classes: str) -> int:
    """A label in a list."""
    known = place((text or "").strip(), classes)
    if known is None:
        found = f"label {text[:20]!r}" if text else "no label"
        raise DataError(f"{where}, line {line}: {found}; labels must be {named(classes)}")
    return known


def fitted(picture: Grey) -> Grey:
    """A grey picture [h w] as light ink on dark [28 28]: scaled to fit, proportions kept, centred.

    A picture that is mostly bright along its edge is taken for dark ink on paper and inverted.
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
