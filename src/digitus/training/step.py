"""One step of training: the gradient of a batch, and what a rule makes of it.

A gradient is a pure function of (parameters, examples), and that of a batch is the sum over its
shards. So several processes can work on a batch (`crew`), and one on a batch larger than its cache.

Inside: bytes as inputs, `gradient`, `descend`, `follow`, and `Alone`, one process that makes steps.
Not inside: the loop over batches and epochs (`training`), several processes (`crew`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from digitus.datasets.digits import targets
from digitus.nn import Adam, BatchNorm, Chain, Conv, Optimizer, like, namespace, update_average
from digitus.nn.arrays import Stream, bounds
from digitus.nn.branches import walk
from digitus.nn.images import as_input
from digitus.nn.layers import own_kernels
from digitus.types import Array, Floats32, Images, Labels, Params

# A shard is worth a process of its own from so many parameters times examples on: a step of
# 784-128-10 with a batch of 32 (8e5 for each of four) takes 0.44 ms so and 0.66 by one process with
# BLAS's threads, one of 784-10-10 with 10 (2e4) 0.22 and 0.17; they are level at 2e5. Or from so
# many examples of a convolution on, where an example is more work.
LEAST_WORK, CONV_LEAST = 500_000, 8
MOST, CONV_MOST = 16_384, 64  # examples: bounds the memory of a pass over a whole set
# Batch normalisation takes its statistics from a shard: these do not depend on the processes.
GHOST, CONV_GHOST = 1024, 32
# Numbers of an array that a rule works on at a time: what several operations go over stays in the
# cache, and up to 128 kB of new memory is at hand at once. Adam takes 1.2 ms for 636,000 parameters
# so, 2.6 with twice as many and 3.7 at once.
BLOCK = 1 << 15
# What a rule remembers of a pixel that is hardly ever lit fades, and numbers below 1e-38 take a
# processor far longer: after 900 steps Adam took 2.2 ms where it had taken 1.6. So what
# has faded so far that it cannot matter becomes 0, every so many steps; 0.9 ** 128 is 1e-6.
FADED, SETTLE = 1e-30, 128


Targets: TypeAlias = Floats32  # [n 10]


def shard_size(network: Chain, examples: int, processes: int, parameters: int) -> int:
    """Into how many examples at a time a batch is cut, for so many processes at most.

    With batch normalisation the answer is the same for any batch and any processes.
    """
    kinds = {type(layer) for layer in walk(network)}
    if BatchNorm in kinds:
        return CONV_GHOST if Conv in kinds else GHOST
    least, most = max(1, LEAST_WORK // parameters), MOST
    if Conv in kinds:
        least, most = CONV_LEAST, CONV_MOST
    count = max(1, min(processes, examples // least))
    count *= max(1, math.ceil(examples / (count * most)))  # equally many for each process
    return max(1, math.ceil(examples / count))


def gradient(
    network: Chain,
    loss: Any,
    params: Params,
    images: Images,
    labels: Labels,
    *,
    taught: Targets | None = None,
    seed: int = 0,
    step: int = 0,
    precision: str | None = None,
    parts: Sequence[slice] | None = None,
) -> tuple[float, int, Params]:
    """Loss (mean), number of right answers and gradients for a batch of bytes [n h w].

    Labels are digits or `NOT_A_DIGIT`, to which no answer is right. The loss is that against the
    labels, or against the probabilities [n 10] that a teacher gave, where these are `taught`.
    `parts` are the shards to work on, all of them unless they are given: what the given ones add to
    the three.

    Batch normalisation takes its statistics from each shard ("ghost batches", Hoffer et al. 2017).
    A library other than NumPy gets the batch whole and shares out the work itself, and may run the
    network in another `precision`, "bfloat16": loss and gradients keep the parameters' type, so
    that steps too small for eight bits still add up (Micikevicius et al. 2018).
    """
    n = len(images)
    kept = next(iter(params.values()))
    xp = namespace(kept)
    if parts is None:
        size = n
        if isinstance(kept, np.ndarray):
            size = shard_size(network, n, 1, sum(a.size for a in params.values()))
        parts = list(bounds(n, size))
    if precision:
        few = getattr(xp, precision)
        params = {name: xp.astype(a, few) for name, a in params.items()}
    w = next(iter(params.values()))

    def shard(part: slice) -> tuple[float, int, Params]:
        x, label = as_input(images[part], w), labels[part]
        wanted = targets(label) if taught is None else taught[part]
        share = len(label) / n
        rng = Stream(seed, "dropout", step, part.start)
        with np.errstate(over="ignore", invalid="ignore"):  # whoever asks looks at the loss
            y, backward = network.forward(params, x, rng)
            value, dy = loss(xp.astype(y, kept.dtype), xp.astype(like(wanted, w), kept.dtype))
            right = int(xp.sum(xp.argmax(y, axis=1) == like(label, w)))
            gradients = backward(xp.astype(dy * share, w.dtype), want_dx=False)[1]
            if precision:
                gradients = {name: xp.astype(g, kept.dtype) for name, g in gradients.items()}
            return float(value) * share, right, gradients

    mean, right, total = shard(parts[0])
    for part in parts[1:]:
        value, more, gradients = shard(part)
        mean, right = mean + value, right + more
        add(total, gradients)
    return mean, right, total


def add(total: Params, gradients: Params) -> None:
    """Adds gradients to others, in place."""
    for name, g in gradients.items():
        total[name] += g


@dataclass(frozen=True)
class Method:
    """How a step is made, whatever the parameters and the batch: what a recipe says of it.

    `average` is the decay of the average of the weights; `precision` is as for `gradient`.
    """

    network: Chain
    loss: Any
    optimizer: Optimizer
    average: float = 0.0
    seed: int = 0
    precision: str | None = None


@dataclass(frozen=True, eq=False)
class Alone:
    """One process at work on the arrays of a state."""

    method: Method
    params: Params
    memory: dict[str, Params]
    average: Params | None

    def step(
        self,
        images: Images,
        labels: Labels,
        taught: Targets | None = None,
        *,
        step: int,
        rate: float,
    ) -> tuple[float, int]:
        """One step, `step` counting from 0, with a batch: its loss and its right answers.

        Nothing is changed where the loss is not finite.
        """
        method = self.method
        loss, right, gradients = gradient(
            method.network,
            method.loss,
            self.params,
            images,
            labels,
            taught=taught,
            seed=method.seed,
            step=step,
            precision=method.precision,
        )
        if math.isfinite(loss):
            update(method, self.params, gradients, self.memory, self.average, rate=rate, t=step + 1)
        return loss, right


def update(
    method: Method,
    params: Params,
    gradients: Params,
    memory: dict[str, Params],
    average: Params | None,
    *,
    rate: float,
    t: int,
) -> None:
    """The rule's step number t, from 1, and that of the average after it, in place."""
    with np.errstate(over="ignore", invalid="ignore"):  # then the next loss is not finite
        descend(method.optimizer, params, gradients, memory, rate=rate, t=t)
        if average is not None:
            follow(average, params, method.average, t)


