"""Files in which sets are handed on together: train.csv beside test.csv, in a folder or a zip file.

Kaggle packs its tables so, EMNIST its MATLAB files, copies of MNIST their IDX files, and Hugging
Face keeps a Parquet file for each part in a folder. Inside: which of the files is meant, by their
names, and taking it out of a zip file. Not inside: reading it (`own`), and pictures, of which a
folder or a zip file is nothing else than these (`pictures`).
"""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath, PurePosixPath

from digitus.datasets import idx_folder, tables
from digitus.datasets.catalogue import PartName
from digitus.datasets.pictures import LIST, MOST_MEMBERS, OTHER, is_hidden, is_picture
from digitus.errors import DataError
from digitus.files import one_line
from digitus.limits import SET_BYTES

SUFFIXES = (*tables.SUFFIXES, ".npz", ".mat", ".parquet")
SHOWN = 3  # files in an error


def held(names: Iterable[PurePath]) -> list[PurePath]:
    """The files of sets among these; none where there are pictures, which are the set then."""
    found = []
    for name in names:
        if is_picture(name):
            return []
        if name.suffix.lower() in SUFFIXES and name.name != LIST and not is_hidden(name):
            found.append(name)
    return sorted(found)


def meant(found: Sequence[PurePath], part: PartName, where: Path) -> PurePath:
    """The file of a part, by the words in its name; of a set that is not divided, its only one.

    Raises `DataError` where there are several, and where all are of the other part, which must not
    pass for this one.
    """
    other = OTHER[part]
    ours = [name for name in found if idx_folder.says(_words(name), part)]
    chosen = ours or [name for name in found if not idx_folder.says(_words(name), other)]
    if not chosen:
        raise DataError(
            f"{where}: holds the {other} part alone ({one_line(str(found[0]))}); expected a file "
            f"whose name says {part}, or one of a set that is not divided"
        )
    if len(chosen) > 1:
        some = ", ".join(map(str, chosen[:SHOWN])) + ", ..." * (len(chosen) > SHOWN)
        how = "take out the right one and name it" if where.is_file() else "name the right one"
        raise DataError(
            f"{where}: holds {len(chosen)} files that may be meant ({one_line(some)}); {how}"
        )
    return chosen[0]


def _words(name: PurePath) -> str:
    """A file's name, and those of the folders that it lies in, as words between hyphens."""
    return idx_folder.spelling(str(name.with_suffix("")))


def unpack(path: Path, part: PartName, folder: Path) -> bool:
    """Lays into a new folder the file of a zip file that holds a part, or its IDX files.

    False, and nothing is done, where it holds pictures or no such file. Raises `DataError`.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = _members(archive)
            if not (chosen := _chosen(list(members), part, path)):
                return False
            if sum(members[name].file_size for name in chosen) > SET_BYTES:
                raise DataError(
                    f"{path}: unfolds into more than {SET_BYTES // 2**30} GiB; split it"
                )
            folder.mkdir()
            for name in chosen:
                # Of a name from a stranger only what tells the kind and the part.
                plain = re.sub(r"[^\w.-]+", "_", name.name, flags=re.ASCII)
                with archive.open(members[name]) as packed, (folder / plain).open("wb") as file:
                    shutil.copyfileobj(packed, file)
    except DataError:
        raise
    except OSError as error:
        raise DataError(f"{path}: cannot be unpacked ({error.strerror or error})") from None
    except Exception as error:  # a damaged file makes zipfile and zlib raise nearly anything
        reason = one_line(str(error))[:100]
        raise DataError(f"{path}: is not a whole .zip file ({reason})") from None
    return True


def _members(archive: zipfile.ZipFile) -> dict[PurePath, zipfile.ZipInfo]:
    """The files of an archive by their names, without what macOS adds; none if there are too many.

    `pictures.read_zip` says so.
    """
    every = [m for m in archive.infolist() if not m.is_dir()]
    if len(every) > MOST_MEMBERS:
        return {}
    kept = (m for m in every if not m.filename.startswith("__MACOSX/"))
    return {PurePosixPath(m.filename): m for m in kept}


def _chosen(names: Sequence[PurePath], part: PartName, path: Path) -> list[PurePath]:
    """Which files of an archive are needed."""
    if any(map(is_picture, names)):
        return []
    if of_idx := [name for name in names if idx_folder.is_idx(name.name)]:
        return sorted(of_idx)
    found = held(names)
    return [meant(found, part, path)] if found else []
