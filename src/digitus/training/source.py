"""What the training loop asks of a task: its batches, its score, its development split.

Reading digits is one task (`examples`); a network that answers with maps instead of one row for
each image is trained by the same loop. Inside: the protocol and the values that cross it, light
enough for a worker process to import. Not inside: the loop (`session`), any task.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sized
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

import numpy as np

from digitus.nn import like, namespace, to_numpy
from digitus.types import Array, Bytes, Floats32, Images, Matrix, Params

if TYPE_CHECKING:
    from digitus.threads import Map  # it loads OpenCV, which a worker process does without

ArrayShape: TypeAlias = tuple[tuple[int, ...], str]  # its axes, and NumPy's code for its dtype


class Batch(NamedTuple):
    """Examples to learn from; the first axis of each array is n.

    `inputs` are bytes [n h w], `targets` [n ...] what the network should answer, `labels` [n ...]
    what its answers are scored against, if the targets do not say it.
    """

    inputs: Images
    targets: Floats32
    labels: Bytes | None = None

    def part(self, part: slice) -> Batch:
        """Some of the examples."""
        labels = None if self.labels is None else self.labels[part]
        return Batch(self.inputs[part], self.targets[part], labels)


class Tally(NamedTuple):
    """What a batch or a part of it adds to the sums of its epoch.

    `loss` is the mean over the batch, or a part's contribution to it; `right` of the `counted`
    examples are answered correctly, with fractions where answers can be correct in part.
    """

    loss: float
    right: float = 0.0
    counted: float = 0.0

    def plus(self, other: Tally) -> Tally:
        """The sum of both."""
        return Tally(*(a + b for a, b in zip(self, other, strict=True)))


# Outputs for the examples of a batch to (right, counted). A function of a module, so that it can be
# sent to worker processes; the module should import little.
Score: TypeAlias = Callable[[Array, Batch], tuple[float, float]]


Claim: TypeAlias = Callable[[], AbstractContextManager[None]]  # claims threads for a block


class Development(NamedTuple):
    """How the network does on the development split: `outputs` are its answers, if kept.

    `parts` are the parts of the loss by their names, without their weights, where it has some.
    """

    loss: float
    accuracy: float  # from 0 to 1, whatever the task calls right
    outputs: Matrix | None = None
    parts: dict[str, float] | None = None


class Source(Protocol):
    """A task to learn. Every batch is known from its number alone, so that a run can be resumed."""

    @property
    def learnt(self) -> Sized:
        """What is learnt from in an epoch."""

    @property
    def development(self) -> Sized:
        """What is held back to choose by."""

    @property
    def score(self) -> Score:
        """How answers are counted."""

    @property
    def batches(self) -> int:
        """How many batches there are in an epoch."""

    @property
    def largest(self) -> dict[str, ArrayShape]:
        """The arrays of the largest batch by their names in `Batch`: the memory to share."""

    def upcoming(self, steps: Iterable[int], claim: Claim) -> Generator[Batch, None, None]:
        """The batches of these steps of a run, counted from 0 over all epochs.

        A thread of this process that makes them holds a `claim` while it computes.
        """

    def sample(self, count: int) -> Images:
        """At most `count` of the inputs, chosen at random: statistics are measured on them."""

    def evaluate(self, params: Params, each: Map = map) -> Development:
        """The development split by the network with these parameters.

        `each` is a map over batches. Raises `ModelError` where an output is not finite.
        """


def right_classes(outputs: Array, batch: Batch) -> tuple[float, float]:
    """The score of a classifier: outputs [n o] whose largest is that of the label [n].

    A label that is none of the o classes has no right answer and is not counted.
    """
    xp, labels = namespace(outputs), batch.labels
    assert labels is not None
    right = to_numpy(xp.argmax(outputs, axis=1) == like(labels, outputs))
    # Counting takes a quarter of the time of a sum.
    counted = np.count_nonzero(labels < outputs.shape[1])
    return float(np.count_nonzero(right)), float(counted)
