"""What becomes of a gradient: a step of every parameter, and the average of the weights.

Inside: `apply_gradients` and the moving average, by kernels or block by block. Not inside: the
gradient and the step as a whole (`step`), the rules themselves (`nn.optim`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from digitus.nn import (
    Adam,
    AdamW,
    GradientDescent,
    Momentum,
    Nesterov,
    Optimizer,
    update_average,
)
from digitus.nn.dispatch import own_kernels
from digitus.nn.optim import average_share
from digitus.types import Array, Params

# An optimizer works on blocks of this many elements: an array that several operations pass over
# stays in the cache, and new memory of up to 128 kB is at hand at once. For 636,000 parameters Adam
# takes 1.2 ms in such blocks, 2.6 in blocks twice as large, and 3.7 in one piece.
BLOCK_ELEMENTS = 1 << 15
# What an optimizer remembers of a pixel that is hardly ever lit decays towards 0, and below 1e-38
# its numbers become denormal, which takes a processor far longer: after 900 steps Adam took 2.2 ms
# where it had taken 1.6. So now and then whatever is too small to matter is set to 0.
FLUSH_INTERVAL_STEPS = 128  # 0.9 ** 128 is 1e-6
FLUSH_BELOW = 1e-30


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

    Nothing else changes the parameters of a run. The optimizer is a rule for one array, and
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
        kernels.gradient_descent(optimizer, params, gradients, memory, rate)
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
