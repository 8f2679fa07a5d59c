"""A folder of IDX files of one's own: which of them hold the images and which the labels.

MNIST and its relatives come as pairs, `train-images-idx3-ubyte.gz` with
`train-labels-idx1-ubyte.gz`, whose names are spelt in many ways. Inside: finding a pair by its
names and reading it. Not inside: the format (`idx`), and the published sets, which have names and
checksums (`sources`).
"""

from __future__ import annotations

import re
from pathlib import Path

from digitus.datasets import idx
from digitus.datasets.catalogue import PartName
from digitus.datasets.digits import DIGITS, Pictures
from digitus.errors import DataError

IMAGES = re.compile("(?P<set>.*?)-?images(-idx3?)?")
PART_WORDS: dict[PartName, set[str]] = {"train": {"train", "training"}, "test": {"test", "t10k"}}


def spelling(name: str) -> str:
    """What the spellings of a file's name have in common: train-images-idx3."""
    plain = re.sub("[^a-z0-9]+", "-", name.lower().removesuffix(".gz"))
    return plain.removesuffix("-ubyte")


def pairs(folder: Path) -> dict[str, tuple[Path, Path | None]]:
    """Images and their labels, if they are there, by what comes before these words in the names.

    Empty where the folder holds none, or cannot be listed.
    """
    try:
        listed = [path for path in sorted(folder.iterdir()) if is_idx(path.name)]
        # Some copies have each file in a folder of its name.
        listed += [file for path in listed if path.is_dir() for file in sorted(path.iterdir())]
        files = {spelling(path.name): path for path in listed if path.is_file()}
    except OSError:
        return {}
    found = {}
    for name, path in files.items():
        if match := IMAGES.fullmatch(name):
            labels = name.replace("images", "labels").replace("idx3", "idx1")
            found[match["set"]] = path, files.get(labels)
    return found


def is_idx(name: str) -> bool:
    """Whether a file's name says that it is IDX: "idx", or "ubyte" as in some copies."""
    return "idx" in name.lower() or "ubyte" in name.lower()


def says(name: str, part: PartName) -> bool:
    """Whether the name of a set, words between hyphens, says that it is this part."""
    return not PART_WORDS[part].isdisjoint(name.split("-"))


def read_pair(folder: Path, part: PartName, classes: str = DIGITS) -> Pictures:
    """The images of a part, with labels where there are any; of an undivided set, all of it.

    The folder holds one pair at least. Raises `DataError`, also where it holds more than one set,
    or the other part alone, which must not pass for this one.
    """
    found = pairs(folder)
    ours = [name for name in found if says(name, part)]
    other: PartName = "test" if part == "train" else "train"
    chosen = ours or [name for name in found if not says(name, other)]
    if not chosen:
        images, _ = found[next(iter(found))]
        words = " or ".join(sorted(PART_WORDS[part]))
        raise DataError(
            f"{folder}: holds the {other} part alone ({images.name}); expected IDX files of "
            f"the {part} part, whose names say {words}, or of a set that is not divided"
        )
    if len(chosen) > 1:
        some = ", ".join(found[name][0].name for name in chosen[:2])
        raise DataError(
            f"{folder}: holds IDX files of {len(chosen)} sets ({some} ...); "
            "put the one that is meant into a folder of its own"
        )
    images, labels = found[chosen[0]]
    name = f"IDX files in {folder.name or folder}"
    if labels is None:
        return Pictures(idx.read_images(images), None, name, str(images), classes=classes)
    digits = idx.read_digits(images, labels, name, str(images), classes)
    return Pictures(digits.images, digits.labels, name, str(images), classes=classes)
