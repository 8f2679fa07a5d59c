"""What a network costs, against what is counted while it computes."""

from __future__ import annotations

import numpy as np
import pytest

from digitus.nn import (
    BatchNorm,
    Chain,
    Concat,
    Conv,
    Dense,
    Flatten,
    MaxPool,
    Relu,
    Residual,
    Upsample,
    walk,
)
from digitus.nn.cost import Cost, cost


def test_a_dense_layer() -> None:
    assert cost(Chain([Dense(10)]), (784,)) == Cost(1, 10, 784 * 10 + 784 + 10)


def test_a_convolution_meets_each_weight_at_every_pixel_of_its_output() -> None:
    found = cost(Chain([Conv(8, kernel=5, stride=2)]), (28, 28, 3))
    assert found == Cost(1, 14 * 14 * 8, 14 * 14 * (25 * 3 * 8) + 28 * 28 * 3 + 14 * 14 * 8)


def test_nothing_costs_nothing() -> None:
    assert cost(Chain([]), (28, 28, 1)) == Cost()


@pytest.mark.parametrize("repeats", [1, 3])
def test_layers_within_layers_are_counted(repeats: int) -> None:
    body = Chain([Conv(4), BatchNorm(), Relu()] * repeats)
    fork = Concat(Chain([]), Chain([MaxPool(), Conv(8), Upsample()]))
    network = Chain([Conv(4), Residual(body), fork, Flatten(), Dense(10)])
    found = cost(network, (8, 8, 1))
    assert found.layers == sum(not isinstance(layer, Chain) for layer in walk(network))
    weights = 64 * (9 * 4) + repeats * 64 * (9 * 4 * 4) + 16 * (9 * 4 * 8) + 768 * 10
    assert weights < found.products < 2 * weights


def test_the_numbers_are_those_that_are_put_out() -> None:
    network = Chain([Conv(4), Relu(), MaxPool(), Flatten(), Dense(10)])
    x = np.zeros((1, 8, 8, 1), np.float32)
    shape: tuple[int, ...] = (8, 8, 1)
    total = 0
    for layer in network.layers:
        shapes, shape = layer.plan(shape)
        x, _ = layer.forward({n: np.zeros(s, np.float32) for n, s in shapes.items()}, x)
        total += x.size
    assert cost(network, (8, 8, 1)).numbers == total
