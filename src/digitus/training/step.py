"""One step of training: the gradient of a batch, and what the optimizer makes of it.

A gradient is a pure function of (parameters, examples), and that of a batch is the sum over its
shards. So several processes can work on one batch (`processes`), and one process can work on a
batch that is larger than its cache.

Inside: `gradient`, and `TrainStep`, which joins it with what the optimizer makes of it (`update`).
Not inside: the loop over batches and epochs (`session`), several processes (`processes`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from digitus.nn import BatchNorm, Chain, Conv, Optimizer, clipped, like
from digitus.nn.arrays import Stream, bounds
from digitus.nn.branches import walk
from digitus.nn.images import as_input
from digitus.nn.losses import Loss
from digitus.nn.perceptron import Perceptron, perceptron
from digitus.training.precision import all_as_type, as_type, lowered
from digitus.training.source import Batch, Score, Tally
from digitus.training.update import apply_gradients, update_average_in_blocks
from digitus.types import Params

# The least that a shard must hold for a process of its own to be worthwhile: parameters times
# examples. A step of 784-128-10 with a batch of 32 (8e5 for each of four processes) takes 0.44 ms
# in processes and 0.66 by one with BLAS's threads; a step of 784-10-10 with 10 (2e4) takes 0.22 and
# 0.17; they are level at 2e5. An example of a convolution is more work, so there examples count.
MIN_SHARD_WORK = 500_000
MIN_CONV_SHARD_EXAMPLES = 8
# The most that a shard may hold, which bounds the memory of a pass over a whole set.
MAX_SHARD_EXAMPLES = 16_384
MAX_CONV_SHARD_EXAMPLES = 64
# Batch normalisation takes its statistics from one shard, so there the size of a shard must not
# depend on the number of processes ("ghost batches", Hoffer et al. 2017).
GHOST_BATCH_EXAMPLES = 1024
CONV_GHOST_BATCH_EXAMPLES = 32


def shard_size(network: Chain, examples: int, processes: int, parameters: int) -> int:
    """How many examples a shard of a batch holds, shared out to at most `processes`.

    With batch normalisation the answer is the same for any batch and any number of processes.
    """
    kinds = _kinds(network)
    if BatchNorm in kinds:
        return CONV_GHOST_BATCH_EXAMPLES if Conv in kinds else GHOST_BATCH_EXAMPLES
    least, most = max(1, MIN_SHARD_WORK // parameters), MAX_SHARD_EXAMPLES
    if Conv in kinds:
        least, most = MIN_CONV_SHARD_EXAMPLES, MAX_CONV_SHARD_EXAMPLES
    count = max(1, min(processes, examples // least))
    count *= max(1, math.ceil(examples / (count * most)))  # equally many for each process
    return max(1, math.ceil(examples / count))


@lru_cache(maxsize=8)
def _kinds(network: Chain) -> frozenset[type]:
    """The classes of its layers, with their bases; cached, since a small step takes 0.2 ms."""
    return frozenset(kind for layer in walk(network) for kind in type(layer).__mro__)


def gradient(
    network: Chain,
    loss: Loss,
    params: Params,
    batch: Batch,
    *,
    score: Score | None = None,
    seed: int = 0,
    step: int = 0,
    precision: str | None = None,
    shards: Sequence[slice] | None = None,
    at_once: Perceptron | None = None,
) -> tuple[Tally, Params]:
    """The mean loss of a batch with its score, and the gradients of that loss.

    `shards` selects parts of the batch (default: all of it); the results are then their
    contribution to those of the batch. A library other than NumPy gets the batch in one piece and
    shares out the work itself.

    With a `precision`, "bfloat16", the network (with NumPy: its products) runs in it; loss and
    gradients keep the type of the parameters, so that steps too small for eight bits still add up
    (Micikevicius et al. 2018). `at_once` computes the whole gradient in one call, where it can.
    """
    n, wide = len(batch.inputs), next(iter(params.values()))
    params, run_in = lowered(params, precision)
    w = next(iter(params.values()))
    tally = Tally(0.0)
    total: Params = {}
    for part in _shards(network, params, n) if shards is None else shards:
        some = batch if part.stop - part.start == n else batch.part(part)
        share = len(some.inputs) / n
        if at_once and (found := at_once.gradient(params, some.inputs, some.targets, share)):
            value, y, gradients = found
            add(total, gradients)
            tally = tally.plus(Tally(value * share, *(score(y, some) if score else ())))
            continue
        rng = Stream(seed, "dropout", step, part.start)
        # Whatever overflows shows in the loss, which the caller checks.
        with run_in, np.errstate(over="ignore", invalid="ignore"):
            y, backward = network.forward(params, as_input(some.inputs, w), rng)
            y = as_type(y, wide.dtype)
            value, dy = loss(y, as_type(like(some.targets, w), wide.dtype))
            dy = dy if share == 1 else dy * share
            gradients = backward(as_type(dy, w.dtype), want_dx=False)[1]
            scored = score(y, some) if score else ()
        add(total, all_as_type(gradients, wide.dtype) if precision else gradients)
        tally = tally.plus(Tally(float(value) * share, *scored))
    return tally, total


def _shards(network: Chain, params: Params, examples: int) -> Iterator[slice]:
    """The shards of a batch for one process."""
    size = examples
    if isinstance(next(iter(params.values())), np.ndarray):
        size = shard_size(network, examples, 1, sum(a.size for a in params.values()))
    return bounds(examples, size)


def add(total: Params, gradients: Params) -> None:
    """Adds gradients to a total, in place; to an empty one they are handed over."""
    if not total:
        total.update(gradients)
        return
    for name, g in gradients.items():
        total[name] += g


@dataclass(frozen=True)
class TrainStep:
    """What a training step does, whatever the parameters and the batch.

    `average` is the decay of the moving average of the weights, 0 for none; `precision` is that of
    `gradient`. It is sent to worker processes.
    """

    network: Chain
    loss: Loss
    optimizer: Optimizer
    score: Score
    average: float = 0.0
    seed: int = 0
    precision: str | None = None

    @cached_property
    def at_once(self) -> Perceptron | None:
        """The network's gradient as one call, where it is a perceptron that has such a call."""
        return None if self.precision else perceptron(self.network, self.loss)

    def gradient(
        self, params: Params, batch: Batch, step: int, shards: Sequence[slice] | None = None
    ) -> tuple[Tally, Params]:
        """As the function, for the step of this number, from 0."""
        return gradient(
            self.network,
            self.loss,
            params,
            batch,
            score=self.score,
            seed=self.seed,
            step=step,
            precision=self.precision,
            shards=shards,
            at_once=self.at_once,
        )

    def update(
        self,
        params: Params,
        gradients: Params,
        memory: dict[str, Params],
        average: Params | None,
        *,
        rate: float,
        step: int,
        total: Callable[[float], float] = float,
    ) -> None:
        """Moves the parameters, and then the average of the weights, in place.

        Where these are only some of all parameters, `total` is that of `nn.clipped`.
        """
        with np.errstate(over="ignore", invalid="ignore"):  # the next loss will not be finite
            rule, gradients = clipped(self.optimizer, gradients, total)
            apply_gradients(rule, params, gradients, memory, rate=rate, t=step + 1)
            if average is not None:
                update_average_in_blocks(average, params, self.average, step + 1)


@dataclass(frozen=True, eq=False)
class SingleProcess:
    """Takes the steps of a run in this process, on the arrays of its state."""

    definition: TrainStep
    params: Params
    memory: dict[str, Params]
    average: Params | None

    @property
    def waited(self) -> float:
        """Seconds spent waiting for other processes: none."""
        return 0.0

    def step(self, batch: Batch, *, step: int, rate: float) -> Tally:
        """The step of this number, from 0. Nothing is changed if the loss is not finite."""
        tally, gradients = self.gradient(batch, step)
        if math.isfinite(tally.loss):
            self.definition.update(
                self.params, gradients, self.memory, self.average, rate=rate, step=step
            )
        return tally

    def gradient(self, batch: Batch, step: int) -> tuple[Tally, Params]:
        """The gradient of the whole batch, computed here."""
        return self.definition.gradient(self.params, batch, step)
