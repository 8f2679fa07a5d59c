"""What a step of training learns from: digits of a batch, distorted, worn, and pictures of none.

Inside: `Examples`, which makes of a set and a recipe the bytes and labels of any batch of any
epoch, and what a teacher answers to them. Not inside: how pictures are distorted, worn and drawn
(`data`), what is learnt from them (`training`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from digitus.committee import Committee
from digitus.datasets.augment import augment
from digitus.datasets.batches import ahead, order
from digitus.datasets.digits import NOT_A_DIGIT, Digits, targets
from digitus.datasets.mapped import Mapped
from digitus.nn.arrays import bounds, stream
from digitus.recipe import Recipe
from digitus.recognizer import load
from digitus.synthetic.degrade import Wear, worn
from digitus.synthetic.not_digits import not_digits
from digitus.training.device import NUMPY, Device
from digitus.training.step import Targets
from digitus.types import Bytes, Images, Ints, Labels

WORN_AT_ONCE = 1000


class Batch(NamedTuple):
    """Images [n h w], labels [n], and a teacher's answers [n 10] where there is one."""

    images: Images
    labels: Labels
    taught: Targets | None = None


class Examples:
    """The batches of a run, each by its epoch and number, without memory of those before it.

    Worn pictures and pictures of no digit are made once, when the first batch is asked for, since
    one takes longer than learning from it does; whenever they are drawn they are distorted anew.
    """

    def __init__(self, recipe: Recipe, learnt: Digits, device: Device = NUMPY) -> None:
        self.recipe, self.learnt, self.device = recipe, learnt, device
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
    def teacher(self) -> Committee | None:
        """Whose answers are learnt instead of the labels."""
        return teacher(self.recipe, self.device)

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

    def upcoming(self, steps: Iterable[int]) -> Iterator[Batch]:
        """The batches of these steps of a run, made ahead where making one takes long."""

        def make(step: int) -> Batch:
            return self.batch(*divmod(step, len(self.parts)))

        # Picking a batch out of memory takes 20 µs, less than handing it over by a thread.
        slow = self.teacher or not self.recipe.augment.off or isinstance(self.learnt.images, Mapped)
        return ahead(make, steps) if slow else map(make, steps)

    def batch(self, epoch: int, number: int) -> Batch:
        """A batch; epoch and number count from 0."""
        recipe, learnt = self.recipe, self.learnt
        chosen: Ints | slice
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
        if not self.teacher:
            return Batch(images, labels)
        taught, digits = targets(labels), labels != NOT_A_DIGIT
        taught[digits] = self.teacher.probabilities(images[digits])
        return Batch(images, labels, taught)


def teacher(recipe: Recipe, device: Device) -> Committee | None:
    """The networks whose answers a recipe's network learns, as soft as it wants them.

    A label says which digit was written, an answer also what else the picture, as it was distorted,
    might be: Hinton, Vinyals & Dean 2015, "Distilling the knowledge in a neural network", divide
    the teacher's outputs by a temperature (theirs T, our `softness`) before softmax. The network
    learns outputs as small; its own temperature is fitted afterwards, as that of any other.

    Raises `ModelError` for a model that cannot be loaded.
    """
    if not recipe.teacher:
        return None
    models = [load(name) for name in recipe.teacher.split("+")]
    return Committee(
        tuple(
            replace(
                model,
                params=device.put(model.params, narrow=True),
                temperature=model.temperature * recipe.softness,
            )
            for model in models
        )
    )


def all_worn(digits: Digits, wear: Wear, seed: int) -> Digits:
    """Each image once, as a bad photograph would have left it."""
    parts = bounds(len(digits), WORN_AT_ONCE)
    each = [worn(digits.images[part], wear, stream(seed, "wear", part.start)) for part in parts]
    return replace(digits, images=np.concatenate(each))
