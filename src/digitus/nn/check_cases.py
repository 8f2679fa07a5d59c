"""What the gradient check looks at: cases for every public layer and loss.

Odd sizes, a batch of 1, zeros, ties, saturation. Each group of cases has a stream of random numbers
of its own, so that a new group changes none of the others. Inside: the tables. Not inside: the
check (`check`).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from digitus.nn.arrays import stream
from digitus.nn.branches import Concat, Residual
from digitus.nn.deslant import Deslant
from digitus.nn.exemplars import Exemplars
from digitus.nn.inputs import Centre, Scale, Standardize
from digitus.nn.layers import Chain, Dense, Dropout, Flatten, Layer, Relu, Sigmoid, Softmax, Tanh
from digitus.nn.losses import Loss, SoftmaxCrossEntropy, SquaredError
from digitus.nn.place_losses import HeatmapFocal, MultiTask, PlaceCrossEntropy, SmoothAbsolute
from digitus.nn.spatial import AveragePool, BatchNorm, Conv, MaxPool, Upsample
from digitus.types import Array, Shape


def layer_cases(seed: int) -> Iterator[tuple[str, Layer, Array]]:
    """Every public layer, on inputs of odd sizes and on a batch of 1."""
    rng = stream(seed, "check", "inputs")
    vector, image = (7,), (7, 9, 3)
    for n in (5, 1):
        flat: list[Layer] = [Dense(4), Relu(), Sigmoid(), Tanh(), Softmax(), Dropout(0.4)]
        flat += [Scale(255.0), Centre(), Standardize(1.0), BatchNorm()]
        for layer in flat:
            yield f"{layer}, batch {n}", layer, rng.standard_normal((n, *vector))
        spatial: list[Layer] = [MaxPool(2), MaxPool(3), AveragePool(2), AveragePool(3)]
        spatial += [Flatten(), BatchNorm(), Relu(), Dropout(0.4)]
        for kernel, stride, padding in product((1, 3, 5), (1, 2), ("same", "valid")):
            spatial.append(Conv(4, kernel, stride, padding))
        for layer in spatial:
            yield f"{layer} on images, batch {n}", layer, rng.standard_normal((n, *image))
        chain: list[Layer] = [
            Scale(2.0),
            Conv(4),
            BatchNorm(),
            Relu(),
            MaxPool(),
            Tanh(),
            Flatten(),
            Dense(5),
        ]
        yield f"Chain of eight, batch {n}", Chain(chain), rng.standard_normal((n, 6, 6, 2))
    yield "Sigmoid, saturated", Sigmoid(), rng.choice([-800.0, -30.0, 30.0, 800.0], (4, 6))
    yield "Tanh, saturated", Tanh(), rng.choice([-800.0, -10.0, 10.0, 800.0], (4, 6))
    yield "Softmax, saturated", Softmax(), rng.choice([-1000.0, 0.0, 1000.0], (4, 6))
    yield "Softmax, all equal", Softmax(), np.zeros((3, 6))
    yield "Dense, all zero", Dense(4), np.zeros((3, 7))
    yield "Conv, all zero", Conv(4), np.zeros((2, 5, 5, 3))
    for n, width, most in product((5, 1), (0.0, 1.8, 4.0), (1.2, 3.0)):
        layer = Deslant(width, most)
        yield f"{layer} on images, batch {n}", layer, rng.standard_normal((n, *image))
    yield from _memory_cases(seed)
    yield from _branch_cases(seed)


def _memory_cases(seed: int) -> Iterator[tuple[str, Layer, Array]]:
    """A memory, also where it says nothing, or all of it: far from everything, and certain."""
    rng = stream(seed, "check", "memory")
    for layer, n in product((Exemplars(4, 3), Exemplars(3, 1), Exemplars(1, 2)), (5, 1)):
        yield f"{layer}, batch {n}", layer, rng.standard_normal((n, 7))
    yield "Exemplars, certain", Exemplars(4, 3), 300 * rng.standard_normal((4, 7))
    yield "Exemplars, in sixteen inputs", Exemplars(4, 9), rng.standard_normal((5, 16))


def _branch_cases(seed: int) -> Iterator[tuple[str, Layer, Array]]:
    """Layers with chains inside, and the one that makes the sizes of their outputs agree."""
    rng = stream(seed, "check", "branches")
    down_and_up = Chain([AveragePool(), Conv(4), Tanh(), BatchNorm(), Upsample()])
    cases: list[tuple[Layer, Shape]] = [
        (Upsample(2), (3, 5, 2)),
        (Upsample(3), (2, 3, 4)),
        (Residual(Chain([])), (7,)),
        (Residual(Chain([Dense(7), Tanh()])), (7,)),
        (Residual(Chain([Conv(3), Tanh(), BatchNorm()])), (5, 7, 3)),
        (Concat(Chain([Tanh()]), Chain([Dense(4)])), (7,)),
        (Concat(Chain([Dense(3)]), Chain([Dense(3)])), (3,)),
        (Concat(Chain([]), down_and_up), (4, 6, 3)),
        (Concat(Chain([Residual(Chain([Conv(4)]))]), Chain([Tanh()])), (2, 3, 4)),
    ]
    for (layer, shape), n in product(cases, (5, 1)):
        yield f"{layer} on {list(shape)}, batch {n}", layer, rng.standard_normal((n, *shape))


def kink_cases(seed: int) -> Iterator[tuple[str, Layer, Array, Array]]:
    """Where the derivative is a rule: the layer, the input, and the direction in which it holds."""
    x = np.zeros((3, 5))
    yield "Relu at 0 has slope 0", Relu(), x, -np.ones_like(x)
    ties = np.full((2, 6, 6, 2), 0.5)
    first = np.zeros_like(ties)
    first[:, ::2, ::2] = 1.0  # the winner of a tie is the first of its window: raised, it leads
    yield "MaxPool, ties: first wins", MaxPool(2), ties, first
    rest = first - 1.0  # the others, lowered, change nothing
    yield "MaxPool, ties: others get nothing", MaxPool(2), ties, rest
    zeros = stream(seed, "check", "ties").choice([0.0, 1.0], (2, 6, 6, 2))
    yield "AveragePool, ties", AveragePool(2), zeros, np.ones_like(zeros)


def loss_cases(seed: int) -> Iterator[tuple[str, Loss, Array, Array]]:
    """Every public loss: random, batch of 1, saturated, all equal, soft targets."""
    rng = stream(seed, "check", "losses")
    for loss in (SoftmaxCrossEntropy(), SoftmaxCrossEntropy(smoothing=0.1), SquaredError()):
        for n in (5, 1):
            t = np.eye(10)[rng.integers(0, 10, n)]
            yield f"{loss}, batch {n}", loss, rng.standard_normal((n, 10)), t
        t = np.eye(10)[rng.integers(0, 10, 6)]
        yield f"{loss}, saturated", loss, rng.choice([-1000.0, 0.0, 1000.0], (6, 10)), t
        yield f"{loss}, all equal", loss, np.zeros((6, 10)), t
        yield (
            f"{loss}, soft targets",
            loss,
            rng.standard_normal((6, 10)),
            rng.dirichlet(np.ones(10), 6),
        )
    yield from _place_loss_cases(seed)


def _place_loss_cases(seed: int) -> Iterator[tuple[str, Loss, Array, Array]]:
    """At every place of a picture, where some targets are 0, some 1, and some not known."""
    rng = stream(seed, "check", "losses at places")
    few = MultiTask(
        [(HeatmapFocal(), 1, 1.0), (SmoothAbsolute(), 2, 0.5), (PlaceCrossEntropy(), 3, 2.0)]
    )
    focal, smooth = (
        (HeatmapFocal(), HeatmapFocal(1.5, 3.0)),
        (SmoothAbsolute(), SmoothAbsolute(0.3)),
    )
    for loss in (*focal, *smooth, PlaceCrossEntropy(), few):
        for n in (5, 1):
            shape = (n, 3, 4, 6)
            yield f"{loss}, batch {n}", loss, rng.standard_normal(shape), _answers(rng, shape)
        shape = (2, 3, 4, 6)
        z = rng.choice([-1000.0, 0.0, 1000.0], shape)
        yield f"{loss}, saturated", loss, z, _answers(rng, shape)
        yield f"{loss}, all equal", loss, np.zeros(shape), _answers(rng, shape)
        t = rng.dirichlet(np.ones(6), 6)
        yield f"{loss}, a vector of probabilities", loss, rng.standard_normal((6, 6)), t


def _answers(rng: np.random.Generator, shape: Shape) -> Array:
    """Targets from 0 to 1, many of them exactly 0 or 1, and one in ten NaN."""
    t = np.clip(rng.uniform(-0.3, 1.3, shape), 0, 1)
    t[rng.random(shape) < 0.1] = np.nan
    return t
