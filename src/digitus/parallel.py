"""One step of training on all cores: gradients by shards, parameters by blocks.

A gradient is a pure function of (parameters, examples), and that of a batch is the sum over its
parts. A batch larger than a shard is cut into shards, each worked on by one thread with one BLAS
thread, and their gradients are added in the order of the shards. A batch that is one shard leaves
the threads to BLAS. So a run repeats bit for bit on the same machine with the same `threads`.

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
    Chain,
    Conv,
    Optimizer,
    Params,
    like,
    namespace,
    stream,
    update_average,
)

# One pass over a whole MNIST (784-10-10, 4 threads): 120 ms in one piece, 68 ms with 1,024 a shard,
# 36 with 4,096, which would hold four times the memory. Too small a shard costs more than it gives:
# 241 ms with 256, and twice the time for 256 examples of a wider perceptron in shards of 64.
# Convolutions gain from shards of 64, since all but their products runs on one core.
DENSE_SHARD = 1024
CONV_SHARD = 64
BATCH = 250  # images at a time where nothing is learnt: bounds the memory of a convolution
BLOCK = 1 << 15  # numbers of an array that a rule works on at a time: 128 kB of float32

Map: TypeAlias = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]


def shard_size(network: Chain) -> int:
    """Examples that one thread works on at a time."""
    return CONV_SHARD if any(isinstance(a, Conv) for a in network.layers) else DENSE_SHARD


@contextmanager
def workers(threads: int, *, shards: int) -> Iterator[Map]:
    """A `map` over shards for the length of a block: by a pool of threads, or one after the other.

    With a single shard the threads go to BLAS, with several each has one BLAS thread. OpenCV, which
    distorts batches between two steps, gets them too.
    """
    cv2.setNumThreads(threads)
    if shards == 1 or threads == 1:
        with threadpool_limits(limits=threads, user_api="blas"):
            yield map
    else:
        with (
            threadpool_limits(limits=1, user_api="blas"),
            ThreadPoolExecutor(min(threads, shards)) as pool,
        ):
            yield pool.map


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
    size = shard_size(network) if isinstance(kept, np.ndarray) else n
    if precision:
        params = {name: xp.astype(a, getattr(xp, precision)) for name, a in params.items()}
    w = next(iter(params.values()))

    def shard(start: int) -> tuple[float, int, Params]:
        part = slice(start, start + size)
        x, label = as_input(images[part], w), labels[part]
        share = len(label) / n
        rng = stream(seed, "dropout", step, start)
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

    total, correct = 0.0, 0
    gradients: Params = {}
    for value, right, own in each(shard, range(0, n, size)):
        total += value
        correct += right
        for name, g in own.items():
            if name in gradients:
                gradients[name] += g
            else:
                gradients[name] = g
    return total, correct, gradients


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

    Rules are elementwise, so they may run on blocks of rows (`_blocks`).
    """
    for name, g in gradients.items():
        for rows in _blocks(g):
            w = params[name][rows]
            kept = {key: s[rows] for key, s in memory[name].items()}
            w += rule.update(g[rows], w, kept, rate, t)


def follow(average: Params, params: Params, decay: float, t: int) -> None:
    """Moves the average of the weights one step, block by block; see `nn.update_average`."""
    for name, a in average.items():
        for rows in _blocks(a):
            update_average({name: a[rows]}, {name: params[name][rows]}, decay, t)


def _blocks(a: Array) -> Iterator[slice]:
    """Blocks of rows that stay in a processor's cache while several operations go over them.

    Adam takes 1.2 ms for 535,000 parameters so (sharing them out to threads takes 3), and on
    PyTorch's arrays 12 ms instead of 50 for 3 million. A GPU gets the array whole.
    """
    length = a.shape[0]
    step = (
        max(1, BLOCK * length // max(1, math.prod(a.shape))) if str(a.device) == "cpu" else length
    )
    return (slice(start, start + step) for start in range(0, length, step))
