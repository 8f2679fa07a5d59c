"""IDX files of one's own: which of them hold the images of a set and which its labels.

MNIST and its relatives come as pairs, `train-images-idx3-ubyte.gz` with
`train-labels-idx1-ubyte.gz`, whose names are spelt in many ways. Inside: finding pairs by their
names, which part a name says, and reading a pair. Not inside: the format (`idx`), which pair is
meant (`bundles`), and the published sets, which have names and checksums (`sources`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path, PurePath
from typing import Literal

from digitus.datasets import idx
from digitus.datasets.catalogue import PartName
from digitus.datasets.digits import DIGITS, Pictures

NAMES = re.compile("(.*?-?)(images|labels)(-idx[13]?)?")
PART_WORDS: dict[PartName | Literal["validation"], set[str]] = {
    "train": {"train", "training"},
    "test": {"test", "t10k"},
    "validation": {"valid", "validation", "val", "dev"},
}


def spelling(name: str) -> str:
    """What the spellings of a file's name have in common: train-images-idx3."""
    plain = re.sub("[^a-z0-9]+", "-", name.lower().removesuffix(".gz"))
    return plain.removesuffix("-ubyte")


def is_idx(name: str) -> bool:
    """Whether a file's name says that it is IDX, with images or labels in it.

    They say "idx", or "ubyte" as in some copies; so does `class_to_idx.json`, which is none.
    """
    told = "idx" in name.lower() or "ubyte" in name.lower()
    return told and NAMES.fullmatch(spelling(name)) is not None


def pairs(names: Iterable[PurePath]) -> dict[PurePath, PurePath | None]:
    """The files of images among these, each with that of its labels in the same folder, or None."""
    files: dict[tuple[PurePath, str], PurePath] = {}
    for name in sorted(names):
        if is_idx(name.name):
            folder, spelt = name.parent, spelling(name.name)
            if spelling(folder.name) == spelt:  # some copies have each file in a folder of its name
                folder = folder.parent
            files[folder, spelt] = name
    found = {}
    for (folder, spelt), name in files.items():
        before, what, after = NAMES.fullmatch(spelt).groups("")  # type: ignore[union-attr]
        if what == "images":
            labels = f"{before}labels{after.replace('3', '1')}"
            found[name] = files.get((folder, labels))
    return found


def part_of(name: PurePath) -> str | None:
    """Which part a file's name says that it is; where it says none, the folders it lies in."""
    for piece in reversed(name.parts):
        words = spelling(piece).split("-")
        said = [part for part, known in PART_WORDS.items() if not known.isdisjoint(words)]
        if len(said) == 1:
            return said[0]
    return None


def read_pair(images: Path, labels: Path | None, name: str, classes: str = DIGITS) -> Pictures:
    """The images of a file, with the labels of another where there is one. Raises `DataError`."""
    if labels is None:
        return Pictures(idx.read_images(images), None, name, str(images), classes=classes)
    digits = idx.read_digits(images, labels, name, str(images), classes)
    return Pictures(digits.images, digits.labels, name, str(images), classes=classes)
