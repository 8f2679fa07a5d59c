"""One step of training on all cores: gradients by shards, parameters by blocks.

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
from digitus.nn.pixels import Pixels

# Threads of our own, each with one of BLAS, since BLAS shares out nothing but products and its
# threads wait without sleeping: on 4 cores that others used too, 50 steps of 784-800-10
# took 3.8 s with 4 BLAS threads and 0.31 s in two shards. A shard of 64 examples of that network
# runs at 88 % of the speed of 256, one of 32 at 70 %.
LEAST = 32  # examples of a shard, if there is more than one
LEAST_WORK = 6_000_000  # parameters times examples, too: 0.2 ms, three times what a thread costs
MOST = 4096  # bounds the memory of a pass over a whole set; 1,024 took twice as long
# The same with convolutions, where an example is more work, and more memory.
CONV_LEAST, CONV_MOST = 16, 64
# Batch normalisation takes its statistics from a shard: these do not depend on the threads.
GHOST, CONV_GHOST = 1024, 64
SHARED = 1 << 17  # numbers of all parameters together that are worth a thread in a step
BATCH = 250  # images at a time where nothing is learnt: bounds the memory of a convolution
BLOCK = 1 << 16  # numbers of an array that a rule works on at a time: 256 kB of float32

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
        least, most = max(LEAST, LEAST_WORK // parameters), MOST
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
    return sum(values), sum(rights), _sum(parts, each)


def _sum(parts: tuple[Params, ...], each: Map) -> Params:
    """All gradients added to the first, in the order of the shards."""
    total, *others = parts

    def add(name: str, rows: slice) -> None:
        block = total[name][rows]
        for other in others:
            block += other[name][rows]

    if others:
        _in_blocks(add, total, each)
    return total


def descend(
    rule: Optimizer,
    params: Params,
    gradients: Params,
    memory: dict[str, Params],
    *,
    rate: float,
    t: int,
    each: Map = map,
) -> None:
    """Adds the rule's step to every parameter that has a gradient: the one place they change.

    Rules are elementwise, so they may run on blocks of rows.
    """

    def step(name: str, rows: slice) -> None:
        w = params[name][rows]
        kept = {key: s[rows] for key, s in memory[name].items()}
        w += rule.update(gradients[name][rows], w, kept, rate, t)

    _in_blocks(step, gradients, each)


def follow(average: Params, params: Params, decay: float, t: int, each: Map = map) -> None:
    """Moves the average of the weights one step, block by block; see `nn.update_average`."""

    def move(name: str, rows: slice) -> None:
        update_average({name: average[name][rows]}, {name: params[name][rows]}, decay, t)

    _in_blocks(move, average, each)


def _in_blocks(work: Callable[[str, slice], None], arrays: Params, each: Map) -> None:
    """Works on blocks of rows of all arrays: by the threads, where there is enough for them.

    Blocks stay in a processor's cache while several operations go over them: Adam takes 1.0 ms for
    535,000 parameters so instead of 1.7, and on PyTorch's arrays 12 ms instead of 50 for 3 million.
    A GPU gets the array whole.
    """
    blocks = [(name, rows) for name, a in arrays.items() for rows in _blocks(a)]
    numbers = sum(math.prod(a.shape) for a in arrays.values())
    shares = min(threads_of(each), numbers // SHARED)

    def share(first: int) -> None:
        with np.errstate(over="ignore", invalid="ignore"):  # whoever asks looks at the loss
            for name, rows in blocks[first::shares]:
                work(name, rows)

    if shares > 1:
        list(each(share, range(shares)))
    else:
        for name, rows in blocks:
            work(name, rows)


def _blocks(a: Array) -> Iterator[slice]:
    length = a.shape[0]
    step = (
        max(1, BLOCK * length // max(1, math.prod(a.shape))) if str(a.device) == "cpu" else length
    )
    return (slice(start, start + step) for start in range(0, length, step))
