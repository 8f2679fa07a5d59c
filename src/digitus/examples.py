"""What a step of training learns from: digits of a batch, distorted, worn, and pictures of none.

Inside: `Examples`, which makes of a set and a recipe the bytes and labels of any batch of any
epoch. Not inside: how pictures are distorted, worn and drawn (`data`), what is learnt from them
(`training`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from digitus.data.augment import augment
from digitus.data.batches import ahead, bounds, order
from digitus.data.digits import NOT_A_DIGIT, Digits
from digitus.data.mapped import Mapped
from digitus.data.not_digits import not_digits
from digitus.data.wear import Wear, worn
from digitus.nn.arrays import stream
from digitus.recipe import Recipe

Bytes = npt.NDArray[np.uint8]
WORN_AT_ONCE = 1000


class Examples:
    """The batches of a run, each by its epoch and number, without memory of those before it.

    Worn pictures and pictures of no digit are made once, when the first batch is asked for, since
    one takes longer than learning from it does; whenever they are drawn they are distorted anew.
    """

    def __init__(self, recipe: Recipe, learnt: Digits) -> None:
        self.recipe, self.learnt = recipe, learnt
        self.size = min(recipe.batch_size or len(learnt), len(learnt))
        self.parts = list(bounds(len(learnt), self.size))
        self._order, self._ordered = order(0, recipe.seed, 0), -1

    @property
    def largest(self) -> tuple[int, ...]:
        """The shape [n h w] of the largest batch."""
        return (
            self.size + round(self.recipe.not_digits * self.size),
            *self.learnt.images.shape[1:],
        )

    @cached_property
    def worn(self) -> Digits:
        """As many as `recipe.worn` asks for, by chance, each worn once."""
        count = max(1, round(self.recipe.worn * len(self.learnt)))
        chosen = stream(self.recipe.seed, "worn").permutation(len(self.learnt))[:count]
        return all_worn(self.learnt.take(chosen), self.recipe.wear, self.recipe.seed)

    @cached_property
    def nothing(self) -> Bytes:
        """Pictures of no digit [n 28 28]: as many as an epoch draws."""
        return not_digits(
            max(1, round(self.recipe.not_digits * len(self.learnt))), self.recipe.seed
        )

    def upcoming(self, steps: Iterable[int]) -> Iterator[tuple[Bytes, Bytes]]:
        """The batches of these steps of a run, made ahead where making one takes long."""

        def make(step: int) -> tuple[Bytes, Bytes]:
            return self.batch(*divmod(step, len(self.parts)))

        # Picking a batch out of memory takes 20 µs, less than handing it over by a thread.
        slow = not self.recipe.augment.off or isinstance(self.learnt.images, Mapped)
        return ahead(make, steps) if slow else map(make, steps)

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
        if recipe.worn:
            drawn = stream(recipe.seed, "worn", epoch, number)
            instead = drawn.random(len(labels)) < recipe.worn
            at = drawn.integers(len(self.worn), size=len(labels))
            images = np.where(instead[:, None, None], self.worn.images[at], images)
            labels = np.where(instead, self.worn.labels[at], labels)
        if recipe.not_digits:
            count = round(recipe.not_digits * len(labels))
            at = stream(recipe.seed, "not digits", epoch, number).integers(
                len(self.nothing), size=count
            )
            images = np.concatenate([images, self.nothing[at]])
            labels = np.concatenate([labels, np.full(count, NOT_A_DIGIT, np.uint8)])
        if not recipe.augment.off:
            images = augment(images, recipe.augment, stream(recipe.seed, "augment", epoch, number))
        return images, labels


def all_worn(digits: Digits, wear: Wear, seed: int) -> Digits:
    """Each image once, as a bad photograph would have left it."""
    parts = bounds(len(digits), WORN_AT_ONCE)
    each = [worn(digits.images[part], wear, stream(seed, "wear", part.start)) for part in parts]
    return replace(digits, images=np.concatenate(each))
