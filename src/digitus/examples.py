"""What a step of training learns from: digits of a batch, distorted, worn, and pictures of none.

Inside: `Examples`, which makes of a set and a recipe the bytes and labels of any batch of any
epoch. Not inside: how pictures are distorted, worn and drawn (`data`), what is learnt from them
(`training`).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from digitus.data.augment import augment
from digitus.data.batches import bounds, order
from digitus.data.digits import NOT_A_DIGIT, Digits
from digitus.data.not_digits import not_digits
from digitus.data.wear import Wear, worn
from digitus.nn.arrays import stream
from digitus.recipe import Recipe

Bytes = npt.NDArray[np.uint8]
WORN_AT_ONCE = 1000


class Examples:
    """The batches of a run, each by its epoch and number, without memory of those before it.

    Worn pictures and pictures of no digit are made once, since one takes longer than learning from
    it does, and are distorted anew whenever they are drawn.
    """

    def __init__(self, recipe: Recipe, learnt: Digits) -> None:
        self.recipe, self.learnt = recipe, learnt
        self.size = min(recipe.batch_size or len(learnt), len(learnt))
        self.parts = list(bounds(len(learnt), self.size))
        self.worn = all_worn(learnt.images, recipe.wear, recipe.seed) if recipe.worn else None
        nothings = round(recipe.not_digits * len(learnt))
        self.nothing = not_digits(nothings, recipe.seed) if nothings else None
        self._order, self._ordered = order(0, recipe.seed, 0), -1

    def batch(self, epoch: int, number: int) -> tuple[Bytes, Bytes]:
        """Images [n h w] and labels [n] of a batch; both count from 0."""
        recipe, learnt = self.recipe, self.learnt
        chosen: npt.NDArray[np.int64] | slice
        if recipe.batch_size:
            if self._ordered != epoch:
                self._order, self._ordered = order(len(learnt), recipe.seed, epoch), epoch
            chosen = self._order[self.parts[number]]
        else:  # the whole set needs no order, and copying it would cost as much as the step
            chosen = slice(None)
        images, labels = learnt.images[chosen], learnt.labels[chosen]
        if self.worn is not None:
            some = stream(recipe.seed, "worn", epoch, number).random(len(labels)) < recipe.worn
            images = np.where(some[:, None, None], self.worn[chosen], images)
        if self.nothing is not None:
            count = round(recipe.not_digits * len(labels))
            drawn = stream(recipe.seed, "not digits", epoch, number)
            images = np.concatenate(
                [images, self.nothing[drawn.integers(len(self.nothing), size=count)]]
            )
            labels = np.concatenate([labels, np.full(count, NOT_A_DIGIT, np.uint8)])
        if not recipe.augment.off:
            images = augment(images, recipe.augment, stream(recipe.seed, "augment", epoch, number))
        return images, labels


def all_worn(images: Bytes, wear: Wear, seed: int) -> Bytes:
    """Each image [n h w] once, as a bad photograph would have left it."""
    parts = bounds(len(images), WORN_AT_ONCE)
    each = [worn(images[part], wear, stream(seed, "wear", part.start)) for part in parts]
    return np.concatenate(each)