def descend(
    rule: Optimizer,
    params: Params,
    gradients: Params,
    memory: dict[str, Params],
    *,
    rate: float,
    t: int,
) -> None:
    """Adds the rule's step to every parameter that has a gradient: the one place they change.

    Rules are elementwise, so they may run on blocks of rows.
    """

    def step(name: str, rows: slice) -> None:
        w = params[name][rows]
        kept = {key: s[rows] for key, s in memory[name].items()}
        w += rule.update(gradients[name][rows], w, kept, rate, t)

    def settle(name: str, rows: slice) -> None:
        for s in memory[name].values():
            s[rows][abs(s[rows]) < FADED] = 0

    kernels = own_kernels(next(iter(params.values())))
    if kernels and isinstance(rule, Adam):
        kernels.adam(rule, params, gradients, memory, rate, t)
    else:
        _in_blocks(step, gradients)
    if t % SETTLE == 0:
        _in_blocks(settle, gradients)


def follow(average: Params, params: Params, decay: float, t: int) -> None:
    """Moves the average of the weights one step, block by block; see `nn.update_average`."""

    def move(name: str, rows: slice) -> None:
        update_average({name: average[name][rows]}, {name: params[name][rows]}, decay, t)

    _in_blocks(move, average)


def _in_blocks(work: Callable[[str, slice], None], arrays: Params) -> None:
    """Works on blocks of rows of all arrays."""
    for name, a in arrays.items():
        for rows in _blocks(a):
            work(name, rows)


def _blocks(a: Array) -> Iterator[slice]:
    """A GPU gets the array whole; PyTorch, whose calls take longer, twice as much as NumPy."""
    length = a.shape[0]
    numbers = BLOCK if isinstance(a, np.ndarray) else 2 * BLOCK
    step = max(1, numbers * length // max(1, math.prod(a.shape)))
    if str(a.device) != "cpu":
        step = length
    return (slice(start, start + step) for start in range(0, length, step))
