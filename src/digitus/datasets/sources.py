"""Any set of digits by its name: found on this machine, downloaded, or drawn.

Inside: `load`, which looks in a given folder, in `$DIGITUS_DATA`, in the cache and at the mirrors,
in this order, and `available`, which says what is where. Not inside: what the sets are
(`catalogue`), their format (`idx`), downloading (`download`), and the user's own pictures (`own`).

Whatever is downloaded or cached must have the published SHA-256; a cached file that has another is
fetched again. Files in the user's own folders may differ, such as a part of MNIST or an unpacked
copy: then their structure is checked, and `Digits.origin` says so.
"""

from __future__ import annotations

import logging
import os
import zipfile
from dataclasses import dataclass
from difflib import get_close_matches
from functools import reduce
from pathlib import Path

import numpy as np

from digitus.datasets import idx
from digitus.datasets.catalogue import SOURCES, Part, PartName, Source
from digitus.datasets.digits import Digits
from digitus.datasets.download import fetch
from digitus.datasets.idx_folder import spelling
from digitus.errors import DataError
from digitus.files import one_line
from digitus.types import Bytes, Images, Labels

log = logging.getLogger("digitus.datasets")
STROKES = "strokes"
STROKES_COUNT: dict[PartName, int] = {"train": 60_000, "test": 10_000}
# The test seed is far from those that people choose for drawing strokes to train with.
STROKES_SEED: dict[PartName, int] = {"train": 0, "test": 10**9}


@dataclass(frozen=True)
class Listing:
    """What `digitus data` says about a set; `found` is the folder that holds it, if any does."""

    name: str
    what: str
    licence: str
    homepage: str
    train: int
    test: int
    found: Path | None
    how: str


def load(
    name: str,
    part: PartName,
    *,
    data_dir: Path | None = None,
    download: bool = True,
    count: int | None = None,
) -> Digits:
    """A part of the set of that name: one of the catalogue's, or `strokes`, which is drawn here.

    "mnist+strokes" is both, one after the other.

    A folder (`data_dir`, then `$DIGITUS_DATA`) may hold the files themselves or in a folder named
    like the set, gzipped or not, under any of the spellings of their names. `count` takes only the
    first examples, or draws as many strokes.

    Raises `DataError` for an unknown name, a damaged file or a set that is nowhere, and its kind
    `DownloadError` where the mirrors fail.
    """
    if part not in STROKES_COUNT:
        raise ValueError(f"the parts of a set are 'train' and 'test', not {part!r}")
    if count is not None and count < 1:
        raise ValueError(f"cannot load {count} examples")
    if name == STROKES:
        from digitus.synthetic.strokes import strokes

        return strokes(count or STROKES_COUNT[part], STROKES_SEED[part])
    if "+" in name:
        each = [load(one, part, data_dir=data_dir, download=download) for one in name.split("+")]
        digits = reduce(Digits.joined, each)
    elif name in SOURCES:
        digits = _load(SOURCES[name], part, _folders(data_dir), download)
    else:
        known = [*SOURCES, STROKES]
        near = get_close_matches(name, known, n=1, cutoff=0)[0]
        raise DataError(
            f"there is no data set {name!r}; did you mean {near!r}? Known: {', '.join(known)}"
        )
    if count is None:
        return digits
    if count > len(digits):
        raise DataError(f"{digits.name} has {len(digits)} examples, fewer than the {count} asked")
    return digits.take(slice(count))


def available(data_dir: Path | None = None) -> list[Listing]:
    """What there is to load, and where it lies already; downloads nothing, verifies nothing."""
    folders = _folders(data_dir)
    listings = []
    for source in SOURCES.values():
        places = [*_places(source, folders), cache_folder() / source.name]
        found = next(
            (
                p
                for p in places
                if _files(source, source.train, p) and _files(source, source.test, p)
            ),
            None,
        )
        listings.append(
            Listing(
                source.name,
                source.what,
                source.licence,
                source.homepage,
                source.train.count,
                source.test.count,
                found,
                "in place" if found else f"downloaded on first use; or {_offline(source)}",
            )
        )
    return [
        *listings,
        Listing(
            STROKES,
            "digits written by a simulated pen, 28 x 28",
            "none needed",
            "",
            STROKES_COUNT["train"],
            STROKES_COUNT["test"],
            None,
            "drawn on the spot; nothing to download",
        ),
    ]


def cache_folder() -> Path:
    """Where downloads are kept: the place for caches of this user on this system."""
    import platformdirs

    return platformdirs.user_cache_path("digitus")


