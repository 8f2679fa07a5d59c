"""One step of training: gradients by shards on all cores, parameters by blocks on one.

A gradient is a pure function of (parameters, examples), and that of a batch is the sum over its
parts. A batch is cut into shards, as many as there are threads where that pays, each worked on by
one thread with one BLAS thread, and their gradients are added in the order of the shards. So a run
repeats bit for bit on the same machine with the same `threads`. A batch too small to be cut leaves
the threads to BLAS.

Inside: `workers`, `gradient`, `descend`, `follow`. Not inside: the loop over batches and epochs
(`training`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from digitus.data.batches import bounds
from digitus.data.digits import targets
from digitus.nn import (
    Adam,
    Array,
    BatchNorm,
    Chain,
    Conv,
    Optimizer,
    Params,
    like,
    namespace,
    update_average,
)
from digitus.nn.arrays import Stream
from digitus.nn.layers import own_kernels
from digitus.nn.pixels import Pixels

# Threads of our own, each with one of BLAS, share out everything and not only products. But Python
# runs one thread at a time, and one that comes back from a short operation waits for its turn: on 4
# quiet cores an epoch of 784-800-10 in batches of 256 takes 1.0 s with 4 BLAS threads and 2.0 in
# four shards, one of 784-128-10 in batches of 128 0.28 and 0.59; a step of 784-10-10 over 60,000
# images 0.11 s in shards of 4,096, and 0.03 in four of 15,000.
LEAST_WORK = 100_000_000  # parameters times examples of a shard, if there is more than one
MOST = 16_384  # examples: bounds the memory of a pass over a whole set
# The same with convolutions, where an example is more work, and more memory.
CONV_LEAST, CONV_MOST = 16, 64
# Batch normalisation takes its statistics from a shard: these do not depend on the threads.
GHOST, CONV_GHOST = 1024, 64
BATCH = 250  # images at a time where nothing is learnt: bounds the memory of a convolution
# Numbers of an array that a rule works on at a time: what several operations go over stays in the
# cache, and up to 128 kB of new memory is at hand at once. Adam takes 1.2 ms for 636,000 parameters
# so, 2.6 with twice as many and 3.7 at once, and 6.8 on 4 threads, which wait for Python.
BLOCK = 1 << 15
# What a rule remembers of a pixel that is hardly ever lit fades, and numbers below 1e-38 take a
# processor far longer: after 900 steps Adam took 2.2 ms where it had taken 1.6. So what
# has faded so far that it cannot matter becomes 0, every so many steps; 0.9 ** 128 is 1e-6.
FADED, SETTLE = 1e-30, 128

Map: TypeAlias = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]


@dataclass(frozen=True, eq=False)
class Team:
    """A `map` by several threads, which says how many they are."""

    threads: int
    pool: ThreadPoolExecutor

    def __call__(self, work: Callable[[Any], Any], items: Iterable[Any]) -> Iterable[Any]:
        """As `map`."""
        return self.pool.map(work, items)


def threads_of(each: Map) -> int:
    """How many work on a map's items at a time."""
    return each.threads if isinstance(each, Team) else 1


@contextmanager
def workers(threads: int, *, shards: int) -> Iterator[Map]:
    """A `map` over shards for the length of a block: by a team of threads, or one after the other.

    With a single shard the threads go to BLAS, with several each has one BLAS thread. OpenCV, which
    distorts batches between two steps, gets them too.
    """
    cv2.setNumThreads(threads)
    if shards == 1 or threads == 1:
        with threadpool_limits(limits=threads, user_api="blas"):
            yield map
    else:
        with threadpool_limits(limits=1, user_api="blas"), ThreadPoolExecutor(threads) as pool:
            yield Team(threads, pool)


def shard_size(network: Chain, examples: int, threads: int, parameters: int) -> int:
    """Into how many examples at a time a batch is cut for so many threads.

    With batch normalisation the answer is the same for any threads and any batch.
    """
    kinds = {type(layer) for layer in network.layers}
    if BatchNorm in kinds:
        return CONV_GHOST if Conv in kinds else GHOST
    if Conv in kinds:
        least, most = CONV_LEAST, CONV_MOST
    else:
        least, most = max(1, LEAST_WORK // parameters), MOST
    shards = max(min(threads, examples // least), math.ceil(examples / most), 1)
    return math.ceil(examples / shards)


@dataclass(frozen=True, eq=False)
class Inputs:
    """Bytes [n h w] as batches of inputs; can be run through again and never exist all at once."""

    images: npt.NDArray[np.uint8]
    w: Array

    def __iter__(self) -> Iterator[Array]:
        return (as_input(self.images[part], self.w) for part in bounds(len(self.images), BATCH))


def as_input(images: npt.NDArray[np.uint8], w: Array) -> Array:
    """Bytes [n h w] as what a network with the parameter w takes: [n h w 1], its type and place."""
    # They travel as bytes, a quarter of what they will be.
    if isinstance(w, np.ndarray):
        return Pixels(images[..., None], w.dtype)
    return namespace(w).astype(like(images, w)[..., None], w.dtype)


def gradient(
    network: Chain,
    loss: Any,
    params: Params,
    images: npt.NDArray[np.uint8],
    labels: npt.NDArray[np.uint8],
    *,
    seed: int = 0,
    step: int = 0,
    precision: str | None = None,
    each: Map = map,
) -> tuple[float, int, Params]:
    """Loss (mean), number of right answers and gradients for a batch of bytes [n h w].

    Labels are digits or `NOT_A_DIGIT`, to which no answer is right.

    Batch normalisation takes its statistics from each shard ("ghost batches", Hoffer et al. 2017).
    A library other than NumPy gets the batch whole and shares out the work itself, and may run the
    network in another `precision`, "bfloat16": loss and gradients keep the parameters' type, so
    that steps too small for eight bits still add up (Micikevicius et al. 2018).
    """
    n = len(images)
    kept = next(iter(params.values()))
    xp = namespace(kept)
    size = max(1, n)
    if isinstance(kept, np.ndarray):
        parameters = sum(a.size for a in params.values())
        size = shard_size(network, size, threads_of(each), parameters)
    if precision:
        params = {name: xp.astype(a, getattr(xp, precision)) for name, a in params.items()}
    w = next(iter(params.values()))

    def shard(start: int) -> tuple[float, int, Params]:
        part = slice(start, start + size)
        x, label = as_input(images[part], w), labels[part]
        share = len(label) / n
        rng = Stream(seed, "dropout", step, start)
        with np.errstate(over="ignore", invalid="ignore"):  # whoever asks looks at the loss
            y, backward = network.forward(params, x, rng)
            value, dy = loss(
                xp.astype(y, kept.dtype), xp.astype(like(targets(label), w), kept.dtype)
            )
            right = int(xp.sum(xp.argmax(y, axis=1) == like(label, w)))
            gradients = backward(xp.astype(dy * share, w.dtype), want_dx=False)[1]
            if precision:
                gradients = {name: xp.astype(g, kept.dtype) for name, g in gradients.items()}
            return float(value) * share, right, gradients

    values, rights, parts = zip(*each(shard, range(0, n, size)), strict=True)
    return sum(values), sum(rights), _sum(parts)


def _sum(parts: tuple[Params, ...]) -> Params:
    """All gradients added to the first, in the order of the shards."""
    total, *others = parts
    for other in others:
        for name, g in other.items():
            total[name] += g
    return total


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
