"""A recipe made for tens of thousands of images, fitted to a small set or to one that lacks digits.

Inside: `suited`, which changes what the size and the labels of a set ask for, so that the recipe
that a model keeps is the one that made it; and `unlike`, which says when images are not as MNIST's
are. Not inside: the split itself (`datasets.batches`), and pictures of other digits (`examples`).
"""

from __future__ import annotations

import math
from collections.abc import Collection

import numpy as np

from digitus.datasets.digits import CLASSES, DIGITS, SIDE, Digits
from digitus.evaluation import SAMPLED, evaluate, would_help
from digitus.recipe import Recipe, with_settings
from digitus.recognizer import load

HELD_BACK = 6  # one example in six is held back of a set that is small for its recipe
LEAST_STEPS = 1000  # steps of training: the 26 or so that 600 images would make teach nothing
OTHERS = 0.5  # pictures of other digits for each that is learnt, of a set that lacks some


def suited(recipe: Recipe, digits: Digits, chosen: Collection[str] = ()) -> Recipe:
    """The recipe with what this set asks for, but for the settings that a person has `chosen`.

    A set is small where the recipe would hold back most of it: then a sixth is held back, and the
    rest is seen so often that there are `LEAST_STEPS`. Where digits are missing in it, the network
    learns to refuse pictures of them.
    """
    changes: dict[str, object] = {}
    if 2 * recipe.development > len(digits) > 1:
        held_back = max(1, len(digits) // HELD_BACK)
        learnt = len(digits) - held_back
        batches = math.ceil(learnt / (recipe.batch_size or learnt))
        changes["development"] = held_back
        changes["epochs"] = max(recipe.epochs, math.ceil(LEAST_STEPS / batches))
    if not recipe.not_digits and missing(digits):
        changes["not_digits"] = OTHERS
    return with_settings(recipe, **{k: v for k, v in changes.items() if k not in chosen})


def missing(digits: Digits) -> list[int]:
    """The digits of which a set of images in MNIST's form has none, if it has several others."""
    there = np.flatnonzero(np.bincount(digits.labels, minlength=CLASSES))
    form = digits.images.shape[1:] == (SIDE, SIDE) and digits.classes == DIGITS
    if not form or not 1 < len(there) < CLASSES:
        return []
    return [digit for digit in range(CLASSES) if digit not in there]


def unlike(digits: Digits, ways: tuple[str, str]) -> str | None:
    """A sentence on what would make images like MNIST's, where the recognizer that ships tells.

    A network that learns from images stored by columns, or from unprepared ones, reads no others.
    `ways` are those of `evaluation.would_help`.
    """
    if not len(digits) or digits.images.shape[1:] != (SIDE, SIDE) or digits.classes != DIGITS:
        return None
    some = digits.take(np.sort(np.random.default_rng(0).permutation(len(digits))[:SAMPLED]))
    shipped = load()
    help_ = would_help(shipped, some, evaluate(shipped, some).accuracy, ways=ways)
    return None if help_ is None else f"The recognizer that ships: {help_[0].lower()}{help_[1:]}"
