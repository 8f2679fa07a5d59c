"""What the machine can do at most: products of matrices, and bytes out of memory.

A row's limit is the longer of two times: that of its products at the speed of a large product, and
that of its data at the speed of memory. Data are the pixels as bytes, once an epoch, and the
parameters with the optimizer's moments, once a step each time they are read or written. Data in the
cache come faster, so this is a yardstick and no strict bound.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import prod

import numpy as np
from threadpoolctl import threadpool_limits

from digitus.nn import Adam, Chain, Conv, Dense, Shape
from digitus.recognizer import Recognizer
from peers import Task

SIDE = 2048
NUMBERS = 1 << 24  # of each of two arrays: 64 MB


@dataclass(frozen=True)
class Limits:
    """Operations and bytes per second that the machine can do."""

    flops: float
    bandwidth: float


def measured(threads: int, side: int = SIDE, numbers: int = NUMBERS) -> Limits:
    """The best of a few tries."""
    rng = np.random.default_rng(0)
    a = rng.random((side, side), np.float32)
    b, c = a.T.copy(), np.empty_like(a)
    with threadpool_limits(threads, user_api="blas"):
        product = best(lambda: np.matmul(a, b, out=c))
    source, target = np.ones(numbers, np.float32), np.empty(numbers, np.float32)
    parts = [slice(i * numbers // threads, (i + 1) * numbers // threads) for i in range(threads)]
    with ThreadPoolExecutor(threads) as pool:
        copy = best(
            lambda: list(pool.map(lambda part: np.copyto(target[part], source[part]), parts))
        )
    return Limits(flops=2 * side**3 / product, bandwidth=2 * 4 * numbers / copy)


def best(work: object, tries: int = 5) -> float:
    """The least seconds of some tries, after one that is not counted."""
    times = []
    for _ in range(tries + 1):
        start = time.perf_counter()
        work()  # type: ignore[operator]
        times.append(time.perf_counter() - start)
    return min(times[1:])


def operations(network: Chain, shape: Shape, *, learn: bool) -> float:
    """Additions and multiplications of an image's products: forward, or thrice that in learning.

    The first layer that learns needs no gradient of its input, so only twice.
    """
    total, first = 0.0, True
    for layer in network.layers:
        out = layer.plan(shape)[1]
        if isinstance(layer, Dense | Conv):
            size = layer.plan(shape)[0]["W"]
            places = prod(out[:-1])
            total += 2 * prod(size) * places * ((2 if first else 3) if learn else 1)
            first = False
        shape = out
    return total


def learning(task: Task, limits: Limits) -> float:
    """The least seconds of an epoch of a task."""
    images = task.learnt.images
    work = len(images) * operations(task.recipe.network, (*images.shape[1:], 1), learn=True)
    numbers = sum(w.size for w in task.start.params.values())
    # Read in both directions, and then read and written with the rule's two moments.
    traffic = 2 + 2 * (3 if isinstance(task.recipe.optimizer, Adam) else 1)
    moved = images.nbytes + task.steps * 4 * numbers * traffic
    return max(work / limits.flops, moved / limits.bandwidth)


def answering(recognizer: Recognizer, count: int, limits: Limits) -> float:
    """The least seconds of answers to so many images."""
    shape = (*recognizer.size, 1)
    work = count * operations(recognizer.recipe.network, shape, learn=False)
    moved = count * prod(shape) + 4 * recognizer.parameter_count
    return max(work / limits.flops, moved / limits.bandwidth)
