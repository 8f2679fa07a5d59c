"""What a step of training learns from: a batch of digits, distorted or worn, and of no digits.

Inside: `Examples`, which makes the batch of any step from a set and a recipe, and scores the
development split; the teacher. Not inside: how pictures are distorted (`datasets`), worn and drawn
(`synthetic`), the loop that learns from them (`session`). What needs OpenCV is imported where a
recipe asks for it: a plain one trains without it, in a browser too.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import nullcontext
from dataclasses import replace
from functools import cached_property

import numpy as np

from digitus.committee import Committee
from digitus.datasets.batches import ahead, order
from digitus.datasets.digits import NOT_A_DIGIT, Digits, targets
from digitus.datasets.mapped import Mapped
from digitus.nn import one_hot
from digitus.nn.arrays import bounds, stream
from digitus.recipe import Recipe
from digitus.recognizer import Recognizer, load
from digitus.synthetic.wear import Wear
from digitus.threads import Map
from digitus.training import refusal
from digitus.training.device import NUMPY, Device
from digitus.training.source import ArrayShape, Batch, Claim, Development, right_classes
from digitus.training.suited import missing
from digitus.types import Floats32, Images, Labels, Params

SPLIT_SEED = 0  # the same for all seeds: development images are never learnt from by any run
WORN_AT_ONCE = 1000  # images
LEAST_OTHERS = 3000  # pictures of no digit to draw from, where the set lacks some digits
OTHERS_SHARE = 0.75  # of the pictures of no digit, where the set lacks some digits


class Examples:
    """The batches of a run, each determined by its epoch and number alone.

    Worn pictures and pictures of no digit are made once, when the first batch is asked for, since
    making one takes longer than learning from it; whenever they are drawn they are distorted anew.
    """

    score = staticmethod(right_classes)

    def __init__(
        self, recipe: Recipe, learnt: Digits, development: Digits, device: Device = NUMPY
    ) -> None:
        """`device` is where the teacher's answers are computed, if the recipe has one."""
        self.recipe, self.device = recipe, device
        self.learnt, self.development = learnt, development
        self.size = min(recipe.batch_size or len(learnt), len(learnt))
        self.parts = list(bounds(len(learnt), self.size))
        self._order, self._ordered = order(0, recipe.seed, 0), -1

    @property
    def batches(self) -> int:
        """How many batches there are in an epoch."""
        return len(self.parts)

    @property
    def largest(self) -> dict[str, ArrayShape]:
        """The arrays of the largest batch."""
        n = self.size + round(self.recipe.not_digits * self.size)
        return {
            "inputs": ((n, *self.learnt.images.shape[1:]), "u1"),
            "targets": ((n, len(self.learnt.classes)), "f4"),
            "labels": ((n,), "u1"),
        }

    @cached_property
    def teacher(self) -> Committee | None:
        """The networks whose answers are learnt instead of the labels."""
        return teacher(self.recipe, self.device)

    @cached_property
    def worn(self) -> Digits:
        """As many images as `recipe.worn` asks for, chosen at random, each worn once."""
        count = max(1, round(self.recipe.worn * len(self.learnt)))
        chosen = stream(self.recipe.seed, "worn").permutation(len(self.learnt))[:count]
        return all_worn(self.learnt.take(chosen), self.recipe.wear, self.recipe.seed)

    @cached_property
    def nothing(self) -> Images:
        """Pictures of no digit [n 28 28]: at least as many as an epoch draws.

        Where the set lacks some digits, most show those, drawn by the simulated pen: a network that
        never saw a 7 reads it as a digit that it knows. They are many, however small the set.
        """
        from digitus.synthetic.not_digits import not_digits

        seed, absent = self.recipe.seed, missing(self.learnt)
        count = max(1, round(self.recipe.not_digits * len(self.learnt)))
        if not absent:
            return not_digits(count, seed)
        count = max(count, LEAST_OTHERS)
        others = refusal.drawn(absent, round(OTHERS_SHARE * count), seed)
        return np.concatenate([others, not_digits(max(1, count - len(others)), seed)])

    @cached_property
    def targets(self) -> Floats32:
        """What the labels ask for [n classes]; made once, since a full batch needs all of them."""
        return targets(self.learnt.labels, len(self.learnt.classes))

    def upcoming(
        self, steps: Iterable[int], claim: Claim = nullcontext
    ) -> Generator[Batch, None, None]:
        """The batches of these steps of a run, made ahead if making one takes long."""

        def make(step: int) -> Batch:
            return self.batch(*divmod(step, self.batches))

        def make_ahead(step: int) -> Batch:
            with claim():
                return make(step)

        # Picking a batch out of memory takes 20 µs, less than handing it over from a thread.
        slow = self.teacher or not self.recipe.augment.off or isinstance(self.learnt.images, Mapped)
        return ahead(make_ahead, steps) if slow else (make(step) for step in steps)

    def batch(self, epoch: int, number: int) -> Batch:
        """A batch; epoch and number count from 0."""
        images, labels = self._drawn(epoch, number)
        images, labels = self._with_worn(images, labels, epoch, number)
        images, labels = self._with_not_digits(images, labels, epoch, number)
        if not self.recipe.augment.off:
            from digitus.datasets.augment import augment  # needs OpenCV

            rng = stream(self.recipe.seed, "augment", epoch, number)
            images = augment(images, self.recipe.augment, rng)
        return Batch(images, self._targets(images, labels), labels)

    def _drawn(self, epoch: int, number: int) -> tuple[Images, Labels]:
        learnt, seed = self.learnt, self.recipe.seed
        if not self.recipe.batch_size:
            # The whole set needs no order, and copying it would cost as much as the step.
            return learnt.images[:], learnt.labels
        if self._ordered != epoch:
            self._order, self._ordered = order(len(learnt), seed, epoch), epoch
        chosen = self._order[self.parts[number]]
        return learnt.images[chosen], learnt.labels[chosen]

    def _with_worn(
        self, images: Images, labels: Labels, epoch: int, number: int
    ) -> tuple[Images, Labels]:
        if not self.recipe.worn:
            return images, labels
        rng = stream(self.recipe.seed, "worn", epoch, number)
        instead = rng.random(len(labels)) < self.recipe.worn
        at = rng.integers(len(self.worn), size=len(labels))
        return (
            np.where(instead[:, None, None], self.worn.images[at], images),
            np.where(instead, self.worn.labels[at], labels),
        )

    def _with_not_digits(
        self, images: Images, labels: Labels, epoch: int, number: int
    ) -> tuple[Images, Labels]:
        if not self.recipe.not_digits:
            return images, labels
        count = round(self.recipe.not_digits * len(labels))
        rng = stream(self.recipe.seed, "not digits", epoch, number)
        at = rng.integers(len(self.nothing), size=count)
        return (
            np.concatenate([images, self.nothing[at]]),
            np.concatenate([labels, np.full(count, NOT_A_DIGIT, np.uint8)]),
        )

    def _targets(self, images: Images, labels: Labels) -> Floats32:
        """What the network should answer [n classes]: what the labels say, or the teacher."""
        classes = len(self.learnt.classes)
        if not self.teacher:
            return self.targets if labels is self.learnt.labels else targets(labels, classes)
        wanted, shown = targets(labels, classes), labels != NOT_A_DIGIT
        wanted[shown] = self.teacher.probabilities(images[shown])
        return wanted

    def sample(self, count: int) -> Images:
        """At most `count` of the images that are learnt from, chosen at random."""
        return sample(self.learnt, count)

    def evaluate(self, params: Params, each: Map = map) -> Development:
        """Loss, accuracy and outputs [n classes] on the development split."""
        labels = self.development.labels
        recognizer = Recognizer(self.recipe, params, size_of(self.learnt))
        outputs = recognizer.outputs(self.development.images, each)
        loss = float(self.recipe.loss(outputs, one_hot(labels, outputs.shape[1]))[0])
        return Development(loss, float((outputs.argmax(axis=1) == labels).mean()), outputs)


def teacher(recipe: Recipe, device: Device) -> Committee | None:
    """The networks whose answers a recipe's network learns, as soft as it wants them.

    A label says which digit was written; an answer also says what else the picture, as it was
    distorted, might be. Hinton, Vinyals & Dean 2015, "Distilling the knowledge in a neural
    network", divide the teacher's outputs by a temperature (theirs T, our `softness`) before
    softmax. The network learns outputs just as small; its own temperature is fitted afterwards, as
    for any other.

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
    from digitus.synthetic.degrade import worn

    parts = bounds(len(digits), WORN_AT_ONCE)
    each = [worn(digits.images[part], wear, stream(seed, "wear", part.start)) for part in parts]
    return replace(digits, images=np.concatenate(each))


def sample(digits: Digits, count: int) -> Images:
    """At most `count` images of a set, chosen at random, since it may be sorted by label."""
    images: Images = digits.images
    if len(images) > count:
        images = images[np.sort(order(len(images), SPLIT_SEED, 0)[:count])]
    return images


def size_of(digits: Digits) -> tuple[int, int]:
    """Height and width of the images of a set."""
    return digits.images.shape[1], digits.images.shape[2]
