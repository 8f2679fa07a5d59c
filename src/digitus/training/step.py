"""One step of training: the gradient of a batch, and what the optimizer makes of it.

A gradient is a pure function of (parameters, examples), and that of a batch is the sum over its
shards. So several processes can work on one batch (`processes`), and one process can work on a
batch that is larger than its cache.

Inside: `gradient`, `apply_gradients`, the moving average of the weights, and `TrainStep`, which
joins them. Not inside: the loop over batches and epochs (`session`), several processes
(`processes`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from digitus.nn import (
    Adam,
    AdamW,
    BatchNorm,
    Chain,
    Conv,
    GradientDescent,
    Momentum,
    Nesterov,
    Optimizer,
    clipped,
    like,
    update_average,
)
from digitus.nn.arrays import Stream, bounds
from digitus.nn.branches import walk
from digitus.nn.dispatch import own_kernels
from digitus.nn.images import as_input
from digitus.nn.losses import Loss
from digitus.nn.optim import average_share
from digitus.training.precision import all_as_type, as_type, lowered
from digitus.training.source import Batch, Score, Tally
from digitus.types import Array, Params

# The least that a shard must hold for a process of its own to be worth while: parameters times
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
# An optimizer works on blocks of this many elements: an array that several operations pass over
# stays in the cache, and new memory of up to 128 kB is at hand at once. For 636,000 parameters Adam
# takes 1.2 ms in such blocks, 2.6 in blocks twice as large, and 3.7 in one piece.
BLOCK_ELEMENTS = 1 << 15
# What an optimizer remembers of a pixel that is hardly ever lit decays towards 0, and below 1e-38
# its numbers become denormal, which takes a processor far longer: after 900 steps Adam took 2.2 ms
# where it had taken 1.6. So every so many steps whatever is too small to matter is set to 0.
FLUSH_INTERVAL_STEPS = 128  # 0.9 ** 128 is 1e-6
FLUSH_BELOW = 1e-30


def shard_size(network: Chain, examples: int, processes: int, parameters: int) -> int:
    """How many examples a shard of a batch holds, for at most so many processes.

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
    """The kinds of its layers, with their parents; a small step takes 0.2 ms and looks here too."""
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
) -> tuple[Tally, Params]:
    """The mean loss of a batch with its score, and the gradients of that loss.

    `shards` selects parts of the batch (default: all of it); the results are then their
    contribution to those of the batch. A library other than NumPy gets the batch in one piece and
    shares out the work itself.

    With a `precision`, "bfloat16", the network (with NumPy: its products) runs in it; loss and
    gradients keep the type of the parameters, so that steps too small for eight bits still add up
    (Micikevicius et al. 2018).
    """
    n, wide = len(batch.inputs), next(iter(params.values()))
    params, run_in = lowered(params, precision)
    w = next(iter(params.values()))
    tally = Tally(0.0)
    total: Params = {}
    for part in _shards(network, params, n) if shards is None else shards:
        some = batch if part.stop - part.start == n else batch.part(part)
        rng = Stream(seed, "dropout", step, part.start)
        # The caller looks at the loss.
        with run_in, np.errstate(over="ignore", invalid="ignore"):
            y, backward = network.forward(params, as_input(some.inputs, w), rng)
            y = as_type(y, wide.dtype)
            value, dy = loss(y, as_type(like(some.targets, w), wide.dtype))
            share = len(some.inputs) / n
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


def apply_gradients(
    optimizer: Optimizer,
    params: Params,
    gradients: Params,
    memory: dict[str, Params],
    *,
    rate: float,
    t: int,
) -> None:
    """Adds the optimizer's step number t, from 1, to every parameter that has a gradient.

    This is the only place where parameters change. The optimizer is a rule for one array, and
    elementwise, so it may work on blocks of rows.
    """

    def step(name: str, rows: slice) -> None:
        w = params[name][rows]
        own = {key: s[rows] for key, s in memory[name].items()}
        w += optimizer.update(gradients[name][rows], w, own, rate, t)

    def flush_denormals(name: str, rows: slice) -> None:
        for s in memory[name].values():
            s[rows][abs(s[rows]) < FLUSH_BELOW] = 0

    first = next(iter(params.values()))
    kernels, kind = own_kernels(first), type(optimizer)  # a subclass may have other equations
    if kernels and kind in (Adam, AdamW):
        kernels.adam(optimizer, params, gradients, memory, rate, t)
    elif (
        kernels and kind in (GradientDescent, Momentum, Nesterov) and isinstance(first, np.ndarray)
    ):
        kernels.descend(optimizer, params, gradients, memory, rate)
    else:
        _in_blocks(step, gradients)
    if t % FLUSH_INTERVAL_STEPS == 0:
        _in_blocks(flush_denormals, gradients)


def update_average_in_blocks(average: Params, params: Params, decay: float, t: int) -> None:
    """As `nn.update_average`, block by block, or by kernels that need no blocks."""
    first = next(iter(params.values()))
    if isinstance(first, np.ndarray) and (kernels := own_kernels(first)):
        for name, a in average.items():
            kernels.update_average(a, params[name], average_share(decay, t))
        return

    def update(name: str, rows: slice) -> None:
        update_average({name: average[name][rows]}, {name: params[name][rows]}, decay, t)

    _in_blocks(update, average)


def _in_blocks(work: Callable[[str, slice], None], arrays: Params) -> None:
    """Calls `work` on each block of rows of each array."""
    for name, a in arrays.items():
        for rows in _blocks(a):
            work(name, rows)


def _blocks(a: Array) -> Iterator[slice]:
    """A GPU gets the array whole; PyTorch, whose calls take longer, twice as much as NumPy."""
    length = a.shape[0]
    if isinstance(a, np.ndarray):
        if 0 < a.size <= BLOCK_ELEMENTS:
            return iter((slice(0, length),))
        elements = BLOCK_ELEMENTS
    else:
        elements = 2 * BLOCK_ELEMENTS
    step = max(1, elements * length // max(1, math.prod(a.shape)))
    if str(a.device) != "cpu":
        step = length
    return (slice(start, start + step) for start in range(0, length, step))
