"""The files of a set that come together: train.csv beside test.csv, in a folder or a zip file.

Kaggle packs its tables so, EMNIST its MATLAB files, copies of MNIST their IDX files, and Hugging
Face keeps a Parquet file for each part in a folder, or several. Inside: which of the files are
meant, by their names, and taking them out of a zip file. Not inside: reading them (`own`), and
folders and zip files of pictures (`pictures`).
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath

from digitus.datasets import tables
from digitus.datasets.catalogue import PartName
from digitus.datasets.idx_folder import PART_WORDS, pairs, part_of
from digitus.datasets.pictures import LIST, is_hidden, is_picture, opened_zip
from digitus.errors import DataError
from digitus.files import one_line
from digitus.limits import SET_BYTES

SUFFIXES = (*tables.SUFFIXES, ".npz", ".mat", ".parquet")
SHARD = re.compile(r"(.*)-\d{5}-of-(\d{5})\.parquet")  # as Hugging Face divides large files
SHOWN = 3  # files in an error


def chosen(names: Iterable[PurePath], part: PartName, where: Path) -> list[PurePath]:
    """Which of the files in a folder or zip file hold a part: IDX files, a table, its shards.

    Of IDX files, the images and then their labels, if there are any. An empty list where no file
    holds a set: there are pictures then, or nothing. Raises `DataError` as `meant` does.
    """
    names = [name for name in names if not is_hidden(name)]
    if of_idx := pairs(names):
        images = meant([[name] for name in of_idx], part, where)[0]
        return [name for name in (images, of_idx[images]) if name is not None]
    if any(map(is_picture, names)):
        return []
    found = sorted(n for n in names if n.suffix.lower() in SUFFIXES and n.name != LIST)
    return meant(_together(found, where), part, where) if found else []


def meant(found: Sequence[list[PurePath]], part: PartName, where: Path) -> list[PurePath]:
    """The files of a part, by the words in their names; of a set that is not divided, its only one.

    Raises `DataError` where there are several, and where all are of another part, which must not
    pass for this one.
    """
    said = [part_of(files[0]) for files in found]
    ours = [files for files, its in zip(found, said, strict=True) if its == part]
    left = ours or [files for files, its in zip(found, said, strict=True) if its is None]
    if not left:
        others = f"the {said[0]} part alone" if len({*said}) == 1 else f"no {part} part"
        words = " or ".join(sorted(PART_WORDS[part]))
        raise DataError(
            f"{where}: holds {others} ({_some(found)}); expected files of the {part} part, whose "
            f"names or folders say {words}, or of a set that is not divided"
        )
    if len(left) > 1:
        how = "take out the right one and name it" if where.is_file() else "name the right one"
        if pairs(left[0]):
            how = "put the right one, with its labels, into a folder of its own"
        raise DataError(
            f"{where}: holds {len(left)} files that may be meant ({_some(left)}); {how}"
        )
    return left[0]


def _some(found: Sequence[list[PurePath]]) -> str:
    """The first files, for an error."""
    some = ", ".join(str(files[0]) for files in found[:SHOWN])
    return one_line(some + ", ..." * (len(found) > SHOWN))


def _together(found: Sequence[PurePath], where: Path) -> list[list[PurePath]]:
    """The files, each alone or with the other shards of its set.

    Raises `DataError` if a shard is missing: the others would pass for the whole set.
    """
    groups: dict[tuple[PurePath, str, int], list[PurePath]] = {}
    for name in found:
        match = SHARD.fullmatch(name.name)
        stem, count = (match[1], int(match[2])) if match else (name.name, 1)
        groups.setdefault((name.parent, stem, count), []).append(name)
    for (_, _, count), files in groups.items():
        if len(files) != count:
            raise DataError(f"{where}: holds {len(files)} of {count} shards ({_some([files])})")
    return list(groups.values())


def in_zip(path: Path, part: PartName) -> list[PurePath]:
    """Which of the files in a zip file hold a part, as `chosen` tells. Raises `DataError`."""
    with opened_zip(path) as (_, members):
        return chosen(members, part, path)


def unpack(path: Path, names: Sequence[PurePath], folder: Path) -> list[Path]:
    """Unpacks these files of a zip file into a folder; their paths. Raises `DataError`."""
    laid = []
    with opened_zip(path) as (archive, members):
        if sum(members[name].file_size for name in names) > SET_BYTES:
            raise DataError(f"{path}: unfolds into more than {SET_BYTES // 2**30} GiB; split it")
        for name in names:
            # A stranger's name may lead elsewhere: only its last part is kept, in plain characters.
            file = folder / re.sub(r"[^\w.-]+", "_", name.name, flags=re.ASCII)
            with archive.open(members[name]) as packed, file.open("xb") as unpacked:
                shutil.copyfileobj(packed, unpacked)
            laid.append(file)
    return laid