def _load(source: Source, name: PartName, folders: list[Path], download: bool) -> Digits:
    part = source.part(name)
    for place in _places(source, folders):
        if paths := _files(source, part, place):
            return _read(source, name, paths, _origin(source, part, place, paths))

    cache = cache_folder() / source.name
    wanted = [source.archive] if source.archive else [part.images, part.labels]
    if not download and not all(file.is_at(cache / file.name) for file in wanted):
        looked = ", ".join(map(str, [*folders, cache]))
        raise DataError(
            f"{source.title} is not on this machine (looked in {looked}): "
            f"allow the download, or {_offline(source)}"
        )
    paths = [fetch(file, source.mirrors, cache, _offline(source)) for file in wanted]
    return _read(source, name, paths, f"{cache}, the published files")


def _folders(data_dir: Path | None) -> list[Path]:
    """The folders that the user named; one that is not there is a slip of the pen."""
    folders = []
    for origin, folder in (("--data-dir", data_dir), ("DIGITUS_DATA", os.getenv("DIGITUS_DATA"))):
        if folder:
            if not Path(folder).is_dir():
                raise DataError(f"{origin} is {folder}, which is not a folder")
            folders.append(Path(folder))
    return folders


def _places(source: Source, folders: list[Path]) -> list[Path]:
    return [place for folder in folders for place in (folder / source.name, folder)]


def _files(source: Source, part: Part, place: Path) -> list[Path]:
    """The paths of images and labels, or of the archive, in that folder; none if it lacks them."""
    paths = []
    for file in (part.images, part.labels):
        packed = place / file.name
        known = (path for path in (packed, packed.with_suffix("")) if path.is_file())
        paths += [path for path in [next(known, None) or _otherwise_spelt(packed)] if path]
    if len(paths) == 2 and not _is_of_another(source, paths[1]):
        return paths
    if source.archive and (archive := place / source.archive.name).is_file():
        return [archive]
    return []


def _otherwise_spelt(packed: Path) -> Path | None:
    """The file under another spelling, train-images.idx3-ubyte, or in a folder of its name.

    Archives of MNIST have all of these inside.
    """
    wanted = spelling(packed.name)
    try:
        for place in (packed.parent, packed.parent / packed.stem):
            for path in sorted(place.iterdir()):
                if spelling(path.name) == wanted and path.is_file():
                    return path
    except OSError:  # no such folder, or none that may be listed
        return None
    return None


def _is_of_another(source: Source, labels: Path) -> bool:
    """MNIST and Fashion-MNIST name their files alike; their labels, being short, tell quickly."""
    others = [other for other in SOURCES.values() if other is not source]
    files = [part.labels for other in others for part in (other.train, other.test)]
    return any(file.name == labels.name and file.is_at(labels) for file in files)


def _origin(source: Source, part: Part, place: Path, paths: list[Path]) -> str:
    published = [source.archive] if len(paths) == 1 else [part.images, part.labels]
    strange = [
        path.name
        for file, path in zip(published, paths, strict=True)
        if file is None or not file.is_at(path)
    ]
    if not strange:
        return f"{place}, the published files"
    return f"{place}, checked by structure only: {' and '.join(strange)} not as published (SHA-256)"


def _read(source: Source, name: PartName, paths: list[Path], origin: str) -> Digits:
    if len(paths) == 2:
        images, labels = idx.read_images(paths[0]), idx.read_labels(paths[1])
    else:
        images, labels = _read_archive(paths[0], source.part(name))
    if source.transposed:
        images = np.ascontiguousarray(np.asarray(images).transpose(0, 2, 1))
    kind = {"train": "training", "test": "test"}[name]
    log.info("%s, %s part: %s", source.title, kind, origin)
    if source.first:  # 0 becomes 255, which is no class: `Digits` raises for it
        labels = np.asarray(labels) - np.uint8(source.first)
    return Digits(images, labels, f"{source.title}, {kind} part", origin, source.classes)


def _read_archive(path: Path, part: Part) -> tuple[Images, Labels]:
    """Images and labels out of a zip file, in whichever folder they are there."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = {member.rsplit("/", 1)[-1]: member for member in archive.namelist()}

            def array(name: str, dimensions: int) -> Bytes:
                if name not in members:
                    raise DataError(f"{path}: does not contain {name}; is it the right archive?")
                stream = archive.open(members[name])
                return idx.read_stream(stream, f"{path}/{members[name]}", dimensions)

            return array(part.images.name, 3), array(part.labels.name, 1)
    except DataError:
        raise
    except Exception as error:  # a damaged file makes zipfile raise nearly anything
        reason = one_line(str(error))[:100]
        raise DataError(f"{path}: cannot be unpacked ({reason}); fetch it again") from None


def _offline(source: Source) -> str:
    train = source.train
    files = source.archive.name if source.archive else f"{train.images.name} and the others"
    return f"put {files} into a folder and name it by --data-dir or $DIGITUS_DATA"
