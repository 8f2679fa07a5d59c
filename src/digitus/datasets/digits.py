"""`Digits`: pictures of digits, or of letters, and what they show; what every data source returns.

Inside: the one container and the checks that every source would otherwise repeat. Not inside: where
the pictures come from (`sources`, `own`, `synthetic`) and how they are drawn into batches.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import PurePath

import numpy as np

from digitus.datasets.mapped import Mapped
from digitus.errors import DataError
from digitus.types import Images, Index, Labels, Matrix

CLASSES = 10
DIGITS = "0123456789"  # what pictures show, unless somebody says otherwise: each sign is a class
SIDE = 28  # pixels: height and width of MNIST's images, and of all that are made like them
BOX = 20  # pixels: the longer side of the ink in them
HASHED_AT_ONCE = 1 << 16  # images hashed at a time
NOT_A_DIGIT = 255  # the label, in training, of a picture that shows none


@dataclass(frozen=True, eq=False)
class Digits:
    """Images with their labels.

    `images` are bytes [n h w], white ink (255) on black (0) as in MNIST, in memory or `Mapped` from
    a file; `labels` are bytes [n], each the place of a sign in `classes`. Arrays in another order
    are copied, so that both lie in memory example by example. `name` says what they are in a
    sentence, without the folders that they lie in (`file_name`), and `origin` where they came from.

    Raises `DataError` where the two do not belong together.
    """

    images: Images  # or `Mapped`, which is used in the same way
    labels: Labels
    name: str
    origin: str = ""
    classes: str = DIGITS

    def __post_init__(self) -> None:
        if self.images.ndim != 3 or self.images.dtype != np.uint8:
            raise DataError(
                f"{self.name}: images must be bytes [n, height, width], "
                f"not {self.images.dtype} {list(self.images.shape)}"
            )
        if self.labels.shape != self.images.shape[:1]:
            raise DataError(
                f"{self.name}: {len(self.images)} images but {self.labels.size} labels; "
                "are the two files from the same set?"
            )
        if len(self.labels) and self.labels.max() >= len(self.classes):
            first = int(np.argmax(self.labels >= len(self.classes)))
            raise DataError(
                f"{self.name}: label {self.labels[first]} at position {first}; "
                f"labels must be {named(self.classes)}"
            )
        if not isinstance(self.images, Mapped):
            object.__setattr__(self, "images", np.ascontiguousarray(self.images))
        object.__setattr__(self, "labels", np.ascontiguousarray(self.labels))

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        """In a line: the arrays would fill a screen."""
        height, width = self.images.shape[1:]
        return f"Digits({self.name}: {len(self):,} images of {height} x {width})"

    def take(self, indices: Index) -> Digits:
        """The chosen examples (an index array or a slice), in that order."""
        known = self.images
        images = known.take(indices) if isinstance(known, Mapped) else known[indices]
        return Digits(images, self.labels[indices], self.name, self.origin, self.classes)

    def joined(self, other: Digits) -> Digits:
        """These, then those. Raises `DataError` for images of another size."""
        if self.images.shape[1:] != other.images.shape[1:]:
            raise DataError(
                f"{self.name} and {other.name} cannot be joined: their images are "
                f"{list(self.images.shape[1:])} and {list(other.images.shape[1:])}"
            )
        if self.classes != other.classes:
            raise DataError(
                f"{self.name} and {other.name} cannot be joined: they show {named(self.classes)} "
                f"and {named(other.classes)}"
            )
        images = np.concatenate([self.images, other.images])
        labels = np.concatenate([self.labels, other.labels])
        origins = [digits.origin for digits in (self, other) if digits.origin]
        name = f"{self.name} and {other.name}"
        return Digits(images, labels, name, "; ".join(origins), self.classes)

    @property
    def about(self) -> dict[str, str]:
        """What a model's history keeps of them: not where they lay, since models are given away."""
        return {"name": self.name, "sha256": self.sha256}

    @cached_property
    def sha256(self) -> str:
        """A fingerprint of the pixels and labels, kept in the history of every model."""
        import hashlib

        content = hashlib.sha256(repr(self.images.shape).encode())
        for start in range(0, len(self), HASHED_AT_ONCE):  # a part at a time, since not all may fit
            content.update(np.ascontiguousarray(self.images[start : start + HASHED_AT_ONCE]).data)
        content.update(np.ascontiguousarray(self.labels).data)
        return content.hexdigest()


@dataclass(frozen=True, eq=False)
class Pictures:
    """Images [n h w] as those of `Digits`, with their labels [n] or, where nobody says, without.

    `files` are the names of the files that they were, one for each, if they were files.
    """

    images: Images
    labels: Labels | None
    name: str
    origin: str
    files: tuple[str, ...] = ()
    classes: str = DIGITS

    def labelled(self) -> Digits:
        """The same as `Digits`. Raises `DataError` where there are no labels."""
        if self.labels is None:
            names = (
                "0 to 9" if self.classes == DIGITS else f"{self.classes[0]} to {self.classes[-1]}"
            )
            hint = f"put them into folders named {names}, or start their names with the label and _"
            raise DataError(
                f"{self.origin}: {len(self.images):,} images and no labels; "
                + (f"{hint}; " if self.files else "")
                + "to write down what they are read as: digitus evaluate --predict FILE.csv"
            )
        # Errors name the whole path.
        digits = Digits(self.images, self.labels, self.origin, self.origin, self.classes)
        return replace(digits, name=self.name)


def file_name(path: PurePath) -> str:
    """What the digits at a path are called: the name of the file or folder itself."""
    return path.name or str(path)


def named(classes: str) -> str:
    """What pictures show, in a sentence."""
    if classes == DIGITS:
        return "the digits 0 to 9"
    return f"{len(classes)} classes, {classes[0]} to {classes[-1]}"


def place(text: str, classes: str = DIGITS) -> int | None:
    """The class that a label as text names: by its sign in either case, or its number from 0."""
    for sign in (text, text.swapcase()):
        if len(sign) == 1 and sign in classes:
            return classes.index(sign)
    if classes == DIGITS or not (text.isascii() and text.isdecimal() and len(text) < 4):
        return None
    return int(text) if int(text) < len(classes) else None


def targets(labels: Labels, classes: int = CLASSES) -> Matrix:
    """What a network should answer [n classes]: 1 for the digit, 0 for the others.

    A picture that shows none (`NOT_A_DIGIT`) should make all of them equally likely: a network that
    was never taught to doubt is sure of everything (Hendrycks, Mazeika & Dietterich 2019).
    """
    return np.asarray(_rows(classes)[np.minimum(labels, classes)])


@cache
def _rows(classes: int) -> Matrix:
    """The target of each class, and last that of none."""
    return np.vstack([np.eye(classes), np.full(classes, 1 / classes)]).astype(np.float32)
