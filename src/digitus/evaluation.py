"""How well a recognizer reads a set: one record with everything that reports and commands print.

Inside: scoring digits, and scoring pictures in which nothing is a digit. Not inside: the counting
itself (`metrics`), and what is done with the record (`report`, `cli`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from numbers import Real
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from digitus import metrics
from digitus.committee import Committee, Member
from digitus.datasets.digits import DIGITS, Digits, named
from digitus.errors import DataError
from digitus.threads import Map
from digitus.types import Answers, Counts, Images, Matrix, Vector

if TYPE_CHECKING:
    from digitus.datasets.named import Named

READ_WELL = 0.9  # accuracy from which nobody looks for what is wrong with the images
MUCH_BETTER = 0.2  # share of the images by which another way must be better, or it may be chance
SAMPLED = 300  # images by which that is judged
# How to ask for prepared images, or for rows and columns exchanged.
OPTIONS = ("--prepare auto", "--transposed")  # on the command line
ARGUMENTS = ("prepare='auto'", "transposed=True")  # in Python
HEAD = ("digit", "count", "wrong", "right")  # columns of the table by digit


class RefusalRecord(TypedDict):
    """How pictures of no digit fare, as JSON holds it."""

    n: int
    refused: float
    auroc: float
    threshold: float


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation:
    """The answers of a recognizer on a labelled set; `record()` is what they amount to.

    `probabilities` are [n 10]; `threshold` is the confidence below which an answer is refused.
    """

    digits: Digits
    probabilities: Matrix
    threshold: float

    @cached_property
    def answers(self) -> Answers:
        """The most probable digit of each image [n]."""
        return self.probabilities.argmax(axis=1)

    @cached_property
    def confidence(self) -> Vector:
        """The probability of each answer [n]."""
        return self.probabilities.max(axis=1)

    @cached_property
    def confusion(self) -> Counts:
        """Counts [classes classes]: row, the true digit; column, what it was read as."""
        classes = len(self.digits.classes)
        return np.asarray(metrics.confusion(self.digits.labels, self.answers, classes))

    @property
    def accuracy(self) -> float:
        """The share that is read right, refused or not."""
        return float((self.answers == self.digits.labels).mean())

    def __repr__(self) -> str:
        """The score in a line."""
        n = len(self.digits)
        low, high = metrics.interval95(round(self.accuracy * n), n)
        return (
            f"{self.digits.name}: {round(self.accuracy * n):,} of {n:,} right, "
            f"{100 * self.accuracy:.2f} % (95 % interval {100 * low:.2f} to {100 * high:.2f} %)"
        )

    def __str__(self) -> str:
        """The score with the table by digit."""
        widths = [max(map(len, column)) for column in zip(*(HEAD, *self._rows()), strict=True)]
        rows = (map(str.rjust, row, widths) for row in (HEAD, *self._rows()))
        return "\n".join([repr(self), *("  ".join(row) for row in rows)])

    def _repr_html_(self) -> str:
        """For notebooks."""
        from digitus.notebook import table

        return table(HEAD, self._rows(), repr(self))

    def _rows(self) -> list[tuple[str, ...]]:
        """The table by digit, as text."""
        return [
            (
                self.digits.classes[row["digit"]],
                f"{row['count']:,}",
                f"{row['wrong']:,}",
                "–" if row["accuracy"] is None else f"{100 * row['accuracy']:.2f} %",
            )
            for row in metrics.by_digit(self.confusion)
        ]

    def record(self) -> metrics.ScoreRecord:
        """The score as JSON can hold it. Accuracy counts every image, refused or not."""
        n = len(self.digits)
        right = self.answers == self.digits.labels
        accepted = self.confidence >= self.threshold
        score: metrics.ScoreRecord = {
            "data": self.digits.name,
            "n": n,
            "accuracy": float(right.mean()),
            "interval95": list(metrics.interval95(int(right.sum()), n)),
            "by_digit": metrics.by_digit(self.confusion),
            "confusion": self.confusion.tolist(),
            "frequent_confusions": metrics.frequent_confusions(self.confusion),
            "ece": metrics.calibration_error(self.confidence, right),
            "threshold": self.threshold,
            "refused": float(1 - accepted.mean()),
            "accuracy_accepted": float(right[accepted].mean()) if accepted.any() else None,
        }
        if self.digits.classes != DIGITS:
            score["classes"] = self.digits.classes
        return score


def evaluate(
    recognizer: Member | Committee,
    digits: Named,
    *,
    min_confidence: float | None = None,
    each: Map = map,
) -> Evaluation:
    """Reads every image of a set. `min_confidence` replaces the recognizer's own threshold.

    `digits` are `Digits`, images and labels as a pair, or the test part of what a name or a path
    stands for.

    Raises `DataError` for an empty set, `ShapeError` for images of another size, `ValueError` for a
    confidence outside 0 to 1 and `TypeError` for what is no recognizer.
    """
    if not hasattr(recognizer, "probabilities"):
        kind = type(recognizer).__name__
        raise TypeError(
            f"what is scored is a digitus.Recognizer, or a committee of them, not {kind}"
        )
    if not isinstance(digits, Digits):
        from digitus.datasets.named import digits_of  # late: it loads the reader of every format

        digits = digits_of(digits, "test", classes=recognizer.classes)
    if not len(digits):
        raise DataError(f"{digits.name} is empty; there is nothing to score")
    if digits.classes != recognizer.classes:
        raise DataError(
            f"{digits.name} shows {named(digits.classes)}; the model tells "
            f"{named(recognizer.classes)}"
        )
    threshold = _threshold(recognizer, min_confidence)
    return Evaluation(digits, recognizer.probabilities(digits.images, each), threshold)


def evaluate_not_digits(
    recognizer: Member | Committee,
    images: Images,
    digits: Digits,
    *,
    min_confidence: float | None = None,
    each: Map = map,
) -> RefusalRecord:
    """How many of some images [n h w], none of them a digit, are refused.

    `auroc` is the probability that a digit of `digits` is read with more confidence than one of
    them. Raises as `evaluate`.
    """
    if not len(images):
        raise DataError("there are no images to refuse")
    threshold = _threshold(recognizer, min_confidence)
    theirs = recognizer.probabilities(images, each).max(axis=1)
    return {
        "n": len(images),
        "refused": float((theirs < threshold).mean()),
        "auroc": metrics.auroc(evaluate(recognizer, digits, each=each).confidence, theirs),
        "threshold": threshold,
    }


def would_help(
    recognizer: Member | Committee,
    digits: Digits,
    accuracy: float,
    each: Map = map,
    ways: tuple[str, str] = OPTIONS,
) -> str | None:
    """Which other way to present these images is read far better, in a sentence; None if none is.

    Images stored by columns, and pictures that are not in MNIST's form, are read badly by any
    network that learnt upright ones. `accuracy` is that of all images as they are; `ways` are what
    the user writes to ask for the others, `OPTIONS` or `ARGUMENTS`.
    """
    if accuracy >= READ_WELL:
        return None
    from digitus.vision.normalise import prepare  # late: images that are read well need no OpenCV

    sample = digits.take(np.sort(np.random.default_rng(0).permutation(len(digits))[:SAMPLED]))
    auto, transposed = ways
    others = {auto: ("prepared", prepare(sample.images))}
    if digits.images.shape[1] == digits.images.shape[2]:
        others[transposed] = ("with rows and columns exchanged", sample.images.transpose(0, 2, 1))

    def right(images: Images) -> int:
        answers = recognizer.probabilities(np.ascontiguousarray(images), each).argmax(axis=1)
        return int((answers == sample.labels).sum())

    now = right(sample.images)
    counts = {way: right(images) for way, (_, images) in others.items()}
    best = max(counts, key=lambda way: counts[way])
    if counts[best] - now < MUCH_BETTER * len(sample):
        return None
    return (
        f"Of {len(sample)} of these images {now} are read right as they are, and {counts[best]} "
        f"{others[best][0]}: try {best}"
    )


def _threshold(recognizer: Member | Committee, min_confidence: float | None) -> float:
    """The confidence below which an answer is refused."""
    threshold = recognizer.threshold if min_confidence is None else min_confidence
    if not isinstance(threshold, Real):
        raise TypeError(f"a confidence is from 0 to 1, not {type(threshold).__name__}")
    if not 0 <= threshold <= 1:  # NaN fails too
        raise ValueError(f"a confidence is from 0 to 1, not {threshold}")
    return threshold
